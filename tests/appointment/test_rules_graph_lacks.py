"""E2: each kind of rule that does not fit Exchange at first sight (RFC 5545 against Graph).

It is mapped, rewritten into an equal one, or refused with the part that does not fit named. The
numbers are those of the list that the sync was built by: twenty kinds, one test for each.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import uuid4

import pytest
from dateutil.rrule import rrulestr

from calsync_agent.appointment import rrule
from calsync_agent.appointment.expansion import starts
from calsync_agent.appointment.model import Appointment, Unsyncable
from calsync_agent.appointment.people import Directory
from calsync_agent.appointment.rule import (
    Count,
    Daily,
    Index,
    MonthlyByDay,
    MonthlyByWeekday,
    Pattern,
    Rule,
    Until,
    Weekday,
    Weekly,
    YearlyByDay,
    YearlyByWeekday,
)
from calsync_agent.consolidate.rows import Row, read_activity
from calsync_agent.domain.activity import Activity, BrokenActivity
from calsync_agent.domain.operation import Refused
from calsync_agent.exchange.calendar import writes
from calsync_agent.exchange.calendar.patterns import write_recurrence
from calsync_agent.exchange.transport.requests import Answer
from calsync_agent.i18n import speaking
from tests.support.paper import empty_row

MO, TU, WE, TH, FR, SA, SU = Weekday
MONDAY = datetime(2026, 1, 5, 9)
SOME = 80


def row(text: str, start: datetime = MONDAY, **values: object) -> Row:
    """A row of Consolidate with that rule."""
    usual = {
        "subject": "Serie",
        "body": "",
        "location": "",
        "starts_at": start,
        "ends_at": start + timedelta(hours=1),
        "time_zone": "Europe/Vienna",
        "all_day": False,
        "importance": "normal",
        "private": False,
        "show_as": "busy",
        "reminder_minutes": None,
    }
    return {**empty_row(), **usual, "recurrence": text, **values}


def series(found: Row, exceptions: Iterable[Row] = ()) -> Appointment:
    """The series that a row means."""
    activity = read_activity(found, list(exceptions), [])
    assert isinstance(activity, Activity)
    return activity.appointment


def kept(text: str, *expected: Pattern, start: datetime = MONDAY) -> Rule:
    """The rule is kept as one of these patterns, and means the same days as before."""
    appointment = series(row(text, start))
    assert appointment.rule is not None
    assert appointment.rule.pattern in expected
    meant = list(islice(rrulestr(text, dtstart=start), SOME))
    assert list(islice(starts(appointment.rule, appointment.start), SOME)) == meant
    assert appointment.start == meant[0]
    return appointment.rule


def refused(text: str, part: str, start: datetime = MONDAY, **values: object) -> None:
    """It is refused, and both languages name the part."""
    broken = read_activity(row(text, start, **values), [], [])
    assert isinstance(broken, BrokenActivity)
    with speaking("de"):
        german = str(broken.reason)
    assert german.endswith(f"lässt sich in Exchange nicht abbilden: {part}")
    assert str(broken.reason).endswith(f"cannot be kept in Exchange: {part}")
    assert "\n" not in german


def test_e2_01_more_than_one_a_day_is_refused_a_repeated_start_time_is_not() -> None:
    for frequency in ("SECONDLY", "MINUTELY", "HOURLY"):
        refused(f"FREQ={frequency}", f"FREQ={frequency}")
    refused("FREQ=DAILY;BYHOUR=9,17", "BYHOUR=9,17")
    refused("FREQ=DAILY;BYMINUTE=0,30", "BYMINUTE=0,30")
    refused("FREQ=DAILY;BYSECOND=0,30", "BYSECOND=0,30")
    kept("FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0", Daily(1))


def test_e2_02_days_and_weeks_counted_in_the_year_are_refused() -> None:
    refused("FREQ=YEARLY;BYYEARDAY=100", "BYYEARDAY=100")
    refused("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "BYWEEKNO=20")


def test_e2_03_further_dates_and_rules_are_refused() -> None:
    refused("FREQ=WEEKLY\nRDATE:20260310T090000", "RDATE:20260310T090000")
    refused("RRULE:FREQ=WEEKLY\r\nRRULE:FREQ=DAILY", "RRULE:FREQ=DAILY")
    refused("FREQ=WEEKLY\nEXRULE:FREQ=MONTHLY", "EXRULE:FREQ=MONTHLY")


def test_e2_04_only_the_first_to_fourth_and_the_last_of_a_month_are_kept() -> None:
    for ordinal in (1, 2, 3, 4, -1):
        kept(f"FREQ=MONTHLY;BYDAY={ordinal}MO", MonthlyByWeekday(1, Index(ordinal), (MO,)))
    refused("FREQ=MONTHLY;BYDAY=5MO", "BYDAY=5MO")
    refused("FREQ=MONTHLY;BYDAY=-2FR", "BYDAY=-2FR")
    refused("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=5", "BYSETPOS=5")
    refused("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,-1", "BYSETPOS=-1,1")


def test_e2_05_several_days_of_a_month_are_refused_every_weekday_is_weekly() -> None:
    refused("FREQ=MONTHLY;BYDAY=1MO,3MO", "BYDAY=1MO,3MO")
    refused("FREQ=MONTHLY;BYDAY=1MO,1WE", "BYDAY=1MO,1WE")
    refused("FREQ=MONTHLY;BYMONTHDAY=1,15", "BYMONTHDAY=1,15")
    kept("FREQ=MONTHLY;BYDAY=MO", Weekly(1, (MO,)))
    refused("FREQ=MONTHLY;INTERVAL=2;BYDAY=MO", "BYDAY=MO")
    refused("FREQ=MONTHLY;BYMONTH=1,2;BYDAY=MO", "BYMONTH=1,2")


def test_e2_06_different_ordinals_for_different_weekdays_are_refused() -> None:
    refused("FREQ=MONTHLY;BYDAY=1MO,2TU", "BYDAY=1MO,2TU")


def test_e2_07_the_last_day_of_the_month_is_kept_the_last_but_one_is_refused() -> None:
    last = datetime(2026, 1, 31, 9)
    kept("FREQ=MONTHLY;BYMONTHDAY=-1", MonthlyByDay(1, 31), start=last)
    kept("FREQ=MONTHLY;BYDAY=-1MO", MonthlyByWeekday(1, Index.LAST, (MO,)), start=last)
    kept(
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1",
        MonthlyByWeekday(1, Index.LAST, (MO, TU, WE, TH, FR, SA, SU)),
        start=last,
    )
    refused("FREQ=MONTHLY;BYMONTHDAY=-2", "BYMONTHDAY=-2")


def test_e2_08_days_that_short_months_lack_are_kept_where_none_is_met() -> None:
    for day in (29, 30, 31):
        start = datetime(2026, 1, day, 9)
        refused(f"FREQ=MONTHLY;BYMONTHDAY={day}", f"BYMONTHDAY={day}", start)
        refused("FREQ=MONTHLY", f"BYMONTHDAY={day}", start)
    refused("FREQ=YEARLY", "BYMONTHDAY=29", datetime(2028, 2, 29, 9))
    july = datetime(2026, 7, 31, 9)
    kept("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=2", MonthlyByDay(1, 31), start=july)
    kept("FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=31", YearlyByDay(1, 7, 31), start=july)
    kept("FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", MonthlyByDay(1, 30), start=july)


def test_e2_09_friday_the_thirteenth_is_refused_a_week_of_the_month_is_not() -> None:
    refused("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "BYMONTHDAY=13")
    kept(
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=8,9,10,11,12,13,14",
        MonthlyByWeekday(1, Index.SECOND, (FR,)),
    )


def test_e2_10_several_months_of_the_year_are_kept_where_evenly_spaced() -> None:
    kept("FREQ=YEARLY;BYMONTH=1,4,7,10;BYMONTHDAY=15", MonthlyByDay(3, 15))
    kept("FREQ=YEARLY;BYMONTH=1,7;BYDAY=1MO", MonthlyByWeekday(6, Index.FIRST, (MO,)))
    refused("FREQ=YEARLY;BYMONTH=1,2;BYMONTHDAY=1", "BYMONTH=1,2")
    refused("FREQ=YEARLY;INTERVAL=2;BYMONTH=1,7;BYMONTHDAY=1", "BYMONTH=1,7")
    refused("FREQ=YEARLY;BYDAY=20MO", "BYDAY=20MO")
    refused("FREQ=YEARLY;INTERVAL=2;BYDAY=MO", "BYDAY=MO")
    kept("FREQ=YEARLY;BYDAY=MO", Weekly(1, (MO,)))


def test_e2_11_months_as_a_filter_are_refused() -> None:
    refused("FREQ=DAILY;BYMONTH=1", "BYMONTH=1")
    refused("FREQ=WEEKLY;BYMONTH=6,7", "BYMONTH=6,7")
    refused("FREQ=MONTHLY;INTERVAL=2;BYMONTH=1,7;BYMONTHDAY=1", "BYMONTH=1,7")
    every = ",".join(str(month) for month in range(1, 13))
    kept(f"FREQ=DAILY;BYMONTH={every}", Daily(1))


def test_e2_12_working_days_are_weekly_other_filters_of_days_are_refused() -> None:
    kept("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", Weekly(1, (MO, TU, WE, TH, FR)))
    refused("FREQ=DAILY;INTERVAL=2;BYDAY=MO,TU", "BYDAY=MO,TU")
    refused("FREQ=DAILY;BYMONTHDAY=1", "BYMONTHDAY=1")


def test_e2_13_g8_a_start_off_the_pattern_begins_at_the_first_occurrence() -> None:
    tuesday = MONDAY + timedelta(days=1)
    assert kept("FREQ=WEEKLY;BYDAY=MO;COUNT=3", Weekly(1, (MO,)), start=tuesday).end == Count(3)
    kept("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", Weekly(2, (MO,)), start=tuesday)
    kept(
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO",
        MonthlyByWeekday(2, Index.FIRST, (MO,)),
        start=tuesday,
    )
    begun = series(row("FREQ=WEEKLY;BYDAY=MO;COUNT=3", tuesday))
    assert begun.end - begun.start == timedelta(hours=1)
    sent = write_recurrence(Rule(Weekly(1, (MO,)), Count(3)), begun.start, "UTC")
    assert sent["range"]["startDate"] == "2026-01-12"


def test_e2_14_g8_until_is_the_day_of_the_last_occurrence() -> None:
    for until, last in (
        ("20260119", date(2026, 1, 19)),
        ("20260119T090000", date(2026, 1, 19)),
        ("20260119T085959", date(2026, 1, 18)),
        ("20260119T080000Z", date(2026, 1, 19)),  # 09:00 in Vienna
        ("20260119T075959Z", date(2026, 1, 18)),
    ):
        rule = series(row(f"FREQ=WEEKLY;UNTIL={until}")).rule
        assert rule == Rule(Weekly(1, (MO,)), Until(last))
    refused("FREQ=WEEKLY;UNTIL=20260105T085959", "UNTIL=20260105T085959")


def test_e2_15_this_and_following_cannot_be_said_in_a_rule() -> None:
    """Consolidate has no column for it, and splits; a file that says it is refused (db import)."""
    refused("FREQ=WEEKLY;RANGE=THISANDFUTURE", "RANGE=THISANDFUTURE")


def test_e2_16_an_occurrence_past_its_neighbour_is_refused_by_its_day() -> None:
    """Not the series: see `test_e3_an_occurrence_that_crosses_its_neighbour_is_quarantined`."""
    moved = {
        "id": uuid4(),
        "original_start": MONDAY + timedelta(weeks=1),
        "cancelled": False,
        "subject": None,
        "body": None,
        "location": None,
        "starts_at": MONDAY + timedelta(weeks=2, hours=2),
        "ends_at": MONDAY + timedelta(weeks=2, hours=3),
    }
    (exception,) = series(row("FREQ=WEEKLY"), [moved]).exceptions
    assert exception.start == MONDAY + timedelta(weeks=2, hours=2)


def test_e2_17_occurrences_that_overlap_are_refused_in_words() -> None:
    longer = row("FREQ=DAILY", ends_at=MONDAY + timedelta(hours=30))
    assert series(longer).rule == Rule(Daily(1))
    error = {"code": "ErrorOccurrenceTimeSpanTooBig", "message": "Duration of …"}
    result = writes.result(Answer(400, {"error": error}), Directory())
    assert isinstance(result, Refused)
    assert str(result.reason).startswith("its occurrences overlap")
    with speaking("de"):
        assert str(result.reason).startswith("seine Vorkommen überlappen sich")


def test_e2_18_a_series_in_a_zone_that_windows_lacks_is_refused_by_its_name() -> None:
    broken = read_activity(row("FREQ=DAILY", time_zone="Antarctica/Troll"), [], [])
    assert isinstance(broken, BrokenActivity)
    assert str(broken.reason) == "Exchange knows no time zone Antarctica/Troll for a series"
    with speaking("de"):
        assert "Antarctica/Troll" in str(broken.reason)
        assert "Serie" in str(broken.reason)


def test_e2_19_positions_in_a_week_are_refused_its_first_day_is_kept() -> None:
    refused("FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1", "BYSETPOS=1")
    kept("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", Weekly(2, (MO, SU), SU))
    kept("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO", Weekly(2, (MO, SU), MO))


def test_e2_20_the_last_working_day_of_the_month_is_kept() -> None:
    working = (MO, TU, WE, TH, FR)
    kept(
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        MonthlyByWeekday(1, Index.LAST, working),
    )
    kept(
        "FREQ=YEARLY;BYMONTH=12;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        YearlyByWeekday(1, 12, Index.LAST, working),
    )


@pytest.mark.parametrize("text", ["every Monday", "FREQ=WEEKLY;X-OWN=1", "FREQ=WEEKLY;BYDAY"])
def test_e2_what_is_no_rule_is_refused_too(text: str) -> None:
    assert isinstance(rrule.read(text, MONDAY, "Europe/Vienna", all_day=False), Unsyncable)
