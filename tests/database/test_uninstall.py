"""B14: uninstalled, Consolidate's tables are as they were; cut off anywhere, and run again."""

from collections.abc import Iterator
from itertools import count

import pytest
import sqlalchemy as sa

from calsync_agent import installation
from calsync_agent.consolidate.install import consolidate_steps
from calsync_agent.database.creation import begin, create, target_of
from calsync_agent.database.engine import Database, open_database
from calsync_agent.errors import DatabaseRefused
from calsync_agent.installation import install, removal, removing_ddl, uninstall
from calsync_agent.state.tables import meta
from tests.support.old_schemas import Shape, cut_off, dialect_of, kept, run, shape, statements
from tests.support.samples import a_profile, an_activity, an_employee
from tests.support.statements import complaints

HERE = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def plain(empty_database_url: str) -> Iterator[Database]:
    """Consolidate's tables alone."""
    opened = open_database(empty_database_url)
    with opened.writing() as connection:
        target = target_of(connection)
        create(connection, target, consolidate_steps(target))
    yield opened
    opened.dispose()


@pytest.fixture
def before(plain: Database) -> Shape:
    """What the catalogue tells before anything is installed."""
    with plain.reading() as connection:
        return shape(connection)


def now(database: Database) -> Shape:
    with database.reading() as connection:
        return shape(connection)


def somebody(connection: sa.Connection) -> None:
    """An employee with a profile and an appointment."""
    anna = an_employee(connection)
    a_profile(connection, anna)
    an_activity(connection, anna)


def rows(connection: sa.Connection) -> list[int]:
    tables = ("employee", "activity", "activity_type", "module")
    return [
        connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608 - fixed
        for table in tables
    ]


@HERE
def test_b14_uninstalled_all_is_as_it_was_before(plain: Database, before: Shape) -> None:
    install(plain)
    with plain.writing() as connection:
        somebody(connection)
        counted = rows(connection)
    assert "calsync_feed" in removal(plain)
    uninstall(plain)
    assert now(plain) == before
    assert removal(plain) == []
    uninstall(plain)
    with plain.writing() as connection:
        assert rows(connection) == counted
        connection.exec_driver_sql("DELETE FROM activity")
        connection.exec_driver_sql("DELETE FROM employee")
    install(plain)


@HERE
def test_b14_the_uninstalling_script_does_what_the_command_does(
    plain: Database, before: Shape
) -> None:
    install(plain)
    url = plain.engine.url.render_as_string(hide_password=False)
    script = removing_ddl(dialect_of(url))
    run(url, script)
    assert now(plain) == before
    run(url, script)


@HERE
def test_b14_uninstalling_may_be_cut_off_at_any_statement_and_run_again(
    plain: Database, before: Shape
) -> None:
    install(plain)

    def steps(connection: sa.Connection) -> None:
        target = target_of(connection)
        begin(connection, target)
        create(connection, target, installation._removal(target))

    with plain.writing() as connection:
        somebody(connection)
        for after in count():
            with connection.begin_nested() as attempt:
                through = cut_off(connection, after, steps)
                # What Consolidate does in between goes on.
                connection.exec_driver_sql("UPDATE activity SET subject = 'x'")
                connection.exec_driver_sql("UPDATE activity_type SET calendar_sync = 'none'")
                steps(connection)
                assert shape(connection) == before, f"cut off after {after} statements"
                attempt.rollback()
            if through:
                break
    assert after > 30


@HERE
def test_b14_version_1_is_uninstalled_as_well(empty_database_url: str) -> None:
    run(empty_database_url, kept(1, dialect_of(empty_database_url)))
    database = open_database(empty_database_url)
    try:
        uninstall(database)
        assert not [row for row in now(database) if "calsync" in "".join(row)]
    finally:
        database.dispose()


@HERE
def test_b10_what_a_newer_program_has_made_is_left_alone(database: Database) -> None:
    with database.writing() as connection:
        newer = sa.update(meta).where(meta.c.name == "schema_version").values(value="99")
        connection.execute(newer)
    with pytest.raises(DatabaseRefused, match="newer than this program"):
        uninstall(database)
    assert any("calsync_feed" in row for row in now(database))


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_b14_what_others_have_built_on_the_tables_is_named_and_nothing_removed(
    database: Database,
) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE VIEW ours AS SELECT * FROM calsync_log")
    before = now(database)
    with pytest.raises(DatabaseRefused, match=r"calsync_log.*db ddl --uninstall"):
        uninstall(database)
    assert now(database) == before


def test_b14_on_sql_server_each_batch_of_the_removal_asks_first() -> None:
    batches = [part.strip() for part in removing_ddl("mssql").split("\nGO\n")][1:-1]
    assert len(batches) > 20
    for batch in batches:
        assert batch.startswith("IF OBJECT_ID(N'[dbo].[calsync_")
        assert "N'DROP T" in batch
        assert complaints("DROP TABLE x") == []
    kinds = ["TRIGGER" in batch for batch in batches]
    assert kinds == sorted(kinds, reverse=True), "triggers first"
    assert statements(removing_ddl("postgresql"))
