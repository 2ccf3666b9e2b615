"""Reads activities, employees and types from Consolidate's tables."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EmployeeId
from calsync_agent.appointment.people import Directory, Employee, directory
from calsync_agent.consolidate.broken import (
    as_text,
    named_by_the_rest,
    proper_id,
    raw_id,
    spoils_reading,
    text_column,
)
from calsync_agent.consolidate.rows import read_activity
from calsync_agent.consolidate.tables import (
    activity,
    activity_exception,
    activity_participant,
    activity_type,
    employee,
    employee_email,
)
from calsync_agent.database.failures import is_lock_timeout
from calsync_agent.database.remade import Remade, Tuples, remade
from calsync_agent.database.statements import at_once, by_name, chunks, in_order, skipping_locked
from calsync_agent.domain.activity import Activity, BrokenActivity

SOME: Final = 500
# A row whose type is gone is still a row: it is read, and named as broken.
_ACTIVITY: Final = (
    sa.select(*activity.c, activity_type.c.calendar_sync)
    .join_from(activity, activity_type, activity.c.type_id == activity_type.c.id, isouter=True)
    .where(activity.c.id.in_(sa.bindparam("ids", expanding=True)))
)
_SEEN: Final = at_once(_ACTIVITY, activity, activity_type)
_HELD: Final = at_once(skipping_locked(_ACTIVITY, activity), activity_type)
_BELOW: Final = {
    table: sa.select(*table.c)
    .where(table.c.activity_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(table.c.id)
    for table in (activity_exception, activity_participant)
}
_BELOW_AT_ONCE: Final = {table: at_once(wanted, table) for table, wanted in _BELOW.items()}


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody's addresses, and who may be synced (C5)."""

    people: Directory
    permitted: frozenset[EmployeeId]


@dataclass(frozen=True, slots=True)
class Held:
    """Activities that could be had at once, and those that somebody else is at work on.

    Both only of those that have a row, deleted ones among them.
    """

    activities: dict[ActivityId, Activity | BrokenActivity]
    busy: frozenset[ActivityId]


@dataclass(frozen=True, slots=True)
class Rows:
    """What the tables hold of an activity."""

    row: Any
    exceptions: Sequence[Any]
    participants: Sequence[Any]

    def read(self) -> Activity | BrokenActivity:
        """What they mean."""
        return read_activity(self.row, self.exceptions, self.participants)


def read_activities(
    connection: sa.Connection, ids: Collection[ActivityId]
) -> dict[ActivityId, Activity | BrokenActivity]:
    """The activities with these ids that still have a row, deleted ones among them.

    May wait on SQL Server; raises Contended there where somebody is at work on one for too long.
    """
    return understood(_rows_of(connection, ids, _ACTIVITY, waiting=True))


def see_activities(connection: sa.Connection, ids: Collection[ActivityId]) -> Held:
    """The activities with these ids, as far as they can be read at once; nothing is held."""
    rows, busy = see_rows(connection, ids)
    return Held(understood(rows), busy)


def see_rows(
    connection: sa.Connection, ids: Collection[ActivityId]
) -> tuple[dict[ActivityId, Rows | BrokenActivity], frozenset[ActivityId]]:
    """As `see_activities`, not yet understood."""
    found = _rows_of(connection, ids, _SEEN)
    return found, _busy(connection, set(ids) - found.keys())


def hold_rows(
    connection: sa.Connection, ids: Collection[ActivityId]
) -> tuple[dict[ActivityId, Rows | BrokenActivity], frozenset[ActivityId]]:
    """As `hold_activities`, not yet understood."""
    found = _rows_of(connection, ids, _HELD)
    return found, _busy(connection, set(ids) - found.keys())


def hold_activities(connection: sa.Connection, ids: Collection[ActivityId]) -> Held:
    """The activities with these ids that nobody else is at work on.

    They cannot be changed by others until the transaction ends; the rest is not waited for.
    """
    rows, busy = hold_rows(connection, ids)
    return Held(understood(rows), busy)


def understood(
    rows: Mapping[ActivityId, Rows | BrokenActivity],
) -> dict[ActivityId, Activity | BrokenActivity]:
    """What these rows mean."""
    return {n: one.read() if isinstance(one, Rows) else one for n, one in rows.items()}


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
    found = sa.select(raw_id(connection, activity.c.id)).where(
        sa.or_(activity.c.responsible_id == of, activity.c.id.in_(takes_part)),
        activity.c.deleted_at.is_(None),
        sa.or_(
            activity.c.ends_at >= ends_after,
            sa.and_(activity.c.recurrence.is_not(None), activity.c.status == "open"),
        ),
    )
    numbers = map(proper_id, connection.execute(found).scalars())
    return [ActivityId(number) for number in numbers if number is not None]


def read_staff(connection: sa.Connection) -> Staff:
    """All employees with their addresses, and those who may be synced."""
    return read_staff_anew(connection, None).value


def read_staff_anew(connection: sa.Connection, before: Remade[Staff] | None) -> Remade[Staff]:
    """The same; where nothing of it has changed, what it was `before`.

    Two queries each time, because nobody tells of a change. Reading rows costs little; a directory
    of all employees costs more than all else that an idle round does.
    """
    addresses = connection.execute(
        sa.select(employee_email.c.employee_id, text_column(connection, employee_email.c.email))
    )
    e, texts = employee.c, (employee.c.code, employee.c.name, employee.c.email)
    told = [text_column(connection, column).label(column.name) for column in texts]
    everybody = connection.execute(sa.select(e.id, e.active, e.calendarsync_allowed, *told))
    rows = [tuple(map(tuple, addresses)), tuple(map(tuple, everybody))]
    return remade(rows, before, _staff)


def _staff(rows: Tuples) -> Staff:
    addresses, staff = rows
    aliases: dict[int, list[str]] = defaultdict(list)
    for number, address in addresses:
        aliases[number].append(as_text(address))
    permitted = frozenset(
        EmployeeId(number) for number, active, allowed, *_ in staff if active and allowed
    )
    everybody = (
        Employee(
            id=EmployeeId(number),
            code=as_text(code),
            name=as_text(name),
            address=as_text(address).strip(),
            aliases=tuple(aliases[number]),
        )
        for number, _active, _allowed, code, name, address in staff
    )
    return Staff(directory(everybody, permitted), permitted)


def inbound_type(connection: sa.Connection) -> int | None:
    """The type given to appointments that come from Exchange (C6); None where none is marked."""
    found = sa.select(activity_type.c.id).where(activity_type.c.inbound_default == sa.true())
    number: int | None = connection.execute(found.order_by(activity_type.c.id)).scalars().first()
    return number


def _rows_of(
    connection: sa.Connection,
    ids: Collection[ActivityId],
    wanted: sa.Select[Any],
    *,
    waiting: bool = False,
) -> dict[ActivityId, Rows | BrokenActivity]:
    found: dict[ActivityId, Rows | BrokenActivity] = {}
    for some in chunks(in_order(ids), SOME):
        for read in _read(connection, some, wanted, waiting=waiting):
            number = ActivityId(read.row["id"]) if isinstance(read, Rows) else read.id
            found[number] = read
    return found


def _busy(connection: sa.Connection, missing: Collection[ActivityId]) -> frozenset[ActivityId]:
    """Those of these activities that have a row: somebody else holds it, or has just made it."""
    busy: set[ActivityId] = set()
    there = at_once(sa.select(activity.c.id), activity)
    for some in chunks(in_order(missing), SOME):
        try:
            busy.update(connection.execute(there.where(activity.c.id.in_(some))).scalars())
        except sa.exc.DBAPIError as error:
            if not _held_by_others(connection, error):
                raise
            busy.update(one for one in some if len(some) == 1 or _busy(connection, [one]))
    return frozenset(busy)


def _held_by_others(connection: sa.Connection, error: sa.exc.DBAPIError) -> bool:
    """Whether a statement failed for others' sake, and the transaction goes on all the same."""
    return connection.dialect.name == "mssql" and is_lock_timeout(error)


def _read(
    connection: sa.Connection,
    ids: Sequence[ActivityId],
    wanted: sa.Select[Any],
    *,
    waiting: bool,
) -> Iterator[Rows | BrokenActivity]:
    try:
        rows = by_name(connection.execute(wanted, {"ids": ids}))
        if not rows:  # what comes from Exchange for the first time
            return
        exceptions = _children(connection, activity_exception, ids, waiting=waiting)
        participants = _children(connection, activity_participant, ids, waiting=waiting)
    except (ValueError, TypeError, ArithmeticError, sa.exc.DBAPIError) as error:
        busy = isinstance(error, sa.exc.DBAPIError) and _held_by_others(connection, error)
        if waiting or not busy:
            if not spoils_reading(error):
                raise
            yield from _in_halves(connection, ids, error, wanted, waiting=waiting)
        elif len(ids) > 1:
            yield from _in_halves(connection, ids, error, wanted, waiting=waiting)
        return
    for row in rows:
        yield Rows(row, exceptions[row["id"]], participants[row["id"]])


def _in_halves(
    connection: sa.Connection,
    ids: Sequence[ActivityId],
    error: Exception,
    wanted: sa.Select[Any],
    *,
    waiting: bool,
) -> Iterator[Rows | BrokenActivity]:
    if len(ids) > 1:
        half = len(ids) // 2
        yield from _read(connection, ids[:half], wanted, waiting=waiting)
        yield from _read(connection, ids[half:], wanted, waiting=waiting)
        return
    broken = named_by_the_rest(connection, ids[0], error)
    if broken is not None:
        yield broken


def _children(
    connection: sa.Connection, table: sa.Table, ids: Sequence[ActivityId], *, waiting: bool
) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    wanted = _BELOW[table] if waiting else _BELOW_AT_ONCE[table]
    for row in by_name(connection.execute(wanted, {"ids": ids})):
        found[row["activity_id"]].append(row)
    return found
