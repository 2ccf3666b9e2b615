"""The days that an RFC 5545 rule means, found period by period as the RFC describes its filters."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Final

_WEEK: Final = 7
_YEAR: Final = 12
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule whose parts Graph may be able to hold. Weekdays count from 0 for Monday."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    days: tuple[tuple[int | None, int], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


def days_of_rule(rule: Rule, start: date) -> Iterator[date]:
    """The days that the rule means for a series that begins on `start`."""
    found = 0
    for period in count():
        days = _period(rule, start, period)
        if days is None:
            return
        for day in days:
            if day < start:
                continue
            if (rule.until and day > rule.until) or found == rule.count:
                return
            found += 1
            yield day


def _period(rule: Rule, start: date, number: int) -> list[date] | None:
    """The rule's days in its n-th period, by the RFC; None once the calendar ends."""
    steps = number * rule.interval
    try:
        match rule.freq:
            case "DAILY":
                days = [start + steps * _ONE_DAY]
            case "WEEKLY":
                first = start - ((start.weekday() - rule.week_start) % _WEEK) * _ONE_DAY
                begin = first + steps * _WEEK * _ONE_DAY
                days = [begin + n * _ONE_DAY for n in range(_WEEK)]
            case "MONTHLY":
                year, month = divmod(start.year * _YEAR + start.month - 1 + steps, _YEAR)
                days = _days_of_month(year, month + 1)
            case _:
                months = rule.months or (range(1, _YEAR + 1) if rule.days else (start.month,))
                days = [day for m in months for day in _days_of_month(start.year + steps, m)]
    except (OverflowError, ValueError):
        return None
    fitting = [day for day in days if _fits(rule, start, day)]
    if not rule.positions:
        return fitting
    places = sorted({n - 1 if n > 0 else len(fitting) + n for n in rule.positions})
    return [fitting[place] for place in places if 0 <= place < len(fitting)]


def _fits(rule: Rule, start: date, day: date) -> bool:
    """Whether a day of the period passes the filters; what is not given comes from the start."""
    months, month_days, weekdays = rule.months, rule.month_days, rule.days
    if rule.freq == "YEARLY" and not months and not weekdays:
        months = (start.month,)
    if rule.freq in {"YEARLY", "MONTHLY"} and not month_days and not weekdays:
        month_days = (start.day,)
    if rule.freq == "WEEKLY" and not weekdays:
        weekdays = ((None, start.weekday()),)
    length = monthrange(day.year, day.month)[1]
    return (
        (not months or day.month in months)
        and (not month_days or any(n in {day.day, day.day - length - 1} for n in month_days))
        and (not weekdays or any(_is_weekday(day, length, each) for each in weekdays))
    )


def _is_weekday(day: date, length: int, wanted: tuple[int | None, int]) -> bool:
    ordinal, weekday = wanted
    if day.weekday() != weekday:
        return False
    from_start = (day.day - 1) // _WEEK + 1
    from_end = -((length - day.day) // _WEEK + 1)
    return ordinal is None or ordinal in {from_start, from_end}


def _days_of_month(year: int, month: int) -> list[date]:
    return [date(year, month, day + 1) for day in range(monthrange(year, month)[1])]
