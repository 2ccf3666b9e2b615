"""The database's own clock, in UTC without zone, as a default and in statements.

All agents on one database compare times by it, whatever their own clocks say.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class UtcNow(FunctionElement[Any]):
    """`utc_now()`: the present moment as the database sees it."""

    type = sa.DateTime()
    inherit_cache = True


@compiles(UtcNow, "postgresql")
def _postgresql(_element: UtcNow, _compiler: SQLCompiler, **_options: object) -> str:
    # clock_timestamp() moves on inside a transaction, unlike now().
    return "(clock_timestamp() AT TIME ZONE 'UTC')"


@compiles(UtcNow, "mssql")
def _mssql(_element: UtcNow, _compiler: SQLCompiler, **_options: object) -> str:
    return "(SYSUTCDATETIME())"


@compiles(UtcNow, "sqlite")
def _sqlite(_element: UtcNow, _compiler: SQLCompiler, **_options: object) -> str:
    # SQLite counts milliseconds; SQLAlchemy's stored form has six digits.
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"
