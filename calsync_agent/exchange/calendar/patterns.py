"""Graph's `patternedRecurrence` and the rule it means, both ways (GRAPH.md 3.1, 3.2)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, assert_never

from calsync_agent.appointment import rrule
from calsync_agent.appointment.expansion import MONTHS, last_start
from calsync_agent.appointment.model import Unsyncable
from calsync_agent.appointment.naming import quoted
from calsync_agent.appointment.rrule_pattern import LONGEST_INTERVAL, LONGEST_MONTH
from calsync_agent.appointment.rule import (
    Count,
    Daily,
    End,
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
from calsync_agent.i18n import message

MOST_COUNTED: Final = 10_000
"""More occurrences than this are not counted out: that would take too long."""
_DAYS: Final = {day.name.lower(): day for day in Weekday}
_INDEXES: Final = {index.name.lower(): index for index in Index}


def read_recurrence(
    recurrence: Mapping[str, Any] | None, start: datetime
) -> Rule | Unsyncable | None:
    """The rule of a series that begins at `start` (wall-clock); None for a single event.

    Raises KeyError, TypeError or ValueError where a field is of another kind altogether.
    """
    if not recurrence:
        return None
    given = recurrence["pattern"]
    pattern = _read_pattern(given, start)
    if pattern is None:
        kind = quoted(given.get("type"))
        return Unsyncable(message("its recurrence pattern {kind} is unknown here", kind=kind))
    if wrong := _wrong(pattern):
        return Unsyncable(
            message(
                "its recurrence cannot be meant: {part}",
                part=f"{wrong} = {quoted(given.get(wrong))}",
            )
        )
    return _bounded(pattern, recurrence["range"], start)


def _wrong(pattern: Pattern) -> str | None:
    """The first property of a pattern that says nothing, or what no calendar has."""
    if not 1 <= pattern.interval <= LONGEST_INTERVAL:
        return "interval"
    match pattern:
        case MonthlyByWeekday() | YearlyByWeekday() if not pattern.days:
            return "daysOfWeek"
        case MonthlyByDay() | YearlyByDay() if not 1 <= pattern.day <= LONGEST_MONTH:
            return "dayOfMonth"
    match pattern:
        case YearlyByDay() | YearlyByWeekday() if not 1 <= pattern.month <= MONTHS:
            return "month"
    return None


def _bounded(pattern: Pattern, bounds: Mapping[str, Any], start: datetime) -> Rule | Unsyncable:
    """The rule with its end, in a form that a row can hold and that is read there as it was."""
    end = _read_range(bounds)
    match end:
        case Until(day) if day > rrule.LAST_DAY:
            return Rule(pattern)
        case Count(number) if not 1 <= number <= MOST_COUNTED:
            part = f"numberOfOccurrences = {number}"
            return Unsyncable(message("its recurrence cannot be meant: {part}", part=part))
        case Count(number) if number > rrule.MOST_OCCURRENCES:
            last = last_start(Rule(pattern, end), start)
            if last is None:
                return Rule(pattern, end)
            day = last.date()
            return Rule(pattern, Until(day)) if day <= rrule.LAST_DAY else Rule(pattern)
    return Rule(pattern, end)


def write_recurrence(rule: Rule, start: datetime, zone: str) -> dict[str, Any]:
    """The `patternedRecurrence` of a series whose first occurrence begins at `start`.

    `zone` is the name sent with the event's start.
    """
    return {
        "pattern": _write_pattern(rule.pattern),
        "range": {
            "startDate": start.date().isoformat(),
            "recurrenceTimeZone": zone,
            **_write_end(rule.end),
        },
    }


def _read_pattern(pattern: Mapping[str, Any], start: datetime) -> Pattern | None:
    interval = _whole(pattern["interval"])
    match str(pattern["type"]).lower():
        case "daily":
            return Daily(interval)
        case "weekly":
            days = _read_days(pattern) or (Weekday(start.weekday()),)
            return Weekly(
                interval, days, _DAYS[str(pattern.get("firstDayOfWeek") or "sunday").lower()]
            )
        case "absolutemonthly":
            return MonthlyByDay(interval, _whole(pattern["dayOfMonth"]))
        case "relativemonthly":
            return MonthlyByWeekday(interval, _read_index(pattern), _read_days(pattern))
        case "absoluteyearly":
            return YearlyByDay(interval, _whole(pattern["month"]), _whole(pattern["dayOfMonth"]))
        case "relativeyearly":
            month = _whole(pattern["month"])
            return YearlyByWeekday(interval, month, _read_index(pattern), _read_days(pattern))
        case _:
            return None


def _whole(value: object) -> int:
    """A number as JSON has it; 0, as Graph writes what is not used, for none at all."""
    if value is None:
        return 0
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError(f"{value!r} is no whole number")


def _read_days(pattern: Mapping[str, Any]) -> tuple[Weekday, ...]:
    names: Iterable[str] = pattern.get("daysOfWeek") or ()
    return tuple(sorted({_DAYS[name.lower()] for name in names}))


def _read_index(pattern: Mapping[str, Any]) -> Index:
    return _INDEXES[str(pattern.get("index") or "first").lower()]


def _read_range(bounds: Mapping[str, Any]) -> End:
    match str(bounds["type"]).lower():
        case "enddate":
            return Until(date.fromisoformat(str(bounds["endDate"])[:10]))
        case "numbered":
            return Count(_whole(bounds["numberOfOccurrences"]))
        case _:
            return Never()


def _write_pattern(pattern: Pattern) -> dict[str, Any]:
    match pattern:
        case Daily(interval):
            return {"type": "daily", "interval": interval}
        case Weekly(interval, days, first_day):
            return {
                "type": "weekly",
                "interval": interval,
                "daysOfWeek": _write_days(days),
                "firstDayOfWeek": first_day.name.lower(),
            }
        case MonthlyByDay(interval, day):
            return {"type": "absoluteMonthly", "interval": interval, "dayOfMonth": day}
        case MonthlyByWeekday(interval, index, days):
            return {
                "type": "relativeMonthly",
                "interval": interval,
                "index": index.name.lower(),
                "daysOfWeek": _write_days(days),
            }
        case YearlyByDay(interval, month, day):
            return {
                "type": "absoluteYearly",
                "interval": interval,
                "month": month,
                "dayOfMonth": day,
            }
        case YearlyByWeekday(interval, month, index, days):
            return {
                "type": "relativeYearly",
                "interval": interval,
                "month": month,
                "index": index.name.lower(),
                "daysOfWeek": _write_days(days),
            }
        case _ as never:
            assert_never(never)


def _write_days(days: tuple[Weekday, ...]) -> list[str]:
    return [day.name.lower() for day in days]


def _write_end(end: End) -> dict[str, Any]:
    match end:
        case Never():
            return {"type": "noEnd"}
        case Until(day):
            return {"type": "endDate", "endDate": day.isoformat()}
        case Count(occurrences):
            return {"type": "numbered", "numberOfOccurrences": occurrences}
        case _ as never:
            assert_never(never)
