"""Carrying the steps of `schema.py` out, or writing them down as a script."""

import re
from collections.abc import Sequence
from typing import Final, assert_never

import sqlalchemy as sa

from calsync_agent.database.catalogue import dialect_of, found, schema_of
from calsync_agent.database.schema import Item, Step, Target, literal, opening
from calsync_agent.i18n import Message, message


def target_of(connection: sa.Connection) -> Target:
    """Where the connection creates things; on SQL Server the login's schema is spelt out."""
    schema = schema_of(connection) or ""
    if not schema and connection.dialect.name == "mssql":
        schema = str(connection.exec_driver_sql("SELECT SCHEMA_NAME()").scalar_one())
    return Target(dialect_of(connection), schema)


def begin(connection: sa.Connection, target: Target) -> None:
    """Make this transaction the only one that creates things, until it ends."""
    for statement in opening(target):
        _run(connection, statement)


def create(connection: sa.Connection, target: Target, steps: Sequence[Step]) -> list[Message]:
    """Make what is missing, switch on what was switched off, and say what that was."""
    items = [step for step in steps if isinstance(step, Item)]
    there = found(connection, {item.name for item in items})
    made = []
    for step in steps:
        if isinstance(step, str):
            _run(connection, step)
        elif (f"disabled {step.kind}", step.name) in there:
            _run(connection, _enabling(target, step))
            made.append(message("trigger {name} switched on", name=step.name))
        elif (step.kind, step.name) not in there:
            _run(connection, step.create)
            made.append(_described(step))
    return made


def script(target: Target, steps: Sequence[Step]) -> str:
    """The same as SQL: may be run again, stops at nothing that is there already."""
    body = [step if isinstance(step, str) else _guarded(target, step) for step in steps]
    match target.dialect:
        case "mssql":
            # sqlcmd has QUOTED_IDENTIFIER off, which filtered indexes and triggers refuse.
            head = ["SET ANSI_NULLS ON;\nSET QUOTED_IDENTIFIER ON;\nSET NOCOUNT ON;"]
            return "".join(f"{statement}\nGO\n\n" for statement in (*head, *body))
        case "postgresql":
            statements = ["BEGIN", *opening(target), *body, "COMMIT"]
        case "sqlite":
            statements = ["BEGIN IMMEDIATE", *body, "COMMIT"]
        case _:
            assert_never(target.dialect)
    return "".join(f"{statement};\n\n" for statement in statements)


_HERE: Final = "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
_POSTGRESQL_RELATION: Final = "SELECT 1 FROM pg_class WHERE relname = '{name}' AND relnamespace = "
_POSTGRESQL_FUNCTION: Final = "SELECT 1 FROM pg_proc WHERE proname = '{name}' AND pronamespace = "
_POSTGRESQL_PROBES: Final = {
    "table": _POSTGRESQL_RELATION + _HERE,
    "index": _POSTGRESQL_RELATION + _HERE,
    "function": _POSTGRESQL_FUNCTION + _HERE,
    "trigger": "SELECT 1 FROM pg_trigger WHERE tgname = '{name}' AND tgrelid = '{table}'::regclass",
}
_MSSQL_MISSING: Final = {
    "table": "OBJECT_ID(N'{object}', N'U') IS NULL",
    "index": "NOT EXISTS (SELECT 1 FROM sys.indexes"
    " WHERE name = N'{name}' AND object_id = OBJECT_ID(N'{object}'))",
    "trigger": "OBJECT_ID(N'{object}', N'TR') IS NULL",
}


def _guarded(target: Target, item: Item) -> str:
    match target.dialect:
        case "sqlite":
            return re.sub(
                r"^CREATE ((?:UNIQUE )?\w+) ", r"CREATE \1 IF NOT EXISTS ", item.create, count=1
            )
        case "postgresql":
            return (
                f"DO $guard$ BEGIN IF NOT EXISTS ({_postgresql_probe(item)}) THEN\n"
                f"{item.create};\nEND IF; END $guard$"
            )
        case "mssql":
            # EXEC, because CREATE TRIGGER must be alone in its batch.
            return f"IF {_mssql_missing(target, item)}\nEXEC (N'{literal(item.create)}');"
        case _:
            assert_never(target.dialect)


def _postgresql_probe(item: Item) -> str:
    return _POSTGRESQL_PROBES[item.kind].format(name=item.name, table=item.table)


def _mssql_missing(target: Target, item: Item) -> str:
    named = target.name(item.table if item.kind == "index" else item.name)
    return _MSSQL_MISSING[item.kind].format(name=item.name, object=literal(named))


def _enabling(target: Target, item: Item) -> str:
    table, name = target.name(item.table), target.name(item.name)
    if target.dialect == "mssql":
        return f"ENABLE TRIGGER {name} ON {table}"
    return f"ALTER TABLE {table} ENABLE TRIGGER {name}"


def _described(item: Item) -> Message:
    match item.kind:
        case "table":
            return message("table {name}", name=item.name)
        case "index":
            return message("index {name} on {table}", name=item.name, table=item.table)
        case "function":
            return message("function {name}", name=item.name)
        case "trigger":
            return message("trigger {name} on {table}", name=item.name, table=item.table)
        case _:
            assert_never(item.kind)


def _run(connection: sa.Connection, statement: str) -> None:
    # Without parameters, so that a per cent sign stays one.
    connection.execution_options(no_parameters=True).exec_driver_sql(statement)
