"""Enters the appointments of an iCalendar file into Consolidate, as their owner would have.

What has no place in Consolidate's tables is left out, whole, and reported with its reason.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.content import ALL
from calsync_agent.appointment.model import ActivityId, EmployeeId
from calsync_agent.appointment.people import Directory
from calsync_agent.consolidate import children
from calsync_agent.consolidate.ics_events import Entry, entries, reader
from calsync_agent.consolidate.reading import inbound_type, read_staff
from calsync_agent.consolidate.rows import activity_values
from calsync_agent.consolidate.tables import activity
from calsync_agent.database.statements import chunks
from calsync_agent.errors import Refusal, Unknown
from calsync_agent.i18n import message
from calsync_agent.ics.files import NotHeld, NotImported, by_uid, calendars, subject


@dataclass(frozen=True, slots=True)
class Imported:
    """How many appointments were entered, and what was left out, in the file's order."""

    entered: int
    refused: tuple[NotImported, ...]


def import_file(
    connection: sa.Connection, path: Path, code: str, floating: str, now: datetime
) -> Imported:
    """Enter a file's appointments for the employee with that code.

    `floating` is the zone (IANA) of times that name none and of all-day appointments; `now` is UTC.
    Raises ConfigurationRefused for a file that cannot be read, Unknown for the employee.
    """
    people = read_staff(connection).people
    employee = _employee(people, code)
    type_id = inbound_type(connection)
    if type_id is None:
        raise Refusal(message("no activity type is marked as inbound_default; mark one first"))
    found: list[Entry] = []
    refused: list[NotImported] = []
    for calendar in calendars(path):
        reads = reader(calendar, floating)
        for uid, components in by_uid(calendar).items():
            try:
                found += entries(reads, uid, components, employee, people)
            except NotHeld as error:
                refused.append(NotImported(uid, subject(components), error.reason))
    known = _there(connection, [entry.id for entry in found])
    for entry in found:
        if entry.id in known:
            reason = message("it has been imported before")
            refused.append(NotImported(entry.uid, entry.appointment.subject, reason))
    new = [entry for entry in found if entry.id not in known]
    _enter(connection, new, employee, type_id, now)
    return Imported(len(new), tuple(refused))


def _employee(people: Directory, code: str) -> EmployeeId:
    for employee in people.employees.values():
        if employee.code.casefold() == code.casefold():
            return employee.id
    raise Unknown(message("there is no employee {code}", code=code))


def _there(connection: sa.Connection, ids: Collection[ActivityId]) -> set[UUID]:
    found: set[UUID] = set()
    for some in chunks(list(ids)):
        statement = sa.select(activity.c.id).where(activity.c.id.in_(some))
        found.update(connection.execute(statement).scalars())
    return found


def _enter(
    connection: sa.Connection,
    entered: Sequence[Entry],
    employee: EmployeeId,
    type_id: int,
    now: datetime,
) -> None:
    if not entered:
        return
    usual = {
        "type_id": type_id,
        "responsible_id": employee,
        "status": "open",
        "created_at": now,
        "modified_at": now,
    }
    rows: list[dict[str, Any]] = [
        {
            **usual,
            "id": one.id,
            **activity_values(one.appointment, ALL, ""),
            "recurrence": one.recurrence,
        }
        for one in entered
    ]
    connection.execute(sa.insert(activity), rows)
    with_children = (one for one in entered if children.has_any(one.appointment))
    children.write(connection, {one.id: (one.appointment, employee, ALL) for one in with_children})
