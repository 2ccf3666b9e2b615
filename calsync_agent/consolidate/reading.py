"""Reads activities, employees and types from Consolidate's tables."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EmployeeId
from calsync_agent.appointment.people import Directory, Employee, directory
from calsync_agent.consolidate.broken import named_by_the_rest, spoils_reading
from calsync_agent.consolidate.rows import Activity, BrokenActivity, read_activity
from calsync_agent.consolidate.tables import (
    activity,
    activity_exception,
    activity_participant,
    activity_type,
    employee,
    employee_email,
)
from calsync_agent.database.statements import chunks, locked

SOME: Final = 500
_ACTIVITY: Final = sa.select(*activity.c, activity_type.c.calendar_sync).join_from(
    activity, activity_type, activity.c.type_id == activity_type.c.id
)


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody's addresses, and who may be synced (C5)."""

    people: Directory
    permitted: frozenset[EmployeeId]


def read_activities(
    connection: sa.Connection, ids: Collection[ActivityId], *, hold: bool = False
) -> dict[ActivityId, Activity | BrokenActivity]:
    """The activities with these ids that still have a row, deleted ones among them.

    `hold` keeps the rows from being changed by others until the transaction ends.
    """
    found: dict[ActivityId, Activity | BrokenActivity] = {}
    for some in chunks(sorted(ids), SOME):
        for read in _read(connection, some, hold=hold):
            found[read.id] = read
    return found


def in_scope_of(
    connection: sa.Connection, of: EmployeeId, ends_after: datetime
) -> list[ActivityId]:
    """Activities that may have to be in an employee's mailbox (C1, F1, F2).

    Those they are responsible for or take part in, which end after a wall-clock time, early enough
    for every zone, and open recurring ones however old.
    """
    takes_part = sa.select(activity_participant.c.activity_id).where(
        activity_participant.c.employee_id == of
    )
    found = sa.select(activity.c.id).where(
        sa.or_(activity.c.responsible_id == of, activity.c.id.in_(takes_part)),
        activity.c.deleted_at.is_(None),
        sa.or_(
            activity.c.ends_at >= ends_after,
            sa.and_(activity.c.recurrence.is_not(None), activity.c.status == "open"),
        ),
    )
    return [ActivityId(number) for number in connection.execute(found).scalars()]


def with_exceptions(connection: sa.Connection, ids: Collection[ActivityId]) -> set[ActivityId]:
    """Those of these activities that have exceptions."""
    column = activity_exception.c.activity_id
    found: set[ActivityId] = set()
    for some in chunks(list(ids)):
        rows = connection.execute(sa.select(column).where(column.in_(some)).distinct())
        found |= {ActivityId(number) for number in rows.scalars()}
    return found


def read_staff(connection: sa.Connection) -> Staff:
    """All employees with their addresses, and those who may be synced."""
    aliases: dict[int, list[str]] = defaultdict(list)
    for number, address in connection.execute(
        sa.select(employee_email.c.employee_id, employee_email.c.email)
    ):
        aliases[number].append(address)
    rows = connection.execute(sa.select(*employee.c)).mappings().all()
    people = directory(
        Employee(
            id=EmployeeId(row["id"]),
            code=row["code"],
            name=row["name"],
            address=(row["email"] or "").strip(),
            aliases=tuple(aliases[row["id"]]),
        )
        for row in rows
    )
    permitted = (row["id"] for row in rows if row["active"] and row["calendarsync_allowed"])
    return Staff(people, frozenset(EmployeeId(number) for number in permitted))


def inbound_type(connection: sa.Connection) -> int | None:
    """The type given to appointments that come from Exchange (C6); None where none is marked."""
    found = sa.select(activity_type.c.id).where(activity_type.c.inbound_default == sa.true())
    number: int | None = connection.execute(found.order_by(activity_type.c.id)).scalars().first()
    return number


def _read(
    connection: sa.Connection, ids: Sequence[ActivityId], *, hold: bool
) -> Iterator[Activity | BrokenActivity]:
    wanted = _ACTIVITY.where(activity.c.id.in_(ids))
    if hold:
        wanted = locked(wanted, activity)
    try:
        rows = connection.execute(wanted).mappings().all()
        if not rows:  # what comes from Exchange for the first time
            return
        exceptions = _children(connection, activity_exception, ids)
        participants = _children(connection, activity_participant, ids)
    except (ValueError, TypeError, ArithmeticError, sa.exc.OperationalError) as error:
        if not spoils_reading(error):
            raise
        yield from _one_by_one(connection, ids, error, hold=hold)
        return
    for row in rows:
        yield read_activity(row, exceptions[row["id"]], participants[row["id"]])


def _one_by_one(
    connection: sa.Connection, ids: Sequence[ActivityId], error: Exception, *, hold: bool
) -> Iterator[Activity | BrokenActivity]:
    if len(ids) > 1:
        for number in ids:
            yield from _read(connection, [number], hold=hold)
        return
    broken = named_by_the_rest(connection, ids[0], error)
    if broken is not None:
        yield broken


def _children(
    connection: sa.Connection, table: sa.Table, ids: Sequence[ActivityId]
) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    rows: Iterable[Any] = connection.execute(
        sa.select(*table.c).where(table.c.activity_id.in_(ids)).order_by(table.c.id)
    ).mappings()
    for row in rows:
        found[row["activity_id"]].append(row)
    return found
