"""One VEVENT as the event that a Graph client would send."""

from datetime import datetime
from typing import Final

from tzlocal.windows_tz import tz_win

from calsync_agent.ics.components import Clocks, Reader, Somebody, When, attendees, words
from calsync_agent.ics.events import Event
from calsync_agent.ics.files import Contents
from calsync_agent.ics.properties import moment
from calsync_agent.sandbox.ics.rules import read_rule, recurrence_of_rule, until_day
from calsync_agent.sandbox.model.content import Address, Attendee, Response
from calsync_agent.sandbox.model.refusals import GraphRefusal
from calsync_agent.sandbox.model.zones import instant, local_time, zone

_ANSWERS: Final = {
    "ACCEPTED": "accepted",
    "TENTATIVE": "tentativelyAccepted",
    "DECLINED": "declined",
}
_ROLES: Final = {"OPT-PARTICIPANT": "optional", "NON-PARTICIPANT": "resource"}


def reader(contents: Contents, floating: str) -> Reader:
    """What reads a file's events by the names that Graph has for zones."""
    return Reader(contents, Clocks(local_time, instant, _graph_name), floating)


def as_json(when: When) -> dict[str, object]:
    """Graph's dateTimeTimeZone."""
    return {"dateTime": when.local.isoformat(), "timeZone": when.zone}


def recurrence(reads: Reader, event: Event, start: When) -> dict[str, object] | None:
    """The recurrence, or None. Raises NotHeld for what Graph has no pattern for."""
    parts = reads.rule(event)
    if parts is None:
        return None
    until = moment(parts["UNTIL"][0]) if "UNTIL" in parts else None
    begin = start.local.date() if start.all_day else start.local
    read = read_rule(parts, until_day(until, begin, reads.local_until(until, start)))
    return recurrence_of_rule(read, start.local.date(), start.zone)


def properties(event: Event) -> dict[str, object]:
    """What the event says apart from when, in Graph's words."""
    said = words(event)
    sent: dict[str, object] = {
        "subject": said.subject or None,
        "body": {"contentType": "text", "content": said.body},
        "location": {"displayName": said.location},
        "sensitivity": said.sensitivity,
        "showAs": said.show_as,
        "importance": said.importance,
        "categories": list(said.categories),
        "isReminderOn": said.reminder is not None,
    }
    if said.reminder is not None:
        sent["reminderMinutesBeforeStart"] = said.reminder
    return sent


def address(somebody: Somebody) -> Address:
    """Graph's emailAddress."""
    return Address(somebody.name, somebody.address)


def invited(event: Event, at: datetime) -> tuple[Attendee, ...]:
    """The attendees with their answers, which are taken to be given at `at`."""
    found = []
    for each in attendees(event):
        answer = _ANSWERS.get(each.answer)
        status = Response(answer, at) if answer else Response()
        found.append(Attendee(address(each), _ROLES.get(each.role, "required"), status))
    return tuple(found)


def _graph_name(name: str) -> str | None:
    """A name that Graph takes: this one, or the Windows name of an IANA zone."""
    for candidate in (tz_win.get(name), name):
        if candidate is None:
            continue
        try:
            zone(candidate)
        except GraphRefusal:
            continue
        return str(candidate)
    return None
