"""How people know an item that cannot be read: by its subject, else by its date and id (B8)."""

from datetime import datetime
from typing import Final

from calsync_agent.appointment.text import SUBJECT_LIMIT, cut, one_line
from calsync_agent.i18n import Value, message

LONGEST_QUOTED: Final = 100


def shown(moment: datetime) -> str:
    """A wall-clock time, to the minute; of any year."""
    return moment.isoformat(" ", "minutes")


def quoted(value: object) -> str:
    """What stands where something else should, as far as it helps to find it."""
    return cut(one_line(str(value)), LONGEST_QUOTED)


def event_name(subject: object, start: object, identifier: object, *, private: bool) -> Value:
    """The name of an event, of which each part may be anything."""
    if (known := _subject(subject, private=private)) is not None:
        return known
    date, number = _date(start), one_line(str(identifier))
    if date is None:
        return message("the event {id}", id=number)
    return message("the event of {date} ({id})", date=date, id=number)


def appointment_name(subject: object, start: object, identifier: object, *, private: bool) -> Value:
    """The name of an appointment in Consolidate, of which each part may be anything."""
    if (known := _subject(subject, private=private)) is not None:
        return known
    date, number = _date(start), one_line(str(identifier))
    if date is None:
        return message("the appointment {id}", id=number)
    return message("the appointment of {date} ({id})", date=date, id=number)


def _subject(subject: object, *, private: bool) -> str | None:
    known = one_line(subject) if isinstance(subject, str) and not private else ""
    return cut(known, SUBJECT_LIMIT) or None


def _date(start: object) -> str | None:
    match start:
        case datetime():
            return shown(start)
        case {"dateTime": str(text)} | str(text) if text:
            return one_line(text)[:16].replace("T", " ")
    return None
