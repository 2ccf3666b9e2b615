"""A text of a megabyte is read beside the loop, which goes on with the heartbeat meanwhile (B8)."""

import asyncio
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest

from calsync_agent.exchange.calendar import event_codec
from calsync_agent.exchange.calendar.heavy import LIGHT
from tests.support.rig import SOON, Rig

MEGABYTE: Final = 1_000_000
KINDS: Final = {
    "rules and links": "_" * 20 + "https://",
    "lines of rules": "_" * 200 + "\n",
    "percents": "https://a/%%25%3a?&&=&",
    "blanks": "   \xa0é  ",
    "signs": "<&#1<!--",
}


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("unit", KINDS.values(), ids=KINDS)
def test_b8_the_loop_is_never_the_one_that_reads_a_long_text(
    rig: Rig, unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, readers = event_codec.read_body, set[int]()

    def read_body(body: Mapping[str, Any] | None, link: str | None) -> str:
        if body and len(body["content"]) > LIGHT:
            readers.add(threading.get_ident())
        return usual(body, link)

    monkeypatch.setattr(event_codec, "read_body", read_body)
    anna = rig.world.hire("ANNA")
    text = unit * (MEGABYTE // len(unit))
    body = {"contentType": "text", "content": text}
    anna.create("Langes", SOON, SOON + timedelta(hours=1), body=body)
    asyncio.run(rig.until_quiet())
    (row,) = rig.world.activities()
    assert row["subject"] == "Langes"
    assert readers
    assert threading.get_ident() not in readers
