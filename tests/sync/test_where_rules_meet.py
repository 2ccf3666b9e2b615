"""What only shows where two rules meet: the window and a link, a conflict and a series, guests."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.state import tables as state
from tests.support.world import SOON, World
from tests.sync.test_meetings import settled as meetings_settled
from tests.sync.test_series import entered, except_
from tests.sync.test_series import settled as series_settled
from tests.sync.test_singles import settled

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
GUEST = "kundin@kunde.example"


async def test_c3_what_leaves_the_window_stays_on_both_sides(world: World) -> None:
    anna = world.hire("ANNA")
    past, far = SOON - timedelta(days=60), SOON + timedelta(days=400)
    for when in (past, SOON, far):
        world.enter("ANNA", "aus Consolidate", when)
        anna.create("aus Outlook", when, when + HOUR)
    await settled(world)
    rows, events = world.rows(tables.activity), [event["id"] for event in anna.events()]
    assert len(rows) == len(events) == 6
    world.tenant.reset_counters()
    narrow = world.settings(sync="past_months = 1\nfuture_months = 2")
    with world.database.writing() as connection:  # the window is listed anew, without them
        connection.execute(sa.update(state.profile_state).values(window_start=None))
    await world.sync(narrow)
    await world.sync(narrow)
    assert world.rows(tables.activity) == rows
    # Exchange may put another stamp on events by itself, seconds after they were made.
    assert ([event["id"] for event in anna.events()], world.tenant.counters.writes) == (events, 0)
    assert len(world.rows(state.link)) == 6
    (listed,) = world.rows(state.profile_state)
    assert past < listed["window_start"] < listed["window_end"] < far


async def test_c6_a_new_event_gets_the_marked_type_and_is_open(world: World) -> None:
    anna = world.hire("ANNA")
    with world.database.writing() as connection:
        connection.execute(sa.update(tables.activity_type).values(inbound_default=False))
        new = {"id": 2, "name": "Aus Outlook", "calendar_sync": "private", "inbound_default": True}
        connection.execute(sa.insert(tables.activity_type).values(new))
    done = world.enter("ANNA", "Erledigt", SOON, status="done")
    anna.create("Zahnarzt", SOON + 2 * HOUR, SOON + 3 * HOUR)
    await world.sync()
    (row,) = [row for row in world.activities() if row["subject"] == "Zahnarzt"]
    assert (row["type_id"], row["status"]) == (2, "open")
    assert (world.activity(done)["type_id"], world.activity(done)["status"]) == (1, "done")


@pytest.mark.parametrize(
    ("priority", "series", "occurrence"),
    [
        ("outbound_first", "Jour fixe", "In Consolidate anders"),
        ("inbound_first", "In Outlook anders", None),
    ],
)
async def test_g2_a_conflict_is_decided_for_a_series_with_all_its_exceptions(
    world: World, priority: str, series: str, occurrence: str | None
) -> None:
    anna = world.hire("ANNA")
    world.provider(priority=priority)
    number = entered(world)
    await series_settled(world)
    except_(world, number, 2, subject="In Consolidate anders")
    anna.change(anna.events()[0]["id"], subject="In Outlook anders")
    await series_settled(world)
    assert world.activity(number)["subject"] == anna.events()[0]["subject"] == series
    assert [row["subject"] for row in world.rows(tables.activity_exception)] == (
        [] if occurrence is None else [occurrence]
    )
    (kept,) = world.rows(state.history)
    assert kept["side"] == ("exchange" if priority == "outbound_first" else "consolidate")


@pytest.mark.parametrize("priority", ["outbound_first", "inbound_first"])
async def test_g2_a_conflict_over_a_meeting_is_decided_with_its_participants(
    world: World, priority: str
) -> None:
    anna = world.hire("ANNA")
    world.provider(priority=priority)
    world.hire("BERND")
    number = world.enter("ANNA", "Besprechung", SOON)
    await meetings_settled(world)
    world.invite(number, "BERND")
    anna.change(anna.events()[0]["id"], location={"displayName": "Saal"})
    await meetings_settled(world)
    ours = priority == "outbound_first"
    assert world.answers(number) == ({"BERND": "none"} if ours else {})
    assert world.activity(number)["location"] == ("" if ours else "Saal")
    assert len(anna.events()[0]["attendees"]) == (1 if ours else 0)


async def test_g12_a_guest_deleted_in_consolidate_stays_invited_and_comes_back(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    event = anna.create("Beratung", SOON, SOON + HOUR, attendees=[GUEST])
    await meetings_settled(world)
    (row,) = world.activities()
    assert set(world.answers(row["id"])) == {GUEST}
    world.tenant.clear_outbox()
    with world.database.writing() as connection:
        guest = tables.activity_participant.c.email == GUEST
        connection.execute(sa.delete(tables.activity_participant).where(guest))
    await meetings_settled(world)
    assert [a["emailAddress"]["address"] for a in anna.events()[0]["attendees"]] == [GUEST]
    assert world.tenant.outbox == []
    anna.change(event, subject="Beratung (neu)")
    await meetings_settled(world)
    assert set(world.answers(row["id"])) == {GUEST}
