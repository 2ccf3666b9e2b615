"""B10: what keeps the sync from starting, each with a line that says what to do."""

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import readiness
from calsync_agent.consolidate.tables import module, system_info
from calsync_agent.database.engine import Database, open_database
from calsync_agent.errors import DatabaseRefused, NotInstalled, NotPermitted, NotReady
from calsync_agent.state import meta as state_meta
from calsync_agent.state.tables import meta


def change(database: Database, *statements: sa.Executable) -> None:
    with database.writing() as connection:
        for statement in statements:
            connection.execute(statement)


def check(database: Database) -> None:
    with database.reading() as connection:
        readiness.check(connection)
        state_meta.check(connection)


@pytest.mark.parametrize("version", ["5.2", "5.2.006", "5.10.1", "6", "10.0", " 5.2.006 "])
def test_b10_a_version_from_5_2_on_is_ready(database: Database, version: str) -> None:
    change(database, sa.update(system_info).values(version=version))
    check(database)


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("5.1.999", r"5\.1\.999 is too old; update it to 5\.2"),
        ("5", "5 is too old"),
        ("4.10", r"4\.10 is too old"),
        ("", "unreadable.*''"),
        ("5.x", r"unreadable.*5\.x.*5\.2\.006"),
        ("5..2", "unreadable"),
        ("-6", "unreadable"),
        ("5.2 beta", "unreadable"),
        ("\u0665.\u0662", "unreadable"),
    ],
)
def test_b10_an_older_or_unreadable_version_is_refused(
    database: Database, version: str, line: str
) -> None:
    change(database, sa.update(system_info).values(version=version))
    with pytest.raises(NotReady, match=line):
        check(database)


def test_b10_no_version_or_two_are_refused(database: Database) -> None:
    change(database, sa.insert(system_info).values(id=2, version="5.2.006"))
    with pytest.raises(NotReady, match="system_info has 2 rows"):
        check(database)
    change(database, sa.delete(system_info))
    with pytest.raises(NotReady, match="system_info has 0 rows"):
        check(database)


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        (sa.delete(module), "no module CalendarSync"),
        (sa.update(module).values(licensed=False), "not licensed; order"),
        (sa.update(module).values(enabled=False), "not enabled; enable"),
    ],
    ids=["missing", "not licensed", "not enabled"],
)
def test_b10_without_the_module_it_refuses(
    database: Database, statement: sa.Executable, line: str
) -> None:
    change(database, statement)
    with pytest.raises(NotReady, match=line):
        check(database)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("3", "newer than this program"),
        ("99999999999999999999", "newer than this program"),
        ("1", "older than this program.*db upgrade"),
        ("0", "older than this program.*db upgrade"),
        ("one", "holds one instead of a whole number"),
        ("1.5", "instead of a whole number"),
        ("-1", "instead of a whole number"),
        ("", "instead of a whole number"),
        (None, "no row schema_version"),
    ],
)
def test_b10_tables_of_another_version_are_refused(
    database: Database, value: str | None, line: str
) -> None:
    here = meta.c.name == "schema_version"
    if value is None:
        change(database, sa.delete(meta).where(here))
    else:
        change(database, sa.update(meta).where(here).values(value=value))
    with pytest.raises(DatabaseRefused, match=line):
        check(database)


def test_b10_an_empty_database_is_refused_on_both_sides(empty_database_url: str) -> None:
    database = open_database(empty_database_url)
    try:
        with database.reading() as connection:
            with pytest.raises(NotReady, match=r"system_info, module.*database\.schema"):
                readiness.check(connection)
            with pytest.raises(NotInstalled, match=r"calsync_agent, .*db install"):
                state_meta.check(connection)
    finally:
        database.dispose()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
def test_b10_a_missing_trigger_is_refused_because_changes_would_go_unseen(
    database: Database,
) -> None:
    trigger = {
        "sqlite": "calsync_activity_participant_update_touched",
        "mssql": "calsync_activity_participant_touched",
    }.get(database.dialect, "calsync_activity_participant_update ON activity_participant")
    change(database, sa.text(f"DROP TRIGGER {trigger}"))
    with pytest.raises(NotInstalled, match=r"unseen.*calsync_activity_participant_.*db install"):
        check(database)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_login_that_may_not_read_is_told_what_to_grant(database: Database) -> None:
    role = str(database.engine.url.database)
    with database.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role}")
    with database.writing() as connection:
        connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
        with pytest.raises(NotPermitted, match=r"too few rights \(permission denied.*grant"):
            readiness.check(connection)
        connection.rollback()
    with database.writing() as connection:
        connection.exec_driver_sql(f"DROP ROLE {role}")


def test_the_check_costs_a_handful_of_queries(database: Database) -> None:
    counted: list[str] = []

    def count(*arguments: object) -> None:
        counted.append(str(arguments[2]))

    sa.event.listen(database.engine, "before_cursor_execute", count)
    check(database)
    selects = [text for text in counted if not text.startswith(("BEGIN", "SET "))]
    rights = database.dialect != "sqlite"
    assert len(selects) == 5 + rights, selects


LOST = {
    "given away": "ALTER FUNCTION calsync_note_activity() OWNER TO {role}",
    "feed given away": "ALTER TABLE calsync_feed OWNER TO {role}",
    "no definer": "ALTER FUNCTION calsync_note_activity() SECURITY INVOKER",
}


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_b14_a_trigger_that_may_not_write_to_the_feed_is_said_with_what_to_do(
    database: Database, lost: str
) -> None:
    role, maker = (f"{kind}_{database.engine.url.database}" for kind in ("other", "maker"))
    with database.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role}")
        connection.exec_driver_sql(f"CREATE ROLE {maker}")
        for function in ("", "_type", "_exception", "_participant"):
            name = f"calsync_note_activity{function}()"
            connection.exec_driver_sql(f"ALTER FUNCTION {name} OWNER TO {maker}")
        connection.exec_driver_sql(f"GRANT INSERT ON calsync_feed, calsync_gap TO {maker}")
        connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {maker}")
    with database.reading() as connection:
        readiness.check(connection)
    with database.writing() as connection:
        connection.exec_driver_sql(LOST[lost].format(role=role))
        if lost == "feed given away":
            connection.exec_driver_sql(f"REVOKE ALL ON calsync_feed FROM {maker}")
    with (
        database.reading() as connection,
        pytest.raises(NotPermitted, match=r"unseen.*calsync_note_activity.*belongs to.*OWNER TO"),
    ):
        readiness.check(connection)
    with database.writing() as connection:
        for name in (role, maker):
            connection.exec_driver_sql(f"REASSIGN OWNED BY {name} TO postgres")
            connection.exec_driver_sql(f"DROP OWNED BY {name}")
            connection.exec_driver_sql(f"DROP ROLE {name}")
