"""What every connection is set to, on each database."""

import asyncio
import threading

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate.tables import employee
from calsync_agent.database.engine import Database, open_database
from tests.support.samples import an_employee


def asked(database: Database, *questions: str) -> list[str]:
    with database.reading() as connection:
        return [str(connection.exec_driver_sql(one).scalar_one()) for one in questions]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_postgresql_knows_who_we_are_and_tells_utc(database: Database) -> None:
    settings = ("application_name", "TimeZone", "transaction_isolation", "client_encoding")
    assert asked(database, *(f"SHOW {name}" for name in settings)) == [
        "calsync",
        "UTC",
        "read committed",
        "UTF8",
    ]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_b14_postgresql_waits_for_locks_no_longer_than_half_a_second(database: Database) -> None:
    """Shorter than the server's deadlock_timeout, so that nobody else is a deadlock's victim."""
    assert asked(database, "SHOW lock_timeout", "SHOW deadlock_timeout") == ["500ms", "1s"]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_b14_what_we_set_ends_with_each_transaction(database: Database) -> None:
    """A pooler gives the session to somebody else after each of them."""
    settings = ("lock_timeout", "TimeZone", "idle_in_transaction_session_timeout")
    asked(database, "SELECT 1")
    with database.engine.connect() as connection:
        own = connection.connection.dbapi_connection
        assert own is not None
        own.autocommit = True
        with own.cursor() as cursor:
            left = []
            for name in settings:
                cursor.execute(f"SHOW {name}")
                left.append(cursor.fetchone()[0])
        own.autocommit = False
    assert left == ["0", "America/New_York", "0"]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_what_the_url_says_goes_before_what_we_would_set(database_url: str) -> None:
    url = sa.make_url(database_url).update_query_dict({"application_name": "somebody"})
    database = open_database(url.render_as_string(hide_password=False))
    assert asked(database, "SHOW application_name") == ["somebody"]
    database.dispose()


@pytest.mark.parametrize("dialect", ["mssql"], indirect=True)
def test_sql_server_waits_for_locks_no_longer_than_we_say(database: Database) -> None:
    level = """SELECT transaction_isolation_level FROM sys.dm_exec_sessions
    WHERE session_id = @@SPID"""
    assert asked(database, "SELECT @@LOCK_TIMEOUT", level) == ["500", "2"]


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_sqlite_keeps_a_log_and_foreign_keys(database: Database) -> None:
    pragmas = ("journal_mode", "foreign_keys", "busy_timeout")
    assert asked(database, *(f"PRAGMA {name}" for name in pragmas)) == ["wal", "1", "5000"]
    with database.writing() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.exec_driver_sql("INSERT INTO employee_email (employee_id, email) VALUES (9, '')")


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_on_sqlite_a_writer_is_alone_from_its_first_statement_on(database: Database) -> None:
    """Two that read and then write would otherwise fail: neither may build on what it read."""
    with database.writing() as connection:
        an_employee(connection)
    together = threading.Barrier(2, timeout=20)

    def count_up(connection: sa.Connection) -> None:
        name = str(connection.execute(sa.select(employee.c.name)).scalar_one())
        connection.execute(sa.update(employee).values(name=name + "!"))

    def begin(_connection: sa.Connection) -> None:
        together.wait()

    async def story() -> None:
        sa.event.listen(database.engine, "engine_connect", begin)
        await asyncio.gather(database.write(count_up), database.write(count_up))
        sa.event.remove(database.engine, "engine_connect", begin)

    asyncio.run(story())
    assert asked(database, "SELECT name FROM employee") == ["Anna!!"]


def test_readers_see_one_state_while_others_write(database: Database) -> None:
    with database.reading() as connection:
        assert connection.execute(sa.select(employee.c.id)).all() == []
        with database.writing() as other:
            an_employee(other)
    assert asked(database, "SELECT count(*) FROM employee") == ["1"]
