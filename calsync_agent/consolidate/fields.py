"""How each field stands in a row of `activity`: the columns that hold it, read and written."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from calsync_agent.appointment import hours, rrule, zones
from calsync_agent.appointment.fields import FIELDS, Field, closed
from calsync_agent.appointment.model import Appointment, Importance, ShowAs
from calsync_agent.appointment.people import ADDRESS_LIMIT, NAME_LIMIT
from calsync_agent.appointment.text import LOCATION_LIMIT, cut, one_line, paragraphs
from calsync_agent.domain.activity import Sending

Row: TypeAlias = Mapping[Any, Any]

SUBJECT_COLUMN: Final = 500
JOIN_URL_COLUMN: Final = 2000


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a row that hold one field.

    `read`: what they say, for the field's one attribute; None where they are read together with
    others (`rows.py`). `write`: all of them as the appointment has it, the name that the row has
    for its zone given, too; None where it has rows of its own (`children.py`).
    """

    read: Callable[[Row], object] | None
    write: Callable[[Appointment, str], Row] | None


def plainly_read(row: Row) -> dict[str, Any]:
    """The attributes of the appointment that need no more than the row.

    Raises ValueError for a word that is none of a column's.
    """
    return {name: read(row) for name, read in _READ}


def activity_values(appointment: Appointment, fields: Collection[Field], own_zone: str) -> Row:
    """The columns of `activity` that hold `fields`, ready to be written.

    `own_zone` is the name that the row has for its zone; it stays where it means the same zone.
    """
    wanted = set(fields)
    if Field.TIME in wanted:  # the rule's end is written with the time of day
        wanted.add(Field.RECURRENCE)
    values: dict[str, Any] = {}
    for field, held in IN_ROW.items():
        if field in wanted and held.write is not None:
            values.update(held.write(appointment, own_zone))
    return values


def _reminder(row: Row) -> int | None:
    minutes = row["reminder_minutes"]
    return None if minutes is None else hours.reminder(minutes)


def _time(a: Appointment, own_zone: str) -> Row:
    same_zone = a.all_day or _same_zone(own_zone, a.zone)
    return {
        "starts_at": a.start,
        "ends_at": a.end,
        "all_day": a.all_day,
        "time_zone": own_zone if own_zone and same_zone else a.zone,
    }


def _same_zone(own: str, other: str) -> bool:
    resolved = zones.resolve(own)
    return resolved is not None and zones.identity(resolved) == zones.identity(other)


def _recurrence(a: Appointment, _own_zone: str) -> Row:
    clock = None if a.all_day else a.start.time()
    return {"recurrence": rrule.write(a.rule, clock) if a.rule else None}


def _organizer(a: Appointment, _own_zone: str) -> Row:
    email = cut(a.organizer.address, ADDRESS_LIMIT) if a.organizer else ""
    name = cut(a.organizer.name, NAME_LIMIT) if a.organizer else ""
    return {"organizer_email": email or None, "organizer_name": name or None}


def _join_url(a: Appointment, _own_zone: str) -> Row:
    # A link cut short would lead nowhere.
    fits = a.join_url is not None and len(a.join_url) <= JOIN_URL_COLUMN
    return {"online_meeting_url": a.join_url if fits else None}


IN_ROW: Final[Mapping[Field, Columns]] = {
    Field.SUBJECT: Columns(
        lambda row: one_line(row["subject"]),
        lambda a, _zone: {"subject": cut(a.subject, SUBJECT_COLUMN)},
    ),
    Field.BODY: Columns(lambda row: paragraphs(row["body"]), lambda a, _zone: {"body": a.body}),
    Field.LOCATION: Columns(
        lambda row: one_line(row["location"]),
        lambda a, _zone: {"location": cut(a.location, LOCATION_LIMIT)},
    ),
    Field.TIME: Columns(None, _time),
    Field.IMPORTANCE: Columns(
        lambda row: Importance(row["importance"]),
        lambda a, _zone: {"importance": a.importance.value},
    ),
    Field.PRIVATE: Columns(
        lambda row: bool(row["private"]) or row["calendar_sync"] == Sending.PRIVATE,
        lambda a, _zone: {"private": a.private},
    ),
    Field.SHOW_AS: Columns(
        lambda row: ShowAs(row["show_as"]), lambda a, _zone: {"show_as": a.show_as.value}
    ),
    Field.REMINDER: Columns(_reminder, lambda a, _zone: {"reminder_minutes": a.reminder_minutes}),
    Field.RECURRENCE: Columns(None, _recurrence),
    Field.EXCEPTIONS: Columns(None, None),
    Field.PARTICIPANTS: Columns(None, None),
    Field.RESPONSES: Columns(None, None),
    Field.ORGANIZER: Columns(None, _organizer),
    Field.GUESTS: Columns(None, None),
    Field.JOIN_URL: Columns(lambda row: row["online_meeting_url"] or None, _join_url),
    Field.CATEGORY: Columns(None, None),  # that of the type (`domain/activity_type.py`)
    Field.MEETING: Columns(None, None),  # so is this
}

closed(IN_ROW)
_READ: Final = tuple(
    (FIELDS[field].attributes[0], held.read)
    for field, held in IN_ROW.items()
    if held.read is not None
)
