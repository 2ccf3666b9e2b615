"""What a program read from a SQLite file: each statement, its rows, and the way to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from calsync_agent.database.engine import Database


@dataclass
class Reads:
    """The statements that contained a word, while it was listened to."""

    about: str
    told: list[tuple[str, Any]] = field(default_factory=list)

    def rows(self, database: Database) -> list[int]:
        """How many rows each got; asked again of a database that has not changed since."""
        with database.reading() as connection:
            return [
                len(connection.exec_driver_sql(statement, parameters).fetchall())
                for statement, parameters in tuple(self.told)
            ]

    def plans(self, database: Database) -> list[str]:
        """By which way SQLite finds the rows of each."""
        with database.reading() as connection:
            return [
                " ".join(
                    row[3]
                    for row in connection.exec_driver_sql(
                        f"EXPLAIN QUERY PLAN {statement}", parameters
                    )
                )
                for statement, parameters in tuple(self.told)
            ]

    def forget(self) -> None:
        """Begin anew."""
        self.told.clear()


@contextmanager
def reads(about: str) -> Iterator[Reads]:
    """Listen to everything that is read."""
    found = Reads(about)

    def note(
        _connection: object,
        _cursor: object,
        statement: str,
        parameters: Any,
        _context: object,
        _many: bool,
    ) -> None:
        if statement.startswith("SELECT") and about in statement:
            found.told.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
