"""`db install`: creates what is missing, again and again, and several at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import readiness
from calsync_agent.consolidate.feed import has_news, mend, read_feed, remove
from calsync_agent.consolidate.tables import activity, activity_type, module, system_info
from calsync_agent.database.engine import Database, open_database
from calsync_agent.errors import DatabaseRefused, NotInstalled, NotPermitted, NotReady
from calsync_agent.installation import install
from calsync_agent.state.tables import meta, provider
from tests.support.samples import an_activity, an_employee


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Database]:
    """A database with nothing in it."""
    opened = open_database(empty_database_url)
    yield opened
    opened.dispose()


def drop_trigger(database: Database, name: str, table: str) -> None:
    on = f" ON {table}" if database.dialect == "postgresql" else ""
    with database.writing() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")


FIRST = {"sqlite": "calsync_activity_insert_touched", "postgresql": "calsync_activity_insert"}
"""A trigger of the feed, where it has another name than on SQL Server."""


def test_with_consolidate_makes_the_least_that_works(empty: Database) -> None:
    made = [str(one) for one in install(empty, with_consolidate=True)]
    assert "table activity" in made
    assert "table calsync_feed" in made
    assert any(one.startswith("trigger calsync_activity_") for one in made)
    with empty.reading() as connection:
        assert connection.execute(sa.select(system_info.c.version)).scalars().all() == ["5.2.006"]
        assert [tuple(row) for row in connection.execute(sa.select(module))] == [
            ("CalendarSync", True, True)
        ]
        [kind] = connection.execute(sa.select(activity_type)).all()
        assert (kind.calendar_sync, kind.inbound_default) == ("normal", True)
        facts = connection.execute(sa.select(meta.c.name, meta.c.value)).all()
        assert {name: value for name, value in facts} == {  # noqa: C416 - rows are no pairs to mypy
            "schema_version": "2",
            "settings_revision": "0",
            "turn": "",
            "horizon": "",
        }


def test_a_second_run_makes_nothing_and_changes_nothing(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(sa.update(module).values(licensed=False))
        connection.execute(sa.update(system_info).values(version="6.1"))
        connection.execute(sa.update(activity_type).values(name="Termin"))
    assert install(database, with_consolidate=True) == []
    assert install(database) == []
    with database.reading() as connection:
        assert connection.execute(sa.select(module.c.licensed)).scalar_one() is False
        assert connection.execute(sa.select(system_info.c.version)).scalar_one() == "6.1"
        assert connection.execute(sa.select(activity_type.c.name)).scalars().all() == ["Termin"]


def test_several_at_once_make_everything_once(empty: Database) -> None:
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: install(empty, with_consolidate=True), range(4)))
    assert sorted(bool(one) for one in made) == [False, False, False, True]


def test_without_consolidates_tables_it_refuses_and_leaves_nothing(empty: Database) -> None:
    with pytest.raises(NotReady, match=r"system_info.*--with-consolidate"):
        install(empty)
    with empty.reading() as connection:
        assert sa.inspect(connection).get_table_names() == []


def test_b10_tables_newer_than_the_program_are_refused(database: Database) -> None:
    with database.writing() as connection:
        newer = sa.update(meta).where(meta.c.name == "schema_version").values(value="3")
        connection.execute(newer)
    with pytest.raises(DatabaseRefused, match="newer than this program"):
        install(database, with_consolidate=True)


def test_a_missing_table_trigger_or_row_is_made_again(database: Database) -> None:
    drop_trigger(database, FIRST.get(database.dialect, "calsync_activity_touched"), "activity")
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE calsync_quarantine")
        connection.execute(sa.delete(meta).where(meta.c.name == "settings_revision"))
    made = [str(one) for one in install(database)]
    assert [one.split()[0] for one in made] == ["table", "index", "trigger"]
    with database.reading() as connection:
        readiness.check(connection)
        value = sa.select(meta.c.value).where(meta.c.name == "settings_revision")
        assert connection.execute(value).scalar_one() == "0"


@pytest.fixture
def read(database: Database) -> Database:
    """An activity whose entry in the feed was read."""
    with database.writing() as connection:
        an_activity(connection, an_employee(connection))
        mend(connection, NOWHERE)
        remove(connection, [entry.id for entry in read_feed(connection, 10)])
    return database


NOWHERE = sa.select(activity.c.id).where(sa.false())


def has_anything_to_read(database: Database) -> bool:
    with database.reading() as connection:
        return has_news(connection)


def test_b3_where_a_trigger_was_missing_everything_is_compared_again(read: Database) -> None:
    install(read)
    assert not has_anything_to_read(read), "nothing was missing"
    drop_trigger(read, FIRST.get(read.dialect, "calsync_activity_touched"), "activity")
    install(read)
    assert has_anything_to_read(read)
    with read.writing() as connection:
        assert mend(connection, NOWHERE)
        assert len(read_feed(connection, 10)) == 1


@pytest.mark.parametrize("mode", ["DISABLE", "ENABLE REPLICA"])
@pytest.mark.parametrize("dialect", ["postgresql", "mssql"], indirect=True)
def test_b3_a_trigger_that_was_switched_off_is_switched_on_and_all_compared(
    read: Database, mode: str
) -> None:
    name = FIRST.get(read.dialect, "calsync_activity_touched")
    switch = f"ALTER TABLE activity {mode} TRIGGER {name}"
    if read.dialect == "mssql":
        switch = f"DISABLE TRIGGER {name} ON activity"
    with read.writing() as connection:
        connection.exec_driver_sql(switch)
    with (
        read.reading() as connection,
        pytest.raises(NotInstalled, match=rf"{name}.*db install"),
    ):
        readiness.check(connection)
    made = [str(one) for one in install(read)]
    assert made == [f"trigger {name} switched on"]
    assert has_anything_to_read(read)
    with read.reading() as connection:
        readiness.check(connection)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_login_that_may_not_create_is_told_what_to_run_instead(empty: Database) -> None:
    role = str(empty.engine.url.database)
    with empty.writing() as connection:
        connection.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
    url = empty.engine.url.set(username=role).render_as_string(hide_password=False)
    weak = open_database(url)
    try:
        with pytest.raises(NotPermitted, match=r"may not create.*db ddl --dialect postgresql"):
            install(weak, with_consolidate=True)
    finally:
        weak.dispose()
        with empty.writing() as connection:
            connection.exec_driver_sql(f"DROP ROLE {role}")


MINIMAL = (
    "INSERT INTO calsync_provider (id, kind, tenant_id) VALUES (1, 'exchange365', 'x')",
    """INSERT INTO calsync_profile (provider_id, employee_id, external_user_id)
    SELECT 1, id, email FROM employee""",
    """INSERT INTO activity_participant (id, activity_id, employee_id)
    SELECT id, id, responsible_id FROM activity""",
    "INSERT INTO employee_email (employee_id, email) SELECT id, email FROM employee",
)


def test_rows_made_by_sql_need_no_more_than_what_has_no_default(database: Database) -> None:
    with database.writing() as connection:
        an_activity(connection, an_employee(connection))
        for statement in MINIMAL:
            connection.exec_driver_sql(statement)
        row = connection.execute(sa.select(provider)).one()
        assert (row.inbound, row.outbound) == (True, True)
        assert (row.priority, row.interval_seconds) == ("outbound_first", 5)
