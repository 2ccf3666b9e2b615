"""One VEVENT as values: when it is, whom it is with, and what it says (RFC 5545)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias

from icalendar import Event

from calsync_agent.i18n import message
from calsync_agent.ics.files import NotHeld, text
from calsync_agent.ics.zones import Zones

Clock: TypeAlias = Callable[[datetime, str], datetime]
"""What clocks in a zone, by the reader's name, show at an aware instant."""

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


class Reader:
    """Reads the components of one file. `floating` is the zone of times that name none."""

    def __init__(self, zones: Zones, clock: Clock, floating: str) -> None:
        self._zones = zones
        self._clock = clock
        self._floating = floating

    def times(self, event: Event) -> tuple[When, When]:
        """Start and end; those of a series are in one zone."""
        start = self._when(event.get("DTSTART"), recurring="RRULE" in event)
        length = _time(event.get("DURATION"))
        if "DTEND" in event:
            end = self._when(event.get("DTEND"), recurring="RRULE" in event)
        elif isinstance(length, timedelta):
            end = When(start.local + length, start.zone, start.all_day)
        else:
            length = _ONE_DAY if start.all_day else timedelta()
            end = When(start.local + length, start.zone, start.all_day)
        if "RRULE" in event and end.zone != start.zone:
            raise NotHeld(message("a series that starts and ends in different zones"))
        return start, end

    def rule(self, event: Event) -> Mapping[str, object] | None:
        """The one RRULE of an event, or None. Raises NotHeld for what goes beyond one."""
        for name in ("RDATE", "EXRULE"):
            if name in event:
                raise NotHeld(message("{part} has no counterpart", part=name))
        rules = listed(event.get("RRULE"))
        if not rules:
            return None
        if len(rules) > 1 or not isinstance(rules[0], dict):
            raise NotHeld(message("several rules in one series have no counterpart"))
        return rules[0]

    def local_until(self, until: object, start: When) -> datetime | None:
        """UNTIL on the series' clock; None where it is a day."""
        if not isinstance(until, datetime):
            return None
        if until.tzinfo is None:
            return until
        return self._clock(until.astimezone(UTC), start.zone)

    def excluded(self, event: Event, start: When) -> set[date]:
        """The days of EXDATE, on the series' clock."""
        return {
            self._on_clock(_time(each), start)
            for dates in listed(event.get("EXDATE"))
            for each in getattr(dates, "dts", ())
        }

    def original_day(self, override: Event, start: When) -> date:
        """The day that a RECURRENCE-ID names."""
        named = override.get("RECURRENCE-ID")
        if str(_parameter(named, "RANGE") or "").upper() == "THISANDFUTURE":
            raise NotHeld(message("a change of this and all following days has no counterpart"))
        return self._on_clock(_time(named), start)

    def _when(self, written: object, *, recurring: bool) -> When:
        value = _time(written)
        if isinstance(value, datetime):
            return self._timed(value, str(_parameter(written, "TZID") or ""), recurring=recurring)
        if isinstance(value, date):
            midnight = datetime(value.year, value.month, value.day)
            return When(midnight, self._floating, all_day=True)
        raise NotHeld(message("the start or end is missing or cannot be read"))

    def _timed(self, value: datetime, tzid: str, *, recurring: bool) -> When:
        local = value.replace(tzinfo=None)
        if tzid in {"", "UTC"}:
            zone = self._floating if value.tzinfo is None else "UTC"
            return When(local, zone, all_day=False)
        zone_name = self._zones.named(tzid)
        if zone_name is not None:
            return When(local, zone_name, all_day=False)
        if recurring or value.tzinfo is None:
            raise NotHeld(message("the time zone {zone} is not known", zone=tzid))
        return When(self._clock(value, "UTC"), "UTC", all_day=False)

    def _on_clock(self, value: object, start: When) -> date:
        """The day that a date or time names in the series: a time in UTC is converted."""
        match value:
            case datetime() if value.tzname() == "UTC":
                return self._clock(value, start.zone).date()
            case datetime():
                return value.date()
            case date():
                return value
            case _:
                raise NotHeld(message("a day of the series cannot be read"))


def words(event: Event) -> Words:
    """What the event says apart from when."""
    alarms = [alarm for alarm in event.walk("VALARM") if "TRIGGER" in alarm]
    before = _time(alarms[0].get("TRIGGER")) if alarms else None
    minutes = round(-before / timedelta(minutes=1)) if isinstance(before, timedelta) else None
    return Words(
        subject=text(event, "SUMMARY"),
        body=text(event, "DESCRIPTION"),
        location=text(event, "LOCATION"),
        sensitivity=_CLASSES.get(text(event, "CLASS").upper(), "normal"),
        show_as=_show_as(event),
        importance=_importance(event),
        categories=tuple(_categories(event)),
        reminder=None if minutes is None else max(0, minutes),
    )


def cancelled(event: Event) -> bool:
    """Whether the event, or the day, does not take place."""
    return text(event, "STATUS").upper() == "CANCELLED"


def organizer(event: Event) -> Somebody | None:
    """The ORGANIZER, if any."""
    written = event.get("ORGANIZER")
    return _somebody(written) if written is not None else None


def attendees(event: Event) -> list[Somebody]:
    """The ATTENDEEs with their answers."""
    return [_somebody(each) for each in listed(event.get("ATTENDEE"))]


def listed(written: object) -> list[object]:
    """A property that may come once, several times or not at all."""
    if written is None:
        return []
    return list(written) if isinstance(written, list) else [written]


def _somebody(written: object) -> Somebody:
    address = str(written)
    if address.lower().startswith("mailto:"):
        address = address[len("mailto:") :]
    name = _parameter(written, "CN")
    answer, role = (str(_parameter(written, each) or "").upper() for each in ("PARTSTAT", "ROLE"))
    return Somebody(str(name) if name else None, address, answer, role)


def _parameter(written: object, name: str) -> object:
    return getattr(written, "params", {}).get(name)


def _time(written: object) -> object:
    """The date, time or length in a property."""
    return getattr(written, "dt", None)


def _show_as(event: Event) -> str:
    named = text(event, "X-MICROSOFT-CDO-BUSYSTATUS").upper()
    transparent = text(event, "TRANSP").upper() == "TRANSPARENT"
    return _BUSY.get(named, "free" if transparent else "busy")


def _importance(event: Event) -> str:
    """1 to 4 is high, 6 to 9 low (RFC 5545, PRIORITY)."""
    priority = text(event, "PRIORITY")
    if not priority.isdecimal() or priority in {"0", "5"}:
        return "normal"
    return "high" if int(priority) <= _HIGH else "low"


def _categories(event: Event) -> list[str]:
    lists = listed(event.get("CATEGORIES"))
    return [str(name) for each in lists for name in getattr(each, "cats", ()) if str(name)]
