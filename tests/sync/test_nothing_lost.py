"""Where an appointment once got lost or doubled, or stopped all others: each case by its rule."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.sandbox.faults import Rule
from calsync_agent.state import tables as state
from tests.support.golden import (
    DAY,
    anna,
    change,
    create,
    edit,
    enter,
    event,
    hire,
    some_of_each,
    types,
)
from tests.support.golden_meetings import hire_three
from tests.support.kinds import Kind
from tests.support.machine.sides import differences
from tests.support.points import Killed, Points
from tests.support.rig import SOON, Rig
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

    rig.points.strike = lambda line: Kind.KILL_AFTER if " POST /users" in line else None
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


@pytest.mark.parametrize("deleted", [False, True])
def test_b8_a_broken_row_whose_event_turns_up_again_stops_nothing_else(
    rig: Rig, *, deleted: bool
) -> None:
    hire(rig)
    create(rig, 1, "Termin")
    synced(rig)
    (row,) = rig.world.activities()
    rig.world.edit(
        row["id"], time_zone="Mars/Olympus", deleted_at=datetime(2026, 1, 1) if deleted else None
    )
    with rig.people.writing() as connection:
        for table in (state.link, state.profile_state, state.pending, state.quarantine):
            connection.execute(sa.delete(table))
    create(rig, 2, "noch einer")
    synced(rig)
    assert "noch einer" in subjects(rig)[0]
    rig.world.edit(row["id"], time_zone="Europe/Vienna")
    rig.wait(minutes=2)
    synced(rig)
    assert subjects(rig) == (["Termin", "noch einer"], ["Termin", "noch einer"])


def test_b8_a_broken_row_that_was_deleted_stops_nothing_else_when_its_event_is_changed(
    rig: Rig,
) -> None:
    hire(rig)
    some_of_each(rig)
    rig.world.provider(priority="inbound_first")
    synced(rig)
    edit(rig, 1, time_zone="Mars/Olympus", deleted_at=rig.now)
    change(rig, "hier 1", location="aus Outlook")
    edit(rig, 2, location="geht noch")
    synced(rig)
    assert [e["location"]["displayName"] for e in anna(rig).events()].count("geht noch") == 1
    assert len(anna(rig).find("hier 1")) == 1


def test_b6_an_event_that_cannot_be_read_is_not_withdrawn_unseen(rig: Rig) -> None:
    hire(rig)
    some_of_each(rig)
    types(rig)
    synced(rig)
    edit(rig, 1, type_id=3)
    change(rig, "hier 1", location="aus Outlook")
    failing = Rule(action="status", status=500, code="ErrorInternalServerError", times=None)
    own = failing.model_copy(update={"method": "GET", "path": event(rig, "hier 1")[-40:]})
    rig.tenant.fault(own)
    rig.tenant.settings.visibility_delay = 3600
    asyncio.run(rig.live())
    assert len(anna(rig).find("hier 1")) == 1
    rig.tenant.clear_faults()
    rig.wait(minutes=10)
    synced(rig)
    assert anna(rig).find("hier 1") == []
    kept = [row for row in rig.world.rows(state.history) if "aus Outlook" in row["content"]]
    assert len(kept) == 1


def test_a2_a_private_type_holds_back_no_other_change_while_outbound_is_off(rig: Rig) -> None:
    hire(rig)
    some_of_each(rig)
    types(rig)
    edit(rig, 1, type_id=2)
    synced(rig)
    rig.world.provider(outbound=False)
    change(rig, "hier 1", sensitivity="normal", location="aus Outlook")
    synced(rig)
    (row,) = (row for row in rig.world.activities() if row["subject"] == "hier 1")
    assert row["location"] == "aus Outlook"
    rig.world.provider(outbound=True)
    synced(rig)
    assert_in_step(rig.world)
    assert anna(rig).event(event(rig, "hier 1"))["sensitivity"] == "private"


@pytest.mark.parametrize("zone", ["Antarctica/Troll", "America/Scoresbysund", "EST5EDT"])
def test_d3_appointments_in_zones_that_windows_does_not_have_keep_instants_and_dates(
    rig: Rig, zone: str
) -> None:
    hire(rig)
    enter(rig, 1, "Termin", time_zone=zone)
    rig.world.enter("ANNA", "Expedition", SOON.date(), SOON.date() + 2 * DAY, time_zone=zone)
    synced(rig)
    assert_in_step(rig.world)
    assert rig.world.rows(state.quarantine) == []


@pytest.mark.parametrize("start", [datetime(1, 1, 1), datetime(9999, 12, 31, 20)])
def test_b8_empty_dates_at_the_ends_of_time_stop_nothing_else(rig: Rig, start: datetime) -> None:
    hire(rig)
    rig.world.enter("ANNA", "leeres Datum", start, start + timedelta(hours=1))
    enter(rig, 1, "Termin")
    synced(rig)
    assert [found["subject"] for found in anna(rig).events()] == ["Termin"]
    rig.world.edit(rig.world.activities()[0]["id"], location="noch einmal angefasst")
    synced(rig)


def test_b8_events_that_exchange_describes_oddly_stop_nothing_else(rig: Rig) -> None:
    hire(rig)
    create(rig, 1, "seltsam")
    create(rig, 2, "gut")
    (item, _) = anna(rig).mailbox.items.values()
    item.content = replace(item.content, importance="urgent")
    synced(rig)
    assert subjects(rig)[0] == ["gut"]
    item.content = replace(item.content, importance="high")
    change(rig, "seltsam", location="wieder gut")
    synced(rig)
    assert_in_step(rig.world)
    assert rig.world.rows(state.quarantine) == []


@pytest.mark.parametrize("status", [503, 500])
def test_b13_a_write_tried_again_and_again_is_no_flip_and_kept_once(rig: Rig, status: int) -> None:
    hire(rig)
    some_of_each(rig)
    synced(rig)
    edit(rig, 1, subject="hier 1 geändert")
    change(rig, "hier 1", location="aus Outlook")
    rule = Rule(action="status", status=status, code="Later", method="PATCH", times=None)
    rig.tenant.fault(rule)

    async def troubled() -> None:
        agent = rig.agent()
        for _ in range(9):
            await agent.round()
            rig.wait(minutes=5)
        await agent.stop()

    asyncio.run(troubled())
    rig.tenant.clear_faults()
    rig.wait(hours=3 if status == 500 else 0, minutes=5)  # a 500 that lasts is quarantined
    synced(rig)
    assert_in_step(rig.world)
    assert [row["side"] for row in rig.world.rows(state.history)] == ["exchange"]


@pytest.mark.parametrize("invited", [("CLARA",), ("BERND", "CLARA")])
def test_g10_the_former_organizer_lets_go_though_the_new_ones_answer_got_lost(
    rig: Rig, invited: tuple[str, ...]
) -> None:
    hire_three(rig)
    enter(rig, 1, "Besprechung")
    rig.world.invite(UUID(int=1), *invited)
    synced(rig)
    edit(rig, 1, responsible_id=rig.world.employees["BERND"])
    rig.points.strike = lambda line: Kind.KILL_AFTER if " POST /users" in line else None
    with pytest.raises(Killed):
        asyncio.run(rig.live())
    rig.points.strike = nothing
    synced(rig)
    assert anna(rig).events() == []
    assert differences(rig) == []
