"""An event as Graph sends it, read into an appointment.

Every request asks for UTC times and text bodies, so that reading is the same everywhere. Facts:
GRAPH.md 2, 2.4 for all-day events, 6 for zones.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from calsync_agent.appointment import hours, zone_names, zones
from calsync_agent.appointment.model import (
    Appointment,
    EventId,
    ICalUid,
    Participant,
    Person,
    Response,
    Unsyncable,
)
from calsync_agent.appointment.naming import event_name, quoted
from calsync_agent.appointment.people import NAMELESS, Directory, each_once, known_as
from calsync_agent.appointment.series import begun_at_first, impossible
from calsync_agent.appointment.text import one_line
from calsync_agent.domain.event import Attendee, Event, Instance, UnreadableEvent
from calsync_agent.exchange.calendar.bodies import own_link
from calsync_agent.exchange.calendar.datetimes import UnknownZone, days, instant, point, wall_clock
from calsync_agent.exchange.calendar.fields import plainly_read
from calsync_agent.exchange.calendar.instances import with_instances
from calsync_agent.exchange.calendar.patterns import read_recurrence
from calsync_agent.exchange.calendar.shapes import misshapen
from calsync_agent.fence import guarded, told
from calsync_agent.i18n import Message, Value, message

Json: TypeAlias = Mapping[str, Any]

LONGEST_ID: Final = 400
"""Immutable ids have some 150 characters; the tables hold no more than this."""


class Kind(StrEnum):
    """What an item of a calendar view is."""

    SINGLE = "singleInstance"
    OCCURRENCE = "occurrence"
    EXCEPTION = "exception"
    MASTER = "seriesMaster"


def read_event(body: Json, people: Directory) -> Event | UnreadableEvent:
    """The event that Graph describes, a series with the exceptions that come with it."""
    event_id = id_of(body)
    if event_id is None:
        reason = message("the event has no id that could be remembered")
        return UnreadableEvent(EventId(""), reason, event_named(body))
    event = guarded(
        lambda: _read(event_id, body, people),
        lambda error: UnreadableEvent(event_id, _why(error, body)),
    )
    return replace(event, name=event_named(body)) if isinstance(event, UnreadableEvent) else event


def _why(error: Exception, body: Json) -> Message:
    if isinstance(error, UnknownZone):
        return message(
            "its times are told in the time zone {name}, which is unknown", name=quoted(error.name)
        )
    if isinstance(error, OverflowError):
        return hours.BEYOND
    odd = misshapen(body)
    if odd:
        return message(
            "Exchange gives it nothing that could be read as its {names}", names=", ".join(odd)
        )
    return message(
        "Exchange describes this event in a way that cannot be read ({detail})", detail=told(error)
    )


def unplaced(item: object, event_id: EventId) -> UnreadableEvent:
    """An occurrence that cannot be brought to its series."""
    reason = message("it is an occurrence of a series that Exchange does not show")
    return UnreadableEvent(event_id, reason, event_named(item))


def id_of(item: object) -> EventId | None:
    """The id of an item that Graph sent, whatever else it is; None where it has none."""
    found = item.get("id") if isinstance(item, Mapping) else None
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID:
        return None
    return EventId(found) if found.isascii() and found.isprintable() else None


def event_named(body: object) -> Value:
    """How people know an event of which nothing is certain."""
    known: Json = body if isinstance(body, Mapping) else {}
    private = known.get("sensitivity") not in (None, "normal")
    return event_name(known.get("subject"), known.get("start"), known.get("id"), private=private)


def _read(event_id: EventId, body: Json, people: Directory) -> Event | UnreadableEvent:
    all_day = _flag(body, "isAllDay")
    zone, warning = _zone(body, people)
    if zone is None:
        name = body.get("originalStartTimeZone") or _ZONELESS
        return UnreadableEvent(
            event_id, message("the time zone of the series, {name}, is unknown", name=quoted(name))
        )
    times = _times(body, zone, all_day=all_day)
    if times is None:
        return UnreadableEvent(event_id, message("the event ends before it begins"))
    start, end, zone = times
    rule = read_recurrence(body.get("recurrence"), start)
    if isinstance(rule, Unsyncable):
        return UnreadableEvent(event_id, rule.reason)
    minutes, no_minutes = _reminder(body)
    organizer = _person(body.get("organizer") or {})
    invited = tuple(body.get("attendees") or ())
    participants, guests = _people(invited, organizer, people)
    is_organizer = _flag(body, "isOrganizer", absent=True)
    link = own_link(body)
    appointment = Appointment(
        start=start,
        end=end,
        zone=zone,
        all_day=all_day,
        reminder_minutes=minutes,
        rule=rule,
        participants=participants,
        organizer=_outside(organizer, people) if not is_organizer else None,
        guests=guests,
        **plainly_read(body, link),
    )
    instances: Mapping[datetime, Instance] = {}
    if rule is not None:
        if not all_day and zones.windows_name(zone) is None:
            reason = message("Exchange knows no time zone {name} for a series", name=zone)
            return UnreadableEvent(event_id, reason)
        begun = begun_at_first(appointment, rule)
        if begun is None:
            return UnreadableEvent(event_id, message("its recurrence gives no occurrence"))
        appointment, instances = with_instances(begun, body, link)
        if problem := impossible(appointment):
            return UnreadableEvent(event_id, problem.reason)
    uid = body.get("iCalUId")
    return Event(
        id=event_id,
        etag=_plain(body.get("@odata.etag")) or "",
        ical_uid=ICalUid(one_line(uid)) if isinstance(uid, str) and uid else None,
        transaction_id=_plain(body.get("transactionId")) or None,
        modified_at=instant(body.get("lastModifiedDateTime")),
        created_at=instant(body.get("createdDateTime")),
        is_organizer=is_organizer,
        is_cancelled=_flag(body, "isCancelled"),
        is_online_meeting=_flag(body, "isOnlineMeeting"),
        response=_response((body.get("responseStatus") or {}).get("response")),
        organizer=organizer,
        attendees=tuple(map(_attendee, invited)),
        appointment=appointment,
        warnings=tuple(filter(None, (warning, no_minutes))),
        instances=instances,
    )


def _times(body: Json, zone: str, *, all_day: bool) -> tuple[datetime, datetime, str] | None:
    """Start, end, and the zone in which these mean one instant each; None where time runs back.

    A series keeps its clock: what matters of its times is the time of day.
    """
    if all_day:
        first, last = days(body["start"], body["end"], zone)
        return None if last < first else (first, last, zone)
    begin, finish = point(body["start"]), point(body["end"])
    if finish < begin:
        return None
    if not body.get("recurrence"):
        return hours.by_the_clock(begin, finish, zone)
    start, end = zones.from_utc(begin, zone), zones.from_utc(finish, zone)
    return start, end if start <= end else start + (finish - begin), zone


def _zone(body: Json, people: Directory) -> tuple[str | None, Message | None]:
    """The zone whose clock the event keeps; None for a series of which nobody can tell (D3).

    A series keeps the clock of its rule's zone (GRAPH.md 3.2), even where its start was written
    in another one since. Where neither means a zone it is that of its end, or where we are, if
    nothing speaks against it. A single is right by any clock.
    """
    bounds = (body.get("recurrence") or {}).get("range") or {}
    named, ruled = body.get("originalStartTimeZone"), bounds.get("recurrenceTimeZone")
    zone, kept = _resolved(named), _resolved(ruled)
    if zone:
        same = kept is None or zones.identity(kept) == zones.identity(zone)
        return (zone if same else kept), None
    if not body.get("recurrence") or body.get("isAllDay"):
        zone = kept or _resolved(body.get("originalEndTimeZone")) or zones.UTC_ZONE
    else:
        zone = kept or _resolved(body.get("originalEndTimeZone"))
        if zone is None and people.home and _fits(people.home, body, (named, ruled)):
            zone = people.home
        if zone is None:
            return None, None
        if kept and not named:
            return zone, None
    if named is None and zone == zones.UTC_ZONE:
        return zone, None
    warning = message(
        "its time zone {name} is unknown here; it is kept in {zone} instead",
        name=quoted(named or ruled or "-"),
        zone=zone,
    )
    return zone, warning


def _resolved(name: object) -> str | None:
    return zones.resolve(name) if isinstance(name, str) else None


def _fits(home: str, body: Json, names: Iterable[object]) -> bool:
    """Whether a series may keep the clock where we are, by what is said of it and its day."""
    stated = {zone_names.offset(name) for name in names if isinstance(name, str)} - {None}
    if stated and zone_names.standard(home) not in stated:
        return False
    begins = str((body["recurrence"].get("range") or {}).get("startDate") or "")[:10]
    return not begins or wall_clock(body["start"], home).date().isoformat() == begins


_ZONELESS: Final = "-"
_RESPONSES: Final = {
    "accepted": Response.ACCEPTED,
    "tentativelyaccepted": Response.TENTATIVE,
    "declined": Response.DECLINED,
}


def _response(value: str | None) -> Response:
    return _RESPONSES.get((value or "none").lower(), Response.NONE)


def _flag(body: Json, name: str, *, absent: bool = False) -> bool:
    """A yes or no. Raises ValueError for anything else: what cancels or ends is never guessed."""
    said = body.get(name)
    if not isinstance(said, bool | None):
        raise ValueError(f"{name} is neither true nor false")
    return absent if said is None else said


def _plain(value: object) -> str | None:
    """A sign of recognition, which is of a few plain characters; None where it is none of ours."""
    return value if isinstance(value, str) and value.isascii() and value.isprintable() else None


def _reminder(body: Json) -> tuple[int | None, Message | None]:
    """The reminder; one that is no number is none, but not in silence."""
    if not _flag(body, "isReminderOn"):
        return None, None
    minutes = body.get("reminderMinutesBeforeStart")
    try:
        return hours.reminder(int(minutes or 0)), None
    except (TypeError, ValueError, OverflowError):
        return None, message(
            "its reminder, {minutes}, is no number of minutes", minutes=f"{minutes!r:.40}"
        )


def _person(recipient: Json) -> Person:
    address = recipient.get("emailAddress") or {}
    status = recipient.get("status") or {}
    return Person(
        address=one_line(address.get("address")),
        name=one_line(address.get("name")),
        response=_response(status.get("response")),
    )


def _attendee(recipient: Json) -> Attendee:
    address = recipient.get("emailAddress") or {}
    return Attendee(str(address.get("address") or ""), str(address.get("name") or ""), recipient)


def _outside(organizer: Person, people: Directory) -> Person | None:
    """The organizer of somebody else's meeting, if that is none of us; nobody's name is still one.

    Without it the appointment would count as the employee's own, who only was invited.
    """
    if people.employee(organizer.address) is not None:
        return None
    return organizer if any(known_as(organizer)) else NAMELESS


def _people(
    attendees: tuple[Json, ...], organizer: Person, people: Directory
) -> tuple[tuple[Participant, ...], tuple[Person, ...]]:
    """Attendees as participants (employees, once each) and guests; the organizer is neither."""
    organizing = people.employee(organizer.address)
    participants: dict[int, Participant] = {}
    guests: list[Person] = []
    for attendee in attendees:
        person = _person(attendee)
        employee = people.employee(person.address)
        if employee is not None:
            before = participants.get(employee)
            # Invited by two addresses, they have answered if they did by one.
            if employee != organizing and (before is None or before.response is Response.NONE):
                participants[employee] = Participant(employee, person.response)
        elif not person.address or known_as(person) != known_as(organizer):
            guests.append(person)
    return tuple(participants[number] for number in sorted(participants)), each_once(guests)
