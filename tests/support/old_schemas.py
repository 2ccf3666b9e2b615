"""Databases as a released version left them, and work on them that is cut off."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2
import sqlalchemy as sa

from calsync_agent.database.schema import Dialect

_KEPT = Path(__file__).parent.parent / "database"


class Cut(Exception):
    """The plug was pulled here."""


def kept(version: int, dialect: str) -> str:
    """The script that made this version's tables."""
    return (_KEPT / f"schema_{version}" / f"{dialect}.sql").read_text(encoding="utf-8")


def run(url: str, script: str) -> None:
    """As psql or the sqlite3 shell would: the whole text, no SQLAlchemy."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(Path(parsed.database or ""))) as plain:
            plain.executescript(script)
        return
    with closing(
        psycopg2.connect(
            host=parsed.host or parsed.query["host"],
            port=parsed.port,
            user=parsed.username,
            password=parsed.password,
            dbname=parsed.database,
        )
    ) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(script)


def statements(script: str) -> list[str]:
    """The statements of a script for SQLite or PostgreSQL, without its transaction."""
    parts = [part.strip() for part in script.split(";\n\n")]
    return [part for part in parts if part and part not in {"BEGIN", "BEGIN IMMEDIATE", "COMMIT"}]


def cut_off(connection: sa.Connection, after: int, work: Callable[[sa.Connection], None]) -> bool:
    """Do `work`, cut off after so many statements that write; returns whether it got through."""
    written = 0

    def count(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        nonlocal written
        if statement.lstrip().upper().startswith("SELECT"):
            return
        if written == after:
            raise Cut
        written += 1

    sa.event.listen(connection, "before_cursor_execute", count)
    try:
        work(connection)
    except Cut:
        return False
    finally:
        sa.event.remove(connection, "before_cursor_execute", count)
    return True


Shape = frozenset[tuple[str, ...]]

_SQLITE = """SELECT type || ' ' || name, tbl_name, '', '' FROM sqlite_master
    WHERE name NOT LIKE 'sqlite_%'
    UNION ALL SELECT 'column ' || c.name, m.name, c.type || ' ' || c."notnull" || ' ' || c.pk,
        COALESCE(c.dflt_value, '')
    FROM sqlite_master m JOIN pragma_table_info(m.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
    UNION ALL SELECT 'part ' || i.name || ' ' || p.seqno, m.name, p.name, i."unique" || ''
    FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) p
    WHERE m.type = 'table' AND i.origin = 'c'"""
_POSTGRESQL = """SELECT 'column ' || a.attname, c.relname::text,
        format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull::text,
        COALESCE(pg_get_expr(d.adbin, d.adrelid), '')
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relnamespace = {here}
    UNION ALL SELECT 'index', t.relname::text, pg_get_indexdef(i.indexrelid), ''
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relnamespace = {here} AND NOT EXISTS (SELECT 1 FROM pg_constraint o
        WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u'))
    UNION ALL SELECT 'constraint ' || o.contype::text, t.relname::text,
        pg_get_constraintdef(o.oid), ''
    FROM pg_constraint o JOIN pg_class t ON t.oid = o.conrelid
    WHERE o.contype IN ('p', 'u', 'f') AND t.relnamespace = {here}
    UNION ALL SELECT 'trigger ' || t.tgname, c.relname::text, t.tgenabled::text, ''
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = {here}
    UNION ALL SELECT 'function', p.proname::text, p.prosrc, ''
    FROM pg_proc p WHERE p.pronamespace = {here}
    UNION ALL SELECT 'sequence', c.relname::text, '', ''
    FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace = {here}
    UNION ALL SELECT 'rights', c.relname::text, pg_get_userbyid(c.relowner), c.relacl::text
    FROM pg_class c WHERE c.relacl IS NOT NULL AND c.relnamespace = {here}
    UNION ALL SELECT 'rights on the column ' || a.attname, c.relname::text, a.attacl::text, ''
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE a.attacl IS NOT NULL AND c.relnamespace = {here}
    UNION ALL SELECT 'rights on the function', p.proname::text, pg_get_userbyid(p.proowner),
        p.proacl::text
    FROM pg_proc p WHERE p.proacl IS NOT NULL AND p.pronamespace = {here}
    UNION ALL SELECT 'rights in the schema', pg_get_userbyid(n.nspowner), n.nspacl::text, ''
    FROM pg_namespace n WHERE n.nspacl IS NOT NULL AND n.oid = {here}
    UNION ALL SELECT 'rights by default', pg_get_userbyid(d.defaclrole), d.defaclobjtype::text,
        d.defaclacl::text
    FROM pg_default_acl d WHERE d.defaclnamespace IN (0, {here})
    UNION ALL SELECT 'type', t.typname::text, t.typtype::text, ''
    FROM pg_type t WHERE t.typnamespace = {here} AND t.typtype <> 'b'"""


def shape(connection: sa.Connection) -> Shape:
    """All that the catalogue tells: columns, keys, indexes, triggers, functions, who may what."""
    if connection.dialect.name == "sqlite":
        return frozenset(tuple(map(str, row)) for row in connection.exec_driver_sql(_SQLITE))
    here = "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    found = connection.execution_options(no_parameters=True).exec_driver_sql(
        _POSTGRESQL.format(here=here)
    )
    return frozenset(tuple(text.replace("public.", "") for text in row) for row in found)


def dialect_of(url: str) -> Dialect:
    """The dialect of a database that is run here."""
    return "sqlite" if url.startswith("sqlite") else "postgresql"
