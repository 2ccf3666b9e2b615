"""The way from the terminal UI to its database, which a test may cut."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from calsync_agent.database.engine import Database
from calsync_agent.errors import DatabaseTrouble
from calsync_agent.i18n import message

_T = TypeVar("_T")

WHY = "nobody answers"


@contextmanager
def cut(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No database answers while the context lasts."""

    async def refuse(_database: Database, _work: Callable[[sa.Connection], _T]) -> _T:
        raise DatabaseTrouble(message("{why}", why=WHY))

    with monkeypatch.context() as patch:
        patch.setattr(Database, "read", refuse)
        patch.setattr(Database, "write", refuse)
        yield


@contextmanager
def read_only() -> Iterator[None]:
    """Every login to a SQLite file may only read while the context lasts."""

    def settle(connection: Any, *_given: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    def loosen(connection: Any, *_given: object) -> None:
        connection.execute("PRAGMA query_only = OFF")

    sa.event.listen(sa.pool.Pool, "checkout", settle)
    sa.event.listen(sa.pool.Pool, "checkin", loosen)
    try:
        yield
    finally:
        sa.event.remove(sa.pool.Pool, "checkout", settle)
        sa.event.remove(sa.pool.Pool, "checkin", loosen)
