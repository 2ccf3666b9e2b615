"""Carrying the steps of `schema.py` out, or writing them down as a script."""

import re
from collections.abc import Sequence
from typing import Final, assert_never

import sqlalchemy as sa

from calsync_agent.database.catalogue import dialect_of, found, schema_of
from calsync_agent.database.schema import Change, Item, Kind, Step, Target, literal, opening
from calsync_agent.i18n import Message, message

_OWN_SCHEMA: Final = {"mssql": "SELECT SCHEMA_NAME()", "postgresql": "SELECT current_schema()"}


def target_of(connection: sa.Connection) -> Target:
    """Where the connection creates things; the login's own schema is spelt out."""
    dialect = dialect_of(connection)
    schema = schema_of(connection) or ""
    if not schema and dialect in _OWN_SCHEMA:
        schema = str(connection.exec_driver_sql(_OWN_SCHEMA[dialect]).scalar_one() or "")
    return Target(dialect, schema)


def begin(connection: sa.Connection, target: Target) -> None:
    """Make this transaction the only one that creates things, until it ends."""
    for statement in opening(target):
        _run(connection, statement)


def create(connection: sa.Connection, target: Target, steps: Sequence[Step]) -> list[Message]:
    """Make what is missing, switch on what was switched off, change what is older; say what."""
    names = {name for step in steps if not isinstance(step, str) for name in _looked_for(step)}
    there = found(connection, names)
    made = []
    for step in steps:
        match step:
            case str():
                _run(connection, step)
            case Change():
                if {(step.kind, step.name), (f"disabled {step.kind}", step.name)} & there:
                    for statement in step.statements:
                        _run(connection, statement)
                    there = found(connection, names)
                    made.append(_changed(step))
            case Item():
                if (f"disabled {step.kind}", step.name) in there:
                    _run(connection, _enabling(target, step))
                    made.append(message("trigger {name} switched on", name=step.name))
                elif (step.kind, step.name) not in there:
                    _run(connection, step.create)
                    made.append(_described(step))
            case _:
                assert_never(step)
    return made


def _looked_for(step: Item | Change) -> tuple[str, ...]:
    return (step.name, step.table) if step.kind == "column" else (step.name,)


def script(target: Target, steps: Sequence[Step]) -> str:
    """The same as SQL: may be run again, stops at nothing that is there already."""
    body = [text for step in steps for text in _said(target, step)]
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


_POSTGRESQL_RELATION: Final = """SELECT 1 FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {schema} AND c.relname = '{name}'"""
_POSTGRESQL_PROBES: Final[dict[Kind, str]] = {
    "table": _POSTGRESQL_RELATION,
    "index": _POSTGRESQL_RELATION,
    "function": """SELECT 1 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = {schema} AND p.proname = '{name}'""",
    "trigger": """SELECT 1 FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {schema} AND c.relname = '{table}' AND t.tgname = '{name}'""",
    "column": """SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {schema} AND c.relname = '{table}' AND a.attname = '{name}'
    AND NOT a.attisdropped""",
}
_MSSQL_PROBES: Final[dict[Kind, str]] = {
    "table": "OBJECT_ID(N'{object}', N'U') IS {missing}NULL",
    "index": "{not_exists}EXISTS (SELECT 1 FROM sys.indexes"
    " WHERE name = N'{name}' AND object_id = OBJECT_ID(N'{object}'))",
    "trigger": "OBJECT_ID(N'{object}', N'TR') IS {missing}NULL",
    "column": "COL_LENGTH(N'{object}', N'{name}') IS {missing}NULL",
}


def _said(target: Target, step: Step) -> list[str]:
    """A step as statements that look for themselves whether there is anything to do."""
    match step:
        case str():
            return [step]
        case Item():
            return [_guarded(target, step)]
        case Change():
            return _guarded_change(target, step)
        case _:
            assert_never(step)


def _guarded(target: Target, item: Item) -> str:
    match target.dialect:
        case "sqlite":
            return re.sub(
                r"^CREATE ((?:UNIQUE )?\w+) ", r"CREATE \1 IF NOT EXISTS ", item.create, count=1
            )
        case "postgresql":
            return (
                f"DO $guard$ BEGIN IF NOT EXISTS ({_postgresql_probe(target, item)}) THEN\n"
                f"{item.create};\nEND IF; END $guard$"
            )
        case "mssql":
            # EXEC, because CREATE TRIGGER must be alone in its batch.
            missing = _mssql_probe(target, item, there=False)
            return f"IF {missing}\nEXEC (N'{literal(item.create)}');"
        case _:
            assert_never(target.dialect)


def _guarded_change(target: Target, change: Change) -> list[str]:
    match target.dialect:
        case "sqlite":
            return [re.sub(r"^DROP (\w+) ", r"DROP \1 IF EXISTS ", s) for s in change.statements]
        case "postgresql":
            body = "".join(f"{statement};\n" for statement in change.statements)
            probe = _postgresql_probe(target, change)
            return [f"DO $guard$ BEGIN IF EXISTS ({probe}) THEN\n{body}END IF; END $guard$"]
        case "mssql":
            # All of it, or nothing, however the script is cut off.
            body = "".join(f"EXEC (N'{literal(one)}');\n" for one in change.statements)
            there = _mssql_probe(target, change, there=True)
            return [
                f"IF {there}\nBEGIN\nSET XACT_ABORT ON;\nBEGIN TRANSACTION;\n{body}COMMIT;\nEND"
            ]
        case _:
            assert_never(target.dialect)


def _postgresql_probe(target: Target, thing: Item | Change) -> str:
    schema = f"'{literal(target.schema)}'" if target.schema else "current_schema()"
    return _POSTGRESQL_PROBES[thing.kind].format(
        name=_own_name(thing), table=thing.table, schema=schema
    )


def _mssql_probe(target: Target, thing: Item | Change, *, there: bool) -> str:
    named = target.name(thing.table if thing.kind in {"index", "column"} else thing.name)
    return _MSSQL_PROBES[thing.kind].format(
        name=_own_name(thing),
        object=literal(named),
        missing="NOT " if there else "",
        not_exists="" if there else "NOT ",
    )


def _own_name(thing: Item | Change) -> str:
    return thing.name.rpartition(".")[2]


def _enabling(target: Target, item: Item) -> str:
    table = target.name(item.table)
    if target.dialect == "mssql":
        return f"ENABLE TRIGGER {target.name(item.name)} ON {table}"
    return f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {target.quoted(item.name)}"


def _described(item: Item) -> Message:
    match item.kind:
        case "table":
            return message("table {name}", name=item.name)
        case "column":
            return message("column {name}", name=item.name)
        case "index":
            return message("index {name} on {table}", name=item.name, table=item.table)
        case "function":
            return message("function {name}", name=item.name)
        case "trigger":
            return message("trigger {name} on {table}", name=item.name, table=item.table)
        case _:
            assert_never(item.kind)


def _changed(change: Change) -> Message:
    return message("{name}: brought up to date, or removed", name=change.name)


def _run(connection: sa.Connection, statement: str) -> None:
    # Without parameters, so that a per cent sign stays one.
    connection.execution_options(no_parameters=True).exec_driver_sql(statement)
