"""RFC 5545 RRULE text and back.

Reading is total: a rule is mapped, rewritten into an equal one, or refused with the part that
does not fit (E2, GRAPH.md 3.3). Writing needs no more than the rule and its first start.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final, assert_never

from calsync_agent.appointment import zones
from calsync_agent.appointment.expansion import SHORTEST_MONTH
from calsync_agent.appointment.model import Unsyncable
from calsync_agent.appointment.rrule_pattern import Parts, RefusedPart, read_pattern
from calsync_agent.appointment.rule import (
    Count,
    Daily,
    End,
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

LAST_DAY: Final = date(4500, 9, 1)
"""Exchange takes no end of a series after this; later ones mean: never."""
MOST_OCCURRENCES: Final = 999
"""Exchange takes no greater number; a series that has more can be told by its last day."""
DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PREFIX: Final = re.compile(r"\A\s*RRULE\s*:", re.IGNORECASE)
_FOLD: Final = re.compile(r"(?:\r\n?|\n)[ \t]")
_NUMBER: Final = re.compile(r"[0-9]{1,9}\Z")
_UNTIL: Final = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?\Z")


def read(
    text: str, start: datetime, zone: str, *, all_day: bool, most: int = MOST_OCCURRENCES
) -> Rule | Unsyncable:
    """The rule that `text` means for a series that begins at `start` (wall-clock in `zone`).

    `most`: the greatest number of occurrences that is taken.
    """
    try:
        parts = Parts(_split(text))
        end = _read_end(parts, start, zone, all_day=all_day, most=most)
        return Rule(read_pattern(parts, start, end), end)
    except RefusedPart as refused:
        reason = message(
            "the recurrence rule {rule} cannot be kept in Exchange: {part}",
            rule=" ".join(text.split()),
            part=refused.part,
        )
        return Unsyncable(reason)


def write(rule: Rule, clock: time | None) -> str:
    """The RRULE value, without DTSTART, that means `rule`.

    `clock` is the time of day at which occurrences begin, None for all-day ones.
    """
    return _write_pattern(rule.pattern) + _write_end(rule.end, clock)


def _split(text: str) -> dict[str, str]:
    first, *others = _FOLD.sub("", text.strip()).splitlines() or [""]
    if others:
        raise RefusedPart(others[0].strip())  # RDATE and the like (3)
    parts: dict[str, str] = {}
    for piece in _PREFIX.sub("", first, count=1).split(";"):
        if not piece.strip():
            continue  # a semicolon too many says nothing
        name, equals, value = piece.partition("=")
        name = name.strip().upper()
        if not equals or not value.strip() or name in parts:
            raise RefusedPart(piece.strip())
        parts[name] = value.strip().upper()
    return parts


def _read_end(parts: Parts, start: datetime, zone: str, *, all_day: bool, most: int) -> End:
    count, until = parts.take("COUNT"), parts.take("UNTIL")
    if count and until:
        raise RefusedPart(f"COUNT={count};UNTIL={until}")
    if count:
        if not _NUMBER.match(count) or not 1 <= int(count) <= most:
            raise RefusedPart(f"COUNT={count}")
        return Count(int(count))
    return _read_until(until, start, zone, all_day=all_day) if until else Never()


def _read_until(until: str, start: datetime, zone: str, *, all_day: bool) -> End:
    """The last day on which an occurrence may begin: UTC instant, local time or date (G8)."""
    found = _UNTIL.match(until)
    if not found:
        raise RefusedPart(f"UNTIL={until}")
    day, clock, utc = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '000000'}")
    except ValueError:
        raise RefusedPart(f"UNTIL={until}") from None
    if moment.date() > LAST_DAY:
        return Never()
    if clock and utc and not all_day:
        moment = zones.from_utc(moment, zone)
    ends_before_start_of_day = bool(clock) and not all_day and moment.time() < start.time()
    last = moment.date() - timedelta(days=1) if ends_before_start_of_day else moment.date()
    if last < start.date():
        raise RefusedPart(f"UNTIL={until}")
    return Until(last)


def _write_pattern(pattern: Pattern) -> str:
    match pattern:
        case Daily(interval):
            return _joined({"FREQ": "DAILY"}, interval)
        case Weekly(interval, days, first_day):
            parts = {"FREQ": "WEEKLY", "BYDAY": _names(days)}
            if first_day is not Weekday.MONDAY:
                parts["WKST"] = DAYS[first_day]
            return _joined(parts, interval)
        case MonthlyByDay(interval, day):
            return _joined({"FREQ": "MONTHLY", **_clamped(day)}, interval)
        case MonthlyByWeekday(interval, index, days):
            return _joined({"FREQ": "MONTHLY", **_relative(index, days)}, interval)
        case YearlyByDay(interval, month, day):
            by_day = _clamped(day) if _may_be_short(month, day) else {"BYMONTHDAY": str(day)}
            return _joined({"FREQ": "YEARLY", "BYMONTH": str(month), **by_day}, interval)
        case YearlyByWeekday(interval, month, index, days):
            parts = {"FREQ": "YEARLY", "BYMONTH": str(month), **_relative(index, days)}
            return _joined(parts, interval)
        case _ as never:
            assert_never(never)


def _write_end(end: End, clock: time | None) -> str:
    match end:
        case Never():
            return ""
        case Until(day):
            # The last start itself, in local time as `starts_at` is: no reader can lose it.
            # By hand: `%Y` does not fill up the years before 1000.
            last = day.isoformat().replace("-", "")
            return f";UNTIL={last}" + ("" if clock is None else f"T{clock:%H%M%S}")
        case Count(occurrences):
            return f";COUNT={occurrences}"
        case _ as never:
            assert_never(never)


def _joined(parts: Mapping[str, str], interval: int) -> str:
    frequency, *rest = (f"{name}={value}" for name, value in parts.items())
    every = [f"INTERVAL={interval}"] if interval > 1 else []
    return ";".join([frequency, *every, *rest])


def _relative(index: int, days: tuple[Weekday, ...]) -> dict[str, str]:
    if len(days) == 1:
        return {"BYDAY": f"{index}{DAYS[days[0]]}"}
    return {"BYDAY": _names(days), "BYSETPOS": str(int(index))}


def _names(days: tuple[Weekday, ...]) -> str:
    return ",".join(DAYS[day] for day in days)


def _clamped(day: int) -> dict[str, str]:
    if day <= SHORTEST_MONTH:
        return {"BYMONTHDAY": str(day)}
    listed = ",".join(str(number) for number in range(SHORTEST_MONTH, day + 1))
    return {"BYMONTHDAY": listed, "BYSETPOS": "-1"}


def _may_be_short(month: int, day: int) -> bool:
    """Whether `month` has fewer days than `day` in some year (2027 is no leap year)."""
    following = date(2027 + month // 12, month % 12 + 1, 1)
    return day > (following - timedelta(days=1)).day
