"""A text of a megabyte is read beside the loop, which goes on with the heartbeat meanwhile (B8)."""

import asyncio
import sys
import threading
from collections.abc import Mapping
from datetime import timedelta
from types import FrameType
from typing import Any, Final

import pytest

from calsync_agent.exchange.calendar import bodies, fields
from calsync_agent.exchange.calendar.heavy import LIGHT
from calsync_agent.service import heartbeat, leases
from calsync_agent.service.leases import Leases
from calsync_agent.service.once import once
from tests.support.rig import SOON, Rig
from tests.support.world import World

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
    usual, readers = bodies.read_body, set[int]()

    def read_body(body: Mapping[str, Any] | None, link: str | None) -> str:
        if body and len(body["content"]) > LIGHT:
            readers.add(threading.get_ident())
        return usual(body, link)

    monkeypatch.setattr(fields, "read_body", read_body)
    anna = rig.world.hire("ANNA")
    text = unit * (MEGABYTE // len(unit))
    body = {"contentType": "text", "content": text}
    anna.create("Langes", SOON, SOON + timedelta(hours=1), body=body)
    asyncio.run(rig.until_quiet())
    (row,) = rig.world.activities()
    assert row["subject"] == "Langes"
    assert readers
    assert threading.get_ident() not in readers


@pytest.mark.anyio
async def test_b11_the_heartbeat_beats_while_a_long_text_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader of the text waits for three beats, which come only where the loop is free."""
    reading, enough = threading.Event(), threading.Event()
    came: list[bool] = []
    beats = 0
    usual_beat, usual_read = Leases.beat, bodies.read_body

    async def beat(self: Leases) -> bool:
        nonlocal beats
        gained = await usual_beat(self)
        beats += reading.is_set()
        if beats == 3:
            enough.set()
        return gained

    def read_body(body: Mapping[str, Any] | None, link: str | None) -> str:
        if body and len(body["content"]) > LIGHT:
            reading.set()
            came.append(enough.wait(10))
        return usual_read(body, link)

    monkeypatch.setattr(Leases, "beat", beat)
    monkeypatch.setattr(fields, "read_body", read_body)
    monkeypatch.setattr(leases, "HEARTBEAT", timedelta(seconds=0.01))
    monkeypatch.setattr(heartbeat, "HEARTBEAT", timedelta(seconds=0.01))
    body = {"contentType": "text", "content": "Text " * (MEGABYTE // 5)}
    world.hire("ANNA").create("Langes", SOON, SOON + timedelta(hours=1), body=body)
    await world.sync()
    assert len(world.activities()) == 1
    assert came
    assert all(came)


@pytest.mark.anyio
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("unit", KINDS.values(), ids=KINDS)
async def test_b8_a_long_text_takes_the_loop_no_more_steps_at_a_time_than_a_short_one(
    world: World, unit: str
) -> None:
    """On its way in, and back with a word more; steps of the interpreter, never seconds."""
    anna = world.hire("ANNA")
    await world.sync()
    taken = {}
    for name, length in (("short", 100), ("long", MEGABYTE)):
        text = unit * (length // len(unit))
        body = {"contentType": "text", "content": text}
        anna.create(name, SOON, SOON + timedelta(hours=1), body=body)
        taken[name, "in"] = await steps_between_beats(world)
        (row,) = [row for row in world.activities() if row["subject"] == name]
        world.edit(row["id"], body=row["body"] + " ein Wort mehr")
        taken[name, "out"] = await steps_between_beats(world)
        (event,) = [event for event in anna.events() if event["subject"] == name]
        assert "ein Wort mehr" in str(event["body"])
    assert max(taken["long", "in"], taken["long", "out"]) < 2 * max(
        taken["short", "in"], taken["short", "out"]
    ), taken


async def steps_between_beats(world: World) -> int:
    """Let the agent do its work; the most lines of code that ran between two beats beside it."""
    longest = lines = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    async def beat() -> None:
        nonlocal longest, lines
        while True:
            lines = 0
            await asyncio.sleep(0)
            longest = max(longest, lines)

    with world.agent() as rounds:
        beating = asyncio.create_task(beat())
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            await once(rounds, world.database)
        finally:
            sys.settrace(before)
            beating.cancel()
            await rounds.close(5)
    return longest
