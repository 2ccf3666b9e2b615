"""Statements that read the same on all three databases, and hold or skip rows as each can."""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final, TypeVar
from uuid import UUID

import sqlalchemy as sa

_Item = TypeVar("_Item")
_Number = TypeVar("_Number", bound=UUID)

PARAMETERS: Final = 2000
"""Most values bound in one statement; SQL Server takes 2,100 (and adds some of its own)."""

PASSING: Final = "WITH (READPAST, READCOMMITTEDLOCK)"
"""SQL Server's hint for reading past rows that others hold; see `skipping_locked`."""
PASSING_ROWS: Final = "WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)"
"""The same for a deletion, which must not lock more than the rows that it removes."""

_as_number = attrgetter("int")


def chunks(items: Sequence[_Item], size: int = PARAMETERS) -> Iterator[Sequence[_Item]]:
    """`items` in order, cut into parts of at most `size`: one statement each."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def in_order(ids: Iterable[_Number]) -> list[_Number]:
    """UUIDs in their order, in which everybody locks rows; quicker than `sorted` by itself."""
    return sorted(ids, key=_as_number)


def by_name(result: sa.Result[Any]) -> list[dict[str, Any]]:
    """The rows by the names of their columns, in a form that is quick to read again and again."""
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def locked(select: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
    """`select`, holding the rows of `table` that it reads until the transaction ends.

    SQLite needs nothing: a writing transaction there is alone from its first statement on.
    """
    held = select.with_for_update(of=table)
    return held.with_hint(table, "WITH (UPDLOCK, ROWLOCK)", "mssql")


def skipping_locked(select: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
    """As `locked`, but passing over the rows of `table` that another transaction holds.

    READCOMMITTEDLOCK, because READPAST alone is refused where READ_COMMITTED_SNAPSHOT is on.
    """
    held = select.with_for_update(of=table, skip_locked=True)
    hint = "WITH (UPDLOCK, ROWLOCK, READPAST, READCOMMITTEDLOCK)"
    return held.with_hint(table, hint, "mssql")


def at_once(select: sa.Select[Any], *tables: sa.Table) -> sa.Select[Any]:
    """`select`, which fails on SQL Server where it would have to wait for a row.

    Elsewhere reading waits for no row.
    """
    for table in tables:
        select = select.with_hint(table, "WITH (NOWAIT)", "mssql")
    return select
