"""How each field stands in an event: the properties that hold it, read and written one by one.

Facts: GRAPH.md 2.2 (properties), 2.4 (all-day), 6 (zones).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from calsync_agent.appointment import hours, zones
from calsync_agent.appointment.comparable import sent_in_utc
from calsync_agent.appointment.fields import FIELDS, Field, closed
from calsync_agent.appointment.model import Appointment, Importance, ShowAs
from calsync_agent.appointment.text import SUBJECT_LIMIT, cut, one_line
from calsync_agent.exchange.calendar.bodies import join_link, read_body
from calsync_agent.exchange.calendar.patterns import write_recurrence

Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Properties:
    """The properties of an event that hold one field.

    `names`: they are asked for by these. `read`: what they say, for the field's one attribute; the
    event's own join link is given, too. None where they are read together with others
    (`event_codec.py`). `write`: all of them as the appointment has it; None where that takes other
    requests, or more than the appointment (`writes.py`), or it is not written at all.
    """

    names: str
    read: Callable[[Json, str | None], object] | None
    write: Callable[[Appointment], Json] | None


def plainly_read(event: Json, link: str | None) -> dict[str, Any]:
    """The attributes of the appointment that need no more than the event; `link`: its own."""
    return {name: read(event, link) for name, read in _READ}


def _location(event: Json, _link: str | None) -> str:
    return one_line((event.get("location") or {}).get("displayName"))


def _importance(event: Json, _link: str | None) -> Importance:
    return Importance(str(event.get("importance") or "normal").lower())


_SHOW_AS: Final = {known.value.lower(): known for known in ShowAs}


def _show_as(event: Json, _link: str | None) -> ShowAs:
    return _SHOW_AS.get(
        (event.get("showAs") or "busy").lower(), ShowAs.BUSY
    )  # unknown is busy (G6)


def _categories(event: Json, _link: str | None) -> tuple[str, ...]:
    held = event.get("categories")
    named = [each for each in held if isinstance(each, str)] if isinstance(held, list) else []
    return tuple(dict.fromkeys(each for each in named if each.strip()))


def _start_and_end(a: Appointment) -> Json:
    start, end, zone = _times(a)
    return {
        "start": {"dateTime": start.isoformat(), "timeZone": zone},
        "end": {"dateTime": end.isoformat(), "timeZone": zone},
        "isAllDay": a.all_day,
    }


def _reminder(a: Appointment) -> Json:
    if a.reminder_minutes is None:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderMinutesBeforeStart": a.reminder_minutes}


def _recurrence(a: Appointment) -> Json:
    start, _, zone = _times(a)
    return {"recurrence": write_recurrence(a.rule, start, zone) if a.rule else None}


def _times(a: Appointment) -> tuple[datetime, datetime, str]:
    """Start and end by the clock of a zone that Windows knows (D3), or as instants in UTC."""
    if sent_in_utc(a):
        return (*hours.instants(a.start, a.end, a.zone), zones.UTC_ZONE)
    zone = zones.windows_name(a.zone)
    if zone is None or (a.all_day and hours.skipped(a.start, a.end, a.zone)):
        # The zone of an all-day event means nothing, but it must read midnight there (D4).
        zone = zones.UTC_ZONE
    return a.start, a.end, zone


ASKING: Final[Json] = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
"""What makes an event an online meeting; it cannot be taken back (GRAPH.md 2.2)."""

IN_EVENT: Final[Mapping[Field, Properties]] = {
    Field.SUBJECT: Properties(
        "subject",
        lambda event, _link: one_line(event.get("subject")),
        lambda a: {"subject": cut(a.subject, SUBJECT_LIMIT)},
    ),
    Field.BODY: Properties(
        "body",
        lambda event, link: read_body(event.get("body"), link),
        lambda a: {"body": {"contentType": "text", "content": a.body}},
    ),
    Field.LOCATION: Properties(
        "location", _location, lambda a: {"location": {"displayName": a.location}}
    ),
    Field.TIME: Properties("originalStartTimeZone,start,end,isAllDay", None, _start_and_end),
    Field.IMPORTANCE: Properties(
        "importance", _importance, lambda a: {"importance": a.importance.value}
    ),
    Field.PRIVATE: Properties(
        "sensitivity",
        lambda event, _link: (event.get("sensitivity") or "normal") != "normal",
        lambda a: {"sensitivity": "private" if a.private else "normal"},
    ),
    Field.SHOW_AS: Properties("showAs", _show_as, lambda a: {"showAs": a.show_as.value}),
    Field.REMINDER: Properties("isReminderOn,reminderMinutesBeforeStart", None, _reminder),
    Field.RECURRENCE: Properties("recurrence", None, _recurrence),
    Field.EXCEPTIONS: Properties("exceptionOccurrences,cancelledOccurrences", None, None),
    Field.PARTICIPANTS: Properties("attendees", None, None),
    Field.RESPONSES: Properties("attendees,responseStatus", None, None),
    Field.ORGANIZER: Properties("isOrganizer,organizer", None, None),
    Field.GUESTS: Properties("attendees", None, None),
    Field.JOIN_URL: Properties(
        "isOnlineMeeting,onlineMeeting,onlineMeetingUrl",
        lambda event, _link: join_link(event),
        None,
    ),
    # A change replaces them as a whole, with the others that the event has (`writes.py`).
    Field.CATEGORY: Properties(
        "categories",
        _categories,
        lambda a: {"categories": list(a.categories)} if a.categories else {},
    ),
    Field.MEETING: Properties("isOnlineMeeting", None, lambda a: ASKING if a.online else {}),
}

closed(IN_EVENT)
_READ: Final = tuple(
    (FIELDS[field].attributes[0], held.read)
    for field, held in IN_EVENT.items()
    if held.read is not None
)

_OF_THE_EVENT: Final = (
    "id,iCalUId,transactionId,createdDateTime,lastModifiedDateTime,type,seriesMasterId,"
    "originalStart,isCancelled"
)
EVENT_PROPERTIES: Final = ",".join(
    dict.fromkeys(
        name
        for names in (_OF_THE_EVENT, *(held.names for held in IN_EVENT.values()))
        for name in names.split(",")
    )
)
"""All that is read of an event; its exceptions have to be named to be sent."""
