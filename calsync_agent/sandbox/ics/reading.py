"""One VEVENT as the event that a Graph client would send."""

from collections.abc import Sequence
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
_HIGH, _NORMAL = 4, 5
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
        start = self._when(event["DTSTART"], recurring="RRULE" in event)
        if "DTEND" in event:
            end = self._when(event["DTEND"], recurring="RRULE" in event)
        elif "DURATION" in event:
            end = When(start.local + event["DURATION"].dt, start.zone, start.all_day)
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
        rule = event.get("RRULE")
        if rule is None:
            return None
        if isinstance(rule, list):
            raise NotHeld(message("several rules in one series have no counterpart"))
        until = rule.get("UNTIL", [None])[0]
        local = self._local_until(until, start)
        begin = start.local.date() if start.all_day else start.local
        read = read_rule({str(k): list(v) for k, v in rule.items()}, until_day(until, begin, local))
        return recurrence_of_rule(read, start.local.date(), start.zone)

    def excluded(self, event: Event, start: When) -> set[date]:
        """The days of EXDATE, on the series' clock."""
        lists = event.get("EXDATE", [])
        return {
            self._on_clock(each.dt, start)
            for dates in (lists if isinstance(lists, list) else [lists])
            for each in dates.dts
        }

    def original_day(self, override: Event, start: When) -> date:
        """The day that a RECURRENCE-ID names."""
        named = override["RECURRENCE-ID"]
        if str(named.params.get("RANGE", "")).upper() == "THISANDFUTURE":
            raise NotHeld(message("a change of this and all following days has no counterpart"))
        return self._on_clock(named.dt, start)

    def words(self, event: Event) -> dict[str, object]:
        """What the event says apart from when."""
        sent: dict[str, object] = {
            "subject": str(event.get("SUMMARY", "")) or None,
            "body": {"contentType": "text", "content": str(event.get("DESCRIPTION", ""))},
            "location": {"displayName": str(event.get("LOCATION", ""))},
            "sensitivity": _CLASSES.get(str(event.get("CLASS", "")).upper(), "normal"),
            "showAs": _show_as(event),
            "importance": _importance(event),
            "categories": _categories(event),
        }
        alarms = [alarm for alarm in event.walk("VALARM") if "TRIGGER" in alarm]
        before = alarms[0]["TRIGGER"].dt if alarms else None
        sent["isReminderOn"] = isinstance(before, timedelta)
        if isinstance(before, timedelta):
            sent["reminderMinutesBeforeStart"] = max(0, round(-before / timedelta(minutes=1)))
        return sent

    def _when(self, written: object, *, recurring: bool) -> When:
        value = getattr(written, "dt", None)
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

    def _on_clock(self, value: date | datetime, start: When) -> date:
        if not isinstance(value, datetime):
            return value
        utc = (
            value.tzinfo is not None
            and value.utcoffset() == timedelta()
            and value.tzname()
            in {
                "UTC",
                "Z",
            }
        )
        return (local_time(value, start.zone) if utc else value).date()

    def _local_until(self, until: object, start: When) -> datetime | None:
        if not isinstance(until, datetime):
            return None
        if until.tzinfo is None:
            return until
        return local_time(until.astimezone(UTC), start.zone)


def organizer(event: Event) -> Address | None:
    """The ORGANIZER, if any."""
    written = event.get("ORGANIZER")
    return _address(written) if written is not None else None


def attendees(event: Event, at: datetime) -> tuple[Attendee, ...]:
    """The ATTENDEEs with their answers, which are taken to be given at `at`."""
    written = event.get("ATTENDEE", [])
    found = []
    for each in written if isinstance(written, list) else [written]:
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


def _show_as(event: Event) -> str:
    named = str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper()
    transparent = str(event.get("TRANSP", "")).upper() == "TRANSPARENT"
    return _BUSY.get(named, "free" if transparent else "busy")


def _importance(event: Event) -> str:
    priority = int(event.get("PRIORITY", 0))
    if priority == 0 or priority == _NORMAL:  # noqa: PLR1714 - two different reasons
        return "normal"
    return "high" if priority <= _HIGH else "low"


def _categories(event: Event) -> Sequence[str]:
    written = event.get("CATEGORIES", [])
    lists = written if isinstance(written, list) else [written]
    return [str(name) for each in lists for name in each.cats if str(name)]
