"""Checks each statement that SQLAlchemy executes against what SQL Server 2012 understands."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
import sqlglot
from sqlalchemy.dialects.mssql import pyodbc as mssql
from sqlalchemy.sql.compiler import SQLCompiler

MOST_PARAMETERS: Final = 2000
WITH_TRIGGERS: Final = frozenset(
    {
        "activity",
        "activity_exception",
        "activity_participant",
        "activity_type",
        "calsync_provider",
        "calsync_profile",
    }
)
_TOO_NEW: Final = re.compile(
    r"\b(JSON_\w+|ISJSON|OPENJSON|STRING_AGG|STRING_SPLIT|STRING_ESCAPE|TRIM|TRANSLATE|CONCAT_WS"
    r"|GREATEST|LEAST|DATE_BUCKET|DATETRUNC|GENERATE_SERIES|APPROX_\w+|COMPRESS|DATEDIFF_BIG"
    r"|DROP\s+\w+\s+IF\s+EXISTS|CREATE\s+OR\s+ALTER|LIMIT|RETURNING|ON\s+CONFLICT|MERGE"
    r"|IS\s+(NOT\s+)?DISTINCT\s+FROM|AT\s+TIME\s+ZONE|ILIKE)\b",
    re.IGNORECASE,
)
_LITERALS: Final = re.compile(r"N?'(?:[^']|'')*'")
# Savepoints, which sqlglot does not know, and questions about one database's own catalogue.
_ASIDE: Final = re.compile(
    r"^(SAVE|ROLLBACK) TRANSACTION sa_savepoint|^RELEASE SAVEPOINT"
    r"|\b(pg_\w+|sqlite_\w+|information_schema)\b"
)


def oldest_mssql() -> sa.Dialect:
    """The dialect as it is when connected to SQL Server 2012."""
    dialect: Any = mssql.dialect()
    dialect.server_version_info = (11, 0, 2100, 60)
    dialect._setup_version_attributes()
    made: sa.Dialect = dialect
    return made


DIALECT: Final = oldest_mssql()


def complaints(statement: str) -> list[str]:
    """What SQL Server 2012 would not understand in this statement."""
    bare = _LITERALS.sub("''", statement)
    found = [f"not in SQL Server 2012: {match[0]}" for match in _TOO_NEW.finditer(bare)]
    output = re.match(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\[?(\w+)", bare, re.IGNORECASE)
    if output and output[1].lower() in WITH_TRIGGERS and re.search(r"\bOUTPUT\b", bare):
        found.append(f"OUTPUT on {output[1]}, which has triggers")
    if re.match(r"\s*WITH\b[^;]*?\)\s*(UPDATE|DELETE)\b", bare, re.IGNORECASE | re.DOTALL):
        found.append("a CTE as the target of UPDATE or DELETE")
    try:
        sqlglot.parse(statement, read="tsql")
    except sqlglot.errors.SqlglotError as error:
        found.append(f"not T-SQL: {error}")
    return found


def verdict(statement: sa.ClauseElement, keys: list[str] | None) -> list[str]:
    """What is wrong with the statement on SQL Server 2012, each complaint naming it."""
    try:
        made = statement.compile(
            dialect=DIALECT, column_keys=keys, compile_kwargs={"render_postcompile": True}
        )
    except sa.exc.SQLAlchemyError as error:
        plain = str(statement)
        if _ASIDE.search(plain):
            return []
        return [f"cannot be said to SQL Server: {error}\nin: {plain}"]
    if not isinstance(made, SQLCompiler) or _ASIDE.search(made.string):
        return []  # DDL is checked by itself
    return [f"{complaint}\nin: {made.string}" for complaint in complaints(made.string)]


class Watch:
    """Listens to SQLAlchemy during each test; a statement's verdict is found once."""

    def __init__(self) -> None:
        self._verdicts: dict[object, list[str]] = {}
        self._complaints: list[str] = []

    def begin(self) -> None:
        """A test begins."""
        self._complaints = []
        sa.event.listen(sa.Engine, "before_execute", self._execute)
        sa.event.listen(sa.Engine, "before_cursor_execute", self._cursor)

    def end(self) -> list[str]:
        """The test ended: what was wrong with its statements."""
        sa.event.remove(sa.Engine, "before_execute", self._execute)
        sa.event.remove(sa.Engine, "before_cursor_execute", self._cursor)
        return self._complaints

    def _execute(
        self,
        _connection: sa.Connection,
        statement: object,
        several: Sequence[Mapping[str, object]],
        parameters: Mapping[str, object],
        _options: object,
    ) -> None:
        if not isinstance(statement, sa.ClauseElement):
            return
        first = several[0] if several else parameters
        keys = sorted(first) or None
        cached = statement._generate_cache_key()
        identity = (cached.key if cached else str(statement), tuple(keys or ()))
        if identity not in self._verdicts:
            if first and not isinstance(statement, sa.UpdateBase):
                statement = statement.params(first)
            self._verdicts[identity] = verdict(statement, keys)
        self._complaints += self._verdicts[identity]

    def _cursor(
        self,
        _connection: sa.Connection,
        _cursor: object,
        statement: str,
        parameters: Sequence[Collection[object]] | Collection[object],
        _context: object,
        executemany: bool,
    ) -> None:
        bound = next(iter(parameters), ()) if executemany else parameters
        if isinstance(bound, Collection) and len(bound) > MOST_PARAMETERS:
            self._complaints.append(f"{len(bound)} parameters in one statement: {statement[:400]}")
