"""How each database is connected to, so that a connection serves for months."""

from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.database.address import is_freetds

THREADS: Final = 4
"""Transactions at a time; more would only queue up in the database."""
WRITING: Final = "calsync_writing"
"""Execution option of a connection that is about to write."""

_CONNECT_SECONDS: Final = 10
_LOCK_SECONDS: Final = 5  # then a transaction gives up, so that others' long ones block no thread
_POOL: Final[dict[str, Any]] = {
    "pool_size": THREADS + 2,
    "max_overflow": 4,
    "pool_timeout": 30,
    "pool_recycle": 1800,  # before firewalls and proxies forget an idle connection
    "pool_pre_ping": True,
    "pool_use_lifo": True,  # lets the server close what is seldom needed
    "hide_parameters": True,  # errors end in logs, where what people write has no place
}


def engine(url: sa.URL, schema: str) -> sa.Engine:
    """An engine for a checked URL; nothing is connected yet."""
    options = dict(_POOL)
    if schema:
        options["execution_options"] = {"schema_translate_map": {None: schema}}
    match url.get_backend_name():
        case "postgresql":
            return _postgresql(url, options)
        case "mssql":
            return _mssql(url, options)
        case _:
            return _sqlite(url, options)


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
    made = sa.create_engine(
        url, isolation_level="READ COMMITTED", connect_args=arguments, **options
    )

    @sa.event.listens_for(made, "connect")
    def settle(connection: Any, _record: object) -> None:  # noqa: ANN401 - psycopg2's connection
        # No start-up options: connection poolers refuse them.
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
            cursor.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
        connection.commit()

    return made


def _mssql(url: sa.URL, options: dict[str, Any]) -> sa.Engine:
    made = sa.create_engine(
        url,
        isolation_level="READ COMMITTED",
        # FreeTDS 1.3 crashes with it (database-facts.md).
        fast_executemany=not is_freetds(url),
        connect_args={"timeout": _CONNECT_SECONDS},
        **options,
    )

    @sa.event.listens_for(made, "connect")
    def settle(connection: Any, _record: object) -> None:  # noqa: ANN401 - pyodbc's connection
        cursor = connection.cursor()
        cursor.execute(f"SET LOCK_TIMEOUT {_LOCK_SECONDS * 1000}")
        cursor.close()

    return made


def _sqlite(url: sa.URL, options: dict[str, Any]) -> sa.Engine:
    made = sa.create_engine(url, connect_args={"timeout": _LOCK_SECONDS}, **options)

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
