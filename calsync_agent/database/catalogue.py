"""What the database's catalogue tells: tables, columns, indexes, functions, triggers."""

from collections.abc import Collection
from functools import cache
from typing import Final

import sqlalchemy as sa

from calsync_agent.database.schema import Dialect
from calsync_agent.database.tuning import SCANS

Found = frozenset[tuple[str, str]]
"""Pairs of kind and name; a switched-off trigger has the kind `disabled trigger`.

A table that is asked for comes with its columns, named `table.column`.
"""

_QUERIES: Final[dict[str, str]] = {
    "postgresql": """
        SELECT CASE relkind WHEN 'i' THEN 'index' ELSE 'table' END, relname::text
        FROM pg_catalog.pg_class
        WHERE relkind IN ('r', 'p', 'i') AND relname IN :names
          AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace
                              WHERE nspname = COALESCE(:schema, current_schema()))
        UNION ALL
        SELECT 'column', c.relname || '.' || a.attname
        FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
        WHERE c.relname IN :names AND c.relkind IN ('r', 'p') AND a.attnum > 0
          AND NOT a.attisdropped
          AND c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace
                                WHERE nspname = COALESCE(:schema, current_schema()))
        UNION ALL
        SELECT 'function', proname::text
        FROM pg_catalog.pg_proc
        WHERE proname IN :names
          AND pronamespace = (SELECT oid FROM pg_catalog.pg_namespace
                              WHERE nspname = COALESCE(:schema, current_schema()))
        UNION ALL
        SELECT CASE WHEN t.tgenabled IN ('O', 'A') THEN 'trigger' ELSE 'disabled trigger' END,
               t.tgname::text
        FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
        WHERE t.tgname IN :names AND NOT t.tgisinternal
          AND c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace
                                WHERE nspname = COALESCE(:schema, current_schema()))
    """,
    "mssql": """
        SELECT 'table', CAST(o.name AS nvarchar(128))
        FROM sys.tables AS o
        WHERE o.name IN :names AND o.schema_id = SCHEMA_ID(COALESCE(:schema, SCHEMA_NAME()))
        UNION ALL
        SELECT 'column', CAST(o.name + N'.' + k.name AS nvarchar(257))
        FROM sys.columns AS k JOIN sys.tables AS o ON o.object_id = k.object_id
        WHERE o.name IN :names AND o.schema_id = SCHEMA_ID(COALESCE(:schema, SCHEMA_NAME()))
        UNION ALL
        SELECT 'index', CAST(i.name AS nvarchar(128))
        FROM sys.indexes AS i JOIN sys.tables AS o ON o.object_id = i.object_id
        WHERE i.name IN :names AND o.schema_id = SCHEMA_ID(COALESCE(:schema, SCHEMA_NAME()))
        UNION ALL
        SELECT CASE t.is_disabled WHEN 1 THEN 'disabled trigger' ELSE 'trigger' END,
               CAST(t.name AS nvarchar(128))
        FROM sys.triggers AS t JOIN sys.tables AS o ON o.object_id = t.parent_id
        WHERE t.name IN :names AND o.schema_id = SCHEMA_ID(COALESCE(:schema, SCHEMA_NAME()))
    """,
    "sqlite": """
        SELECT type, name FROM sqlite_master WHERE name IN :names AND :schema IS NULL
        UNION ALL
        SELECT 'column', m.name || '.' || c.name
        FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
        WHERE m.type = 'table' AND m.name IN :names
    """,
}


def found(connection: sa.Connection, names: Collection[str]) -> Found:
    """Which of these names exist in the connection's schema. One query."""
    asked = {"names": sorted(names), "schema": schema_of(connection)}
    rows = connection.execute(_query(connection.dialect.name), asked)
    return frozenset((kind, name) for kind, name in rows.all())


@cache
def _query(dialect: str) -> sa.TextClause:
    return sa.text(_QUERIES[dialect]).bindparams(
        sa.bindparam("names", expanding=True), sa.bindparam("schema", type_=sa.Unicode())
    )


def schema_of(connection: sa.Connection) -> str | None:
    """The schema that the connection's statements are translated to; None: the login's own."""
    names = connection.get_execution_options().get("schema_translate_map") or {}
    return names.get(None) or None


def scans(connection: sa.Connection) -> bool:
    """Whether changes in Consolidate are found by comparing, without triggers."""
    return bool(connection.get_execution_options().get(SCANS))


def dialect_of(connection: sa.Connection) -> Dialect:
    """Which of the three databases this is."""
    match connection.dialect.name:
        case "postgresql" | "mssql" | "sqlite" as dialect:
            return dialect
        case other:
            raise ValueError(f"no dialect of ours: {other}")
