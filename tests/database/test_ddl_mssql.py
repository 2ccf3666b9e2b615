"""The DDL for SQL Server, held against DATABASES.md 1 without a server."""

import re
from typing import Final

import pytest
import sqlalchemy as sa
import sqlglot
from sqlalchemy.dialects import mssql

from calsync_agent.consolidate.tables import CONSOLIDATE_TABLES, FEED_TABLES
from calsync_agent.consolidate.triggers import feed_triggers
from calsync_agent.database import catalogue
from calsync_agent.database.schema import Item, Target, offline, opening, tables, triggers_of
from calsync_agent.installation import ddl
from calsync_agent.state.tables import PLUGIN_TABLES
from calsync_agent.state.triggers import settings_triggers
from tests.support.statements import WITH_TRIGGERS, complaints

TABLES: Final = (*CONSOLIDATE_TABLES, *FEED_TABLES, *PLUGIN_TABLES)
COLUMNS: Final = [column for table in TABLES for column in table.columns]
TARGET: Final = Target("mssql", "dbo")
DIALECT: Final = offline("mssql")
ITEMS: Final = [step for step in tables(TARGET, TABLES) if isinstance(step, Item)]
TRIGGERS: Final = triggers_of([*feed_triggers(TARGET), *settings_triggers(TARGET)])
FROM_GRAPH: Final = {
    "event_id",
    "ical_uid",
    "delta_link",
    "calendar_id",
    "consolidate_print",
    "exchange_print",
    "event_key",
    "entry",
}
INDEX_BYTES: Final = 900


def spelt(column: sa.Column[object]) -> str:
    return column.type.compile(DIALECT)


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_each_column_has_a_type_that_loses_nothing(column: sa.Column[object]) -> None:
    kind = spelt(column)
    match column.type.python_type.__name__:
        case "str" if column.name in FROM_GRAPH:
            assert re.fullmatch(r"VARCHAR\((\d+|max)\) COLLATE Latin1_General_BIN2", kind)
        case "str":
            assert re.fullmatch(r"NVARCHAR\((\d+|max)\)", kind)
        case "datetime":
            assert kind == "DATETIME2(6)"
        case "UUID":
            assert kind == "UNIQUEIDENTIFIER"
        case "bool":
            assert kind == "BIT"
        case "int":
            assert kind in {"INTEGER", "BIGINT"}
        case other:
            pytest.fail(f"{column} is of a type without a rule: {other}")


def width(column: sa.Column[object]) -> int:
    """How many bytes a column takes in an index key at most."""
    kind = spelt(column)
    if found := re.match(r"(N?)VARCHAR\((\d+)\)", kind):
        return int(found[2]) * (2 if found[1] else 1)
    return {"INTEGER": 4, "BIGINT": 8, "UNIQUEIDENTIFIER": 16, "DATETIME2(6)": 8, "BIT": 1}[kind]


def keys(table: sa.Table) -> list[tuple[str, list[sa.Column[object]], bool, bool]]:
    """Each index and key of a table: name, columns, unique, filtered."""
    found = [
        (str(constraint.name), list(constraint.columns), True, False)
        for constraint in table.constraints
        if isinstance(constraint, sa.PrimaryKeyConstraint | sa.UniqueConstraint)
    ]
    for index in table.indexes:
        filtered = index.dialect_options["mssql"]["where"] is not None
        found.append((str(index.name), list(index.columns), bool(index.unique), filtered))
    return found


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_no_index_key_is_wider_than_900_bytes(table: sa.Table) -> None:
    for name, columns, _, _ in keys(table):
        assert sum(width(column) for column in columns) <= INDEX_BYTES, name


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_no_unique_key_takes_two_nulls_for_duplicates(table: sa.Table) -> None:
    for name, columns, unique, filtered in keys(table):
        nullable = any(column.nullable for column in columns)
        assert not (unique and nullable and not filtered), name


def test_tables_with_triggers_never_get_output() -> None:
    with_triggers = {trigger.table for trigger in TRIGGERS}
    assert with_triggers == WITH_TRIGGERS
    for table in TABLES:
        assert table.implicit_returning is (table.name not in with_triggers), table.name


def test_no_table_is_reached_by_two_cascades() -> None:
    """Error 1785: SQL Server refuses a second path of cascading deletes to a table."""

    def paths(start: sa.Table, end: sa.Table) -> int:
        cascades = [key for key in end.foreign_keys if key.ondelete == "CASCADE"]
        onto = [key.column.table for key in cascades]
        return sum((table is start) + paths(start, table) for table in onto)

    for start in TABLES:
        for end in TABLES:
            assert paths(start, end) <= 1, f"{start} → {end}"


@pytest.mark.parametrize("item", [*ITEMS, *TRIGGERS], ids=lambda item: item.name)
def test_each_statement_is_t_sql_of_2012(item: Item) -> None:
    statement = item.create
    if item.kind == "trigger":  # sqlglot knows CREATE TRIGGER by name only; the body it can read
        found = re.fullmatch(r"CREATE TRIGGER .*?AS\nBEGIN\n(.*)END", statement, re.DOTALL)
        assert found, statement
        statement = re.sub(r"^\s*SET (NOCOUNT ON|ROWCOUNT 0);\n", "", found[1], flags=re.MULTILINE)
    assert complaints(statement) == []
    parsed = sqlglot.parse(statement, read="tsql")
    assert all(not isinstance(one, sqlglot.exp.Command) for one in parsed)


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda item: item.name)
def test_each_trigger_is_set_based_and_leaves_row_counts_alone(trigger: Item) -> None:
    lines = [line.strip() for line in trigger.create.splitlines()]
    assert lines[0] == f"CREATE TRIGGER [dbo].[{trigger.name}] ON [dbo].[{trigger.table}]"
    events = "UPDATE" if trigger.table == "activity_type" else "INSERT, UPDATE, DELETE"
    assert lines[1] == f"AFTER {events} AS"
    assert lines[3:5] == ["SET NOCOUNT ON;", "SET ROWCOUNT 0;"]
    body = " ".join(lines[5:])
    assert "inserted" in body
    assert "deleted" in body
    assert not re.search(r"DECLARE|CURSOR|@|TOP", body)


def test_in_the_script_each_statement_stands_alone_and_asks_before_it_creates() -> None:
    script = ddl("mssql", with_consolidate=True)
    assert script.startswith("SET ANSI_NULLS ON;\nSET QUOTED_IDENTIFIER ON;")
    assert script.endswith("\nGO\n\n")
    batches = [batch.strip() for batch in script.split("\nGO\n")][:-1]
    for batch in batches:
        if re.search(r"\bCREATE\b", batch):
            assert re.match(r"IF (NOT EXISTS|OBJECT_ID)\b.*\nEXEC \(N'CREATE ", batch), batch
            assert batch.count("EXEC (") == 1
        assert not re.search(r"DROP|IF EXISTS \w+;|CREATE OR ALTER", batch)
    made = [re.findall(r"EXEC \(N'CREATE (?:UNIQUE )?(\w+)", batch) for batch in batches]
    kinds = [kind[0] for kind in made if kind]
    assert kinds.count("TABLE") == len(TABLES)
    assert kinds.count("TRIGGER") == len(TRIGGERS)


def test_what_is_asked_of_the_catalogue_is_t_sql_of_2012() -> None:
    query = catalogue._QUERIES["mssql"].replace(":names", "(N'x')").replace(":schema", "N'dbo'")
    for statement in (query, *opening(TARGET)):
        assert complaints(statement) == []


def test_numbers_that_the_database_gives_out_are_identities() -> None:
    [made] = [item.create for item in ITEMS if item.name == "calsync_log"]
    assert "id BIGINT NOT NULL IDENTITY" in made
    [made] = [item.create for item in ITEMS if item.name == "calsync_provider"]
    assert "IDENTITY" not in made
    assert isinstance(DIALECT, mssql.dialect)


@pytest.mark.parametrize(
    "item", [item for item in ITEMS if item.kind == "table"], ids=lambda item: item.name
)
def test_b14_every_constraint_has_a_name(item: Item) -> None:
    for line in item.create.splitlines():
        for _ in re.findall(r"\b(DEFAULT|PRIMARY KEY|FOREIGN KEY|UNIQUE|CHECK)\b", line):
            assert re.search(r"\bCONSTRAINT (df|pk|fk|uq)_\w+ ", line), line


def test_b14_no_counter_index_or_function_of_ours_stands_in_others_way() -> None:
    """`@@IDENTITY` stays theirs, and sessions with old settings may write (error 1934)."""
    for item in ITEMS:
        if item.name in {"calsync_feed", "calsync_gap", "calsync_revision"}:
            assert "IDENTITY" not in item.create
        if item.kind == "index":
            assert " WHERE " not in item.create
    for trigger in TRIGGERS:
        assert not re.search(r"TRY_CONVERT|UPDATE \[|DELETE FROM|SELECT @|PRINT", trigger.create)


@pytest.mark.parametrize("schema", ["dbo", "Kunde.1", "it's", "a]b"])
def test_b14_every_name_is_qualified_and_quoted(schema: str) -> None:
    script = ddl("mssql", with_consolidate=True, schema=schema, version=1)
    quoted = "[" + schema.replace("]", "]]") + "]"
    named = re.compile(
        r"\b(?:INTO|FROM|JOIN|UPDATE|TABLE|REFERENCES|ON|OBJECT_ID\(N+'+) ?"
        r"(?:\[?(?:calsync|activity|employee|module|system_info)\w*)"
    )
    assert quoted.replace("'", "''") in script
    assert not named.search(script), named.search(script)
    assert f"CREATE TABLE {quoted}.calsync_link (".replace("'", "''") in script
