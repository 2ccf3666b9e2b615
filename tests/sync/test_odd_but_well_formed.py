"""What Graph may send and a row may hold, odd but with a meaning: written is read (A6, B13, E1)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from hypothesis import given, settings

from calsync_agent.appointment.content import differing, fingerprint
from calsync_agent.appointment.fields import ALL, BOTH_WAYS, Field
from calsync_agent.appointment.model import EmployeeId
from calsync_agent.appointment.people import Directory
from calsync_agent.appointment.rule import (
    Count,
    Daily,
    Index,
    MonthlyByWeekday,
    Never,
    Rule,
    Until,
    Weekday,
)
from calsync_agent.appointment.span import span
from calsync_agent.appointment.text import utf16_length
from calsync_agent.consolidate import children, tables
from calsync_agent.consolidate.fields import activity_values
from calsync_agent.consolidate.rows import read_activity
from calsync_agent.domain.activity import Activity
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.exchange.calendar import writes
from calsync_agent.exchange.calendar.event_codec import read_event
from calsync_agent.state import tables as state
from tests.support import graph_events
from tests.support.paper import empty_row
from tests.support.strategies import MANY
from tests.support.world import SOON, World

BESIDE: Final = {Field.PARTICIPANTS, Field.RESPONSES, Field.GUESTS}
"""What has rows of its own."""


def sent(**properties: object) -> dict[str, Any]:
    """An event as Graph sends it; 30 November 2026 is the fifth Monday of its month."""
    return {
        "id": "1",
        "subject": "Termin",
        "originalStartTimeZone": "W. Europe Standard Time",
        "start": {"dateTime": "2026-11-30T08:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-30T09:00:00.0000000", "timeZone": "UTC"},
        **properties,
    }


def recurring(pattern: Mapping[str, object], **bounds: object) -> dict[str, Any]:
    span = {"type": "noEnd", "startDate": "2026-11-30", **bounds}
    return sent(type="seriesMaster", recurrence={"pattern": pattern, "range": span})


def reads_the_same(body: Mapping[str, Any]) -> Event:
    """What is written of the event is readable, and the same appointment."""
    event = read_event(body, Directory())
    assert isinstance(event, Event), event
    row = {**empty_row(), **activity_values(event.appointment, ALL, "")}
    activity = read_activity(row, (), ())
    assert isinstance(activity, Activity), activity
    assert differing(activity.appointment, event.appointment) <= BESIDE
    return event


def said(body: Mapping[str, Any]) -> str:
    event = read_event(body, Directory())
    assert isinstance(event, UnreadableEvent)
    return str(event.reason)


DAILY: Final = {"type": "daily", "interval": 1}
MONTHLY: Final = {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"]}


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        ({"type": "relativeMonthly", "interval": 1}, "daysOfWeek"),
        ({"type": "relativeMonthly", "interval": 1, "daysOfWeek": None}, "daysOfWeek"),
        ({"type": "relativeMonthly", "interval": 1, "daysOfWeek": []}, "daysOfWeek"),
        ({"type": "relativeYearly", "interval": 1, "month": 3, "daysOfWeek": []}, "daysOfWeek"),
        ({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["monday"], "month": 0}, "month"),
        ({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 1, "month": 13}, "month"),
        ({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 1, "month": None}, "month"),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 0}, "dayOfMonth"),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 32}, "dayOfMonth"),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": -1}, "dayOfMonth"),
        ({"type": "daily", "interval": 0}, "interval"),
        ({"type": "daily", "interval": -2}, "interval"),
        ({"type": "daily", "interval": 1000}, "interval"),
        ({"type": "weekly", "interval": None, "daysOfWeek": ["monday"]}, "interval"),
    ],
)
def test_e1_a_pattern_that_says_nothing_is_named_by_the_property(
    pattern: Mapping[str, object], part: str
) -> None:
    assert f": {part} = " in said(recurring(pattern))


@pytest.mark.parametrize("index", [None, "first", "First"])
def test_e1_the_first_is_meant_where_no_index_is_given(index: str | None) -> None:
    event = reads_the_same(recurring({**MONTHLY, "index": index}))
    assert event.appointment.rule == Rule(MonthlyByWeekday(1, Index.FIRST, (Weekday.MONDAY,)))
    assert event.appointment.start == datetime(2026, 12, 7, 9)


@pytest.mark.parametrize(
    ("bounds", "end"),
    [
        ({"type": "endDate", "endDate": "9999-12-31"}, Never()),
        ({"type": "endDate", "endDate": "4500-09-02"}, Never()),
        ({"type": "endDate", "endDate": "4500-09-01"}, Until(date(4500, 9, 1))),
        ({"type": "numbered", "numberOfOccurrences": 999}, Count(999)),
        ({"type": "numbered", "numberOfOccurrences": 1000}, Until(date(2029, 8, 25))),
    ],
)
def test_e1_an_end_that_a_row_cannot_say_so_comes_in_as_one_that_means_the_same(
    bounds: Mapping[str, object], end: object
) -> None:
    event = reads_the_same(recurring(DAILY, **bounds))
    assert event.appointment.rule == Rule(Daily(1), end)  # type: ignore[arg-type] - an End


@pytest.mark.parametrize("number", [0, -1, 10_001, 2**31 - 1])
def test_e1_a_number_of_occurrences_that_cannot_be_meant_is_named(number: int) -> None:
    body = recurring(DAILY, type="numbered", numberOfOccurrences=number)
    assert f"numberOfOccurrences = {number}" in said(body)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-11-30T00:00:00.0000000", "2026-11-30T23:59:00.0000000", 1),
        ("2026-11-30T00:00:00.0000000", "2026-11-30T00:00:00.0000000", 1),
        ("2026-11-30T00:00:00.0000000", "2026-12-01T12:00:00.0000000", 2),
        ("2026-11-30T10:00:00.0000000", "2026-11-30T11:00:00.0000000", 1),
        ("2026-11-29T23:00:00.0000000", "2026-11-30T23:00:00.0000000", 1),  # UTC, but Vienna's
        ("2026-11-30T00:00:00", "2026-12-03T00:00:00", 3),
    ],
)
def test_d4_an_all_day_event_that_is_no_midnight_to_midnight_keeps_its_days(
    start: str, end: str, days: int
) -> None:
    body = sent(
        isAllDay=True,
        start={"dateTime": start, "timeZone": "UTC"},
        end={"dateTime": end, "timeZone": "UTC"},
    )
    appointment = reads_the_same(body).appointment
    first = datetime(2026, 11, 30)
    assert (appointment.start, appointment.end) == (first, first + timedelta(days=days))


@pytest.mark.parametrize(
    ("minutes", "kept"),
    [
        (-15, 0),
        (15.0, 15),
        ("15", 15),
        (None, 0),
        (2**31 - 1, 2_629_800),
        (10**30, 2_629_800),
        (1e308, 2_629_800),
        ("bald", None),
        (float("inf"), None),
        ([], 0),
        ({"minutes": 5}, None),
    ],
)
def test_a6_a_reminder_however_odd_costs_nothing_but_itself(
    minutes: object, kept: int | None
) -> None:
    event = reads_the_same(sent(isReminderOn=True, reminderMinutesBeforeStart=minutes))
    assert event.appointment.reminder_minutes == kept
    assert bool(event.warnings) == (kept is None)


def test_e3_an_occurrence_that_ends_before_it_begins_is_named() -> None:
    changed = sent(
        id="2",
        type="exception",
        originalStart="2026-12-01T08:00:00Z",
        start={"dateTime": "2026-12-01T12:00:00", "timeZone": "UTC"},
        end={"dateTime": "2026-12-01T11:00:00", "timeZone": "UTC"},
    )
    body = {**recurring(DAILY), "exceptionOccurrences": [changed]}
    assert said(body) == "the occurrence of 2026-12-01 09:00 ends before it begins"


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "tzone://Microsoft/Custom", "Customized Time Zone"]
)
def test_d3_times_in_a_zone_that_nobody_knows_are_never_taken_for_utc(zone: str) -> None:
    assert zone in said(sent(start={"dateTime": "2026-11-30T08:00:00", "timeZone": zone}))


@settings(MANY, max_examples=300)
@given(graph_events.events())
def test_a6_whatever_graph_sends_is_refused_or_written_so_that_it_reads_the_same(
    body: dict[str, Any],
) -> None:
    event = read_event(body, Directory(home="Europe/Vienna"))
    if isinstance(event, UnreadableEvent):
        assert "cannot be read" not in str(event.reason), "it is well-formed: the reason is known"
        return
    appointment = event.appointment
    values = activity_values(appointment, ALL, "")
    row = {**empty_row(), **values}
    people = [row for _, row in children._people(appointment, EmployeeId(1))]
    changes = [children._exception(one) for one in appointment.exceptions]
    for column, value in values.items():
        limit = getattr(tables.activity.c[column].type, "length", None)
        assert limit is None or value is None or utf16_length(str(value)) <= limit, column
    for person in people:
        assert utf16_length(person["email"] or "") <= 320
        assert utf16_length(person["name"] or "") <= 200
    activity = read_activity(row, changes, people)
    assert isinstance(activity, Activity), activity
    assert differing(activity.appointment, appointment) == frozenset()
    again = {**row, **activity_values(activity.appointment, ALL, activity.time_zone)}
    twice = read_activity(again, changes, people)
    assert isinstance(twice, Activity)
    assert fingerprint(twice.appointment) == fingerprint(activity.appointment)
    writes.event_body(activity.appointment, BOTH_WAYS)
    span(appointment)


# -- rows ------------------------------------------------------------------------------------------


async def _refused(world: World, **values: object) -> str:
    """The reason for which a row stays here; nothing was asked of Exchange for it."""
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Serie", SOON, SOON + timedelta(hours=1), **values)
    world.enter("ANNA", "Anderes", SOON)
    await world.sync()
    assert [event["subject"] for event in anna.events()] == ["Anderes"]
    (row,) = world.rows(state.quarantine)
    assert row["activity_id"] == number
    return str(row["reason"])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("FREQ=DAILY;COUNT=1000", "COUNT=1000"),
        ("FREQ=DAILY;COUNT=1000000000", "COUNT=1000000000"),
        ("FREQ=DAILY;INTERVAL=1000", "INTERVAL=1000"),
    ],
)
async def test_e2_what_exchange_would_refuse_is_refused_here_by_its_part(
    world: World, rule: str, part: str
) -> None:
    assert part in await _refused(world, recurrence=rule)


def _change(world: World, number: object, **values: object) -> None:
    with world.database.writing() as connection:
        connection.execute(
            sa.insert(tables.activity_exception).values(
                id=number, activity_id=number, original_start=SOON, cancelled=False, **values
            )
        )


@pytest.mark.anyio
@pytest.mark.parametrize(
    "values",
    [
        {"starts_at": SOON + timedelta(hours=3), "ends_at": SOON + timedelta(hours=2)},
        {"ends_at": SOON - timedelta(hours=1)},
    ],
)
async def test_e3_a_row_whose_occurrence_ends_before_it_begins_is_refused_here(
    world: World, values: Mapping[str, object]
) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Serie", SOON, recurrence="FREQ=DAILY")
    _change(world, number, **values)
    await world.sync()
    assert anna.events() == []
    (row,) = world.rows(state.quarantine)
    assert "ends before it begins" in row["reason"]


@pytest.mark.anyio
@pytest.mark.parametrize("minutes", [-15, 2**31 - 1])
async def test_a6_a_reminder_that_exchange_cannot_hold_is_settled_once(
    world: World, minutes: int
) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Termin", SOON, reminder_minutes=minutes)
    assert all(outcome.in_step for outcome in await world.sync())
    (event,) = anna.events()
    assert event["reminderMinutesBeforeStart"] in {0, 2_629_800}
    world.tenant.reset_counters()
    await world.sync()
    assert world.tenant.counters.writes == 0
    assert world.activity(number)["reminder_minutes"] == minutes


@pytest.mark.anyio
async def test_e1_a_folded_rule_in_small_letters_goes_out(world: World) -> None:
    anna = world.hire("ANNA")

    world.enter("ANNA", "Serie 2", SOON, recurrence="freq=weekly;\r\n byday=mo,we;")
    await world.sync()
    (event,) = anna.events()
    assert event["recurrence"]["pattern"]["daysOfWeek"] == ["monday", "wednesday"]
