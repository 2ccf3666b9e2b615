"""The occurrences that a rule means, as wall-clock starts.

dateutil does the counting; a `Rule` is turned into the RFC 5545 rule that means the same.
"""

from collections.abc import Iterator
from datetime import datetime, time
from itertools import takewhile
from typing import Any, Final, assert_never

from dateutil import rrule

from calsync_agent.appointment.rule import (
    Count,
    Daily,
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

SHORTEST_MONTH: Final = 28


def starts(rule: Rule, start: datetime) -> Iterator[datetime]:
    """The starts of all occurrences from `start` on, in order; endless where the rule is.

    `start` need not be an occurrence itself: the first one given is the first that is (G8).
    """
    return iter(_expander(rule, start))


def first_start(rule: Rule, start: datetime) -> datetime | None:
    """The first occurrence, or None where the rule gives none."""
    return next(starts(rule, start), None)


def last_start(rule: Rule, start: datetime) -> datetime | None:
    """The last occurrence of a rule that ends; None where it never does or gives none."""
    if isinstance(rule.end, Never):
        return None
    last = None
    for last in starts(rule, start):  # noqa: B007 - the last one is what is wanted
        pass
    return last


def starts_between(
    rule: Rule, start: datetime, earliest: datetime, latest: datetime
) -> Iterator[datetime]:
    """The starts that lie from `earliest` to `latest`, both inclusive."""
    expander = _expander(rule, start)
    return takewhile(lambda moment: moment <= latest, expander.xafter(earliest, inc=True))


def is_start(rule: Rule, start: datetime, moment: datetime) -> bool:
    """Whether the rule gives an occurrence that begins at `moment`."""
    found: datetime | None = _expander(rule, start).after(moment, inc=True)
    return found == moment


def _expander(rule: Rule, start: datetime) -> rrule.rrule:
    options: dict[str, Any] = {"dtstart": start, **_pattern(rule.pattern)}
    match rule.end:
        case Never():
            pass
        case Until(day):
            options["until"] = datetime.combine(day, time.max)
        case Count(occurrences):
            options["count"] = occurrences
        case _ as never:
            assert_never(never)
    return rrule.rrule(**options)


def _pattern(pattern: Pattern) -> dict[str, Any]:
    match pattern:
        case Daily(interval):
            return {"freq": rrule.DAILY, "interval": interval}
        case Weekly(interval, days, first_day):
            return {
                "freq": rrule.WEEKLY,
                "interval": interval,
                "byweekday": _days(days),
                "wkst": int(first_day),
            }
        case MonthlyByDay(interval, day):
            return {"freq": rrule.MONTHLY, "interval": interval, **_clamped(day)}
        case MonthlyByWeekday(interval, index, days):
            return {
                "freq": rrule.MONTHLY,
                "interval": interval,
                "byweekday": _days(days),
                "bysetpos": int(index),
            }
        case YearlyByDay(interval, month, day):
            return {
                "freq": rrule.YEARLY,
                "interval": interval,
                "bymonth": month,
                **_clamped(day),
            }
        case YearlyByWeekday(interval, month, index, days):
            return {
                "freq": rrule.YEARLY,
                "interval": interval,
                "bymonth": month,
                "byweekday": _days(days),
                "bysetpos": int(index),
            }
        case _ as never:
            assert_never(never)


def _days(days: tuple[Weekday, ...]) -> list[int]:
    return [int(day) for day in days]


def _clamped(day: int) -> dict[str, Any]:
    if day <= SHORTEST_MONTH:
        return {"bymonthday": day}
    return {"bymonthday": list(range(SHORTEST_MONTH, day + 1)), "bysetpos": -1}
