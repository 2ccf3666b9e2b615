"""How each database is connected to, so that a connection serves for months."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.database.address import is_freetds
from calsync_agent.database.schema import as_one_name

THREADS: Final = 4
"""Transactions at a time; more would only queue up in the database."""
WRITING: Final = "calsync_writing"
"""Execution option of a connection that is about to write."""

SCANS: Final = "calsync_scans"
"""Execution option of all connections where changes are found by comparing, without triggers."""

_CONNECT_SECONDS: Final = 10
_LOCK_MILLISECONDS: Final = 500
"""Then a transaction gives up what it waits for.

Half of PostgreSQL's `deadlock_timeout`: whoever waits longer while holding rows of Consolidate's
would make Consolidate the victim of the deadlock (DATABASES.md 2).
"""
_HARDLY: Final = 20
_SQLITE_SECONDS: Final = 5  # where one writer at a time is all there is
_POOL: Final[dict[str, Any]] = {
    "pool_size": THREADS + 2,
    "max_overflow": 4,
    "pool_timeout": 30,
    "pool_recycle": 1800,  # before firewalls and proxies forget an idle connection
    "pool_pre_ping": True,
    "pool_use_lifo": True,  # lets the server close what is seldom needed
    "hide_parameters": True,  # errors end in logs, where what people write has no place
}


def engine(url: sa.URL, schema: str, *, scans: bool = False) -> sa.Engine:
    """An engine for a checked URL; nothing is connected yet."""
    options = dict(_POOL)
    options["execution_options"] = {SCANS: scans}
    if schema:
        options["execution_options"]["schema_translate_map"] = {None: as_one_name(schema)}
    match url.get_backend_name():
        case "postgresql":
            return _postgresql(url, options)
        case "mssql":
            return _mssql(url, options)
        case _:
            return _sqlite(url, options)


@contextmanager
def hardly_waiting(connection: sa.Connection) -> Iterator[None]:
    """Inside, a transaction of many small steps gives each of them up almost at once."""
    _wait(connection, _HARDLY)
    yield
    _wait(connection, _LOCK_MILLISECONDS)


def _wait(connection: sa.Connection, milliseconds: int, also: str = "") -> None:
    match connection.dialect.name:
        case "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{milliseconds}ms'; {also}")
        case "mssql":
            connection.exec_driver_sql(f"SET LOCK_TIMEOUT {milliseconds}; {also}")


def _postgresql(url: sa.URL, options: dict[str, Any]) -> sa.Engine:
    arguments = {
        "application_name": "calsync",
        "connect_timeout": _CONNECT_SECONDS,
        "keepalives": 1,  # a peer that vanished is noticed within a minute, not in two hours
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    arguments = {name: value for name, value in arguments.items() if name not in url.query}
    arguments["client_encoding"] = "UTF8"  # whatever url and environment say: people write emoji
    made = sa.create_engine(
        url,
        isolation_level="READ COMMITTED",
        connect_args=arguments,
        executemany_mode="values_plus_batch",  # the driver's own way is a round trip for each row
        **options,
    )

    @sa.event.listens_for(made, "begin")
    def settle(connection: sa.Connection) -> None:
        # Neither start-up options, which poolers refuse, nor the session's own settings: a pooler
        # gives the session to somebody else after each transaction.
        _wait(connection, _LOCK_MILLISECONDS, "SET LOCAL TIME ZONE 'UTC'")

    return made


def _mssql(url: sa.URL, options: dict[str, Any]) -> sa.Engine:
    made = sa.create_engine(
        url,
        isolation_level="READ COMMITTED",
        # FreeTDS 1.3 crashes with it (DATABASES.md 1).
        fast_executemany=not is_freetds(url),
        connect_args={"timeout": _CONNECT_SECONDS},
        **options,
    )

    @sa.event.listens_for(made, "begin")
    def settle(connection: sa.Connection) -> None:
        # In a deadlock it is us whom the server gives up, never Consolidate.
        _wait(connection, _LOCK_MILLISECONDS, "SET DEADLOCK_PRIORITY LOW")

    return made


def _sqlite(url: sa.URL, options: dict[str, Any]) -> sa.Engine:
    made = sa.create_engine(url, connect_args={"timeout": _SQLITE_SECONDS}, **options)

    @sa.event.listens_for(made, "connect")
    def settle(connection: Any, _record: object) -> None:  # noqa: ANN401 - sqlite3's connection
        connection.isolation_level = None  # sqlite3's own BEGIN comes too late; see below
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")

    @sa.event.listens_for(made, "begin")
    def begin(connection: sa.Connection) -> None:
        # A transaction that begins by reading and then writes fails when another wrote meanwhile.
        writing = connection.get_execution_options().get(WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return made
