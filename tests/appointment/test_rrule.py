"""E1, E2, G8: RRULE text and the rules that Exchange can hold."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice, takewhile

import dateutil.rrule
import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from calsync_agent.appointment import rrule
from calsync_agent.appointment.expansion import (
    first_start,
    last_start,
    occurring,
    starts,
    starts_between,
)
from calsync_agent.appointment.model import Unsyncable
from calsync_agent.appointment.rule import (
    Count,
    Daily,
    Index,
    MonthlyByDay,
    MonthlyByWeekday,
    Never,
    Pattern,
    Rule,
    Until,
    Weekday,
    Weekly,
    YearlyByDay,
    YearlyByWeekday,
)

VIENNA = "Europe/Vienna"
MONDAY = datetime(2026, 1, 5, 9)
SOME = 60

MO, TU, WE, TH, FR, SA, SU = Weekday


def read(text: str, start: datetime = MONDAY, *, all_day: bool = False) -> Rule | Unsyncable:
    return rrule.read(text, start, VIENNA, all_day=all_day)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("FREQ=DAILY", Daily(1)),
        ("FREQ=DAILY;INTERVAL=3", Daily(3)),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", Weekly(1, (MO, TU, WE, TH, FR))),
        ("FREQ=WEEKLY", Weekly(1, (MO,))),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,MO;WKST=SU", Weekly(2, (MO, WE), SU)),
        ("FREQ=MONTHLY", MonthlyByDay(1, 5)),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", MonthlyByDay(1, 31)),
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", MonthlyByDay(1, 31)),
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", MonthlyByDay(1, 30)),
        ("FREQ=MONTHLY;BYDAY=-1FR", MonthlyByWeekday(1, Index.LAST, (FR,))),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1", MonthlyByWeekday(1, Index.LAST, (FR,))),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            MonthlyByWeekday(1, Index.LAST, (MO, TU, WE, TH, FR)),
        ),
        (
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=8,9,10,11,12,13,14",
            MonthlyByWeekday(1, Index.SECOND, (FR,)),
        ),
        ("FREQ=MONTHLY;BYDAY=TU", Weekly(1, (TU,))),
        ("FREQ=YEARLY", YearlyByDay(1, 1, 5)),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=7;BYMONTHDAY=31", YearlyByDay(2, 7, 31)),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", YearlyByWeekday(1, 11, Index.FOURTH, (TH,))),
        ("FREQ=YEARLY;BYMONTH=1,4,7,10;BYMONTHDAY=15", MonthlyByDay(3, 15)),
        ("FREQ=MONTHLY;BYMONTH=1,7;BYDAY=1MO", MonthlyByWeekday(6, Index.FIRST, (MO,))),
        ("FREQ=YEARLY;BYDAY=SU", Weekly(1, (SU,))),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", MonthlyByDay(12, 31)),
        ("RRULE:freq=weekly;byday=mo;byhour=9;byminute=0", Weekly(1, (MO,))),
    ],
)
def test_e1_e2_a_rule_is_mapped_or_rewritten_into_an_equal_one(text: str, pattern: Pattern) -> None:
    assert read(text) == Rule(pattern)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("FREQ=HOURLY", "FREQ=HOURLY"),
        ("FREQ=DAILY;BYHOUR=9,17", "BYHOUR=9,17"),
        ("FREQ=YEARLY;BYYEARDAY=100", "BYYEARDAY=100"),
        ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO=20"),
        ("FREQ=MONTHLY;BYDAY=5MO", "BYDAY=5MO"),
        ("FREQ=MONTHLY;BYDAY=-2FR", "BYDAY=-2FR"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,3", "BYSETPOS=1,3"),
        ("FREQ=MONTHLY;BYDAY=1MO,3MO", "BYDAY=1MO,3MO"),
        ("FREQ=MONTHLY;BYDAY=1MO,2TU", "BYDAY=1MO,2TU"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "BYMONTHDAY=1,15"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=MO", "BYDAY=MO"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "BYMONTHDAY=-2"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "BYMONTHDAY=31"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "BYMONTHDAY=29"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "BYMONTHDAY=13"),
        ("FREQ=YEARLY;BYMONTH=1,2;BYMONTHDAY=1", "BYMONTH=1,2"),
        ("FREQ=YEARLY;BYDAY=20MO", "BYDAY=20MO"),
        ("FREQ=DAILY;BYMONTH=1", "BYMONTH=1"),
        ("FREQ=WEEKLY;BYMONTH=6,7", "BYMONTH=6,7"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=MO,TU", "BYDAY=MO,TU"),
        ("FREQ=DAILY;BYMONTHDAY=1", "BYMONTHDAY=1"),
        ("FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1", "BYSETPOS=1"),
        ("FREQ=WEEKLY;COUNT=3;UNTIL=20270101", "COUNT=3;UNTIL=20270101"),
        ("FREQ=WEEKLY;UNTIL=20250101", "UNTIL=20250101"),
        ("FREQ=WEEKLY;COUNT=0", "COUNT=0"),
        ("FREQ=WEEKLY;X-OWN=1", "X-OWN=1"),
        ("FREQ=WEEKLY;BYDAY=MONDAY", "BYDAY=MONDAY"),
        ("every Monday", "every Monday"),
    ],
)
def test_e2_a_rule_that_does_not_fit_is_refused_with_the_part(text: str, part: str) -> None:
    refused = read(text)
    assert isinstance(refused, Unsyncable)
    assert refused.reason.fields["part"] == part


def test_e2_day_31_is_kept_where_no_short_month_is_met() -> None:
    start = datetime(2026, 7, 31, 9)
    assert read("FREQ=MONTHLY;COUNT=2", start) == Rule(MonthlyByDay(1, 31), Count(2))
    assert isinstance(read("FREQ=MONTHLY;COUNT=3", start), Unsyncable)


@pytest.mark.parametrize(
    ("until", "day"),
    [
        ("20260202", date(2026, 2, 2)),
        ("20260202T090000", date(2026, 2, 2)),
        ("20260202T085959", date(2026, 2, 1)),
        ("20260202T080000Z", date(2026, 2, 2)),
        ("20260202T075959Z", date(2026, 2, 1)),
        ("20260202T230000Z", date(2026, 2, 2)),
    ],
)
def test_g8_until_is_a_utc_instant_a_local_time_or_a_date(until: str, day: date) -> None:
    assert read(f"FREQ=DAILY;UNTIL={until}") == Rule(Daily(1), Until(day))


def test_an_end_that_exchange_cannot_hold_means_never() -> None:
    assert read("FREQ=DAILY;UNTIL=99991231") == Rule(Daily(1), Never())


days = st.lists(st.sampled_from(Weekday), min_size=1, unique=True).map(lambda d: tuple(sorted(d)))
intervals = st.integers(1, 5)
patterns: st.SearchStrategy[Pattern] = st.one_of(
    st.builds(Daily, intervals),
    st.builds(Weekly, intervals, days, st.sampled_from(Weekday)),
    st.builds(MonthlyByDay, intervals, st.integers(1, 31)),
    st.builds(MonthlyByWeekday, intervals, st.sampled_from(Index), days),
    st.builds(YearlyByDay, intervals, st.integers(1, 12), st.integers(1, 31)),
    st.builds(YearlyByWeekday, intervals, st.integers(1, 12), st.sampled_from(Index), days),
)
local_starts = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31, 23, 45))


@settings(deadline=None)
@given(patterns, local_starts, st.one_of(st.none(), st.integers(1, 40), st.integers(0, 2000)))
def test_e1_every_rule_is_read_back_from_its_own_text_and_keeps_its_occurrences(
    pattern: Pattern, start: datetime, end: int | None
) -> None:
    start = start.replace(second=0, microsecond=0)
    begin = first_start(Rule(pattern), start)
    assert begin is not None
    rule = Rule(pattern) if end is None else Rule(pattern, Count(end % 998 + 1))
    if end is not None and end % 2:
        rule = Rule(pattern, Until(begin.date() + timedelta(days=end)))
    text = rrule.write(rule, begin.time())
    again = rrule.read(text, begin, VIENNA, all_day=False)
    assert isinstance(again, Rule)
    assert list(islice(starts(again, begin), SOME)) == list(islice(starts(rule, begin), SOME))
    assert list(islice(rrulestr(text, dtstart=begin), SOME)) == list(
        islice(starts(rule, begin), SOME)
    )


def _part(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), st.just(""), values.map(lambda value: f";{name}={value}"))


def _list(values: st.SearchStrategy[object], most: int) -> st.SearchStrategy[str]:
    listed = st.lists(values, min_size=1, max_size=most, unique=True)
    return listed.map(lambda found: ",".join(str(value) for value in found))


weekday_names = st.sampled_from(rrule.DAYS)
any_rule = st.tuples(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]).map(lambda f: f"FREQ={f}"),
    _part("INTERVAL", st.integers(1, 4).map(str)),
    _part(
        "BYDAY",
        st.one_of(
            _list(weekday_names, 7),
            st.tuples(st.sampled_from([1, 2, 3, 4, 5, -1, -2]), weekday_names).map(
                lambda pair: f"{pair[0]}{pair[1]}"
            ),
        ),
    ),
    _part(
        "BYMONTHDAY",
        st.one_of(
            st.integers(-31, 31).filter(bool).map(str),
            st.sampled_from(["28,29,30,31", "1,2,3,4,5,6,7", "1,15", "29,30,31"]),
        ),
    ),
    _part("BYMONTH", st.one_of(_list(st.integers(1, 12), 3), st.just("3,6,9,12"))),
    _part("BYSETPOS", st.sampled_from(["1", "-1", "2", "1,2"])),
    _part("WKST", st.sampled_from(["SU", "WE"])),
    st.one_of(st.just(""), st.integers(1, 30).map(lambda count: f";COUNT={count}")),
).map("".join)


@given(any_rule, local_starts)
def test_e2_whatever_is_not_refused_means_the_same_occurrences(text: str, start: datetime) -> None:
    start = start.replace(second=0, microsecond=0)
    rule = rrule.read(text, start, VIENNA, all_day=False)
    assume(isinstance(rule, Rule))
    assert isinstance(rule, Rule)
    expected = list(islice(rrulestr(text, dtstart=start), SOME))
    assume(expected)
    # Exchange counts from the first occurrence on, which is where the event begins (G8).
    assert list(islice(starts(rule, expected[0]), SOME)) == expected


@given(patterns, local_starts, st.integers(1, 50))
def test_the_last_occurrence_is_where_the_count_ends(
    pattern: Pattern, start: datetime, count: int
) -> None:
    rule = Rule(pattern, Count(count))
    listed = list(starts(rule, start))
    assert len(listed) == count
    assert last_start(rule, start) == listed[-1]


@pytest.mark.parametrize(
    "text",
    [
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE",
        "rrule:freq=weekly;byday=mo,we",
        " RRULE : FREQ = WEEKLY ; BYDAY = MO , WE ; ",
        "FREQ=WEEKLY;;BYDAY=MO,WE;",
        ";FREQ=WEEKLY;BYDAY=WE,MO,WE",
        "FREQ=WEEKLY;BYD\r\n AY=MO,WE",
        "FREQ=WEEKLY;BYDAY=\n\tMO,WE",
        "FREQ=WEEKLY;INTERVAL=01;BYDAY=MO,WE",
    ],
)
def test_e1_a_rule_is_read_however_it_is_folded_and_spelt(text: str) -> None:
    assert read(text) == Rule(Weekly(1, (MO, WE)))


def test_e1_an_ordinal_day_that_is_named_twice_is_one() -> None:
    assert read("FREQ=MONTHLY;BYDAY=1MO,1MO") == Rule(MonthlyByWeekday(1, Index.FIRST, (MO,)))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("FREQ=WEEKLY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=WEEKLY;INTERVAL=-1", "INTERVAL=-1"),
        ("FREQ=WEEKLY;INTERVAL=1000", "INTERVAL=1000"),
        ("FREQ=WEEKLY;INTERVAL=1,2", "INTERVAL=1,2"),
        ("FREQ=WEEKLY;INTERVAL=1_0", "INTERVAL=1_0"),
        ("FREQ=WEEKLY;INTERVAL=1.5", "INTERVAL=1.5"),
        ("FREQ=DAILY;COUNT=1000", "COUNT=1000"),
        ("FREQ=DAILY;COUNT=" + "9" * 5000, "COUNT=" + "9" * 5000),
        ("FREQ=DAILY;COUNT=-1", "COUNT=-1"),
        ("FREQ=DAILY;COUNT=٣", "COUNT=٣"),
        ("FREQ=DAILY;COUNT=", "COUNT="),
        ("FREQ=DAILY;UNTIL=2027-01-01", "UNTIL=2027-01-01"),
        ("FREQ=DAILY;UNTIL=20270230", "UNTIL=20270230"),
        ("FREQ=DAILY;UNTIL=20270101T090000+0100", "UNTIL=20270101T090000+0100"),
        ("FREQ=MONTHLY;BYMONTHDAY=" + "9" * 5000, "BYMONTHDAY=" + "9" * 5000),
        ("FREQ=WEEKLY\nRDATE:20270101", "RDATE:20270101"),
        ("", "FREQ="),
        (";;", "FREQ="),
    ],
)
def test_e2_what_no_exchange_could_hold_is_refused_by_its_part(text: str, part: str) -> None:
    refused = read(text)
    assert isinstance(refused, Unsyncable)
    assert refused.reason.fields["part"] == part


@pytest.mark.parametrize("until", ["45000902", "45001231T235959Z", "99991231", "99991231T235959Z"])
def test_e1_an_end_that_exchange_has_not_is_none(until: str) -> None:
    assert read(f"FREQ=DAILY;UNTIL={until}") == Rule(Daily(1))


def test_e1_the_last_end_that_exchange_has_is_kept() -> None:
    assert read("FREQ=YEARLY;UNTIL=45000901") == Rule(YearlyByDay(1, 1, 5), Until(date(4500, 9, 1)))


@settings(deadline=None)
@given(patterns, local_starts, st.integers(0, 40_000), st.integers(0, 90))
def test_e1_the_occurrences_of_some_days_are_the_same_wherever_counting_begins(
    pattern: Pattern, start: datetime, days_on: int, length: int
) -> None:
    earliest = start + timedelta(days=days_on)
    latest = earliest + timedelta(days=length)
    rule = Rule(pattern)
    counted = (m for m in starts(rule, start) if m >= earliest)
    expected = list(takewhile(lambda moment: moment <= latest, counted))
    assert list(starts_between(rule, start, earliest, latest)) == expected
    assert occurring(rule, start, [*expected, earliest, latest]) >= set(expected)


def test_b8_an_occurrence_in_sight_costs_the_same_however_long_ago_its_series_began(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = []
    counted = dateutil.rrule.rrule._iter

    def counting(self: object) -> Iterator[datetime]:
        for moment in counted(self):
            steps.append(moment)
            yield moment

    monkeypatch.setattr(dateutil.rrule.rrule, "_iter", counting)
    long_ago = datetime(1601, 1, 1, 9)
    for pattern in (Daily(1), Weekly(2, tuple(Weekday)), MonthlyByDay(1, 1), YearlyByDay(1, 1, 1)):
        steps.clear()
        assert occurring(Rule(pattern), long_ago, [_EARLIEST, long_ago, _LATEST]) >= {long_ago}
        assert len(steps) < 100


_EARLIEST = datetime(1, 1, 1, 9)
_LATEST = datetime(9999, 12, 31, 9)


@pytest.mark.parametrize("start", [_EARLIEST, datetime(1601, 1, 31, 9), MONDAY, _LATEST])
@pytest.mark.parametrize("moment", [_EARLIEST, MONDAY, datetime(4500, 9, 1, 9), _LATEST])
@pytest.mark.parametrize(
    "pattern",
    [
        Daily(1),
        Daily(999),
        Weekly(1, tuple(Weekday)),
        Weekly(3, (MO, SU), SU),
        MonthlyByDay(1, 31),
        MonthlyByDay(7, 30),
        MonthlyByWeekday(1, Index.LAST, (FR,)),
        YearlyByDay(1, 2, 29),
        YearlyByDay(4, 2, 29),
        YearlyByWeekday(999, 12, Index.FOURTH, (TH,)),
    ],
)
def test_b8_asking_for_an_occurrence_fails_nowhere_in_time(
    pattern: Pattern, moment: datetime, start: datetime
) -> None:
    for rule in (Rule(pattern), Rule(pattern, Count(3)), Rule(pattern, Until(date(4500, 9, 1)))):
        found = occurring(rule, start, [moment, start])
        assert found <= {moment, start}
        assert len(list(islice(starts(rule, start), 3))) <= 3
