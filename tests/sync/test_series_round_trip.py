"""E1, E3, D3: a series comes back as it went, whichever side it was made on.

Each case is held against three expansions: dateutil's of the RRULE, the sandbox's of Graph's
pattern, and one that looks at every day (tests/support/series_cases.py).
`CALSYNC_SERIES_EXAMPLES` runs as many cases as it says, others each time.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any, Final

import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync_agent.appointment.content import differing
from calsync_agent.appointment.fields import ALL, BOTH_WAYS
from calsync_agent.appointment.model import Appointment, ChangedOccurrence
from calsync_agent.appointment.people import Directory
from calsync_agent.appointment.rule import Daily, Never
from calsync_agent.consolidate import children
from calsync_agent.consolidate.fields import activity_values
from calsync_agent.consolidate.rows import read_activity
from calsync_agent.domain.activity import Activity, BrokenActivity
from calsync_agent.domain.event import Event
from calsync_agent.exchange.calendar import writes
from calsync_agent.exchange.calendar.event_codec import read_event
from calsync_agent.exchange.calendar.series_difference import Difference, difference
from calsync_agent.sandbox.model import events, occurrences
from calsync_agent.sandbox.model.entries import days_of
from calsync_agent.sandbox.model.items import Item
from calsync_agent.sandbox.people import Person
from calsync_agent.sandbox.tenant import Tenant
from tests.support.paper import NOW, empty_row
from tests.support.series_cases import (
    HORIZON,
    SOME,
    ZONES,
    Case,
    Happening,
    as_dateutil,
    some_case,
    when,
)
from tests.support.strategies import Digits

EXAMPLES: Final = os.environ.get("CALSYNC_SERIES_EXAMPLES")
THOUSANDS: Final = settings(
    max_examples=int(EXAMPLES or 1500),
    derandomize=EXAMPLES is None,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
NOTHING: Final = Difference((), ())

cases = st.integers(0, 2**280).map(Digits).map(some_case).filter(lambda case: case.fits)


class Calendar:
    """One series in a mailbox of its own."""

    def __init__(self) -> None:
        tenant = Tenant()
        tenant.clock.stop(NOW.replace(tzinfo=UTC))
        self.anna: Person = tenant.add_mailbox("anna")
        self.item: Item

    def create(self, sent: Mapping[str, Any]) -> None:
        action = self.anna.action("create")
        self.item = events.create(action, self.anna.mailbox.default_calendar, sent)

    def write(self, moment: datetime, sent: Mapping[str, Any] | None) -> None:
        """Change the occurrence of a day, or cancel it."""
        action = self.anna.action("change")
        if sent is None:
            occurrences.cancel_occurrence(action, self.item, moment.date())
        else:
            occurrences.change_occurrence(action, self.item, moment.date(), sent)

    def read(self) -> Event:
        """The series as the agent reads it."""
        (master,) = self.anna.events()
        days = sorted(self.item.exceptions)
        changed = [self.anna.event(self.anna.occurrence(master["id"], day)) for day in days]
        cancelled = [f"OID.{master['id']}.{day}" for day in sorted(self.item.removed)]
        arrays = {"exceptionOccurrences": changed, "cancelledOccurrences": cancelled}
        event = read_event({**master, **arrays}, Directory())
        assert isinstance(event, Event)
        return event

    def happenings(self, case: Case) -> list[Happening]:
        """What Outlook shows, by the sandbox's own expansion."""
        removed = len(self.item.removed)
        found = []
        for entry in islice(days_of(self.item), SOME - removed):
            assert entry.day is not None
            if entry.day - case.start.date() >= HORIZON:
                break
            content = entry.content
            times: tuple[object, object] = (content.start.instant, content.end.instant)
            if case.all_day:
                times = content.start.local.date(), content.end.local.date()
            found.append(
                (*times, content.subject or "", str(content.location_json()["displayName"]))
            )
        return found


def row_happenings(
    row: Mapping[str, Any], exceptions: Sequence[Mapping[str, Any]], case: Case
) -> list[Happening]:
    """What Consolidate shows, by dateutil's expansion."""
    changed = {each["original_start"]: each for each in exceptions}
    length = row["ends_at"] - row["starts_at"]
    found = []
    for moment in islice(rrulestr(as_dateutil(row), dtstart=row["starts_at"]), SOME):
        if moment.date() - case.start.date() >= HORIZON:
            break
        own = changed.get(moment, {})
        if own.get("cancelled"):
            continue
        begin = own.get("starts_at") or moment
        finish = own.get("ends_at") or begin + length
        times = when(begin, finish, row["time_zone"], all_day=row["all_day"])
        words = (own.get("subject") or row["subject"], own.get("location") or row["location"])
        found.append((*times, *words))
    return found


def read(row: Mapping[str, Any], exceptions: Sequence[Mapping[str, Any]]) -> Appointment:
    activity = read_activity({**empty_row(), **row}, exceptions, ())
    assert isinstance(activity, Activity), activity.reason
    assert not activity.warnings
    return activity.appointment


def rows(appointment: Appointment) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the agent writes into Consolidate."""
    exceptions = [children._exception(each) for each in appointment.exceptions]
    return dict(activity_values(appointment, ALL, "")), exceptions


def there_and_back(case: Case) -> None:
    """Consolidate → Exchange → Consolidate."""
    expected = case.happenings()
    assert row_happenings(case.row(), case.exception_rows(), case) == expected
    ours, calendar = read(case.row(), case.exception_rows()), Calendar()
    calendar.create(writes.event_body(ours, BOTH_WAYS))
    for write in difference(ours, calendar.read().appointment).writes:
        calendar.write(write.original_start, write.body)
    assert calendar.happenings(case) == expected
    theirs = calendar.read().appointment
    assert difference(ours, theirs) == NOTHING
    assert differing(ours, theirs) == frozenset()
    row, exceptions = rows(theirs)
    assert row_happenings(row, exceptions, case) == expected
    assert differing(read(row, exceptions), theirs) == frozenset()


def back_and_there(case: Case) -> None:
    """Exchange → Consolidate → Exchange."""
    expected = case.happenings()
    calendar = Calendar()
    calendar.create(case.event())
    for exception in case.exceptions:
        sent = None if exception.cancelled else case.patch(exception)
        calendar.write(exception.original_start, sent)
    assert calendar.happenings(case) == expected
    theirs = calendar.read().appointment
    row, exceptions = rows(theirs)
    assert row_happenings(row, exceptions, case) == expected
    ours = read(row, exceptions)
    assert differing(ours, theirs) == frozenset()
    assert difference(ours, theirs) == NOTHING
    again = Calendar()
    again.create(writes.event_body(ours, BOTH_WAYS))
    for write in difference(ours, again.read().appointment).writes:
        again.write(write.original_start, write.body)
    assert again.happenings(case) == expected


@THOUSANDS
@given(cases)
def test_e1_e3_a_series_of_consolidate_comes_back_as_it_went(case: Case) -> None:
    there_and_back(case)


@THOUSANDS
@given(cases)
def test_e1_e3_a_series_of_outlook_comes_back_as_it_went(case: Case) -> None:
    back_and_there(case)


# -- what was found so -----------------------------------------------------------------------------

SATURDAY = datetime(2026, 3, 28)
"""The day before clocks in Europe are put forward from 2 to 3."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize("zone", [*ZONES, "Pacific/Auckland", "Pacific/Honolulu"])
def test_e3_d4_an_exception_of_a_daily_all_day_series_keeps_its_day(zone: str) -> None:
    odd = ChangedOccurrence(SATURDAY + 2 * DAY, subject="Anders")
    off = ChangedOccurrence(SATURDAY + 4 * DAY, cancelled=True)
    case = Case(Daily(1), Never(), SATURDAY, DAY, zone, all_day=True, exceptions=(odd, off))
    there_and_back(case)
    back_and_there(case)


def test_e3_d3_an_exception_keeps_its_day_when_clocks_skip_its_hour() -> None:
    start = SATURDAY.replace(hour=2, minute=30)
    for odd in (
        ChangedOccurrence(start + DAY, subject="Anders"),
        ChangedOccurrence(start + DAY, start=start + DAY + 2 * HOUR, end=start + DAY + 3 * HOUR),
        ChangedOccurrence(start + DAY, cancelled=True),
    ):
        case = Case(Daily(1), Never(), start, HOUR, "Europe/Vienna", all_day=False)
        there_and_back(replace(case, exceptions=(odd,)))
        back_and_there(replace(case, exceptions=(odd,)))


@pytest.mark.parametrize("clock", [time(2, 30), time(1, 30)])
def test_d3_a_series_that_begins_when_clocks_are_put_forward_is_refused(clock: time) -> None:
    start = datetime.combine(SATURDAY + DAY, clock)
    case = Case(Daily(1), Never(), start, HOUR / 2, "Europe/Vienna", all_day=False)
    broken = read_activity({**empty_row(), **case.row()}, (), ())
    assert isinstance(broken, BrokenActivity)
    assert "while clocks are put forward" in str(broken.reason)
