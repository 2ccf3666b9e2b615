"""What columns hold, whatever it is: SQLite stores anything in any of them (B8)."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

_LONGEST: Final = 80
_KEPT: Final = 512


class _Anything(sa.types.TypeDecorator[object]):
    """Text that arrives as the hex digits of its bytes, everything else as it is."""

    impl = sa.types.NullType
    cache_ok = True

    def process_result_value(self, value: object, _dialect: sa.Dialect) -> object:
        """Text where it is UTF-8, else its bytes."""
        if not isinstance(value, str):
            return value
        content = bytes.fromhex(value)
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content


def as_stored(
    connection: sa.Connection, columns: Iterable[sa.ColumnElement[Any]]
) -> list[sa.ColumnElement[Any]]:
    """The columns by their names, with whatever stands in them; nothing there fails to be read.

    On SQLite what is no text in UTF-8 comes as bytes; the other databases hold what a column's type
    says, and nothing tries to understand it.
    """
    return [_as_stored(connection.dialect.name, column) for column in columns]


@lru_cache(maxsize=_KEPT)
def _as_stored(dialect: str, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Built once, as it is asked for in every round."""
    name = column.key or ""
    if dialect != "sqlite":
        return sa.type_coerce(column, sa.types.NullType()).label(name)
    told = sa.case((sa.func.typeof(column) == "text", sa.func.hex(column)), else_=column)
    return sa.type_coerce(told, _Anything()).label(name)


def shown(value: object) -> str:
    """How such a value is told; never longer than a line takes."""
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
