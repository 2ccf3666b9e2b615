"""Whole minutes between two moments, counted by the database."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class MinutesAfter(FunctionElement[int]):
    """`minutes_after(start, moment)`: `start` has to be a whole minute."""

    type = sa.Integer()
    inherit_cache = True

    def __init__(self, start: sa.ColumnElement[Any], moment: sa.ColumnElement[Any]) -> None:
        super().__init__(start, moment)


@compiles(MinutesAfter, "mssql")
def _mssql(element: MinutesAfter, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"DATEDIFF(minute, {_arguments(element, compiler, options)})"


@compiles(MinutesAfter, "postgresql")
def _postgresql(element: MinutesAfter, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    start, moment = (compiler.process(part, **options) for part in element.clauses)
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM ({moment} - {start})) / 60) AS integer)"


@compiles(MinutesAfter, "sqlite")
def _sqlite(element: MinutesAfter, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    start, moment = (compiler.process(part, **options) for part in element.clauses)
    return f"((strftime('%s', {moment}) - strftime('%s', {start})) / 60)"


def _arguments(element: MinutesAfter, compiler: SQLCompiler, options: dict[str, Any]) -> str:
    return ", ".join(compiler.process(part, **options) for part in element.clauses)
