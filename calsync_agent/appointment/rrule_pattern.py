"""The pattern inside an RRULE: which of the six patterns of Exchange it means, if any.

Numbers in comments refer to GRAPH.md 3.3.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Final

from calsync_agent.appointment.expansion import SHORTEST_MONTH, starts
from calsync_agent.appointment.rule import (
    Daily,
    End,
    Index,
    MonthlyByDay,
    MonthlyByWeekday,
    Never,
    Pattern,
    Rule,
    Weekday,
    Weekly,
    YearlyByDay,
    YearlyByWeekday,
)

DAYS: Final = {
    name: Weekday(n) for n, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))
}
MONTHS: Final = 12
LONGEST_MONTH: Final = 31
LONGEST_INTERVAL: Final = 999
"""Exchange's limit, whatever is counted."""
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}\Z")
_BYDAY: Final = re.compile(r"([+-]?[0-9]{1,3})?(MO|TU|WE|TH|FR|SA|SU)\Z")
_INDEXES: Final = {index.value: index for index in Index}


class RefusedPart(Exception):
    """A part of the rule that Exchange cannot hold; `part` is the text as it stands there."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


class Parts:
    """The parts of one RRULE, taken out one by one so that none is overlooked."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = dict(parts)

    def take(self, name: str) -> str | None:
        """The text of a part, or None; it does not count as left over any more."""
        return self._parts.pop(name, None)

    def numbers(self, name: str, lowest: int, highest: int) -> tuple[int, ...]:
        """The part's numbers, sorted, each within ±highest and at least `lowest`."""
        text = self.take(name)
        if text is None:
            return ()
        pieces = [piece.strip() for piece in text.split(",")]
        if not all(_NUMBER.match(piece) for piece in pieces):
            raise RefusedPart(f"{name}={text}")
        found = sorted({int(piece) for piece in pieces})
        if not all(lowest <= number <= highest and number for number in found):
            raise RefusedPart(f"{name}={text}")
        return tuple(found)

    def refuse_rest(self) -> None:
        """Refuse the first part that nobody has taken."""
        for name, text in self._parts.items():
            raise RefusedPart(f"{name}={text}")


def read_pattern(parts: Parts, start: datetime, end: End) -> Pattern:
    """The pattern that the parts mean for a series from `start`. Raises RefusedPart."""
    frequency = parts.take("FREQ") or ""
    interval = _interval(parts)
    first_day = _first_day(parts)
    _drop_start_time(parts, start)
    by = _By(parts)
    parts.refuse_rest()  # 1, 2: BYSECOND, BYYEARDAY, BYWEEKNO and whatever is unknown
    match frequency:
        case "DAILY":
            return _daily(by, interval, first_day)
        case "WEEKLY":
            return _weekly(by, interval, first_day, start)
        case "MONTHLY":
            return _monthly(by, interval, first_day, start, end)
        case "YEARLY":
            return _yearly(by, interval, first_day, start, end)
        case _:
            raise RefusedPart(f"FREQ={frequency}")


class _By:
    """The BY… parts, with those that filter nothing left out."""

    def __init__(self, parts: Parts) -> None:
        self.months = parts.numbers("BYMONTH", 1, MONTHS)
        if len(self.months) == MONTHS:
            self.months = ()
        self.month_days = parts.numbers("BYMONTHDAY", -LONGEST_MONTH, LONGEST_MONTH)
        if self.month_days == tuple(range(1, LONGEST_MONTH + 1)):
            self.month_days = ()
        self.positions = parts.numbers("BYSETPOS", -366, 366)
        self.day_text = parts.take("BYDAY") or ""
        self.days, self.ordinals = _days(self.day_text)
        self.clamped = False  # whether the rule itself means the last day of shorter months

    def refuse_months(self) -> None:
        if self.months:
            raise RefusedPart("BYMONTH=" + _listed(self.months))

    def refuse_month_days(self) -> None:
        if self.month_days:
            raise RefusedPart("BYMONTHDAY=" + _listed(self.month_days))

    def refuse_positions(self) -> None:
        if self.positions:
            raise RefusedPart("BYSETPOS=" + _listed(self.positions))

    def refuse_ordinals(self) -> None:
        if self.ordinals:
            raise RefusedPart(f"BYDAY={self.day_text}")


def _daily(by: _By, interval: int, first_day: Weekday) -> Pattern:
    by.refuse_months()  # 11
    by.refuse_month_days()  # 12
    by.refuse_positions()
    by.refuse_ordinals()
    if not by.days or len(by.days) == len(DAYS):
        return Daily(interval)
    if interval > 1:
        raise RefusedPart(f"BYDAY={by.day_text}")  # 12
    return Weekly(1, by.days, first_day)


def _weekly(by: _By, interval: int, first_day: Weekday, start: datetime) -> Pattern:
    by.refuse_months()  # 11
    by.refuse_month_days()
    by.refuse_ordinals()
    days = by.days or (Weekday(start.weekday()),)
    if not (len(days) == 1 and by.positions in {(1,), (-1,)}):
        by.refuse_positions()  # 19
    return Weekly(interval, days, first_day)


def _monthly(by: _By, interval: int, first_day: Weekday, start: datetime, end: End) -> Pattern:
    if by.months:
        if interval > 1:
            by.refuse_months()  # 11
        return _in_months(by, start, end)
    if by.days:
        if not by.ordinals and not by.positions and not by.month_days and interval == 1:
            return Weekly(1, by.days, first_day)  # 5
        return MonthlyByWeekday(interval, *_relative(by))
    return _monthly_by_day(by, interval, start, end)


def _yearly(by: _By, interval: int, first_day: Weekday, start: datetime, end: End) -> Pattern:
    if len(by.months) > 1 or (by.month_days and not by.months):
        if interval > 1:
            by.refuse_months()  # 10
            by.refuse_month_days()
        if len(by.months) != 1:
            by.refuse_positions()  # the position counts in the whole year
        by.months = by.months or tuple(range(1, MONTHS + 1))
        return _in_months(by, start, end)
    if by.months:
        return _in_one_month(by, interval, by.months[0], start, end)
    if by.days:
        by.refuse_ordinals()  # 10
        by.refuse_positions()
        if interval > 1:
            raise RefusedPart(f"BYDAY={by.day_text}")
        return Weekly(1, by.days, first_day)
    return _in_one_month(by, interval, start.month, start, end)


def _in_months(by: _By, start: datetime, end: End) -> Pattern:
    """Certain months of every year: one, or several that are evenly spaced (10)."""
    months = by.months
    if len(months) == 1:
        return _in_one_month(by, 1, months[0], start, end)
    step = MONTHS // len(months)
    if MONTHS % len(months) or any(b - a != step for a, b in pairwise(months)):
        by.refuse_months()
    if by.days:
        return MonthlyByWeekday(step, *_relative(by))
    return _monthly_by_day(by, step, start, end)


def _in_one_month(by: _By, interval: int, month: int, start: datetime, end: End) -> Pattern:
    if by.days:
        return YearlyByWeekday(interval, month, *_relative(by))
    pattern = YearlyByDay(interval, month, _day_of_month(by, start))
    _refuse_short_months(by, pattern, {month}, start, end)
    return pattern


def _relative(by: _By) -> tuple[Index, tuple[Weekday, ...]]:
    """The n-th of some weekdays in a month, however the rule spells it (4, 5, 6, 9, 20)."""
    refused = RefusedPart(f"BYDAY={by.day_text}")
    if by.month_days:
        # Days 1-7 hold the first of each weekday, days 8-14 the second, and so on.
        first = by.month_days[0]
        weeks = {1: Index.FIRST, 8: Index.SECOND, 15: Index.THIRD, 22: Index.FOURTH}
        one_week = by.month_days == tuple(range(first, first + 7))
        if by.ordinals or by.positions or len(by.days) > 1 or not one_week or first not in weeks:
            by.refuse_month_days()
        return weeks[first], by.days
    if by.ordinals:
        if len(by.ordinals) > 1 or len(by.days) > 1 or by.ordinals[0] not in _INDEXES:
            raise refused
        if by.positions not in {(), (1,), (-1,)}:
            by.refuse_positions()
        return _INDEXES[by.ordinals[0]], by.days
    if len(by.positions) != 1 or by.positions[0] not in _INDEXES:
        by.refuse_positions()
        raise refused
    return _INDEXES[by.positions[0]], by.days


def _day_of_month(by: _By, start: datetime) -> int:
    """The day that Exchange has to be told; 31 is the last day of every month (7)."""
    listed = by.month_days or (start.day,)
    without_gap = listed == tuple(range(1, listed[-1] + 1))[-len(listed) :]
    if by.positions == (-1,) and without_gap and listed[0] <= SHORTEST_MONTH:
        by.clamped = True  # the last of days up to n: day n, or else the month's last
        return listed[-1]
    if len(listed) > 1:
        by.refuse_month_days()  # 5
    if by.positions not in {(), (1,), (-1,)}:
        by.refuse_positions()
    if listed[0] == -1:
        by.clamped = True
        return LONGEST_MONTH
    if listed[0] < 0:
        by.refuse_month_days()  # 7
    return listed[0]


def _monthly_by_day(by: _By, interval: int, start: datetime, end: End) -> Pattern:
    pattern = MonthlyByDay(interval, _day_of_month(by, start))
    months = {(start.month - 1 + n * interval) % MONTHS + 1 for n in range(MONTHS)}
    _refuse_short_months(by, pattern, months, start, end)
    return pattern


def _refuse_short_months(
    by: _By, pattern: MonthlyByDay | YearlyByDay, months: set[int], start: datetime, end: End
) -> None:
    """Where a month is too short, RFC 5545 skips it and Exchange takes its last day (8)."""
    if by.clamped or pattern.day <= SHORTEST_MONTH:
        return
    if isinstance(end, Never):
        skips = any(pattern.day > monthrange(2027, month)[1] for month in months)
    else:
        skips = any(moment.day != pattern.day for moment in starts(Rule(pattern, end), start))
    if skips:
        raise RefusedPart(f"BYMONTHDAY={pattern.day}")


def _interval(parts: Parts) -> int:
    found = parts.numbers("INTERVAL", 1, LONGEST_INTERVAL) or (1,)
    if len(found) > 1:
        raise RefusedPart(f"INTERVAL={_listed(found)}")
    return found[0]


def _first_day(parts: Parts) -> Weekday:
    text = parts.take("WKST") or "MO"
    if text not in DAYS:
        raise RefusedPart(f"WKST={text}")
    return DAYS[text]


def _drop_start_time(parts: Parts, start: datetime) -> None:
    """BYHOUR and the like say nothing where they only repeat the start (1)."""
    for name, value in (
        ("BYHOUR", start.hour),
        ("BYMINUTE", start.minute),
        ("BYSECOND", start.second),
    ):
        text = parts.take(name)
        if text is not None and text != str(value) and text != f"{value:02}":
            raise RefusedPart(f"{name}={text}")


def _days(text: str) -> tuple[tuple[Weekday, ...], tuple[int, ...]]:
    if not text:
        return (), ()
    days, ordinals = set(), set()
    pieces = {piece.strip() for piece in text.split(",")}
    for piece in pieces:
        found = _BYDAY.match(piece)
        if not found:
            raise RefusedPart(f"BYDAY={text}")
        if found[1]:
            ordinals.add(int(found[1]))
        days.add(DAYS[found[2]])
    if ordinals and len(days) != len(pieces):
        raise RefusedPart(f"BYDAY={text}")
    return tuple(sorted(days)), tuple(sorted(ordinals))


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(str(number) for number in numbers)
