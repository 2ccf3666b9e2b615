"""The rows below an activity: exceptions and participants, changed where they differ."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

import sqlalchemy as sa

from calsync_agent.appointment.fields import PEOPLE, Field
from calsync_agent.appointment.model import (
    ActivityId,
    Appointment,
    ChangedOccurrence,
    EmployeeId,
    Person,
)
from calsync_agent.appointment.people import ADDRESS_LIMIT, NAME_LIMIT, each_once, known_as
from calsync_agent.appointment.text import LOCATION_LIMIT, cut
from calsync_agent.consolidate.fields import SUBJECT_COLUMN
from calsync_agent.consolidate.holding import hold
from calsync_agent.consolidate.tables import activity_exception, activity_participant
from calsync_agent.database.statements import chunks

Wanted: TypeAlias = Mapping[ActivityId, tuple[Appointment, EmployeeId, Collection[Field]]]
"""By activity: its content, its responsible, and which fields to write."""

SOME: Final = 500


def has_any(appointment: Appointment) -> bool:
    """Whether the appointment needs rows below its own."""
    return bool(appointment.exceptions or appointment.participants or appointment.guests)


def write(connection: sa.Connection, wanted: Wanted) -> None:
    """Bring the children of each activity to its content, as far as `fields` says so."""
    exceptions = {
        number: {e.original_start: _exception(e) for e in appointment.exceptions}
        for number, (appointment, _responsible, fields) in wanted.items()
        if Field.EXCEPTIONS in fields
    }
    people = {
        number: dict(_people(appointment, responsible))
        for number, (appointment, responsible, fields) in wanted.items()
        if PEOPLE & set(fields)
    }
    _bring(connection, activity_exception, exceptions, lambda row: row["original_start"])
    _bring(connection, activity_participant, people, _person_key)


def _exception(exception: ChangedOccurrence) -> dict[str, Any]:
    subject, location = exception.subject, exception.location
    return {
        "original_start": exception.original_start,
        "cancelled": exception.cancelled,
        "subject": None if subject is None else cut(subject, SUBJECT_COLUMN),
        "body": exception.body,
        "location": None if location is None else cut(location, LOCATION_LIMIT),
        "starts_at": exception.start,
        "ends_at": exception.end,
    }


def _people(
    appointment: Appointment, responsible: EmployeeId
) -> Iterator[tuple[object, dict[str, Any]]]:
    """Participants and guests; in a meeting, an organizer of ours is there too (G10)."""
    if (appointment.participants or appointment.guests) and appointment.organizer is None:
        yield _employee(responsible, "fixed", "accepted")
    for participant in appointment.participants:
        yield _employee(participant.employee, "invited", participant.response.value)
    for guest in each_once(appointment.guests):
        row = {
            "employee_id": None,
            "email": cut(guest.address, ADDRESS_LIMIT) or None,
            "name": cut(guest.name, NAME_LIMIT) or None,
            "role": "invited",
            "response": guest.response.value,
        }
        yield _person_key(row), row


def _employee(employee: EmployeeId, role: str, response: str) -> tuple[object, dict[str, Any]]:
    row = {
        "employee_id": employee,
        "email": None,
        "name": None,
        "role": role,
        "response": response,
    }
    return _person_key(row), row


def _person_key(row: Mapping[Any, Any]) -> object:
    if row["employee_id"] is not None:
        return row["employee_id"]
    return known_as(Person(row["email"] or "", row["name"] or ""))


def _bring(
    connection: sa.Connection,
    table: sa.Table,
    wanted: Mapping[ActivityId, Mapping[Any, Mapping[str, Any]]],
    key: Any,  # noqa: ANN401 - a function of a row
) -> None:
    """Insert, update and remove rows of `table` so that those below each activity are as wanted."""
    present = _present(connection, table, wanted)
    new: list[dict[str, Any]] = []
    changed: dict[UUID, dict[str, Any]] = {}
    gone: list[UUID] = []
    owners: dict[UUID, ActivityId] = {}
    for number, rows in wanted.items():
        old = {key(row): row for row in present[number]}
        keep = set()
        for name, row in rows.items():
            if name not in old:
                new.append({"id": uuid4(), "activity_id": number, **row})
                continue
            keep.add(old[name]["id"])
            # What Consolidate says of a person's role and spelling stays as it is.
            fixed = {"role", "email", "name"}
            values = {c: v for c, v in row.items() if c not in fixed and old[name][c] != v}
            if values:
                changed[old[name]["id"]] = values
        gone += [row["id"] for row in present[number] if row["id"] not in keep]
        owners |= dict.fromkeys((row["id"] for row in present[number]), number)
    hold(connection, table, {child: owners[child] for child in (*changed, *gone)})
    if new:
        connection.execute(sa.insert(table), new)
    for child, values in changed.items():
        connection.execute(sa.update(table).where(table.c.id == child).values(values))
    for some in chunks(gone):
        connection.execute(sa.delete(table).where(table.c.id.in_(some)))


def _present(
    connection: sa.Connection, table: sa.Table, activities: Iterable[ActivityId]
) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for some in chunks(list(activities), SOME):
        rows = connection.execute(sa.select(*table.c).where(table.c.activity_id.in_(some)))
        for row in rows.mappings():
            found[row["activity_id"]].append(row)
    return found
