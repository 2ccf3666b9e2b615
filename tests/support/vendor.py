"""An application beside the plugin: its own login, its own ways, on PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import sqlalchemy as sa
from psycopg2 import extensions

from calsync_agent.consolidate.feed import mend, read_feed, remove
from calsync_agent.consolidate.tables import CONSOLIDATE_TABLES, activity
from calsync_agent.database.engine import Database


def session(database: Database, user: str | None = None, **options: str) -> extensions.connection:
    """A connection of its own, without SQLAlchemy and without our settings."""
    url = database.engine.url
    return psycopg2.connect(
        host=url.host or url.query["host"],
        port=url.port,
        user=user or url.username,
        password=url.password if user is None else None,
        dbname=url.database,
        options=" ".join(f"-c{name}={value}" for name, value in options.items()),
    )


@contextmanager
def login(database: Database, *grants: str) -> Iterator[str]:
    """A login with these rights alone; `{login}` in a grant is its name."""
    name = f"app_{database.engine.url.database}"
    with database.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
        for grant in grants:
            connection.exec_driver_sql(grant.format(login=name))
    try:
        yield name
    finally:
        with database.writing() as connection:
            connection.exec_driver_sql(f"REASSIGN OWNED BY {name} TO postgres")
            connection.exec_driver_sql(f"DROP OWNED BY {name}")
            connection.exec_driver_sql(f"DROP ROLE {name}")


CONSOLIDATES_OWN = (
    f"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON"
    f" {', '.join(table.name for table in CONSOLIDATE_TABLES)} TO {{login}}",
    "GRANT USAGE ON employee_id_seq, activity_type_id_seq, employee_email_id_seq TO {login}",
)
"""What Consolidate's own login has: nothing on ours."""


def ask(using: extensions.connection, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """What a statement returns."""
    with using.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def done(using: extensions.connection, statement: str, *values: object) -> int:
    """How many rows a statement says to have touched."""
    with using.cursor() as cursor:
        cursor.execute(statement, values or None)
        return int(cursor.rowcount)


def names(connection: sa.Connection) -> set[str]:
    """The activities in the feed, as text."""
    asked = "SELECT activity_id::text FROM calsync_feed WHERE entry <> 'mark'"
    return set(connection.exec_driver_sql(asked).scalars())


def read(database: Database) -> set[str]:
    """What the feed named; afterwards it is empty and whole."""
    with database.writing() as connection:
        found = names(connection)
        mend(connection, sa.select(activity.c.id).where(sa.false()))
        remove(connection, [entry.id for entry in read_feed(connection, 1000)])
    return found
