"""`db ddl`: the script does what `db install` does, and may be run again."""

import sqlite3
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import readiness
from calsync_agent.consolidate.tables import module
from calsync_agent.database.engine import open_database
from calsync_agent.database.schema import Dialect
from calsync_agent.installation import ddl, install
from calsync_agent.state import meta


def run(url: str, script: str) -> None:
    """As psql or the sqlite3 shell would: the whole text, no SQLAlchemy."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        plain = sqlite3.connect(Path(parsed.database or ""))
        plain.executescript(script)
        plain.close()
        return
    server = psycopg2.connect(
        host=parsed.host or parsed.query["host"],
        port=parsed.port,
        user=parsed.username,
        password=parsed.password,
        dbname=parsed.database,
    )
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(script)
    server.close()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
def test_the_script_makes_what_install_makes_and_runs_again(empty_database_url: str) -> None:
    database = open_database(empty_database_url)
    dialect: Dialect = "sqlite" if database.dialect == "sqlite" else "postgresql"
    try:
        script = ddl(dialect, with_consolidate=True)
        run(empty_database_url, script)
        with database.reading() as connection:
            readiness.check(connection)
            meta.check(connection)
        assert install(database, with_consolidate=True) == []
        with database.writing() as connection:
            connection.execute(sa.update(module).values(enabled=False))
        run(empty_database_url, script)
        run(empty_database_url, ddl(dialect))
        with database.reading() as connection:
            assert connection.execute(sa.select(module.c.enabled)).scalars().all() == [False]
    finally:
        database.dispose()


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_the_script_fills_the_schema_that_it_was_made_for(empty_database_url: str) -> None:
    run(empty_database_url, 'CREATE SCHEMA "it\'s"')
    run(empty_database_url, ddl("postgresql", with_consolidate=True, schema="it's"))
    database = open_database(empty_database_url, schema="it's")
    try:
        assert install(database) == []
        with database.reading() as connection:
            readiness.check(connection)
            meta.check(connection)
    finally:
        database.dispose()


@pytest.mark.parametrize("dialect", ["mssql"], indirect=True)
def test_the_script_for_sql_server_makes_what_install_makes(empty_database_url: str) -> None:
    database = open_database(empty_database_url)
    try:
        for _ in range(2):
            for batch in ddl("mssql", with_consolidate=True).split("\nGO\n"):
                with database.writing() as connection:
                    connection.exec_driver_sql(batch)
        assert install(database, with_consolidate=True) == []
        with database.reading() as connection:
            readiness.check(connection)
            meta.check(connection)
    finally:
        database.dispose()
