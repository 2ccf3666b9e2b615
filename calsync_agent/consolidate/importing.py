"""Enters the appointments of an iCalendar file into Consolidate, as their owner would have.

What has no place in Consolidate's tables is left out, whole, and reported with its reason.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.fields import ALL
from calsync_agent.appointment.model import ActivityId, EmployeeId
from calsync_agent.appointment.people import Directory
from calsync_agent.consolidate import children
from calsync_agent.consolidate.fields import activity_values
from calsync_agent.consolidate.ics_events import Entries, ImportedEntry, entries, reader
from calsync_agent.consolidate.reading import inbound_type, read_staff
from calsync_agent.consolidate.tables import activity
from calsync_agent.database.statements import chunks
from calsync_agent.errors import Refusal, Unknown
from calsync_agent.fence import guarded, reason
from calsync_agent.i18n import Message, message
from calsync_agent.ics.files import LARGEST, NotImported, contents, why_not

# A lock that others hold, or a connection that is gone: no appointment is to blame.
_NOBODYS_FAULT: Final = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError)


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
    taken = contents(path)
    reads = reader(taken, floating)
    usual = {"type_id": type_id, "responsible_id": employee, "status": "open"}
    usual |= {"created_at": now, "modified_at": now}
    done = _Done(connection, usual, employee)
    for group in taken.groups:
        found = _attempt(partial(entries, reads, group, employee, people))
        if isinstance(found, Entries):
            done.waiting.append(found)
        else:
            done.left_out.append(group.left_out(found))
    done.enter()
    left_out = sorted(done.left_out, key=lambda each: each.line or LARGEST)
    return Imported(done.entered, tuple(left_out))


def _attempt(work: Callable[[], Entries | Message]) -> Entries | Message:
    """The appointments of what belongs together, or why there are none."""
    return guarded(work, why_not)


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


def _itself(error: Exception) -> Exception | None:
    return error


@dataclass(slots=True)
class _Done:
    """What has been entered so far, and what was left out."""

    connection: sa.Connection
    usual: Mapping[str, Any]
    employee: EmployeeId
    waiting: list[Entries] = field(default_factory=list)
    left_out: list[NotImported] = field(default_factory=list)
    entered: int = 0

    def enter(self) -> None:
        """Enter all that waits and is not there yet."""
        known = _there(self.connection, [one.id for each in self.waiting for one in each.entries])
        new = []
        for each in self.waiting:
            fresh = tuple(one for one in each.entries if one.id not in known)
            if len(fresh) < len(each.entries):
                before = message("it has been imported before")
                self.left_out.append(each.group.left_out(before))
            if fresh:
                new.append(replace(each, entries=fresh))
        self._write(new)

    def _write(self, new: Sequence[Entries]) -> None:
        """All of them together; where the database does not take that, by halves."""
        if not new:
            return
        rows = [one for each in new for one in each.entries]
        error = guarded(partial(self._together, rows), _itself)
        if isinstance(error, _NOBODYS_FAULT):
            raise error
        if error is not None and len(new) == 1:
            self.left_out.append(new[0].group.left_out(reason(error)))
        elif error is not None:
            half = len(new) // 2
            self._write(new[:half])
            self._write(new[half:])
        if error is not None:
            return
        self.entered += len(rows)
        for each in new:
            self.left_out += each.group.lost
            self.left_out += [each.group.left_out(lost) for lost in each.lost]

    def _together(self, rows: Sequence[ImportedEntry]) -> Exception | None:
        with self.connection.begin_nested():
            self._insert(rows)
        return None

    def _insert(self, entered: Sequence[ImportedEntry]) -> None:
        rows: list[dict[str, Any]] = [
            {
                **self.usual,
                "id": one.id,
                **activity_values(one.appointment, ALL, ""),
                "recurrence": one.recurrence,
            }
            for one in entered
        ]
        self.connection.execute(sa.insert(activity), rows)
        below = (one for one in entered if children.has_any(one.appointment))
        wanted = {one.id: (one.appointment, self.employee, ALL) for one in below}
        children.write(self.connection, wanted)
