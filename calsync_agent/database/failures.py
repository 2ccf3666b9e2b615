"""What the three drivers' errors mean to us.

Sources: PostgreSQL's appendix A (SQLSTATE), SQL Server's error numbers and ODBC's SQLSTATEs,
SQLite's result codes. psycopg2 gives no SQLSTATE for a refused connection, hence texts.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from calsync_agent.errors import DatabaseRefused, DatabaseTrouble, NotPermitted
from calsync_agent.i18n import message


class Contended(DatabaseTrouble):
    """Rolled back because of others at work: nothing happened, the same may succeed at once."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a driver said: SQLSTATE, numbers (SQL Server's or SQLite's), and its first line."""

    state: str
    numbers: frozenset[int]
    text: str


# Serialization failure, deadlock, lock not available.
_CONTENDED_STATES: Final = frozenset({"40001", "40P01", "55P03"})
_LOCK_NOT_AVAILABLE: Final = "55P03"  # PostgreSQL
_LOCK_TIMEOUT: Final = 1222  # SQL Server; also of a statement that says NOWAIT
# SQL Server: deadlock victim, lock time-out, snapshot update conflicts, no more locks.
_CONTENDED_NUMBERS: Final = frozenset({1204, 1205, 1222, 3960, 3961})
# Connection exceptions, resources, operator intervention, time-outs; ODBC's HYT00, HYT01.
_LOST_STATES: Final = ("08", "53", "57P", "58", "40003", "HYT")
# SQL Server: session killed or server going down, connection broken, Azure's passing errors.
_LOST_NUMBERS: Final = frozenset(
    {596, 6005, 10053, 10054, 10060, 10928, 10929, 40143, 40197, 40501, 40613, 49918, 49919, 49920}
)
_DENIED_STATE: Final = "42501"  # PostgreSQL
# SQL Server: no right on an object, a column, a statement, the server's state; not to be seen.
_DENIED_NUMBERS: Final = frozenset({229, 230, 262, 297, 300, 1088, 15247})
_NO_SCHEMA_STATE: Final = "3F000"  # PostgreSQL
_NO_SCHEMA: Final = 2760  # SQL Server; says itself that the login may only not be allowed to use it
_BUSY, _LOCKED, _READONLY, _IO, _FULL = 5, 6, 8, 10, 13  # SQLite's primary result codes


def facts(error: sa.exc.DBAPIError) -> Facts:
    """What the driver behind `error` said."""
    orig = error.orig
    lines = (line.strip() for line in _spoken(orig).splitlines())
    text = next(filter(None, lines), type(orig).__name__)
    code = getattr(orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return Facts("", frozenset({code & 0xFF}), text)
    state = getattr(orig, "pgcode", None)
    if isinstance(state, str):
        return Facts(state, frozenset(), text)
    match getattr(orig, "args", ()):
        case (str(state), str(said)):  # pyodbc; the server's number stands in parentheses
            numbers = frozenset(int(number) for number in re.findall(r"\((\d+)\)", said))
            return Facts(state, numbers, text)
        case _:
            return Facts("", frozenset(), text)


def _spoken(orig: BaseException | None) -> str:
    match getattr(orig, "args", ()):
        case (str(state), str(said)) if said.startswith(f"[{state}]"):
            # pyodbc: [28000] [Microsoft][ODBC Driver 18 for SQL Server]… (18456) (SQLDriverConnect)
            return re.sub(r"^(\[[^\]]*\]\s*)+|\s*\((SQL\w+|0)\)", "", said)
        case _:
            return str(orig)


def is_contended(error: sa.exc.DBAPIError) -> bool:
    """Whether the transaction was given up for others' sake and is certainly rolled back."""
    said = facts(error)
    if _is_sqlite(error):
        return bool(said.numbers & {_BUSY, _LOCKED})
    return said.state in _CONTENDED_STATES or bool(said.numbers & _CONTENDED_NUMBERS)


def is_lock_timeout(error: sa.exc.DBAPIError) -> bool:
    """Whether one statement was given up because others hold what it needs.

    The transaction can go on: on SQL Server as it is, on PostgreSQL from its last savepoint.
    """
    said = facts(error)
    return said.state == _LOCK_NOT_AVAILABLE or _LOCK_TIMEOUT in said.numbers


def is_passing(error: sa.exc.DBAPIError) -> bool:
    """Whether the connection was lost, or the server cannot do it now."""
    said = facts(error)
    if _is_sqlite(error):
        return bool(said.numbers & {_IO, _FULL})
    return (
        error.connection_invalidated
        or said.state.startswith(_LOST_STATES)
        or bool(said.numbers & _LOST_NUMBERS)
        # psycopg2: refused, or broken off, without a SQLSTATE.
        or (not said.state and not said.numbers and isinstance(error, sa.exc.OperationalError))
    )


def forbidden(error: sa.exc.DBAPIError) -> str | None:
    """The driver's reason, where the login has not the right to do it; else None."""
    said = facts(error)
    if _is_sqlite(error):
        return said.text if _READONLY in said.numbers else None
    denied = said.state == _DENIED_STATE or said.numbers & _DENIED_NUMBERS
    return said.text if denied else None


def without_schema(error: sa.exc.DBAPIError) -> DatabaseRefused | None:
    """The refusal that `error` means, where the schema is not there; else None."""
    said = facts(error)
    if said.state != _NO_SCHEMA_STATE and _NO_SCHEMA not in said.numbers:
        return None
    return DatabaseRefused(
        message(
            "The schema for the tables is not there ({reason}); have it created, or correct"
            " database.schema (empty: the login's default schema)",
            reason=said.text,
        )
    )


def denied(error: sa.exc.DBAPIError) -> DatabaseRefused | None:
    """The refusal that `error` means, where the login has not the right to do it; else None.

    Or where the schema is not there, in which it should be done.
    """
    reason = forbidden(error)
    if reason is None:
        return without_schema(error)
    return NotPermitted(
        message(
            "The login has too few rights ({reason}); grant it SELECT on Consolidate's tables,"
            " INSERT and UPDATE on the activities, SELECT, INSERT, UPDATE and DELETE on the tables"
            " that begin with calsync_, and on PostgreSQL USAGE on the schema and on their"
            " sequences:"
            " packaging/DATABASE.md has the statements",
            reason=reason,
        )
    )


@contextmanager
def permitted() -> Iterator[None]:
    """Raise DatabaseRefused instead where the login may not do what is done inside."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        refusal = denied(error)
        if refusal is None:
            raise
        raise refusal from error


def trouble(error: sa.exc.DBAPIError, where: str) -> DatabaseTrouble | None:
    """The trouble that `error` means, or None where it is something else."""
    reason = facts(error).text
    if is_contended(error):
        return Contended(
            message(
                "The database at {where} is busy with others' changes ({reason}); try again.",
                where=where,
                reason=reason,
            )
        )
    if is_passing(error):
        return DatabaseTrouble(
            message(
                "The database at {where} does not answer for now: {reason}",
                where=where,
                reason=reason,
            )
        )
    return None


def _is_sqlite(error: sa.exc.DBAPIError) -> bool:
    return hasattr(error.orig, "sqlite_errorcode")
