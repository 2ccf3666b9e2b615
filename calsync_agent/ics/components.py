"""One VEVENT as values: when it is, whom it is with, and what it says (RFC 5545)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias

from calsync_agent.i18n import message
from calsync_agent.ics.events import Event, shown
from calsync_agent.ics.files import Contents, NotHeld, newest
from calsync_agent.ics.properties import Length, Property, length, moment
from calsync_agent.ics.rules import rule_parts
from calsync_agent.ics.zones import Zones

_CLASSES: Final = {"PRIVATE": "private", "CONFIDENTIAL": "confidential"}
_BUSY: Final = {
    "FREE": "free",
    "TENTATIVE": "tentative",
    "BUSY": "busy",
    "OOF": "oof",
    "WORKINGELSEWHERE": "workingElsewhere",
}
_HIGH: Final = 4
_ONE_DAY: Final = timedelta(days=1)
_MOST_MINUTES: Final = 2**31 - 1
_MOST_EXCLUDED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Clocks:
    """What clocks in a zone, by the reader's name, show at an aware instant; and the reverse."""

    show: Callable[[datetime, str], datetime]
    instant: Callable[[datetime, str], datetime]
    known: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class When:
    """A start or end: a wall-clock time in a zone by the reader's name, or a day."""

    local: datetime
    zone: str
    all_day: bool


@dataclass(frozen=True, slots=True)
class Words:
    """What an event says apart from when. `reminder`: minutes before its start, None for none."""

    subject: str
    body: str
    location: str
    sensitivity: str
    show_as: str
    importance: str
    categories: tuple[str, ...]
    reminder: int | None


@dataclass(frozen=True, slots=True)
class Somebody:
    """An organizer or attendee; `answer` and `role` are PARTSTAT and ROLE in upper case."""

    name: str | None
    address: str
    answer: str = ""
    role: str = ""


Times: TypeAlias = tuple[When, When]


class Reader:
    """Reads the components of one file. `floating` is the zone of times that name none."""

    def __init__(self, contents: Contents, clocks: Clocks, floating: str) -> None:
        self._zones = Zones(contents.zones, clocks.known)
        self._clocks = clocks
        self._floating = floating

    def times(self, event: Event) -> Times:
        """Start and end; those of a series are in one zone. Raises NotHeld."""
        try:
            start, end = self._times(event)
        except OverflowError:
            raise NotHeld(message("it lies beyond the end of time")) from None
        if start.all_day and start.local == end.local:
            return start, self._days_on(start, 1)
        if start.all_day != end.all_day:
            raise NotHeld(message("it begins on a day and ends at a time, or the reverse"))
        if "RRULE" in event and end.zone != start.zone:
            raise NotHeld(message("a series that starts and ends in different zones"))
        if self._before(end, start):
            raise NotHeld(message("it ends before it begins"))
        return start, end

    def rule(self, event: Event) -> Mapping[str, tuple[str, ...]] | None:
        """The parts of the one RRULE of an event, or None. Raises NotHeld for more than one."""
        for name in ("RDATE", "EXRULE"):
            if name in event:
                raise NotHeld(message("{part} has no counterpart", part=name))
        rules = event.all("RRULE")
        if not rules:
            return None
        if len(rules) > 1:
            raise NotHeld(message("several rules in one series have no counterpart"))
        return rule_parts(rules[0].value)

    def local_until(self, until: object, start: When) -> datetime | None:
        """UNTIL on the series' clock; None where it is a day."""
        if not isinstance(until, datetime):
            return None
        return self._clocks.show(until, start.zone) if until.tzinfo else until

    def excluded(self, event: Event, start: When) -> set[date]:
        """The days of EXDATE, on the series' clock."""
        written = [
            (each, value)
            for each in event.all("EXDATE")
            for value in each.value.split(",")
            if value.strip()
        ]
        if len(written) > _MOST_EXCLUDED:
            raise NotHeld(message("more than {count} days are excluded", count=_MOST_EXCLUDED))
        return {self._day(each, value, event, start) for each, value in written}

    def changed(self, days: tuple[Event, ...], start: When) -> dict[date, Event]:
        """The changed days of a series by the days that they were. Raises NotHeld."""
        found: dict[date, list[Event]] = {}
        for each in days:
            found.setdefault(self.original_day(each, start), []).append(each)
        return {day: self._one(day, some) for day, some in found.items()}

    def original_day(self, override: Event, start: When) -> date:
        """The day that a RECURRENCE-ID names."""
        named = override.get("RECURRENCE-ID")
        if named is None:
            raise NotHeld(message("a day of the series cannot be read"))
        if named.parameters.get("RANGE", "").upper() == "THISANDFUTURE":
            raise NotHeld(message("a change of this and all following days has no counterpart"))
        return self._day(named, named.value, override, start)

    def _one(self, day: date, some: list[Event]) -> Event:
        last = newest(some)
        if len(last) > 1:
            raise NotHeld(message("the changed day {day} is there twice", day=str(day)))
        return last[0]

    def _times(self, event: Event) -> Times:
        start = self._when(event, "DTSTART")
        lasts = self._length(event)
        if "DTEND" not in event:
            return start, self._later(start, lasts, recurring="RRULE" in event)
        end = self._when(event, "DTEND")
        if lasts is not None and self._differ(end, self._later(start, lasts, recurring=False)):
            raise NotHeld(message("it has a DTEND and a DURATION that differ"))
        return start, end

    def _length(self, event: Event) -> Length | None:
        written = event.get("DURATION")
        if written is None:
            return None
        lasts = length(written.value)
        if lasts is None:
            raise _unreadable(written)
        return lasts

    def _later(self, start: When, lasts: Length | None, *, recurring: bool) -> When:
        """The end by a length: days go by the calendar, hours by the clock that never turns."""
        if start.all_day:
            days = _ONE_DAY if lasts is None else lasts.whole
            whole, rest = divmod(days, _ONE_DAY)
            if rest:
                raise NotHeld(message("it begins on a day and ends at a time, or the reverse"))
            if whole < 0:
                raise NotHeld(message("it ends before it begins"))
            return self._days_on(start, whole)
        if lasts is None:
            return start
        local = start.local + timedelta(days=lasts.days)
        if recurring or not lasts.rest:
            return When(local + lasts.rest, start.zone, all_day=False)
        instant = self._clocks.instant(local, start.zone) + lasts.rest
        return When(self._clocks.show(instant, start.zone), start.zone, all_day=False)

    def _days_on(self, start: When, days: int) -> When:
        try:
            return When(start.local + days * _ONE_DAY, start.zone, all_day=True)
        except OverflowError:
            raise NotHeld(message("it lies beyond the end of time")) from None

    def _before(self, one: When, other: When) -> bool:
        if one.zone == other.zone:
            return one.local < other.local
        instant = self._clocks.instant
        return instant(one.local, one.zone) < instant(other.local, other.zone)

    def _differ(self, one: When, other: When) -> bool:
        if one.all_day != other.all_day:
            return True
        return self._before(one, other) or self._before(other, one)

    def _when(self, event: Event, name: str) -> When:
        written = event.get(name)
        if written is None:
            raise NotHeld(message("the start or end is missing or cannot be read"))
        value = moment(written.value)
        if isinstance(value, datetime):
            if "TZID" in written.parameters and not written.zone:
                raise _unreadable(written)
            return self._timed(value, written.zone, event)
        if value is None:
            raise _unreadable(written)
        midnight = datetime(value.year, value.month, value.day)
        return When(midnight, self._floating, all_day=True)

    def _timed(self, value: datetime, tzid: str, event: Event) -> When:
        local = value.replace(tzinfo=None)
        if value.tzinfo is not None:
            return When(local, "UTC", all_day=False)
        if not tzid:
            return When(local, self._floating, all_day=False)
        zone_name = self._zones.named(event.calendar, tzid)
        if zone_name is not None:
            return When(local, zone_name, all_day=False)
        defined = self._zones.defined(event.calendar, tzid)
        if "RRULE" in event or defined is None:
            raise NotHeld(message("the time zone {zone} is not known", zone=tzid))
        instant = value.replace(tzinfo=defined).astimezone(UTC)
        return When(instant.replace(tzinfo=None), "UTC", all_day=False)

    def _day(self, written: Property, text: str, event: Event, start: When) -> date:
        """The day that a date or time names in the series: another clock's time is converted."""
        value = moment(text)
        if value is None:
            raise _unreadable(written)
        if not isinstance(value, datetime):
            return value
        if value.tzinfo is None and not written.zone:
            return value.date()
        when = self._timed(value, written.zone, event)
        if when.zone == start.zone:
            return when.local.date()
        return self._clocks.show(self._clocks.instant(when.local, when.zone), start.zone).date()


def _unreadable(written: Property) -> NotHeld:
    value = shown(written.value)
    return NotHeld(message("{part} cannot be read: {value}", part=written.name, value=value))


def words(event: Event) -> Words:
    """What the event says apart from when."""
    return Words(
        subject=event.text("SUMMARY"),
        body=event.text("DESCRIPTION"),
        location=event.text("LOCATION"),
        sensitivity=_CLASSES.get(event.text("CLASS").strip().upper(), "normal"),
        show_as=_show_as(event),
        importance=_importance(event),
        categories=tuple(name for each in event.all("CATEGORIES") for name in each.texts),
        reminder=_reminder(event),
    )


def cancelled(event: Event) -> bool:
    """Whether the event, or the day, does not take place."""
    return event.text("STATUS").strip().upper() == "CANCELLED"


def organizer(event: Event) -> Somebody | None:
    """The ORGANIZER, if any."""
    written = event.get("ORGANIZER")
    return _somebody(written) if written is not None else None


def attendees(event: Event) -> list[Somebody]:
    """The ATTENDEEs with their answers."""
    return [_somebody(each) for each in event.all("ATTENDEE")]


def _somebody(written: Property) -> Somebody:
    address = written.value.strip()
    if address.lower().startswith("mailto:"):
        address = address[len("mailto:") :].strip()
    answer, role = (written.parameters.get(each, "").upper() for each in ("PARTSTAT", "ROLE"))
    return Somebody(written.parameters.get("CN") or None, address, answer, role)


def _reminder(event: Event) -> int | None:
    """Minutes before the start, by the first alarm that counts from it."""
    for alarm in event.alarms:
        before = length(alarm.trigger.value)
        if before is not None and alarm.trigger.parameters.get("RELATED", "").upper() != "END":
            return min(max(0, round(-before.whole / timedelta(minutes=1))), _MOST_MINUTES)
    return None


def _show_as(event: Event) -> str:
    named = event.text("X-MICROSOFT-CDO-BUSYSTATUS").strip().upper()
    transparent = event.text("TRANSP").strip().upper() == "TRANSPARENT"
    return _BUSY.get(named, "free" if transparent else "busy")


def _importance(event: Event) -> str:
    """1 to 4 is high, 6 to 9 low (RFC 5545, PRIORITY)."""
    priority = event.text("PRIORITY").strip()
    if priority not in set("12346789"):
        return "normal"
    return "high" if int(priority) <= _HIGH else "low"
