"""A feed that shows an event and says that it has left: neither counts, it is looked at (B5).

No order is promised, within a page or among pages (GRAPH.md 1.3), and a tombstone is no proof of
a deletion (1.5).
"""

import asyncio
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

import pytest

from calsync_agent.appointment.people import Directory
from calsync_agent.domain.calendar import Page
from calsync_agent.exchange.calendar import delta
from tests.support.golden import HOUR, anna, hire
from tests.support.machine.sides import differences
from tests.support.rig import SOON, Rig

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

ORDERS: Final = {
    "event first": (("event", "tombstone"),),
    "tombstone first": (("tombstone", "event"),),
    "event on both sides": (("event", "tombstone", "event"),),
    "event a page before": (("event",), ("tombstone",)),
    "tombstone a page before": (("tombstone",), ("event",)),
}


def showing(pages: tuple[list[Any], ...], patching: pytest.MonkeyPatch) -> None:
    """The next pages of the feed say this, and nothing else, of these items."""
    usual, number = delta.read_page, count()
    ids = {item["id"] for page in pages for item in page}

    def read_page(body: Mapping[str, Any], people: Directory) -> Page:
        at = next(number)
        more = pages[at] if at < len(pages) else []
        kept = [item for item in body["value"] if item["id"] not in ids]
        return usual({**body, "value": [*kept, *more]}, people)

    patching.setattr(delta, "read_page", read_page)


@pytest.mark.parametrize("there", [True, False], ids=["there", "deleted"])
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_b5_what_a_feed_shows_and_says_has_left_is_taken_in_if_it_is_there(
    rig: Rig, order: tuple[tuple[str, ...], ...], there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hire(rig)
    asyncio.run(rig.until_quiet())
    for hour in range(4):
        anna(rig).create(f"Termin {hour}", SOON + hour * HOUR, SOON + (hour + 1) * HOUR)
    number = anna(rig).create("Messe", SOON, SOON + HOUR)
    (event,) = (each for each in anna(rig).events() if each["id"] == number)
    if not there:
        anna(rig).delete(number)
    said = {"event": event, "tombstone": {"id": number, "@removed": {"reason": "deleted"}}}
    with monkeypatch.context() as patching:
        showing(tuple([said[each] for each in page] for page in order), patching)
        asyncio.run(rig.until_quiet())
    assert differences(rig) == []
    assert len(rig.world.activities()) == 4 + there
