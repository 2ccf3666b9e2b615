"""B14: an upgrade from any released version, cut off anywhere, and run again."""

import re
from collections.abc import Callable, Iterator
from itertools import count

import pytest
import sqlalchemy as sa

from calsync_agent import installation
from calsync_agent.consolidate import readiness
from calsync_agent.database.creation import begin, create, target_of
from calsync_agent.database.engine import Database, open_database
from calsync_agent.errors import DatabaseRefused, NotInstalled
from calsync_agent.i18n import Message
from calsync_agent.installation import ddl, install, upgrade
from calsync_agent.state import meta
from calsync_agent.state.tables import SCHEMA_VERSION
from tests.support.old_schemas import (
    Shape,
    cut_off,
    dialect_of,
    kept,
    run,
    shape,
    statements,
)
from tests.support.servers import Server, SQLite
from tests.support.statements import complaints

HERE = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)

ROWS = """
INSERT INTO employee (code, name, email) VALUES ('ANNA', 'Anna', 'anna@example.com');
INSERT INTO calsync_provider (id, kind, tenant_id) VALUES (1, 'exchange365', 'x');
INSERT INTO calsync_profile (provider_id, employee_id, external_user_id)
    SELECT 1, id, 'anna@example.com' FROM employee;
"""


@pytest.fixture
def old(empty_database_url: str) -> Iterator[Database]:
    """A database as 0.1.0 left it, with an employee and their profile."""
    run(empty_database_url, kept(1, dialect_of(empty_database_url)) + ROWS)
    opened = open_database(empty_database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def fresh(server: Server | SQLite) -> Iterator[Shape]:
    """What a new installation looks like."""
    url = server.fresh(installed=True)
    opened = open_database(url)
    with opened.reading() as connection:
        made = shape(connection)
    opened.dispose()
    yield made
    server.drop(url)


def checked(database: Database, fresh: Shape) -> None:
    """It is whole, and as if it had been installed by this version."""
    with database.reading() as connection:
        meta.check(connection)
        readiness.check(connection)
        assert meta.version(connection) == SCHEMA_VERSION
        assert shape(connection) == fresh
        asked = "SELECT external_user_id FROM calsync_profile"
        assert connection.exec_driver_sql(asked).scalars().all() == ["anna@example.com"]
    assert install(database) == []


@HERE
@pytest.mark.parametrize("command", [install, upgrade])
def test_b14_the_schema_of_version_1_becomes_that_of_a_new_installation(
    old: Database, fresh: Shape, command: Callable[[Database], list[Message]]
) -> None:
    with old.reading() as connection, pytest.raises(NotInstalled, match="db upgrade"):
        meta.check(connection)
    assert command(old)
    checked(old, fresh)


@HERE
def test_b14_the_script_that_begins_with_version_1_does_what_the_command_does(
    old: Database, fresh: Shape
) -> None:
    dialect = dialect_of(str(old.engine.url))
    run(old.engine.url.render_as_string(hide_password=False), ddl(dialect, version=1))
    checked(old, fresh)


def steps_of(connection: sa.Connection) -> None:
    """What `db upgrade` does, without its transaction."""
    target = target_of(connection)
    begin(connection, target)
    version = meta.installed(connection)
    create(connection, target, installation._steps(target, version, with_consolidate=False))


@HERE
def test_b14_the_upgrade_may_be_cut_off_at_any_statement_and_run_again(
    old: Database, fresh: Shape
) -> None:
    with old.writing() as connection:
        for after in count():
            with connection.begin_nested() as attempt:
                through = cut_off(connection, after, steps_of)
                steps_of(connection)
                assert shape(connection) == fresh, f"cut off after {after} statements"
                attempt.rollback()
            if through:
                break
    assert after > 30


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_b14_the_script_may_be_cut_off_at_any_statement_and_run_again(
    old: Database, fresh: Shape
) -> None:
    parts = statements(ddl("postgresql", version=1))
    with old.engine.connect() as connection:
        for after in range(len(parts)):
            with connection.begin_nested() as again:
                for part in parts:
                    plainly(connection, part)
                assert shape(connection) == fresh, f"cut off after {after} statements"
                again.rollback()
            plainly(connection, parts[after])


def plainly(connection: sa.Connection, statement: str) -> None:
    connection.execution_options(no_parameters=True).exec_driver_sql(statement)


EXECUTED = r"EXEC \(N'((?:[^']|'')*)'\)"


def test_b14_on_sql_server_each_batch_of_the_upgrade_asks_before_it_does_anything() -> None:
    batches = [batch.strip() for batch in ddl("mssql", version=1).split("\nGO\n")][:-1]
    for batch in batches:
        inside = [one.replace("''", "'") for one in re.findall(EXECUTED, batch)]
        for statement in (re.sub(EXECUTED, "SELECT 1", batch), *inside):
            if not statement.startswith(("CREATE TRIGGER", "EXEC sp_rename")):
                assert complaints(statement) == []
        if re.search(r"\b(CREATE|ALTER|DROP|sp_rename)\b", batch):
            assert re.match(r"IF (NOT EXISTS|EXISTS|OBJECT_ID|COL_LENGTH)\b", batch), batch
    assert batches[-1].startswith("UPDATE [dbo].[calsync_meta] SET value = '2'")


@HERE
def test_b14_where_nothing_is_installed_there_is_nothing_to_upgrade(
    empty_database_url: str,
) -> None:
    database = open_database(empty_database_url)
    try:
        with pytest.raises(NotInstalled, match="db install"):
            upgrade(database)
    finally:
        database.dispose()


@HERE
@pytest.mark.parametrize("value", ["3", "999999999999999999999", "", "abc", "-1", "²", "1.5"])
def test_b10_another_version_than_was_ever_released_is_refused_and_left_alone(
    old: Database, value: str
) -> None:
    with old.writing() as connection:
        said = sa.text("UPDATE calsync_meta SET value = :value WHERE name = 'schema_version'")
        connection.execute(said, {"value": value})
        before = shape(connection)
    with pytest.raises(DatabaseRefused, match=r"newer than this program|whole number"):
        upgrade(old)
    with old.reading() as connection:
        assert shape(connection) == before
