"""B14: uninstalled, Consolidate's tables are as they were; cut off anywhere, and run again."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

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

DATABASE_MD = (Path(__file__).parents[2] / "packaging" / "DATABASE.md").read_text(encoding="utf-8")
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


@pytest.fixture
def role(plain: Database) -> Iterator[str]:
    """A login that Consolidate has given rights to, and rights by default on what comes later."""
    name = f"agent_{plain.engine.url.database}"
    with plain.writing() as connection:
        for statement in (
            f"CREATE ROLE {name}",
            f"GRANT SELECT, UPDATE ON activity TO {name}",
            f"GRANT UPDATE (subject) ON activity TO {name}",
            f"GRANT USAGE ON SCHEMA public TO {name}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {name}",
        ):
            connection.exec_driver_sql(statement)
    yield name
    with plain.writing() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP ROLE {name}")


def roles(database: Database, name: str) -> list[tuple[object, ...]]:
    """This role, what it is a member of, and all else that depends on it in this database."""
    with database.reading() as connection:
        asked = sa.text("""
            SELECT 'role', CAST(rolname AS text), CAST(rolcanlogin AS text)
            FROM pg_roles WHERE rolname = :name
            UNION ALL SELECT 'member', CAST(m.roleid AS text), ''
            FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = :name
            UNION ALL SELECT 'depends', CAST(CAST(d.classid AS regclass) AS text),
                CAST(d.deptype AS text)
            FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid WHERE r.rolname = :name
            ORDER BY 1, 2, 3""")
        return [tuple(row) for row in connection.execute(asked, {"name": name})]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@pytest.mark.parametrize("by_script", [False, True], ids=["by the command", "by the script"])
def test_b14_uninstalled_everybody_may_what_they_might_before(
    plain: Database, role: str, *, by_script: bool
) -> None:
    """What a DBA has granted on our tables goes with them, and nothing else does."""
    before, who = now(plain), roles(plain, role)
    assert [row for row in before if row[0].startswith("rights") and role in "".join(row)]
    install(plain)
    with plain.writing() as connection:
        granting = re.findall(r"```postgresql\n(.*?)```", DATABASE_MD, re.DOTALL)
        text = granting[0].replace("TO calsync", f"TO {role}")
        ours = "\n".join(line for line in text.splitlines() if not line.startswith("GRANT"))
        connection.execution_options(no_parameters=True).exec_driver_sql(ours)
    assert now(plain) - before
    assert roles(plain, role) != who
    if by_script:
        url = plain.engine.url.render_as_string(hide_password=False)
        run(url, removing_ddl("postgresql"))
    else:
        uninstall(plain)
    assert now(plain) == before
    assert roles(plain, role) == who


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
