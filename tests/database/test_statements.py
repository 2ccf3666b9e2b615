"""The statements' helpers, and the watch that every test's statements pass."""

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate.tables import activity, activity_participant, employee, feed
from calsync_agent.database.engine import Database
from calsync_agent.database.statements import PARAMETERS, at_once, chunks, locked, skipping_locked
from calsync_agent.state.tables import link, log, profile, profile_state, provider
from tests.support.statements import DIALECT, Watch, complaints, verdict


def test_chunks_keep_order_and_leave_nothing_out() -> None:
    assert [list(part) for part in chunks(range(7), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunks([], 3)) == []
    assert [len(part) for part in chunks("x" * (PARAMETERS + 1))] == [PARAMETERS, 1]


def test_rows_are_held_or_passed_over_as_each_database_can() -> None:
    query = sa.select(feed.c.entry).order_by(feed.c.entry).limit(5)

    def said(statement: sa.Select[tuple[str]]) -> str:
        made = statement.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True})
        return " ".join(str(made).split())

    assert said(locked(query, feed)) == (
        "SELECT TOP 5 calsync_feed.entry FROM calsync_feed WITH (UPDLOCK, ROWLOCK)"
        " ORDER BY calsync_feed.entry"
    )
    skipping = "WITH (UPDLOCK, ROWLOCK, READPAST, READCOMMITTEDLOCK)"
    assert skipping in said(skipping_locked(query, feed))
    assert "WITH (NOWAIT)" in said(at_once(query, feed))


@pytest.mark.parametrize("table", [activity, activity_participant, provider, profile], ids=str)
def test_no_statement_on_a_table_with_triggers_asks_for_output(table: sa.Table) -> None:
    statements = [sa.insert(table), sa.update(table).values({table.c[0]: table.c[0]})]
    for statement in (*statements, sa.delete(table)):
        assert verdict(statement, [column.name for column in table.columns]) == []
        assert "OUTPUT" not in str(statement.compile(dialect=DIALECT))


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("INSERT INTO activity (id) OUTPUT inserted.id VALUES (?)", "OUTPUT on activity"),
        ("DELETE FROM [calsync_profile] OUTPUT deleted.id", "OUTPUT on calsync_profile"),
        ("SELECT id FROM activity LIMIT 5", "LIMIT"),
        ("SELECT TRIM(name) FROM employee", "TRIM"),
        ("SELECT STRING_AGG(name, ',') FROM employee", "STRING_AGG"),
        ("SELECT JSON_VALUE(body, '$.x') FROM activity", "JSON_VALUE"),
        ("SELECT CONCAT_WS(',', a, b) FROM t", "CONCAT_WS"),
        ("DROP TABLE IF EXISTS t", "IF EXISTS"),
        ("CREATE OR ALTER TRIGGER t ON x AFTER INSERT AS SELECT 1", "CREATE OR ALTER"),
        ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE;", "MERGE"),
        ("INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING", "ON CONFLICT"),
        ("WITH old AS (SELECT TOP 5 * FROM t) DELETE FROM old", "CTE"),
        ("SELECT FROM WHERE", "not T-SQL"),
    ],
)
def test_what_sql_server_2012_does_not_know_is_found(statement: str, complaint: str) -> None:
    assert any(complaint in found for found in complaints(statement)), complaints(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT TOP 5 id FROM calsync_feed WITH (UPDLOCK, READPAST, ROWLOCK) ORDER BY id",
        "INSERT INTO calsync_log (at) OUTPUT inserted.id VALUES (SYSUTCDATETIME())",
        "SELECT subject FROM activity WHERE subject = N'LIMIT, TRIM and ''MERGE'''",
        "SELECT id FROM t ORDER BY id OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY",
        "SELECT LTRIM(RTRIM(name)) FROM employee",
    ],
)
def test_what_sql_server_2012_does_know_is_let_through(statement: str) -> None:
    assert complaints(statement) == []


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_the_watch_sees_core_statements_and_their_parameters(database: Database) -> None:
    watch = Watch()
    watch.begin()
    with database.reading() as connection:
        connection.execute(sa.select(employee.c.id).where(employee.c.id.in_([1, 2])))
        assert watch.end() == []
        watch.begin()
        connection.execute(sa.select(employee.c.id).where(employee.c.id.in_(range(1999))))
        connection.execute(sa.text("SELECT :a AS x WHERE :a IN (1)"), {"a": 1})
    assert watch.end() == []


def test_everyday_statements_fit() -> None:
    for statement in (
        sa.select(log).order_by(log.c.id.desc()).limit(10),
        sa.select(link.c.id, profile_state.c.compared_at).join(
            profile_state, profile_state.c.profile_id == link.c.profile_id
        ),
        sa.select(sa.exists().where(feed.c.entry > "")),
        sa.select(sa.func.count()).select_from(feed),
    ):
        assert verdict(statement, None) == []
