"""The sandbox's own expansion of Graph's patterns, against a scan of the calendar day by day."""

from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_agent.sandbox.model.expansion import (
    aligned,
    days_between,
    last_day,
    neighbours,
    occurs_on,
)
from calsync_agent.sandbox.model.recurrence import (
    INDEXES,
    WEEKDAYS,
    Recurrence,
    read_recurrence,
    recurrence_json,
)
from calsync_agent.sandbox.model.refusals import GraphRefusal

DAY = timedelta(days=1)
ALL_DAYS = tuple(range(7))
HORIZON = date(2032, 1, 1)


def recurrence(pattern: dict[str, Any], **span: object) -> Recurrence:
    whole = {"pattern": {"interval": 1, **pattern}, "range": {"type": "noEnd", **span}}
    return read_aligned(whole)


def read_aligned(whole: object) -> Recurrence:
    read = read_recurrence(whole, "UTC")
    assert read is not None
    return aligned(read)


def first(series: Recurrence, number: int) -> list[str]:
    return [str(day) for day in islice(days_between(series, series.start, date.max), number)]


# -- by hand --------------------------------------------------------------------------------------


def test_a_day_that_a_month_does_not_have_is_its_last() -> None:
    series = recurrence({"type": "absoluteMonthly", "dayOfMonth": 31}, startDate="2028-01-31")
    assert first(series, 4) == ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]
    leap = recurrence(
        {"type": "absoluteYearly", "dayOfMonth": 29, "month": 2}, startDate="2026-02-28"
    )
    assert first(leap, 3) == ["2026-02-28", "2027-02-28", "2028-02-29"]


def test_several_days_in_a_relative_pattern_mean_one_day_a_month() -> None:
    workday = {"type": "relativeMonthly", "daysOfWeek": list(WEEKDAYS[:5]), "index": "last"}
    series = recurrence(workday, startDate="2026-01-01")
    assert first(series, 3) == ["2026-01-30", "2026-02-27", "2026-03-31"]


def test_the_interval_counts_from_the_first_match() -> None:
    # Microsoft's own example: every other month, first Thursday, from 29 August.
    thursdays = {"type": "relativeMonthly", "interval": 2, "daysOfWeek": ["Thursday"]}
    series = recurrence(thursdays, startDate="2017-08-29")
    assert first(series, 3) == ["2017-09-07", "2017-11-02", "2018-01-04"]


@pytest.mark.parametrize(
    ("first_day", "days"),
    [
        ("sunday", ["2026-03-01", "2026-03-02", "2026-03-15", "2026-03-16"]),
        ("monday", ["2026-03-01", "2026-03-09", "2026-03-15", "2026-03-23"]),
    ],
)
def test_the_first_day_of_the_week_matters_every_other_week(
    first_day: str, days: list[str]
) -> None:
    pattern = {"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"]}
    series = recurrence({**pattern, "firstDayOfWeek": first_day}, startDate="2026-03-01")
    assert first(series, 4) == days


def test_a_far_day_costs_no_more_than_a_near_one() -> None:
    series = recurrence({"type": "daily"}, startDate="1990-01-01")
    assert list(days_between(series, date(4400, 5, 1), date(4400, 5, 2))) == [
        date(4400, 5, 1),
        date(4400, 5, 2),
    ]


def test_unused_parts_read_back_neutral() -> None:
    series = recurrence({"type": "daily", "dayOfMonth": 7, "index": "Last"}, startDate="2026-01-01")
    assert recurrence_json(series) == {
        "pattern": {
            "type": "daily",
            "interval": 1,
            "month": 0,
            "dayOfMonth": 0,
            "firstDayOfWeek": "sunday",
            "index": "first",
        },
        "range": {
            "type": "noEnd",
            "startDate": "2026-01-01",
            "endDate": "0001-01-01",
            "recurrenceTimeZone": "UTC",
            "numberOfOccurrences": 0,
        },
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"pattern": {"type": "daily"}},
        {"pattern": {"type": "daily", "interval": 0}},
        {"pattern": {"type": "daily", "interval": "1"}},
        {"pattern": {"type": "hourly", "interval": 1}},
        {"pattern": {"type": "daily", "interval": 1, "index": "fifth"}},
        {"pattern": {"type": "daily", "interval": 1, "dayOfMonth": 32}},
        {"pattern": {"type": "daily", "interval": 1, "weekday": 1}},
        {"pattern": {"type": "weekly", "interval": 1}},
        {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["mo"]}},
        {"pattern": {"type": "absoluteMonthly", "interval": 1}},
        {"pattern": {"type": "relativeMonthly", "interval": 1}},
        {"pattern": {"type": "absoluteYearly", "interval": 1, "dayOfMonth": 1}},
        {"pattern": {"type": "relativeYearly", "interval": 1, "daysOfWeek": ["monday"]}},
        {"range": {"type": "numbered", "startDate": "2026-01-05"}},
        {"range": {"type": "numbered", "startDate": "2026-01-05", "numberOfOccurrences": 0}},
        {"range": {"type": "endDate", "startDate": "2026-01-05"}},
        {"range": {"type": "endDate", "startDate": "2026-01-05", "endDate": "2026-01-04"}},
        {"range": {"type": "noEnd"}},
        {"range": {"type": "endDate", "startDate": "2026-01-05", "endDate": "4500-09-02"}},
        {"range": {"type": "noEnd", "startDate": "2026-01-05", "recurrenceTimeZone": "x"}},
        {"range": None},
    ],
)
def test_incomplete_and_wrong_recurrences_are_refused(wrong: dict[str, Any]) -> None:
    good = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "noEnd", "startDate": "2026-01-05"},
    }
    with pytest.raises(GraphRefusal) as refused:
        read_aligned({**good, **wrong})
    assert refused.value.status == 400


def test_a_series_may_not_go_on_after_the_end_of_the_calendar() -> None:
    endless = recurrence({"type": "daily"}, startDate="2026-01-01")
    with pytest.raises(GraphRefusal) as refused:
        last_day(replace(endless, range="numbered", count=1_000_000))
    assert refused.value.code == "ErrorRecurrenceEndDateTooBig"


# -- by brute force -------------------------------------------------------------------------------


def matches(series: Recurrence, day: date) -> bool:
    """Whether the pattern, begun in the period of `start`, has that day: by looking at the day."""
    start, interval = series.start, series.interval
    length = monthrange(day.year, day.month)[1]
    months = (day.year - start.year) * 12 + day.month - start.month
    match series.type:
        case "daily":
            return (day - start).days % interval == 0
        case "weekly":
            week_start = start
            while week_start.weekday() != series.first_day:
                week_start -= DAY
            weeks = (day - week_start).days // 7
            return day.weekday() in series.days and weeks % interval == 0
        case "absoluteMonthly" | "absoluteYearly":
            is_day = day.day == min(series.day_of_month, length)
        case _:
            same_kind = [
                n for n in range(1, length + 1) if day.replace(day=n).weekday() in series.days
            ]
            place = len(same_kind) - 1 if series.index == 4 else series.index
            is_day = bool(same_kind) and day.day == same_kind[place]
    if series.type.endswith("Monthly"):
        return is_day and months % interval == 0
    return is_day and day.month == series.month and (day.year - start.year) % interval == 0


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    kind = draw(
        st.sampled_from(
            [
                "daily",
                "weekly",
                "absoluteMonthly",
                "relativeMonthly",
                "absoluteYearly",
                "relativeYearly",
            ]
        )
    )
    start = draw(st.dates(date(2024, 1, 1), date(2026, 12, 31)))
    pattern = {
        "type": kind,
        "interval": draw(st.integers(1, 5)),
        "daysOfWeek": [
            WEEKDAYS[n] for n in draw(st.lists(st.sampled_from(ALL_DAYS), min_size=1, unique=True))
        ],
        "firstDayOfWeek": draw(st.sampled_from(WEEKDAYS)),
        "dayOfMonth": draw(st.integers(1, 31)),
        "month": draw(st.integers(1, 12)),
        "index": draw(st.sampled_from(INDEXES)),
    }
    span: dict[str, object] = draw(
        st.one_of(
            st.just({"type": "noEnd"}),
            st.integers(1, 60).map(lambda n: {"type": "numbered", "numberOfOccurrences": n}),
            st.integers(400, 1500).map(
                lambda n: {"type": "endDate", "endDate": str(start + n * DAY)}
            ),
        )
    )
    if kind in {"absoluteYearly", "relativeYearly"}:
        span.pop("endDate", None)
        span = span if span["type"] == "numbered" else {"type": "noEnd"}
    return recurrence(pattern, startDate=str(start), **span)


@settings(max_examples=150, deadline=None)
@given(recurrences())
def test_the_days_are_those_that_a_scan_finds(series: Recurrence) -> None:
    scanned, day = [], series.start
    while day < HORIZON:
        if matches(series, day):
            scanned.append(day)
        day += DAY
    if series.end is not None:
        scanned = [each for each in scanned if each <= series.end]
    expected = scanned[: series.count] if series.count else scanned
    assert list(days_between(series, date.min, HORIZON - DAY)) == expected
    assert expected[0] == series.start
    assert {each for each in scanned[:200] if occurs_on(series, each)} == set(expected[:200])


@settings(max_examples=200, deadline=None)
@given(recurrences(), st.dates(date(2025, 6, 1), date(2030, 1, 1)), st.integers(0, 400))
def test_a_window_shows_a_part_of_the_whole(series: Recurrence, low: date, length: int) -> None:
    high = low + length * DAY
    whole = [day for day in days_between(series, series.start, high) if day >= low]
    assert list(days_between(series, low, high)) == whole


@settings(max_examples=200, deadline=None)
@given(recurrences(), st.integers(0, 20))
def test_neighbours_are_the_days_beside_a_day(series: Recurrence, number: int) -> None:
    days = list(islice(days_between(series, series.start, date.max), 25))
    at = min(number, len(days) - 1)
    before, after = neighbours(series, days[at])
    assert next(before, None) == (days[at - 1] if at else None)
    assert next(after, None) == (days[at + 1] if at + 1 < len(days) else None)


@settings(max_examples=200, deadline=None)
@given(recurrences())
def test_what_is_written_reads_back(series: Recurrence) -> None:
    assert read_recurrence(recurrence_json(series), "UTC") == series
