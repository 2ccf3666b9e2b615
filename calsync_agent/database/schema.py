"""Creating what is missing in a database, or printing the SQL that would.

What is created is a list of steps in order. Both ways carry out the same statements: `create` asks
the catalogue first, the script asks it by itself, statement by statement.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects import mssql, postgresql, sqlite
from sqlalchemy.dialects.mssql.base import MSDDLCompiler
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

Dialect: TypeAlias = Literal["postgresql", "mssql", "sqlite"]
Kind: TypeAlias = Literal["table", "column", "index", "function", "trigger"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where something is created: on which database, in which schema (empty: the login's)."""

    dialect: Dialect
    schema: str = ""

    def name(self, thing: str) -> str:
        """How `thing` is called in a statement, with its schema."""
        schema = "" if self.dialect == "sqlite" else self.schema
        return ".".join(self.quoted(part) for part in (schema, thing) if part)

    def quoted(self, name: str) -> str:
        """`name` by itself, so that capitals, dots and words of SQL mean themselves."""
        match self.dialect:
            case "mssql":
                return f"[{name.replace(']', ']]')}]"
            case "postgresql" | "sqlite":
                return '"' + name.replace('"', '""') + '"'
            case _:
                assert_never(self.dialect)


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is created once. `table` is what a column, trigger or index belongs to.

    A column is named with its table: `calsync_profile.inbound`.
    """

    kind: Kind
    name: str
    table: str
    create: str


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to something of an older version as long as it is there.

    The last statement makes it vanish, and all of them may be repeated: so the change may be cut
    off anywhere.
    """

    kind: Kind
    name: str
    table: str
    statements: tuple[str, ...]


Step: TypeAlias = Item | Change | str
"""An item, a change, or a statement that may be repeated safely."""
Steps: TypeAlias = Callable[[Target], Sequence[Step]]


def as_one_name(schema: str) -> str:
    """For SQLAlchemy: with its dots, which would mean a database and a schema to SQL Server."""
    return sa.quoted_name(schema, quote=True)


def tables(target: Target, wanted: Sequence[sa.Table]) -> list[Step]:
    """The steps that make these tables, in this order, and their indexes."""
    dialect = offline(target.dialect)
    steps: list[Step] = []
    for table in wanted:
        made = _compiled(CreateTable(table), dialect, target)
        steps.append(Item("table", table.name, table.name, made))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            made = _compiled(CreateIndex(index), dialect, target)
            steps.append(Item("index", str(index.name), table.name, made))
    return steps


def added(target: Target, column: sa.Column[Any]) -> Item:
    """The step that adds a column to a table that an older version has made.

    It may be null or have a default; no key, no reference: SQLite cannot add those.
    """
    table = column.table.name
    made = str(CreateColumn(column).compile(dialect=offline(target.dialect)))
    add = "ADD" if target.dialect == "mssql" else "ADD COLUMN"
    create = f"ALTER TABLE {target.name(table)} {add} {made}"
    return Item("column", f"{table}.{column.name}", table, create)


def dropped(target: Target, kind: Kind, name: str, table: str) -> Change:
    """The step that removes something where it is there."""
    on = f" ON {target.name(table)}"
    match kind:
        case "trigger":
            suffix = on if target.dialect == "postgresql" else ""
        case "index":
            suffix = on if target.dialect == "mssql" else ""
        case "function":
            suffix = "()"
        case _:
            suffix = ""
    plain = kind == "index" and target.dialect == "mssql"
    plain |= kind == "trigger" and target.dialect == "postgresql"
    said = target.quoted(name) if plain else target.name(name)
    return Change(kind, name, table, (f"DROP {kind.upper()} {said}{suffix}",))


def triggers_of(steps: Sequence[Step]) -> list[Item]:
    """The triggers among the steps."""
    return [step for step in steps if isinstance(step, Item) and step.kind == "trigger"]


class _NamedDefaults(MSDDLCompiler):
    """SQL Server names a default as it likes, other than the other two: ours have names."""

    def get_column_specification(self, column: sa.Column[Any], **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
        """As SQLAlchemy does."""
        base: Any = super()
        made = str(base.get_column_specification(column, **options))
        named = f" CONSTRAINT df_{column.table.name}_{column.name} DEFAULT "
        return made.replace(" DEFAULT ", named, 1)


def offline(dialect: Dialect) -> sa.Dialect:
    """SQLAlchemy's dialect without a connection, for the types of the servers that we support."""
    match dialect:
        case "mssql":
            made = mssql.dialect(deprecate_large_types=True)  # as SQL Server 2012 and later
            made.ddl_compiler = _NamedDefaults
            return made
        case "postgresql":
            return postgresql.dialect()
        case "sqlite":
            return sqlite.dialect()
        case _:
            assert_never(dialect)


def _compiled(element: sa.schema.ExecutableDDLElement, dialect: sa.Dialect, target: Target) -> str:
    if target.dialect != "sqlite" and target.schema:
        compiled = element.compile(
            dialect=dialect,
            schema_translate_map={None: as_one_name(target.schema)},
            render_schema_translate=True,
        )
    else:
        compiled = element.compile(dialect=dialect)
    lines = (line.rstrip().replace("\t", "    ") for line in str(compiled).strip().splitlines())
    return "\n".join(line for line in lines if line)


_SWITCHED_ON: Final = {
    "postgresql": """(SELECT COUNT(*) FROM pg_trigger
    WHERE tgname IN ({names}) AND tgrelid IN ({owners}) AND tgenabled IN ('O', 'A'))""",
    "mssql": "(SELECT COUNT(*) FROM sys.triggers WHERE object_id IN ({ids}) AND is_disabled = 0)",
    "sqlite": "(SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name IN ({names}))",
}


def switched_on(target: Target, triggers: Sequence[Item]) -> str:
    """An SQL expression: how many of these triggers exist and are switched on."""
    owners = sorted({f"'{literal(target.name(trigger.table))}'::regclass" for trigger in triggers})
    return _SWITCHED_ON[target.dialect].format(
        names=", ".join(f"'{trigger.name}'" for trigger in triggers),
        ids=", ".join(
            f"OBJECT_ID(N'{literal(target.name(trigger.name))}')" for trigger in triggers
        ),
        owners=", ".join(owners),
    )


_LOCK: Final = 0x63616C73796E63  # "calsync" in ASCII
_MSSQL_ALONE: Final = """DECLARE @held int;
EXEC @held = sp_getapplock @Resource = N'calsync_install', @LockMode = N'Exclusive',
    @LockOwner = N'Transaction', @LockTimeout = 60000;
IF @held < 0 RAISERROR (N'another installation is running', 16, 1)"""


def opening(target: Target) -> list[str]:
    """What a transaction that creates things begins with: alone, and in one schema only."""
    match target.dialect:
        case "postgresql":
            schema = f"'{literal(target.schema)}'" if target.schema else "current_schema()"
            return [
                # Functions keep this path (FROM CURRENT). Temporary tables come last, so that
                # nobody can put one in the place of ours.
                f"SELECT set_config('search_path', quote_ident({schema}) || ', pg_temp', true)",
                # Another installation is waited for; Consolidate, whose tables get triggers, is not
                # held up: below a second, so that it is never the victim of a deadlock.
                "SET LOCAL lock_timeout = '60s'",
                f"SELECT pg_advisory_xact_lock({_LOCK})",
                "SET LOCAL lock_timeout = '900ms'",
            ]
        case "mssql":
            return [_MSSQL_ALONE]
        case "sqlite":
            return []
        case _:
            assert_never(target.dialect)


def literal(text: str) -> str:
    """`text` for use between single quotes."""
    return text.replace("'", "''")
