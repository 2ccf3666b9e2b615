"""One VEVENT as the event that a Graph client would send."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from icalendar import Event

from calsync_agent.i18n import message
from calsync_agent.sandbox.ics.rules import NotHeld, read_rule, recurrence_of_rule, until_day
from calsync_agent.sandbox.ics.zones import Zones
from calsync_agent.sandbox.model.content import Address, Attendee, Response
from calsync_agent.sandbox.model.zones import local_time

_ANSWERS: Final = {
    "ACCEPTED": "accepted",
    "TENTATIVE": "tentativelyAccepted",
    "DECLINED": "declined",
}
_ROLES: Final = {"OPT-PARTICIPANT": "optional", "NON-PARTICIPANT": "resource"}
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
    """A start or end: a wall-clock time in a zone that Graph knows, or a day."""

    local: datetime
    zone: str
    all_day: bool

    def as_json(self) -> dict[str, object]:
        """Graph's dateTimeTimeZone."""
        return {"dateTime": self.local.isoformat(), "timeZone": self.zone}


class Reader:
    """Reads the components of one file. `floating` is the zone of times that name none."""

    def __init__(self, zones: Zones, floating: str) -> None:
        self._zones = zones
        self._floating = floating

    def times(self, event: Event) -> tuple[When, When]:
        """Start and end; Graph wants both in one zone for all-day events and series."""
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

    def recurrence(self, event: Event, start: When) -> dict[str, object] | None:
        """The recurrence, or None. Raises NotHeld for what Graph has no pattern for."""
        for name in ("RDATE", "EXRULE"):
            if name in event:
                raise NotHeld(message("{part} has no counterpart", part=name))
        rules = _listed(event.get("RRULE"))
        if not rules:
            return None
        if len(rules) > 1 or not isinstance(rules[0], dict):
            raise NotHeld(message("several rules in one series have no counterpart"))
        parts = {str(name): _listed(value) for name, value in rules[0].items()}
        until = next(iter(parts.get("UNTIL", ())), None)
        local = self._local_until(until, start)
        begin = start.local.date() if start.all_day else start.local
        read = read_rule(parts, until_day(until, begin, local))
        return recurrence_of_rule(read, start.local.date(), start.zone)

    def excluded(self, event: Event, start: When) -> set[date]:
        """The days of EXDATE, on the series' clock."""
        return {
            self._on_clock(_time(each), start)
            for dates in _listed(event.get("EXDATE"))
            for each in getattr(dates, "dts", ())
        }

    def original_day(self, override: Event, start: When) -> date:
        """The day that a RECURRENCE-ID names."""
        named = override.get("RECURRENCE-ID")
        if str(_parameter(named, "RANGE") or "").upper() == "THISANDFUTURE":
            raise NotHeld(message("a change of this and all following days has no counterpart"))
        return self._on_clock(_time(named), start)

    def words(self, event: Event) -> dict[str, object]:
        """What the event says apart from when."""
        sent: dict[str, object] = {
            "subject": text(event, "SUMMARY") or None,
            "body": {"contentType": "text", "content": text(event, "DESCRIPTION")},
            "location": {"displayName": text(event, "LOCATION")},
            "sensitivity": _CLASSES.get(text(event, "CLASS").upper(), "normal"),
            "showAs": _show_as(event),
            "importance": _importance(event),
            "categories": _categories(event),
        }
        alarms = [alarm for alarm in event.walk("VALARM") if "TRIGGER" in alarm]
        before = _time(alarms[0].get("TRIGGER")) if alarms else None
        sent["isReminderOn"] = isinstance(before, timedelta)
        if isinstance(before, timedelta):
            sent["reminderMinutesBeforeStart"] = max(0, round(-before / timedelta(minutes=1)))
        return sent

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
        return When(local_time(value, "UTC"), "UTC", all_day=False)

    def _on_clock(self, value: object, start: When) -> date:
        """The day that a date or time names in the series: a time in UTC is converted."""
        match value:
            case datetime() if value.tzname() == "UTC":
                return local_time(value, start.zone).date()
            case datetime():
                return value.date()
            case date():
                return value
            case _:
                raise NotHeld(message("a day of the series cannot be read"))

    def _local_until(self, until: object, start: When) -> datetime | None:
        if not isinstance(until, datetime):
            return None
        if until.tzinfo is None:
            return until
        return local_time(until.astimezone(UTC), start.zone)


def text(event: Event, name: str) -> str:
    """A property's text; empty where there is none."""
    value = event.get(name)
    return "" if value is None else str(value)


def organizer(event: Event) -> Address | None:
    """The ORGANIZER, if any."""
    written = event.get("ORGANIZER")
    return _address(written) if written is not None else None


def attendees(event: Event, at: datetime) -> tuple[Attendee, ...]:
    """The ATTENDEEs with their answers, which are taken to be given at `at`."""
    found = []
    for each in _listed(event.get("ATTENDEE")):
        answer = _ANSWERS.get(str(_parameter(each, "PARTSTAT") or "").upper())
        role = _ROLES.get(str(_parameter(each, "ROLE") or "").upper(), "required")
        status = Response(answer, at) if answer else Response()
        found.append(Attendee(_address(each), role, status))
    return tuple(found)


def _address(written: object) -> Address:
    address = str(written)
    if address.lower().startswith("mailto:"):
        address = address[len("mailto:") :]
    name = _parameter(written, "CN")
    return Address(str(name) if name else None, address)


def _parameter(written: object, name: str) -> object:
    return getattr(written, "params", {}).get(name)


def _time(written: object) -> object:
    """The date, time or length in a property."""
    return getattr(written, "dt", None)


def _listed(written: object) -> list[object]:
    """A property that may come once, several times or not at all."""
    if written is None:
        return []
    return list(written) if isinstance(written, list) else [written]


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
    lists = _listed(event.get("CATEGORIES"))
    return [str(name) for each in lists for name in getattr(each, "cats", ()) if str(name)]
