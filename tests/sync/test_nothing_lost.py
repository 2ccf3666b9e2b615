"""Where an appointment once got lost or doubled, or stopped all others: each case by its rule."""

import asyncio
from collections.abc import Callable

import pytest

from calsync_agent.state import tables as state
from tests.support.golden import (
    anna,
    change,
    create,
    edit,
    enter,
    hire,
    some_of_each,
    types,
)
from tests.support.points import Killed, Kind, Points
from tests.support.rig import Rig
from tests.support.verify import assert_in_step

SQLITE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
pytestmark = SQLITE


def synced(rig: Rig) -> None:
    """Agents run until nothing is left to do."""
    asyncio.run(rig.until_quiet())


def killed_after(method: str) -> Callable[[str], Kind | None]:
    """The agent dies before it learns what came of such a request."""
    return lambda line: Kind.KILL_AFTER if f" {method} " in line else None


def nothing(_line: str) -> None:
    """No fault."""


def subjects(rig: Rig) -> tuple[list[str], list[str]]:
    """What is on both sides."""
    here = sorted(row["subject"] for row in rig.world.activities())
    return here, sorted(found["subject"] for found in anna(rig).events())


@pytest.mark.parametrize(
    "off", [{"outbound": False}, {"inbound": False, "priority": "inbound_first"}]
)
def test_b4_what_was_matched_while_a_direction_was_off_is_not_doubled_later(
    rig: Rig, off: dict[str, object]
) -> None:
    hire(rig)
    enter(rig, 1, "Jour fixe", location="Süd")
    create(rig, 1, "Jour Fixe ", location="Nord")
    rig.world.provider(**off)
    synced(rig)
    rig.world.provider(inbound=True, outbound=True)
    synced(rig)
    assert_in_step(rig.world)
    assert len(rig.world.activities()) == 1


def test_g4_a_row_that_is_put_right_again_leaves_the_quarantine_at_once(rig: Rig) -> None:
    hire(rig)
    some_of_each(rig)
    synced(rig)
    edit(rig, 1, time_zone="Mars/Olympus")
    change(rig, "hier 1", location="aus Outlook")
    synced(rig)
    assert len(rig.world.rows(state.quarantine)) == 1
    edit(rig, 1, time_zone="Europe/Vienna")
    synced(rig)
    assert_in_step(rig.world)
    assert rig.world.rows(state.quarantine) == []


def test_a1_what_is_taken_back_while_it_is_being_sent_is_taken_back_there_too(rig: Rig) -> None:
    hire(rig)
    enter(rig, 1, "Termin")
    synced(rig)
    rig.world.provider(inbound=False)  # else the feed of Exchange would tell once more
    edit(rig, 1, subject="Irrtum")
    standby = rig.agent(Points())

    async def taken_back(line: str) -> None:
        if " PATCH " in line:
            edit(rig, 1, subject="Termin")
            await standby.round()  # it hands out what the feed reports, too

    rig.points.after = taken_back
    synced(rig)
    asyncio.run(standby.stop())
    assert subjects(rig) == (["Termin"], ["Termin"])


def test_b2_what_is_deleted_before_its_creation_was_answered_stays_deleted(rig: Rig) -> None:
    hire(rig)
    synced(rig)
    enter(rig, 1, "Termin")

    rig.points.strike = killed_after("POST")
    with pytest.raises(Killed):
        asyncio.run(rig.live())
    edit(rig, 1, deleted_at=rig.now)
    rig.points.strike = nothing
    synced(rig)
    assert subjects(rig) == ([], [])


def test_c4_an_appointment_that_stays_here_takes_no_event_away_that_looks_like_it(
    rig: Rig,
) -> None:
    hire(rig)
    types(rig)
    enter(rig, 1, "Zahnarzt", type_id=3)
    create(rig, 1, "Zahnarzt")
    synced(rig)
    assert [found["subject"] for found in anna(rig).events()] == ["Zahnarzt"]
