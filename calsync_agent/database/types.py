"""Column types that mean the same on SQL Server 2012+, PostgreSQL 9.6+ and SQLite.

Source of the SQL Server choices: text must be `nvarchar` or letters outside the code page are
lost; the old `datetime` rounds to 3.33 ms; default collations ignore case while Graph's ids do
not; an index key holds 900 bytes at most.
"""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import mssql
from sqlalchemy.types import TypeEngine

BINARY_COLLATION: Final = "Latin1_General_BIN2"
_MOMENT: Final = sa.DateTime().with_variant(mssql.DATETIME2(precision=6), "mssql")
ID_LENGTH: Final = 400
"""Longest id from Graph that is stored as it is; `state.keys` shortens longer ones."""


def text(length: int) -> TypeEngine[str]:
    """Unicode text of at most `length` characters."""
    return sa.Unicode(length)


def long_text() -> TypeEngine[str]:
    """Unicode text without a limit."""
    # Offline, SQLAlchemy would print the old NTEXT.
    return sa.UnicodeText().with_variant(mssql.NVARCHAR(None), "mssql")


def key(length: int = ID_LENGTH) -> TypeEngine[str]:
    """An identifier in ASCII that differs by case and may be indexed."""
    return sa.String(length).with_variant(
        mssql.VARCHAR(length, collation=BINARY_COLLATION), "mssql"
    )


def long_key() -> TypeEngine[str]:
    """An identifier in ASCII that differs by case and may be very long (a delta link)."""
    return sa.Text().with_variant(mssql.VARCHAR(None, collation=BINARY_COLLATION), "mssql")


def moment() -> TypeEngine[datetime]:
    """A date and time without zone, to the microsecond."""
    return _MOMENT


def counter() -> TypeEngine[int]:
    """A number that the database gives out itself, without end."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
