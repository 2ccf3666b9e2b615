"""What can be told of rows whose values cannot be read (B8).

SQLite stores anything in any column; PostgreSQL stores times that Python's calendar does not reach.
Such a row is named by what can be read of it, and costs itself alone.
"""

import sqlite3
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EmployeeId
from calsync_agent.appointment.naming import appointment_name
from calsync_agent.consolidate.rows import BrokenActivity
from calsync_agent.consolidate.tables import activity
from calsync_agent.database.types import long_text
from calsync_agent.fence import told
from calsync_agent.i18n import message


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
    raw = [_raw(connection, column) for column in (a.subject, a.starts_at, a.private)]
    wanted = sa.select(_raw(connection, a.responsible_id), a.deleted_at.is_not(None), *raw)
    row = connection.execute(wanted.where(a.id == number)).first()
    if row is None:
        return None
    responsible, deleted, subject, starts_at, private = row
    whose = as_text(responsible)
    return BrokenActivity(
        id=number,
        responsible=EmployeeId(int(whose) if whose.isdecimal() else 0),
        deleted=bool(deleted),
        reason=message("its row cannot be read ({detail})", detail=told(error)),
        name=appointment_name(
            as_text(subject), as_text(starts_at), number, private=not is_false(as_text(private))
        ),
    )


def as_text(value: object) -> str:
    """What a raw value reads as, with signs instead of what is no text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def is_false(text: str) -> bool:
    """Whether a raw value certainly says no."""
    return text.lower() in {"0", "false", "f"}


def _raw(connection: sa.Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """The column as bytes or text, which nothing tries to understand."""
    if connection.dialect.name == "sqlite":
        return sa.type_coerce(sa.cast(column, sa.LargeBinary), sa.types.NullType())
    return sa.cast(column, long_text())
