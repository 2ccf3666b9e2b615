"""Which database this is, and how far it has come: to notice a restore or a copy (B12).

The first sync notes in `calsync_meta` what tells this database from every copy of it, and a number
drawn for it. A copy is known by the first; a restore by a position that only grows, and that agents
remember by that number outside the database.
"""

from pathlib import Path
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent.database.catalogue import dialect_of, schema_of
from calsync_agent.database.schema import Target
from calsync_agent.state.tables import (
    agent,
    fare,
    hold,
    lease,
    link,
    log,
    meta,
    pending,
    profile_state,
    quarantine,
    waiting,
)

IDENTITY_ROW: Final = "database_identity"

# A database that is restored under another name gets a new oid.
_POSTGRESQL: Final = sa.text(
    "SELECT (SELECT system_identifier FROM pg_control_system())::text || ':' || oid::text"
    " FROM pg_database WHERE datname = current_database()"
)
_POSTGRESQL_WITHOUT_RIGHTS: Final = sa.text(
    "SELECT oid::text || ':' || datname FROM pg_database WHERE datname = current_database()"
)
_POSTGRESQL_RIGHTS: Final = sa.text(
    "SELECT has_function_privilege('pg_control_system()', 'execute')"
)
_POSTGRESQL_SEQUENCE: Final = sa.text("SELECT pg_get_serial_sequence(:name, 'id')")
# RESTORE to a database that did not exist gives it a new GUID. Who has no right to it sees none.
_MSSQL: Final = sa.text(
    "SELECT CONVERT(varchar(36), database_guid) + ':' + DB_NAME()"
    " FROM sys.database_recovery_status WHERE database_id = DB_ID()"
)
_MSSQL_WITHOUT_RIGHTS: Final = sa.text("SELECT @@SERVERNAME + ':' + DB_NAME()")


def actual(connection: sa.Connection) -> str:
    """What makes this database different from every copy of it, as far as the server tells us."""
    match connection.dialect.name:
        case "postgresql":
            may = connection.execute(_POSTGRESQL_RIGHTS).scalar()
            asked = _POSTGRESQL if may else _POSTGRESQL_WITHOUT_RIGHTS
            return str(connection.execute(asked).scalar_one())
        case "mssql":
            found = connection.execute(_MSSQL).scalar()
            return str(found or connection.execute(_MSSQL_WITHOUT_RIGHTS).scalar_one())
        case _:
            file = Path(connection.engine.url.database or "").resolve()
            return f"{file.stat().st_ino}:{file}"[-200:]


def noted(connection: sa.Connection) -> str | None:
    """What `note` wrote down; None where it never did."""
    found = sa.select(meta.c.value).where(meta.c.name == IDENTITY_ROW)
    return connection.execute(found).scalar()


def is_of(noted: str, actual: str) -> bool:
    """Whether it was this database where that was noted."""
    return noted.rpartition("/")[0] == actual


def note(connection: sa.Connection) -> None:
    """Note which database this is, with a new number: what was remembered of it counts no more."""
    value = f"{actual(connection)}/{uuid4()}"
    mine = sa.update(meta).where(meta.c.name == IDENTITY_ROW)
    if connection.execute(mine.values(value=value)).rowcount == 0:
        connection.execute(sa.insert(meta).values(name=IDENTITY_ROW, value=value))


def position(connection: sa.Connection) -> int:
    """How far the database has come: the last number given out in the log, pruned or not.

    Whatever the agent does leaves a line there, and numbers are never given out twice.
    """
    match connection.dialect.name:
        case "postgresql":
            sequence = connection.execute(_POSTGRESQL_SEQUENCE, {"name": _log_table(connection)})
            asked = sa.text(f"SELECT last_value FROM {sequence.scalar_one()}")  # noqa: S608 - the server's own name
            found = connection.execute(asked).scalar()
        case "mssql":
            asked = sa.text("SELECT IDENT_CURRENT(:name)")
            found = connection.execute(asked, {"name": _log_table(connection)}).scalar()
        case _:
            asked = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
            found = connection.execute(asked, {"name": log.name}).scalar()
    return int(found or 0)


def _log_table(connection: sa.Connection) -> str:
    return Target(dialect_of(connection), schema_of(connection) or "").name(log.name)


def put_back(connection: sa.Connection) -> None:
    """This is the same installation, restored: both sides are read and compared in full."""
    connection.execute(sa.update(profile_state).values(delta_link=None, compared_at=None))
    note(connection)


def start_anew(connection: sa.Connection) -> None:
    """This is a second installation: what the first one remembered is forgotten."""
    for table in (link, pending, quarantine, waiting, hold, fare, profile_state, lease, agent):
        connection.execute(sa.delete(table))
    note(connection)
