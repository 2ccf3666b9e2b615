"""What can be told of rows whose values cannot be read (B8).

SQLite stores anything in any column; PostgreSQL stores times that Python's calendar does not reach.
Such a row is named by what can be read of it, and costs itself alone.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EmployeeId
from calsync_agent.appointment.naming import appointment_name
from calsync_agent.consolidate.tables import activity
from calsync_agent.database.types import long_text
from calsync_agent.domain.activity import BrokenActivity
from calsync_agent.fence import told
from calsync_agent.i18n import Message, Value, message


def spoils_reading(error: Exception) -> bool:
    """Whether an error met while reading may be the fault of what one row holds.

    A value that a column's type cannot take raises ValueError, TypeError or OverflowError; bytes
    that are no text are an error of the driver itself.
    """
    if isinstance(error, sa.exc.OperationalError):
        return isinstance(error.orig, sqlite3.OperationalError) and _UNDECODABLE in str(error.orig)
    return isinstance(error, ValueError | TypeError | OverflowError | ArithmeticError)


_UNDECODABLE: Final = "Could not decode to UTF-8"


def named_by_the_rest(
    connection: sa.Connection, number: ActivityId, error: Exception
) -> BrokenActivity | None:
    """The row that cannot be read because of `error`; None where there is none."""
    a = activity.c
    raw = [raw_value(connection, column) for column in (a.subject, a.starts_at, a.private)]
    responsible_id = raw_value(connection, a.responsible_id)
    wanted = sa.select(responsible_id, a.deleted_at.is_not(None), *raw)
    row = connection.execute(wanted.where(a.id == number)).first()
    if row is None:
        return None
    responsible, deleted, subject, starts_at, private = row
    whose = as_text(responsible)
    return BrokenActivity(
        id=number,
        responsible=EmployeeId(int(whose) if whose.isdecimal() else 0),
        deleted=bool(deleted),
        reason=_reason(connection, number, error),
        name=appointment_name(
            as_text(subject), as_text(starts_at), number, private=not is_false(as_text(private))
        ),
    )


def as_text(value: object) -> str:
    """What a raw value reads as, with signs instead of what is no text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def text_column(connection: sa.Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """A column to be read by `as_text`, whatever it holds."""
    return raw_value(connection, column) if connection.dialect.name == "sqlite" else column


def is_false(text: str) -> bool:
    """Whether a raw value certainly says no."""
    return text.lower() in {"0", "false", "f"}


def _reason(connection: sa.Connection, number: ActivityId, error: Exception) -> Message:
    """Why a row cannot be read, with the column where it is one of its own."""
    for column in activity.c:
        try:
            connection.execute(sa.select(column).where(activity.c.id == number)).all()
        except (ValueError, TypeError, ArithmeticError, sa.exc.OperationalError) as met:
            if not spoils_reading(met):
                raise
            name = column.name
            if isinstance(column.type, sa.DateTime):
                return message("its column {column} holds no time that could be read", column=name)
            return message(
                "its column {column} cannot be read ({detail})", column=name, detail=told(met)
            )
    return message("its row cannot be read ({detail})", detail=told(error))


@dataclass(frozen=True, slots=True)
class OddRow:
    """An appointment whose id is none, so that nothing can be linked to it.

    `key` tells it from others. `responsible` is 0 where even that cannot be read.
    """

    key: str
    responsible: EmployeeId
    name: Value


def odd_rows(connection: sa.Connection) -> list[OddRow]:
    """The rows of `activity` that have no proper id, those that count as deleted left out.

    Only SQLite can have any: the others' columns hold nothing but uuids.
    """
    if connection.dialect.name != "sqlite":
        return []
    a = activity.c
    columns = (a.id, a.responsible_id, a.subject, a.starts_at, a.private)
    raw = sa.select(*(raw_value(connection, column) for column in columns))
    rows = connection.execute(raw.where(a.deleted_at.is_(None)))
    return list(_odd(rows.yield_per(1000)))


def _odd(rows: Iterable[Any]) -> Iterator[OddRow]:
    for number, responsible, subject, starts_at, private in rows:
        if proper_id(number) is None:
            whose, told_id = as_text(responsible), as_text(number)
            yield OddRow(
                key=sha256(told_id.encode()).hexdigest(),
                responsible=EmployeeId(int(whose) if whose.isdecimal() else 0),
                name=appointment_name(
                    as_text(subject),
                    as_text(starts_at),
                    told_id,
                    private=not is_false(as_text(private)),
                ),
            )


def proper_id(value: object) -> UUID | None:
    """The id that an untouched value of a uuid column is; None where it is none as we write them.

    One that is written otherwise is never found again by its value.
    """
    if isinstance(value, UUID):
        return value
    found = as_text(value)
    return UUID(hex=found) if _STORED_ID.fullmatch(found) else None


_STORED_ID: Final = re.compile(r"[0-9a-f]{32}")


def raw_id(connection: sa.Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """A uuid column, untouched where its database takes anything (`proper_id`)."""
    return raw_value(connection, column) if connection.dialect.name == "sqlite" else column


def raw_value(connection: sa.Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """The column as bytes or text, which nothing tries to understand."""
    if connection.dialect.name == "sqlite":
        return sa.type_coerce(sa.cast(column, sa.LargeBinary), sa.types.NullType())
    return sa.cast(column, long_text())
