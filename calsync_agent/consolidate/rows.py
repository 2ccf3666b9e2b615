"""Rows of `activity` and its children as appointments, and back.

A row that cannot be read as an appointment is a value too (`BrokenActivity`): it is quarantined,
and everything else goes on (B8).
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment import hours, rrule, zones
from calsync_agent.appointment.model import (
    ActivityId,
    Appointment,
    ChangedOccurrence,
    EmployeeId,
    Participant,
    Person,
    Response,
    Unsyncable,
)
from calsync_agent.appointment.naming import appointment_name, quoted, shown
from calsync_agent.appointment.people import each_once, known_as
from calsync_agent.appointment.rule import Rule
from calsync_agent.appointment.series import begun_at_first, impossible, with_exceptions
from calsync_agent.appointment.text import one_line, paragraphs
from calsync_agent.consolidate.fields import Row, plainly_read
from calsync_agent.consolidate.tables import activity, activity_exception, activity_participant
from calsync_agent.domain.activity import Activity, BrokenActivity, Sending
from calsync_agent.fence import guarded, reason
from calsync_agent.i18n import Message, message


def read_activity(
    row: Row, exceptions: Collection[Row], participants: Collection[Row]
) -> Activity | BrokenActivity:
    """The activity in a row of `activity` (with its type's `calendar_sync`) and its children."""
    read = guarded(
        lambda: _activity(row, exceptions, participants), lambda error: Unsyncable(_why(error))
    )
    if isinstance(read, Activity):
        return read
    return BrokenActivity(
        id=ActivityId(row["id"]),
        responsible=EmployeeId(row["responsible_id"]),
        deleted=row["deleted_at"] is not None,
        reason=read.reason,
        name=appointment_name(
            row["subject"], row["starts_at"], row["id"], private=bool(row["private"])
        ),
    )


def _why(error: Exception) -> Message:
    return hours.BEYOND if isinstance(error, OverflowError) else reason(error)


def _activity(
    row: Row, exceptions: Collection[Row], participants: Collection[Row]
) -> Activity | Unsyncable:
    appointment = _appointment(row, exceptions, participants)
    if isinstance(appointment, Unsyncable):
        return appointment
    sending = row["calendar_sync"]
    return Activity(
        id=ActivityId(row["id"]),
        responsible=EmployeeId(row["responsible_id"]),
        type_id=row["type_id"],
        sending=_SENDING.get(sending, Sending.NONE),
        open=row["status"] == "open",
        deleted=row["deleted_at"] is not None,
        from_outside=appointment.organizer is not None,
        note=row["note"],
        time_zone=row["time_zone"],
        appointment=appointment,
        warnings=tuple(_left_out(appointment, exceptions)) if exceptions else (),
    )


def _appointment(
    row: Row, exceptions: Collection[Row], participants: Collection[Row]
) -> Appointment | Unsyncable:
    odd = _of_another_kind(row, exceptions, participants)
    if odd is not None:
        return odd
    zone = zones.resolve(row["time_zone"])
    if zone is None:
        return Unsyncable(message("the time zone {name} is unknown", name=quoted(row["time_zone"])))
    all_day, recurrence = bool(row["all_day"]), (row["recurrence"] or "").strip()
    times = _times(row, zone, all_day=all_day, recurring=bool(recurrence))
    if isinstance(times, Unsyncable):
        return times
    start, end, zone = times
    try:
        plain = plainly_read(row)
    except ValueError as error:
        return Unsyncable(message("a column holds an unknown word: {detail}", detail=quoted(error)))
    rule = rrule.read(recurrence, start, zone, all_day=all_day) if recurrence else None
    if isinstance(rule, Unsyncable):
        return rule
    organizer = _organizer(row)
    # The employee who organizes it does not take part as one who was invited.
    organizing = None if organizer else EmployeeId(row["responsible_id"])
    appointment = Appointment(
        start=start,
        end=end,
        zone=zone,
        all_day=all_day,
        rule=rule,
        participants=tuple(_participants(participants, organizing)) if participants else (),
        organizer=organizer,
        guests=_guests(participants) if participants else (),
        **plain,
    )
    return _series(appointment, rule, exceptions) if rule else appointment


def _of_another_kind(
    whole: Row, exceptions: Iterable[Row], participants: Iterable[Row]
) -> Unsyncable | None:
    """What a column holds that is not of its kind, as SQLite lets anybody store it."""
    for row in (whole, *exceptions, *participants):
        odd = _oddity(tuple(row), tuple(map(type, row.values())))
        if odd is not None:
            return odd
        for name in _MOMENTS:
            moment = row.get(name)
            if moment is not None and moment.tzinfo is not None:
                return Unsyncable(_no_time(name))
    sending = whole["calendar_sync"]
    if sending is None:
        return Unsyncable(
            message("its activity type {number} does not exist", number=whole["type_id"])
        )
    if sending not in _SENDING:
        word = quoted(sending)
        return Unsyncable(
            message("its type's calendar_sync is {word}, which is none of its words", word=word)
        )
    return None


@lru_cache(maxsize=256)
def _oddity(names: tuple[str, ...], kinds: tuple[type, ...]) -> Unsyncable | None:
    """The same of one row, by the kinds of what its columns hold: nearly all rows are alike."""
    for name, kind in zip(names, kinds, strict=True):
        if kind is type(None):
            continue
        if name in _TEXTS and not issubclass(kind, str):
            return Unsyncable(message("its column {column} holds no text", column=name))
        if name in _MOMENTS and not issubclass(kind, datetime):
            return Unsyncable(_no_time(name))
        if name in _NUMBERS and not issubclass(kind, int):
            return Unsyncable(message("its column {column} holds no number", column=name))
    return None


def _no_time(column: str) -> Message:
    return message("its column {column} holds no wall-clock time", column=column)


_COLUMNS: Final = (*activity.c, *activity_exception.c, *activity_participant.c)
_TEXTS: Final = frozenset(c.name for c in _COLUMNS if isinstance(c.type, sa.String))
_NUMBERS: Final = frozenset(c.name for c in _COLUMNS if isinstance(c.type, sa.Integer))
_MOMENTS: Final = frozenset({"starts_at", "ends_at", "original_start"})
_SENDING: Final = {known.value: known for known in Sending}
_RESPONSES: Final = {known.value: known for known in Response}

MIDNIGHT: Final = datetime(2000, 1, 1).time()
_REVERSED: Final = message("it ends before it begins")


def _times(
    row: Row, zone: str, *, all_day: bool, recurring: bool
) -> tuple[datetime, datetime, str] | Unsyncable:
    """Start, end, and the zone in which these mean one instant each; a series keeps its clock."""
    start, end = row["starts_at"], row["ends_at"]
    if all_day:
        if end < start:
            return Unsyncable(_REVERSED)
        if start.time() != MIDNIGHT or end.time() != MIDNIGHT or end == start:
            return Unsyncable(message("an all-day appointment must begin and end at midnight"))
        return start, end, zone
    if not recurring and hours.skipped(start, end, zone):
        return Unsyncable(message("it begins or ends while clocks are put forward"))
    begin, finish = hours.instants(start, end, zone)
    if finish < begin and not (recurring and start <= end):
        return Unsyncable(_REVERSED)
    if start <= end:
        return start, end, zone
    if recurring:
        return start, start + (finish - begin), zone
    return hours.by_the_clock(begin, finish, zone)


def _series(
    appointment: Appointment, rule: Rule, exceptions: Collection[Row]
) -> Appointment | Unsyncable:
    begun = begun_at_first(appointment, rule)
    if begun is None:
        return Unsyncable(message("its recurrence rule gives no occurrence"))
    if not begun.all_day and zones.windows_name(begun.zone) is None:
        name = begun.zone
        return Unsyncable(message("Exchange knows no time zone {name} for a series", name=name))
    if not begun.all_day and hours.skipped(begun.start, begun.end, begun.zone):
        # Exchange keeps the instants of the first occurrence, which are other times by the clock.
        return Unsyncable(
            message("its first occurrence begins or ends while clocks are put forward")
        )
    whole = with_exceptions(begun, (_exception(child, begun) for child in exceptions))
    return impossible(whole) or whole


def _left_out(appointment: Appointment, exceptions: Collection[Row]) -> Iterator[Message]:
    """Exceptions that fall on no occurrence are ignored, but not in silence (G8)."""
    kept = {exception.original_start.date() for exception in appointment.exceptions}
    for row in exceptions:
        if appointment.rule is not None and row["original_start"].date() not in kept:
            yield message(
                "the exception for {moment} is ignored, because the series has no occurrence then",
                moment=shown(row["original_start"]),
            )


def _exception(row: Row, series: Appointment) -> ChangedOccurrence:
    return ChangedOccurrence(
        original_start=row["original_start"],
        cancelled=bool(row["cancelled"]),
        subject=None if row["subject"] is None else one_line(row["subject"]),
        body=None if row["body"] is None else paragraphs(row["body"]),
        location=None if row["location"] is None else one_line(row["location"]),
        start=_own_time(row["starts_at"], series),
        end=_own_time(row["ends_at"], series),
    )


def _own_time(moment: datetime | None, series: Appointment) -> datetime | None:
    """As Exchange can keep it: an instant, which no time in a gap is."""
    return moment if moment is None or series.all_day else zones.existing(moment, series.zone)


def _participants(rows: Iterable[Row], organizing: EmployeeId | None) -> Iterable[Participant]:
    seen = {organizing}
    for row in sorted((r for r in rows if r["employee_id"]), key=lambda r: int(r["employee_id"])):
        employee = EmployeeId(row["employee_id"])
        if employee not in seen:
            seen.add(employee)
            yield Participant(employee, _response(row["response"]))


def _guests(rows: Iterable[Row]) -> tuple[Person, ...]:
    return each_once(
        Person(one_line(row["email"]), one_line(row["name"]), _response(row["response"]))
        for row in rows
        if not row["employee_id"]
    )


def _response(word: str) -> Response:
    return _RESPONSES.get(word, Response.NONE)


def _organizer(row: Row) -> Person | None:
    email, name = row["organizer_email"], row["organizer_name"]
    if not email and not name:
        return None
    organizer = Person(one_line(email), one_line(name))
    return organizer if any(known_as(organizer)) else None
