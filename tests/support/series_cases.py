"""Series for property tests: every pattern and end, around both DST changes, with odd days.

What a series means is told here by looking at one day after the other, which is slow and simple;
its RRULE and its Graph JSON are written here too. Nothing is shared with the sync but the values
that describe a pattern.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import islice, pairwise
from typing import Any, Final, assert_never
from zoneinfo import ZoneInfo

from calsync_agent.appointment.model import ChangedOccurrence
from calsync_agent.appointment.rule import (
    Count,
    Daily,
    End,
    Index,
    MonthlyByDay,
    MonthlyByWeekday,
    Never,
    Pattern,
    Until,
    Weekday,
    Weekly,
    YearlyByDay,
    YearlyByWeekday,
)
from tests.support.strategies import Digits

SUBJECT: Final = "Serie"
SOME: Final = 30
"""So many occurrences are compared."""
HORIZON: Final = timedelta(days=366 * 5)
DAY: Final = timedelta(days=1)

ZONES: Final = {
    "Europe/Vienna": "W. Europe Standard Time",
    "Europe/London": "GMT Standard Time",
    "America/New_York": "Eastern Standard Time",
    "Australia/Sydney": "AUS Eastern Standard Time",
    "Australia/Lord_Howe": "Lord Howe Standard Time",
    "Africa/Casablanca": "Morocco Standard Time",
    "Asia/Kolkata": "India Standard Time",
    "UTC": "UTC",
}
_FURTHER: Final = {
    "Pacific/Auckland": "New Zealand Standard Time",
    "Pacific/Honolulu": "Hawaiian Standard Time",
}
# A few days before the clocks change in Europe and America, a leap day, and ends of months.
BEGINNINGS: Final = (
    date(2026, 3, 20),
    date(2026, 10, 20),
    date(2026, 10, 29),
    date(2027, 3, 8),
    date(2028, 2, 20),
    date(2026, 12, 25),
)
CLOCKS: Final = (time(9), time(2, 30), time(1, 30), time(2), time(3), time(23), time(), time(2, 45))

_UNTIL: Final = re.compile(r"UNTIL=(\d{8})(T\d{6})?(Z?)")

Happening = tuple[object, object, str, str]
"""Start and end (UTC instants, or days), subject, location."""


@dataclass(frozen=True)
class Case:
    """A series, told in no side's words."""

    pattern: Pattern
    end: End
    start: datetime
    length: timedelta
    zone: str
    all_day: bool
    exceptions: tuple[ChangedOccurrence, ...] = ()

    @property
    def first(self) -> datetime:
        """The first occurrence; `start` itself need not be one."""
        return self.moments[0]

    @cached_property
    def moments(self) -> list[datetime]:
        """The first starts by the pattern, those of cancelled occurrences included."""
        return list(islice(self._moments(), SOME))

    def _moments(self) -> Iterator[datetime]:
        number, day = 0, self.start.date()
        while day - self.start.date() < HORIZON:
            match self.end:
                case Count(most) if number == most:
                    return
                case Until(last) if day > last:
                    return
                case _:
                    pass
            if _is_on(self.pattern, self.start.date(), day):
                number += 1
                yield datetime.combine(day, self.start.time())
            day += DAY

    @property
    def fits(self) -> bool:
        """Whether Exchange can hold it where clocks are put forward.

        The first occurrence begins and ends at times that the clock shows, and none that is changed
        ends before it begins.
        """
        if self.all_day:
            return True
        times = (self.first, self.first + self.length)
        return all(_shown(moment, self.zone) for moment in times) and all(
            self._in_order(each) for each in self.exceptions
        )

    def _in_order(self, exception: ChangedOccurrence) -> bool:
        begin = exception.start or exception.original_start
        finish = exception.end or begin + self.length
        return _utc(begin, self.zone) <= _utc(finish, self.zone)

    def happenings(self) -> list[Happening]:
        """What happens, in order of the pattern's days."""
        changed = {each.original_start: each for each in self.exceptions}
        found = []
        for moment in self.moments:
            own = changed.get(moment, ChangedOccurrence(moment))
            if own.cancelled:
                continue
            begin = own.start or moment
            finish = own.end or begin + self.length
            words = (own.subject or SUBJECT, own.location or "")
            found.append((*self.when(begin, finish), *words))
        return found

    def when(self, begin: datetime, finish: datetime) -> tuple[object, object]:
        """Two times as they are compared."""
        return when(begin, finish, self.zone, all_day=self.all_day)

    # -- in Consolidate -----------------------------------------------------------------------

    def row(self) -> dict[str, Any]:
        """The columns of `activity`."""
        return {
            "subject": SUBJECT,
            "body": "",
            "location": "",
            "starts_at": self.start,
            "ends_at": self.start + self.length,
            "time_zone": self.zone,
            "all_day": self.all_day,
            "recurrence": f"{_spelt(self.pattern)}{self._spelt_end()}",
            "importance": "normal",
            "private": False,
            "show_as": "busy",
            "reminder_minutes": None,
        }

    def exception_rows(self) -> list[dict[str, Any]]:
        """The columns of `activity_exception`."""
        return [
            {
                "original_start": each.original_start,
                "cancelled": each.cancelled,
                "subject": each.subject,
                "body": each.body,
                "location": each.location,
                "starts_at": each.start,
                "ends_at": each.end,
            }
            for each in self.exceptions
        ]

    def _spelt_end(self) -> str:
        match self.end:
            case Never():
                return ""
            case Count(number):
                return f";COUNT={number}"
            case Until(day) if self.all_day or day.day % 3 == 0:
                return f";UNTIL={day:%Y%m%d}"
            case Until(day) if day.day % 3 == 1:
                return f";UNTIL={datetime.combine(day, self.start.time()):%Y%m%dT%H%M%S}"
            case Until(day):
                last = _utc(datetime.combine(day, self.start.time()), self.zone)
                return f";UNTIL={last:%Y%m%dT%H%M%S}Z"
            case _ as never:
                assert_never(never)

    # -- in Exchange --------------------------------------------------------------------------

    def event(self) -> dict[str, Any]:
        """What Outlook would send, apart from the exceptions."""
        return {
            "subject": SUBJECT,
            "isAllDay": self.all_day,
            **self.times(self.first, self.first + self.length),
            "recurrence": {
                "pattern": _as_json(self.pattern),
                "range": {"startDate": self.first.date().isoformat(), **self._range()},
            },
        }

    def times(self, begin: datetime, finish: datetime) -> dict[str, Any]:
        """Start and end as Graph has them."""
        pair = (("start", begin), ("end", finish))
        zone = (ZONES | _FURTHER)[self.zone]
        return {name: {"dateTime": at.isoformat(), "timeZone": zone} for name, at in pair}

    def patch(self, exception: ChangedOccurrence) -> dict[str, Any]:
        """What Outlook would send to change one occurrence."""
        sent: dict[str, Any] = {}
        if exception.subject is not None:
            sent["subject"] = exception.subject
        if exception.location is not None:
            sent["location"] = {"displayName": exception.location}
        if exception.start is not None and exception.end is not None:
            sent |= self.times(exception.start, exception.end)
        return sent

    def _range(self) -> dict[str, Any]:
        match self.end:
            case Never():
                return {"type": "noEnd"}
            case Count(number):
                return {"type": "numbered", "numberOfOccurrences": number}
            case Until(day):
                return {"type": "endDate", "endDate": day.isoformat()}
            case _ as never:
                assert_never(never)


def as_dateutil(row: Mapping[str, Any]) -> str:
    """The RRULE of a row as dateutil takes it beside a start without zone.

    A bare day as UNTIL is meant whole (G8).
    """

    def local(written: re.Match[str]) -> str:
        day, clock, utc = written.groups()
        if not utc:
            return f"UNTIL={day}{clock or 'T235959'}"
        until = datetime.strptime(f"{day}{clock}", "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return f"UNTIL={until.astimezone(ZoneInfo(row['time_zone'])):%Y%m%dT%H%M%S}"

    return _UNTIL.sub(local, row["recurrence"])


def when(begin: datetime, finish: datetime, zone: str, *, all_day: bool) -> tuple[object, object]:
    """Two wall-clock times as they are compared: as days, or as instants."""
    if all_day:
        return begin.date(), finish.date()
    return _utc(begin, zone), _utc(finish, zone)


def _utc(wall_clock: datetime, zone: str) -> datetime:
    return wall_clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _shown(wall_clock: datetime, zone: str) -> bool:
    back = _utc(wall_clock, zone).astimezone(ZoneInfo(zone))
    return back.replace(tzinfo=None) == wall_clock


# -- what a pattern means --------------------------------------------------------------------------


def _is_on(pattern: Pattern, start: date, day: date) -> bool:
    """Whether a pattern that counts from `start` has an occurrence on `day`."""
    months = (day.year - start.year) * 12 + day.month - start.month
    match pattern:
        case Daily(interval):
            return (day - start).days % interval == 0
        case Weekly(interval, days, first_day):
            weeks = (_week(day, first_day) - _week(start, first_day)).days // 7
            return day.weekday() in days and weeks % interval == 0
        case MonthlyByDay(interval, number):
            return months % interval == 0 and day.day == min(number, _length(day))
        case MonthlyByWeekday(interval, index, days):
            return months % interval == 0 and _is_nth(day, index, days)
        case YearlyByDay(interval, month, number):
            due = day.month == month and (day.year - start.year) % interval == 0
            return due and day.day == min(number, _length(day))
        case YearlyByWeekday(interval, month, index, days):
            due = day.month == month and (day.year - start.year) % interval == 0
            return due and _is_nth(day, index, days)
        case _ as never:
            assert_never(never)


def _is_nth(day: date, index: Index, days: tuple[Weekday, ...]) -> bool:
    if day.weekday() not in days:
        return False
    month = [day.replace(day=number + 1) for number in range(_length(day))]
    fitting = [each for each in month if each.weekday() in days]
    return day == fitting[-1 if index is Index.LAST else index - 1]


def _week(day: date, first_day: int) -> date:
    return day - DAY * ((day.weekday() - first_day) % 7)


def _length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


# -- how it is written -----------------------------------------------------------------------------

_NAMES: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def _spelt(pattern: Pattern) -> str:
    every = f";INTERVAL={pattern.interval}"
    match pattern:
        case Daily():
            return f"FREQ=DAILY{every}"
        case Weekly(_, days, first_day):
            return f"FREQ=WEEKLY{every};BYDAY={_listed(days)};WKST={_NAMES[first_day]}"
        case MonthlyByDay(_, day):
            return f"FREQ=MONTHLY{every};{_by_day(day)}"
        case MonthlyByWeekday(_, index, days):
            return f"FREQ=MONTHLY{every};BYDAY={_listed(days)};BYSETPOS={index.value}"
        case YearlyByDay(_, month, day):
            return f"FREQ=YEARLY{every};BYMONTH={month};{_by_day(day)}"
        case YearlyByWeekday(_, month, index, (day,)):
            return f"FREQ=YEARLY{every};BYMONTH={month};BYDAY={index.value}{_NAMES[day]}"
        case YearlyByWeekday(_, month, index, days):
            by_month = f"BYMONTH={month};BYDAY={_listed(days)}"
            return f"FREQ=YEARLY{every};{by_month};BYSETPOS={index.value}"
        case _ as never:
            assert_never(never)


def _by_day(day: int) -> str:
    if day <= 28:
        return f"BYMONTHDAY={day}"
    if day == 31:
        return "BYMONTHDAY=-1"
    return f"BYMONTHDAY={','.join(map(str, range(28, day + 1)))};BYSETPOS=-1"


def _listed(days: tuple[Weekday, ...]) -> str:
    return ",".join(_NAMES[day] for day in days)


def _as_json(pattern: Pattern) -> dict[str, Any]:
    shown: dict[str, Any] = {"interval": pattern.interval}
    match pattern:
        case Daily():
            return {**shown, "type": "daily"}
        case Weekly(_, days, first_day):
            first = first_day.name.lower()
            return {**shown, "type": "weekly", **_days(days), "firstDayOfWeek": first}
        case MonthlyByDay(_, day):
            return {**shown, "type": "absoluteMonthly", "dayOfMonth": day}
        case MonthlyByWeekday(_, index, days):
            return {**shown, "type": "relativeMonthly", **_days(days), "index": index.name.lower()}
        case YearlyByDay(_, month, day):
            return {**shown, "type": "absoluteYearly", "month": month, "dayOfMonth": day}
        case YearlyByWeekday(_, month, index, days):
            on = {**_days(days), "index": index.name.lower(), "month": month}
            return {**shown, "type": "relativeYearly", **on}
        case _ as never:
            assert_never(never)


def _days(days: tuple[Weekday, ...]) -> dict[str, Any]:
    return {"daysOfWeek": [day.name.lower() for day in days]}


# -- choosing --------------------------------------------------------------------------------------


def some_case(digits: Digits, beginnings: tuple[date, ...] = BEGINNINGS) -> Case:
    """Any series; its start may lie off its pattern."""
    all_day = digits.one_of(False, False, False, True)  # noqa: FBT003 - options
    day = digits.some(beginnings) + DAY * digits.some(range(12))
    start = datetime.combine(day, time() if all_day else digits.some(CLOCKS))
    length = DAY if all_day else timedelta(minutes=digits.one_of(60, 30, 0, 90))
    plain = Case(_pattern(digits), Never(), start, length, digits.some(tuple(ZONES)), all_day)
    ended = replace(plain, end=_end(digits, plain))
    return replace(ended, exceptions=tuple(_exceptions(digits, ended)))


def _pattern(digits: Digits) -> Pattern:
    interval = digits.one_of(1, 2, 3)
    kind = digits.some(range(6))
    month, number = digits.some(range(1, 13)), digits.one_of(1, 15, 28, 29, 30, 31)
    index, some = digits.some(tuple(Index)), digits.some(range(1, 128))
    days = tuple(day for day in Weekday if some >> day & 1)
    match kind:
        case 0:
            return Daily(interval)
        case 1:
            return Weekly(interval, days, digits.one_of(Weekday.MONDAY, Weekday.SUNDAY))
        case 2:
            return MonthlyByDay(interval, number)
        case 3:
            return MonthlyByWeekday(interval, index, days)
        case 4:
            return YearlyByDay(interval, month, number)
        case _:
            return YearlyByWeekday(interval, month, index, days)


def _end(digits: Digits, endless: Case) -> End:
    number = digits.one_of(1, 2, 7, 20)
    match digits.one_of("never", "count", "until", "between"):
        case "never":
            return Never()
        case "count":
            return Count(number)
        case kind:
            *_, last = endless.moments[:number]
            return Until(last.date() + DAY * (kind == "between"))


def _exceptions(digits: Digits, case: Case) -> Iterator[ChangedOccurrence]:
    moments = case.moments[:12]
    gap = min((later - earlier for earlier, later in pairwise(moments)), default=7 * DAY)
    chosen = digits.some(range(1 << min(len(moments), 5)))
    for place, moment in enumerate(moments):
        if chosen >> place & 1:
            yield _exception(digits, case, moment, gap)


def _exception(digits: Digits, case: Case, moment: datetime, gap: timedelta) -> ChangedOccurrence:
    match digits.one_of("cancelled", "moved", "renamed", "relocated", "shortened"):
        case "cancelled":
            return ChangedOccurrence(moment, cancelled=True)
        case "renamed":
            return ChangedOccurrence(moment, subject="Anders")
        case "relocated":
            return ChangedOccurrence(moment, location="Anderswo", subject="Anders und anderswo")
        case "shortened" if case.length and not case.all_day:
            return ChangedOccurrence(moment, start=moment, end=moment + case.length / 2)
        case _:
            begin = moment + digits.one_of(DAY, -DAY) if gap >= 4 * DAY else moment
            if not case.all_day:
                hours = timedelta(hours=digits.one_of(1, -1, 3))
                begin = begin + hours if (begin + hours).date() == begin.date() else begin
            return ChangedOccurrence(moment, start=begin, end=begin + case.length)
