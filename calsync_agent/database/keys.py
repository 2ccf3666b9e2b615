"""Keys that the database makes by itself, without a counter.

Triggers of ours write rows inside other people's transactions. An identity or a sequence there
would change what `@@IDENTITY` and `lastval()` tell them; these leave both alone. Nothing rests on
their order.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class NewKey(FunctionElement[Any]):
    """`new_key()`: a text of at most 64 characters that no other row has."""

    type = sa.String()
    inherit_cache = True


@compiles(NewKey, "postgresql")
def _postgresql(_element: NewKey, _compiler: SQLCompiler, **_options: object) -> str:
    return "(txid_current()::text || '.' || random()::text)"


@compiles(NewKey, "mssql")
def _mssql(_element: NewKey, _compiler: SQLCompiler, **_options: object) -> str:
    return "(CONVERT(varchar(36), NEWID()))"


@compiles(NewKey, "sqlite")
def _sqlite(_element: NewKey, _compiler: SQLCompiler, **_options: object) -> str:
    return "(lower(hex(randomblob(16))))"
