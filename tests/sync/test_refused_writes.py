"""A write that Exchange refuses (400) waits; meanwhile nothing is lost, and nothing loops (B8)."""

from datetime import timedelta
from typing import Any

import pytest

from calsync_agent.sandbox.faults import Rule
from calsync_agent.state import tables as state
from tests.support.rig import SOON, Rig
from tests.support.verify import assert_in_step

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("dialect", ["sqlite"], indirect=True),
]

REFUSED = Rule(action="status", status=400, code="ErrorInvalidRequest", method="PATCH", times=None)
TRIES = 12


@pytest.mark.parametrize("priority", ["outbound_first", "inbound_first"])
@pytest.mark.parametrize("there", [{}, {"subject": "Outlook"}, {"location": {"displayName": "O"}}])
@pytest.mark.parametrize("again", [False, True], ids=["once", "changed again"])
async def test_b8_what_exchange_refuses_is_sent_when_it_takes_it_and_nothing_is_lost_meanwhile(
    rig: Rig, priority: str, there: dict[str, Any], again: bool
) -> None:
    world = rig.world
    world.provider(priority=priority)
    anna = world.hire("ANNA")
    event = anna.create("alt", SOON, SOON + timedelta(hours=1))
    await rig.until_quiet()
    (row,) = world.activities()
    rig.tenant.fault(REFUSED)
    world.edit(row["id"], subject="Consolidate")
    await rig.until_quiet()
    if there:
        anna.change(event, **there)
        await rig.until_quiet()
    if again:
        world.edit(row["id"], location="neu")
        await rig.until_quiet()
    before = rig.tenant.counters.writes
    for _ in range(TRIES):
        rig.wait(minutes=10)
        await rig.until_quiet()
    assert rig.tenant.counters.writes - before <= TRIES
    rig.tenant.clear_faults()
    for _ in range(3):
        rig.wait(days=1)
        await rig.until_quiet()
    assert world.rows(state.quarantine) == []
    assert_in_step(world, "ANNA")
    (row,) = world.activities()
    kept = [line["subject"] for line in world.rows(state.history)]
    wins = priority == "outbound_first" or not there
    assert row["subject"] == ("Consolidate" if wins else there.get("subject", "alt"))
    assert wins or "Consolidate" in kept
    assert not (there and wins) or there.get("subject", "alt") in kept or row["location"] == "O"
    assert len(kept) <= 2 + again  # with each version of ours once, however often it was tried
