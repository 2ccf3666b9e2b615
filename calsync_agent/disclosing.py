"""All that the plugin keeps about one employee: told, and deleted on request (GDPR).

Whose it is tells the profile, and of kept versions who was responsible. Appointments themselves are
Consolidate's and Exchange's, and are not touched.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.consolidate.tables import employee
from calsync_agent.database.stored import as_stored
from calsync_agent.errors import Refusal, Unknown
from calsync_agent.i18n import message
from calsync_agent.naming import with_code
from calsync_agent.state import acts, facts
from calsync_agent.state.tables import PLUGIN_TABLES, history, problem, profile


@dataclass(frozen=True, slots=True)
class Person:
    """Whom it is about. `employee` is None where Consolidate has no such row any more."""

    name: str
    employee: int | None
    profiles: tuple[int, ...]
    active: bool


def person(connection: sa.Connection, name: str) -> Person:
    """The employee with this code, or of the profile with this number, though it be deleted.

    Raises Unknown, and Refusal where the code is that of several.
    """
    e, p = employee.c, profile.c
    number = facts.number(name, digits=9)
    codes = {row.id: str(row.code or "") for row in connection.execute(sa.select(e.id, e.code))}
    who = with_code(name, codes)
    if who is None and number is not None:
        who = connection.execute(sa.select(p.employee_id).where(p.id == number)).scalar()
        if who is None:
            gone = Person(name, None, (number,), active=False)
            if any(_count(connection, one, where) for one, where in _parts(gone)):
                return gone
    if who is None:
        raise Unknown(message("there is no employee or profile {name}", name=name))
    rows = connection.execute(sa.select(p.id, p.active).where(p.employee_id == who)).all()
    numbers = tuple(sorted(row.id for row in rows))
    return Person(codes.get(who) or name, who, numbers, active=any(row.active for row in rows))


def kept(connection: sa.Connection, of: Person) -> dict[str, list[dict[str, Any]]]:
    """The rows about them, by table; those without any are left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table, where in _parts(of):
        rows = connection.execute(sa.select(*as_stored(connection, table.c)).where(where))
        told = [dict(row) for row in rows.mappings()]
        if told:
            found[table.name] = told
    return found


def counted(connection: sa.Connection, of: Person) -> dict[str, int]:
    """How many rows there are about them, by table."""
    every = ((table.name, _count(connection, table, where)) for table, where in _parts(of))
    return {name: count for name, count in every if count}


def told(connection: sa.Connection, of: Person, account: str) -> None:
    """Note that somebody has looked at it."""
    text = message(
        "{account} has exported what is kept about the employee {employee}",
        account=account,
        employee=of.name,
    )
    acts.note(connection, text, next(map(ProfileId, of.profiles), None))


def erase(connection: sa.Connection, of: Person, account: str) -> Mapping[str, int]:
    """Delete all of it; how many rows, by table. Raises Refusal while it is being synced."""
    if of.active:
        raise Refusal(
            message(
                "the profile of {name} is active, and would keep more at once; pause it first",
                name=of.name,
            )
        )
    done = counted(connection, of)
    for table, where in reversed(list(_parts(of))):
        connection.execute(sa.delete(table).where(where))
    text = message(
        "{account} has deleted what was kept about the employee with the number {number}",
        account=account,
        number="-" if of.employee is None else of.employee,
    )
    acts.note(connection, text)
    return done


def _parts(of: Person) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """The tables that hold something about somebody, and which rows; the profile first."""
    yield profile, profile.c.id.in_(of.profiles)
    for table in PLUGIN_TABLES:
        if "profile_id" not in table.c:
            continue
        where: sa.ColumnElement[bool] = table.c.profile_id.in_(of.profiles)
        if table is history and of.employee is not None:
            where = sa.or_(where, history.c.responsible_id == of.employee)
        yield table, where
    yield problem, problem.c.profile == of.name


def _count(connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    found = sa.select(sa.func.count()).select_from(table).where(where)
    return int(connection.execute(found).scalar_one())
