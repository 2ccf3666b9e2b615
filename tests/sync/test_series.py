"""Series: the same series on both sides, occurrence for occurrence (E1-E5)."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.i18n import Message
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.verify import assert_same_occurrences
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
MONDAY = SOON - timedelta(days=SOON.weekday()) + WEEK
WEEKLY = {
    "pattern": {
        "type": "weekly",
        "interval": 1,
        "daysOfWeek": ["monday"],
        "firstDayOfWeek": "monday",
    },
    "range": {"type": "numbered", "numberOfOccurrences": 10},
}


async def settled(world: World) -> None:
    """Sync until in step, and see that a further run does nothing (A5)."""
    outcomes = await world.sync()
    assert all(outcome.in_step for outcome in outcomes), [str(o.line) for o in outcomes]
    assert_same_occurrences(world)
    world.tenant.reset_counters()
    before = world.rows(tables.activity), world.rows(tables.activity_exception)
    await world.sync()
    assert world.tenant.counters.writes == 0
    assert (world.rows(tables.activity), world.rows(tables.activity_exception)) == before


def entered(world: World, rule: str = "FREQ=WEEKLY;BYDAY=MO;COUNT=10", **values: object) -> UUID:
    return world.enter("ANNA", "Jour fixe", MONDAY, recurrence=rule, **values)


def except_(world: World, series: UUID, week: int, **values: object) -> None:
    """Somebody changes one occurrence in Consolidate."""
    row = {"id": uuid4(), "activity_id": series, "original_start": MONDAY + week * WEEK, **values}
    with world.database.writing() as connection:
        connection.execute(sa.insert(tables.activity_exception).values(row))


def restore(world: World, series: UUID, week: int) -> None:
    """Somebody takes an exception back."""
    with world.database.writing() as connection:
        connection.execute(
            sa.delete(tables.activity_exception).where(
                tables.activity_exception.c.activity_id == series,
                tables.activity_exception.c.original_start == MONDAY + week * WEEK,
            )
        )


def on(person: Person, week: int) -> str:
    """The id of an occurrence of the only series."""
    (series,) = person.events()
    return person.occurrence(series["id"], (MONDAY + week * WEEK).date())


async def test_e1_a_series_entered_in_consolidate_is_a_series_in_exchange(world: World) -> None:
    anna = world.hire("ANNA")
    entered(world)
    await settled(world)
    (event,) = anna.events()
    assert event["type"] == "seriesMaster"


async def test_e1_a_series_made_in_outlook_is_a_series_in_consolidate(world: World) -> None:
    anna = world.hire("ANNA")
    anna.create("Jour fixe", MONDAY, MONDAY + HOUR, recurrence=WEEKLY)
    await settled(world)
    (row,) = world.activities()
    assert row["recurrence"] == "FREQ=WEEKLY;BYDAY=MO;COUNT=10"


async def test_e3_a_series_goes_out_with_its_exceptions_and_cancelled_days(world: World) -> None:
    anna = world.hire("ANNA")
    series = entered(world)
    except_(world, series, 1, cancelled=True)
    except_(
        world,
        series,
        2,
        starts_at=MONDAY + 2 * WEEK + 25 * HOUR,
        ends_at=MONDAY + 2 * WEEK + 27 * HOUR,
    )
    except_(world, series, 3, subject="Mit Gästen", location="Saal", body="Bitte pünktlich")
    await settled(world)
    assert len(anna.events()) == 1


async def test_e3_a_series_comes_in_with_its_exceptions_and_cancelled_days(world: World) -> None:
    anna = world.hire("ANNA")
    anna.create("Jour fixe", MONDAY, MONDAY + HOUR, recurrence=WEEKLY)
    anna.delete(on(anna, 1))
    start = MONDAY + 2 * WEEK + 25 * HOUR
    anna.change(on(anna, 2), start=start, end=start + 2 * HOUR)
    anna.change(on(anna, 3), subject="Mit Gästen", location={"displayName": "Saal"})
    await settled(world)
    assert len(world.rows(tables.activity_exception)) == 3


@pytest.mark.parametrize(
    "values",
    [
        {"cancelled": True},
        {"starts_at": MONDAY + 4 * WEEK + HOUR, "ends_at": MONDAY + 4 * WEEK + 2 * HOUR},
        {"ends_at": MONDAY + 4 * WEEK + HOUR / 2},
        {"subject": "Anders"},
        {"location": "Anderswo"},
        {"body": "Anderer Text"},
    ],
)
async def test_e3_one_occurrence_changed_in_consolidate_goes_out(
    world: World, values: dict[str, object]
) -> None:
    world.hire("ANNA")
    series = entered(world)
    await settled(world)
    except_(world, series, 4, **values)
    await settled(world)


@pytest.mark.parametrize(
    "values",
    [
        None,
        {"start": MONDAY + 4 * WEEK + HOUR, "end": MONDAY + 4 * WEEK + 2 * HOUR},
        {"end": MONDAY + 4 * WEEK + HOUR / 2},
        {"subject": "Anders"},
        {"location": {"displayName": "Anderswo"}},
        {"body": {"contentType": "text", "content": "Anderer Text"}},
    ],
)
async def test_e3_one_occurrence_changed_in_outlook_comes_in(
    world: World, values: dict[str, Any] | None
) -> None:
    anna = world.hire("ANNA")
    entered(world)
    await settled(world)
    if values is None:
        anna.delete(on(anna, 4))
    else:
        anna.change(on(anna, 4), **values)
    await settled(world)
    assert len(world.rows(tables.activity_exception)) == 1


async def test_e3_an_exception_taken_back_in_consolidate_is_undone_in_exchange(
    world: World,
) -> None:
    world.hire("ANNA")
    series = entered(world)
    except_(
        world,
        series,
        2,
        subject="Anders",
        starts_at=MONDAY + 2 * WEEK + HOUR,
        ends_at=MONDAY + 2 * WEEK + 3 * HOUR,
    )
    await settled(world)
    restore(world, series, 2)
    await settled(world)


async def test_g9_a_cancelled_occurrence_brought_back_makes_the_series_anew(world: World) -> None:
    anna = world.hire("ANNA")
    series = entered(world)
    except_(world, series, 1, cancelled=True)
    except_(world, series, 3, subject="Anders")
    await settled(world)
    restore(world, series, 1)
    await settled(world)
    assert len(anna.events()) == len(world.activities()) == 1


async def test_g9_f7_a_meeting_is_not_made_anew_to_bring_a_cancelled_day_back(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    world.hire("BERND")
    series = entered(world)
    world.invite(series, "BERND")
    except_(world, series, 1, cancelled=True)
    except_(world, series, 3, subject="Anders")
    await world.sync()
    (before,), mails = anna.events(), len(world.tenant.outbox)
    restore(world, series, 1)
    outcomes = await world.sync()
    assert [outcome.in_step for outcome in outcomes] == [False, True]
    (row,) = world.rows(state.quarantine)
    reason = str(Message.from_json(row["reason"]))
    assert f"{MONDAY + WEEK:%Y-%m-%d %H:%M}" in reason
    assert "not made anew" in reason
    (after,) = anna.events()
    assert (after["id"], len(world.tenant.outbox)) == (before["id"], mails)


@pytest.mark.parametrize(
    "values",
    [
        {"subject": "Neuer Betreff"},
        {"location": "Neuer Ort"},
        {"starts_at": MONDAY + 2 * HOUR, "ends_at": MONDAY + 4 * HOUR},
        {"ends_at": MONDAY + 3 * HOUR},
        {"recurrence": "FREQ=WEEKLY;BYDAY=MO;COUNT=20"},
        {"recurrence": "FREQ=WEEKLY;BYDAY=MO"},
        {"recurrence": "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10"},
        {"recurrence": "FREQ=DAILY;COUNT=30"},
        {"recurrence": f"FREQ=WEEKLY;BYDAY=MO;UNTIL={MONDAY + 6 * WEEK:%Y%m%dT%H%M%S}"},
        {"time_zone": "America/New_York"},
        {"recurrence": None},
    ],
)
async def test_e4_a_whole_series_changed_in_consolidate_keeps_fitting_exceptions(
    world: World, values: dict[str, object]
) -> None:
    anna = world.hire("ANNA")
    series = entered(world)
    except_(world, series, 1, cancelled=True)
    except_(world, series, 2, subject="Anders")
    await settled(world)
    before = anna.events()[0]["id"]
    if "starts_at" in values:
        with world.database.writing() as connection:  # G8: the exceptions move along
            for row in world.rows(tables.activity_exception):
                connection.execute(
                    sa.update(tables.activity_exception)
                    .where(tables.activity_exception.c.id == row["id"])
                    .values(original_start=row["original_start"] + 2 * HOUR)
                )
    if values == {"recurrence": None}:
        with world.database.writing() as connection:
            connection.execute(sa.delete(tables.activity_exception))
    world.edit(series, **values)
    await settled(world)
    assert [event["id"] for event in anna.events()] == [before]


async def test_e4_a_single_appointment_becomes_a_series_in_place(world: World) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", MONDAY)
    await settled(world)
    before = anna.events()[0]["id"]
    world.edit(number, recurrence="FREQ=DAILY;COUNT=5")
    await settled(world)
    assert [event["id"] for event in anna.events()] == [before]


@pytest.mark.parametrize(
    "values",
    [
        {"subject": "Neuer Betreff"},
        {"start": MONDAY + HOUR, "end": MONDAY + 3 * HOUR},
        {"recurrence": {**WEEKLY, "range": {"type": "noEnd"}}},
        {"recurrence": {**WEEKLY, "pattern": {**WEEKLY["pattern"], "interval": 2}}},
        {"recurrence": None},
    ],
)
async def test_e4_a_whole_series_changed_in_outlook_comes_in(
    world: World, values: dict[str, Any]
) -> None:
    anna = world.hire("ANNA")
    series = entered(world)
    except_(world, series, 1, cancelled=True)
    except_(world, series, 2, subject="Anders")
    await settled(world)
    anna.change(anna.events()[0]["id"], **values)
    await settled(world)
    assert [row["id"] for row in world.activities()] == [series]


async def test_e1_deleting_a_series_deletes_it_whole_on_the_other_side(world: World) -> None:
    anna = world.hire("ANNA")
    first, second = entered(world), entered(world, "FREQ=DAILY;COUNT=3")
    except_(world, first, 2, subject="Anders")
    await settled(world)
    world.remove(first)
    (other,) = (e["id"] for e in anna.events() if e["recurrence"]["pattern"]["type"] == "daily")
    anna.delete(other)
    await settled(world)
    assert anna.events() == world.activities() == []
    assert world.activity(second)["deleted_at"] is not None


async def test_e2_a_rule_that_exchange_cannot_hold_is_quarantined_with_the_part(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    entered(world, "FREQ=MONTHLY;BYDAY=1MO,3MO")
    outcomes = await world.sync()
    assert [outcome.in_step for outcome in outcomes] == [False]
    assert anna.events() == []
    (row,) = world.rows(state.quarantine)
    assert "BYDAY=1MO,3MO" in row["reason"]


async def test_e3_an_occurrence_that_crosses_its_neighbour_is_quarantined_the_rest_goes_on(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    series = entered(world)
    await settled(world)
    far = MONDAY + 3 * WEEK + HOUR
    except_(world, series, 2, starts_at=far, ends_at=far + HOUR)
    except_(world, series, 5, subject="Anders")
    world.edit(series, location="Saal")
    outcomes = await world.sync()
    assert [outcome.in_step for outcome in outcomes] == [False]
    (row,) = world.rows(state.quarantine)
    assert "neighbour" in row["reason"]
    subjects = [e["subject"] for e in anna.view(MONDAY - WEEK, MONDAY + 20 * WEEK)]
    assert subjects.count("Anders") == 1
    assert anna.events()[0]["location"]["displayName"] == "Saal"
    anna.change(anna.events()[0]["id"], subject="Umbenannt")  # still flows
    await world.sync()
    assert world.activity(series)["subject"] == "Umbenannt"
    restore(world, series, 2)
    await settled(world)
    assert world.rows(state.quarantine) == []


@pytest.mark.parametrize("zone", ["Europe/Vienna", "America/New_York", "Australia/Sydney"])
async def test_d3_a_series_keeps_its_clock_across_both_dst_changes(world: World, zone: str) -> None:
    anna = world.hire("ANNA")
    entered(world, "FREQ=WEEKLY;BYDAY=MO", time_zone=zone)
    anna.create(
        "aus Outlook",
        MONDAY,
        MONDAY + HOUR,
        zone="Eastern Standard Time",
        recurrence={**WEEKLY, "range": {"type": "noEnd"}},
    )
    await settled(world)


async def test_d3_a_series_stays_on_the_clock_of_its_rule_whatever_zone_its_start_is_moved_in(
    world: World,
) -> None:
    """A program moves the start by UTC; the rule goes on in Vienna, across both DST changes."""
    anna = world.hire("ANNA")
    entered(world, "FREQ=WEEKLY;BYDAY=MO;COUNT=60")
    await settled(world)
    (series,) = anna.events()
    anna.change(series["id"], start=MONDAY + HOUR, end=MONDAY + 2 * HOUR, zone="UTC")
    await settled(world)
    (row,) = world.activities()
    assert row["time_zone"] == "Europe/Vienna"
    assert row["starts_at"] == MONDAY + 2 * HOUR


async def test_d4_all_day_series_keep_their_dates(world: World) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "Geburtstag", date(1980, 2, 28), recurrence="FREQ=YEARLY", status="open")
    world.enter(
        "ANNA",
        "Messe",
        MONDAY.date(),
        (MONDAY + 3 * HOUR * 24).date(),
        recurrence="FREQ=MONTHLY;BYDAY=1MO;COUNT=5",
    )
    anna.create(
        "Urlaub",
        date(2026, 12, 1),
        date(2026, 12, 3),
        recurrence={
            "pattern": {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 1},
            "range": {"type": "noEnd"},
        },
    )
    await settled(world)


async def test_c2_a_series_that_began_long_ago_comes_in_whole(world: World) -> None:
    anna = world.hire("ANNA")
    start = datetime(2012, 3, 5, 9)
    anna.create(
        "Uralt",
        start,
        start + HOUR,
        recurrence={
            "pattern": {"type": "absoluteYearly", "interval": 1, "month": 3, "dayOfMonth": 5},
            "range": {"type": "noEnd"},
        },
    )
    await settled(world)
    assert world.activities()[0]["starts_at"] == start


async def test_exceptions_are_found_where_exchange_sends_empty_arrays(world: World) -> None:
    anna = world.hire("ANNA")
    series = entered(world)
    except_(world, series, 1, subject="Anders")
    except_(world, series, 2, cancelled=True)
    await settled(world)
    world.tenant.settings.empty_series_arrays = True
    anna.change(on(anna, 5), subject="Auch anders")
    await settled(world)
    assert len(world.rows(tables.activity_exception)) == 3


async def test_a_day_cancelled_in_outlook_is_missed_where_exchange_sends_empty_arrays(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    world.tenant.settings.empty_series_arrays = True
    entered(world)
    await settled(world)
    anna.delete(on(anna, 4))
    await settled(world)
    (row,) = world.rows(tables.activity_exception)
    assert (row["original_start"], row["cancelled"]) == (MONDAY + 4 * WEEK, True)


async def test_b3_a_fresh_listing_makes_no_series_anew(world: World) -> None:
    anna = world.hire("ANNA")
    series = entered(world)
    except_(world, series, 1, subject="Anders")
    await settled(world)
    world.tenant.forget_generations()
    await settled(world)
    assert len(anna.events()) == len(world.activities()) == 1
