"""The days on which a series occurs: the sandbox's own reading of Graph's patterns.

Days that a month does not have are its last one. Intervals count from the period of the first
match. A relative pattern with several days means one day per month: the n-th that is any of them.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import count, pairwise
from typing import Final

from calsync_agent.sandbox.model.recurrence import LAST_DAY, MONTHS, Recurrence
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_request

_WEEK: Final = 7
_DAY: Final = timedelta(days=1)


def days_between(recurrence: Recurrence, low: date, high: date) -> Iterator[date]:
    """The days of the series from `low` to `high`, both included, in order.

    The recurrence must be `aligned`. Costs as much as there are days to yield, wherever they lie.
    """
    end = min(high, last_day(recurrence))
    if low > end:
        return
    for period in count(max(0, _period_of(recurrence, low) - 1)):
        days = _days_of_period(recurrence, period)
        if not days or days[0] > end:
            return
        for day in days:
            if max(low, recurrence.start) <= day <= end:
                yield day


@lru_cache(maxsize=4096)
def last_day(recurrence: Recurrence) -> date:
    """The last day of the series; the calendar's end for one that goes on for ever."""
    match recurrence.range:
        case "noEnd":
            return LAST_DAY
        case "endDate":
            return recurrence.end or LAST_DAY
        case "numbered":
            left = recurrence.count or 0
            day = recurrence.start
            for period in count():
                for day in _days_of_period(recurrence, period):
                    if day >= recurrence.start:
                        left -= 1
                    if left == 0:
                        return day
                if day >= LAST_DAY:
                    break
            raise GraphRefusal(
                400,
                "ErrorRecurrenceEndDateTooBig",
                "The recurrence end date cannot be later than 4500-09-01.",
            )


def occurs_on(recurrence: Recurrence, day: date) -> bool:
    """Whether the (aligned) series has an occurrence on that day."""
    return any(days_between(recurrence, day, day))


def aligned(recurrence: Recurrence) -> Recurrence:
    """The same series, beginning on its first occurrence. 400 where it has none."""
    monthly = replace(recurrence, interval=1, range="noEnd", end=None, count=None)
    first = next(_all_days(monthly), None)
    if first is None or (recurrence.end is not None and first > recurrence.end):
        raise invalid_request("The recurrence has no occurrence.")
    return replace(recurrence, start=first)


def shortest_gap(recurrence: Recurrence) -> timedelta:
    """The least distance between one occurrence and the next, as far as a year or two show it."""
    days = _first_days(recurrence, 60)
    gaps = (later - earlier for earlier, later in pairwise(days))
    return min(gaps, default=timedelta.max)


def neighbours(recurrence: Recurrence, day: date) -> tuple[Iterator[date], Iterator[date]]:
    """The days of the series before `day`, latest first, and those after it, earliest first."""
    return _days_before(recurrence, day), days_between(recurrence, day + _DAY, LAST_DAY)


def _days_before(recurrence: Recurrence, day: date) -> Iterator[date]:
    for period in range(_period_of(recurrence, day) + 1, -1, -1):
        for candidate in reversed(_days_of_period(recurrence, period)):
            if recurrence.start <= candidate < day:
                yield candidate


def _first_days(recurrence: Recurrence, most: int) -> list[date]:
    found = []
    for day in days_between(recurrence, recurrence.start, LAST_DAY):
        found.append(day)
        if len(found) == most:
            break
    return found


def _all_days(recurrence: Recurrence) -> Iterator[date]:
    """The days from `start` on, which need not be one of them."""
    for period in count():
        days = _days_of_period(recurrence, period)
        if not days or days[0] > LAST_DAY:
            return
        yield from (day for day in days if day >= recurrence.start)


def _period_of(recurrence: Recurrence, day: date) -> int:
    """The number of the period (day, week, month, year times interval) that `day` lies in."""
    start, interval = recurrence.start, recurrence.interval
    match recurrence.type:
        case "daily":
            return (day - start).days // interval
        case "weekly":
            return (day - _week_of(start, recurrence.first_day)).days // _WEEK // interval
        case "absoluteMonthly" | "relativeMonthly":
            return (_month_number(day) - _month_number(start)) // interval
        case "absoluteYearly" | "relativeYearly":
            return (day.year - start.year) // interval


def _days_of_period(recurrence: Recurrence, period: int) -> list[date]:
    """The days of one period, in order; none once the calendar ends."""
    start, steps = recurrence.start, period * recurrence.interval
    try:
        match recurrence.type:
            case "daily":
                return [start + steps * _DAY]
            case "weekly":
                week = _week_of(start, recurrence.first_day) + steps * _WEEK * _DAY
                offsets = sorted((day - recurrence.first_day) % _WEEK for day in recurrence.days)
                return [week + offset * _DAY for offset in offsets]
            case "absoluteMonthly" | "relativeMonthly":
                year, month = divmod(_month_number(start) + steps, MONTHS)
                return [_day_of_month(recurrence, year, month + 1)]
            case "absoluteYearly" | "relativeYearly":
                return [_day_of_month(recurrence, start.year + steps, recurrence.month)]
    except (OverflowError, ValueError):  # past the year 9999
        return []


def _day_of_month(recurrence: Recurrence, year: int, month: int) -> date:
    length = monthrange(year, month)[1]
    if recurrence.type.startswith("absolute"):
        return date(year, month, min(recurrence.day_of_month, length))
    first = date(year, month, 1)
    candidates = (first + offset * _DAY for offset in range(length))
    fitting = [day for day in candidates if day.weekday() in recurrence.days]
    last = 4
    return fitting[-1 if recurrence.index == last else recurrence.index]


def _week_of(day: date, first_day: int) -> date:
    return day - ((day.weekday() - first_day) % _WEEK) * _DAY


def _month_number(day: date) -> int:
    return day.year * MONTHS + day.month - 1
