"""RFC 5545 rules as Graph patterns.

Whatever pattern a rule is mapped to is held against the days of the rule before it is used, so
that nothing comes in that would happen on other days.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import MAXYEAR, date, datetime, timedelta
from itertools import islice
from typing import Final

from calsync_agent.i18n import message
from calsync_agent.ics.files import NotHeld
from calsync_agent.sandbox.ics.days import Rule, days_of_rule
from calsync_agent.sandbox.model.expansion import aligned, days_between
from calsync_agent.sandbox.model.recurrence import INDEXES, WEEKDAYS, read_recurrence
from calsync_agent.sandbox.model.refusals import GraphRefusal

_CODES: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY_PART: Final = re.compile(r"([+-]?\d+)?(MO|TU|WE|TH|FR|SA|SU)")
_KNOWN: Final = frozenset(
    ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"]
)
_YEAR: Final = 12
_LONGEST_SHORT_MONTH: Final = 28
_CHECKED_DAYS: Final = 400
_CHECKED_YEARS: Final = 60
_ONE_DAY: Final = timedelta(days=1)
_INDEX_OF: Final = {1: 0, 2: 1, 3: 2, 4: 3, -1: 4}


def read_rule(parts: Mapping[str, Sequence[object]], until: date | None) -> Rule:
    """The rule of an RRULE's parts; `until` is its end as a local day. Raises NotHeld."""
    unknown = sorted(set(parts) - _KNOWN)
    if unknown:
        raise NotHeld(message("the rule part {part} has no counterpart", part=unknown[0]))
    freq = str(parts["FREQ"][0])
    if freq not in {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}:
        raise NotHeld(message("the frequency {freq} has no counterpart", freq=freq))
    days = []
    for written in parts.get("BYDAY", ()):
        form = _DAY_PART.fullmatch(str(written))
        if form is None:
            raise NotHeld(message("{part} is no weekday", part=str(written)))
        days.append((int(form[1]) if form[1] else None, _CODES.index(form[2])))
    return Rule(
        freq=freq,
        interval=_numbers(parts, "INTERVAL")[0] if "INTERVAL" in parts else 1,
        count=_numbers(parts, "COUNT")[0] if "COUNT" in parts else None,
        until=until,
        days=tuple(days),
        month_days=_numbers(parts, "BYMONTHDAY"),
        months=tuple(sorted(_numbers(parts, "BYMONTH"))),
        positions=_numbers(parts, "BYSETPOS"),
        week_start=_CODES.index(str(parts.get("WKST", ["MO"])[0])),
    )


def recurrence_of_rule(rule: Rule, start: date, zone: str) -> dict[str, object]:
    """The patternedRecurrence with exactly the days of the rule. Raises NotHeld."""
    if rule.until is not None and rule.until < start:
        raise NotHeld(message("the series ends before it begins"))
    pattern = _pattern(rule, start)
    span: dict[str, object] = {"startDate": start.isoformat(), "recurrenceTimeZone": zone}
    if rule.count is not None:
        span |= {"type": "numbered", "numberOfOccurrences": rule.count}
    elif rule.until is not None:
        span |= {"type": "endDate", "endDate": rule.until.isoformat()}
    else:
        span |= {"type": "noEnd"}
    recurrence: dict[str, object] = {"pattern": pattern, "range": span}
    _compare(rule, start, recurrence, zone)
    return recurrence


def _compare(rule: Rule, start: date, recurrence: Mapping[str, object], zone: str) -> None:
    """Hold Graph's days against the rule's, as far ahead as a difference would show."""
    year = min(start.year + _CHECKED_YEARS, MAXYEAR)
    horizon = start.replace(year=year, day=min(start.day, _LONGEST_SHORT_MONTH))
    wanted = [day for day in islice(days_of_rule(rule, start), _CHECKED_DAYS) if day < horizon]
    if not wanted or wanted[0] != start:
        raise NotHeld(message("the first day is none of the rule's own days"))
    try:
        held = read_recurrence(dict(recurrence), zone)
        series = aligned(held) if held else None
    except GraphRefusal as refusal:
        raise NotHeld(message("Exchange refuses the rule: {text}", text=refusal.message)) from None
    got = list(islice(days_between(series, start, horizon), len(wanted))) if series else []
    for want, have in zip(wanted, got, strict=False):
        if want != have:
            reason = message("Exchange would put {want} on {have}", want=str(want), have=str(have))
            raise NotHeld(reason)
    if len(got) < len(wanted):
        raise NotHeld(message("Exchange would end the series before {day}", day=str(wanted[-1])))


def _pattern(rule: Rule, start: date) -> dict[str, object]:
    match rule.freq:
        case "DAILY":
            return _daily(rule)
        case "WEEKLY":
            return _weekly(rule, start)
        case "MONTHLY":
            return _monthly(rule, start)
        case _:
            return _yearly(rule, start)


def _daily(rule: Rule) -> dict[str, object]:
    if rule.months or rule.month_days or rule.positions:
        raise NotHeld(message("a daily rule with months or days of the month has no counterpart"))
    if not rule.days:
        return {"type": "daily", "interval": rule.interval}
    if rule.interval > 1:
        raise NotHeld(message("every n-th day on some weekdays only has no counterpart"))
    return _on_weekdays(rule, [day for _, day in rule.days])


def _weekly(rule: Rule, start: date) -> dict[str, object]:
    if rule.months or rule.month_days or rule.positions or any(n for n, _ in rule.days):
        raise NotHeld(message("a weekly rule with more than weekdays has no counterpart"))
    return _on_weekdays(rule, [day for _, day in rule.days] or [start.weekday()])


def _on_weekdays(rule: Rule, days: Sequence[int]) -> dict[str, object]:
    return {
        "type": "weekly",
        "interval": rule.interval,
        "daysOfWeek": [WEEKDAYS[day] for day in sorted(set(days))],
        "firstDayOfWeek": WEEKDAYS[rule.week_start],
    }


def _monthly(rule: Rule, start: date) -> dict[str, object]:
    if rule.months:
        raise NotHeld(message("a monthly rule for some months only has no counterpart"))
    if rule.days and not rule.positions and all(n is None for n, _ in rule.days):
        if rule.interval > 1 or rule.month_days:
            raise NotHeld(message("a weekday of every n-th month, each week, has no counterpart"))
        return _on_weekdays(rule, [day for _, day in rule.days])
    return {"interval": rule.interval, **_in_month(rule, start, "Monthly")}


def _yearly(rule: Rule, start: date) -> dict[str, object]:
    if not rule.months and rule.days:
        raise NotHeld(message("a weekday of the whole year has no counterpart"))
    months = rule.months or (start.month,)
    if len(months) == 1:
        form = _in_month(rule, start, "Yearly")
        return {"interval": rule.interval, "month": months[0], **form}
    step = _YEAR // len(months)
    if rule.interval > 1 or any((each - months[0]) % step for each in months):
        raise NotHeld(message("several months of the year at uneven distances have no counterpart"))
    return {"interval": step, **_in_month(rule, start, "Monthly")}


def _in_month(rule: Rule, start: date, suffix: str) -> dict[str, object]:
    """One day of a month: by its number, or as the n-th of some weekdays."""
    if rule.days and rule.month_days:
        raise NotHeld(message("a weekday that must also be a certain day of the month"))
    if not rule.days:
        return {"type": f"absolute{suffix}", "dayOfMonth": _day_number(rule, start)}
    numbers = {n for n, _ in rule.days}
    named = numbers.pop() if len(numbers) == 1 else 0
    positions = (named,) if named else rule.positions
    several = named is not None and len(rule.days) > 1
    if several or len(positions) != 1 or positions[0] not in _INDEX_OF:
        raise NotHeld(message("only the first to fourth or the last of some weekdays can be held"))
    return {
        "type": f"relative{suffix}",
        "daysOfWeek": [WEEKDAYS[day] for day in sorted({day for _, day in rule.days})],
        "index": INDEXES[_INDEX_OF[positions[0]]],
    }


def _day_number(rule: Rule, start: date) -> int:
    """The day of the month; days that short months lack are clamped on Exchange's side."""
    days = sorted(rule.month_days) or [start.day]
    if days == [-1] and not rule.positions:
        return 31
    whole = days == list(range(_LONGEST_SHORT_MONTH, days[-1] + 1))
    if rule.positions == (-1,) and whole:
        return days[-1]
    if len(days) > 1 or rule.positions or days[0] < 1:
        raise NotHeld(message("several days of the month, or ones counted from its end"))
    return days[0]


def _numbers(parts: Mapping[str, Sequence[object]], name: str) -> tuple[int, ...]:
    return tuple(int(str(value)) for value in parts.get(name, ()))


def until_day(until: object, start: datetime | date, local_until: datetime | None) -> date | None:
    """The last local day that UNTIL allows: a day earlier where it ends before that day's start.

    `local_until`: UNTIL on the series' clock, where it was an instant.
    """
    if until is None or (isinstance(until, date) and not isinstance(until, datetime)):
        return until
    if local_until is None:
        return None
    if isinstance(start, datetime) and local_until.time() < start.time():
        return local_until.date() - _ONE_DAY
    return local_until.date()
