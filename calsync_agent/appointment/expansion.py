"""The occurrences that a rule means, as wall-clock starts.

dateutil does the counting; a `Rule` is turned into the RFC 5545 rule that means the same.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, time, timedelta
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
MONTHS: Final = 12


def starts(rule: Rule, start: datetime) -> Iterator[datetime]:
    """The starts of all occurrences from `start` on, in order; endless where the rule is.

    `start` need not be an occurrence itself: the first one given is the first that is (G8).
    """
    return _in_time(_expander(rule, start))


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
    expander = _expander(rule, _skipped_to(rule, start, earliest))
    moments = _in_time(expander.xafter(earliest, inc=True))
    return takewhile(lambda moment: moment <= latest, moments)


def is_start(rule: Rule, start: datetime, moment: datetime) -> bool:
    """Whether the rule gives an occurrence that begins at `moment`."""
    return next(starts_between(rule, start, moment, moment), None) is not None


def occurring(rule: Rule, start: datetime, moments: Collection[datetime]) -> set[datetime]:
    """Those of `moments` at which a series from `start` has an occurrence."""
    if isinstance(rule.end, Count) and moments:
        # All that it has are fewer than the days that may lie between these.
        wanted = set(moments)
        return {m for m in starts_between(rule, start, min(wanted), max(wanted)) if m in wanted}
    return {moment for moment in moments if is_start(rule, start, moment)}


def _in_time(moments: Iterable[datetime]) -> Iterator[datetime]:
    """The moments as far as there are any: the calendar ends with the year 9999."""
    try:
        yield from moments
    except (OverflowError, ValueError):
        return


def _skipped_to(rule: Rule, start: datetime, earliest: datetime) -> datetime:
    """A later start with the same occurrences from `earliest` on, a period or two before it.

    So a series costs the same whenever it began. One that is counted has to be counted.
    """
    if isinstance(rule.end, Count) or earliest <= start:
        return start
    interval = rule.pattern.interval
    match rule.pattern:
        case Daily() | Weekly():
            period = interval * timedelta(days=7 if isinstance(rule.pattern, Weekly) else 1)
            return start + max(0, (earliest - start) // period - 1) * period
        case MonthlyByDay() | MonthlyByWeekday():
            months = (earliest.year - start.year) * MONTHS + earliest.month - start.month
            return _months_on(start, (months // interval - 1) * interval)
        case YearlyByDay() | YearlyByWeekday():
            return _months_on(
                start, ((earliest.year - start.year) // interval - 1) * interval * MONTHS
            )
        case _ as never:
            assert_never(never)


def _months_on(start: datetime, months: int) -> datetime:
    """The first day of a later month; `start` itself where that would be none."""
    if months < 1:
        return start
    year, month = divmod(start.year * MONTHS + start.month - 1 + months, MONTHS)
    return start.replace(year=year, month=month + 1, day=1)


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
