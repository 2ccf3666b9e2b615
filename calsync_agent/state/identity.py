"""Which database this is, and how far it has come: to notice a restore or a copy (B12).

A copy is known by the database's own identity, which the installation wrote down in `calsync_meta`;
a restore by a position that only grows, and that an agent remembers outside the database.
"""

from pathlib import Path
from typing import Final

import sqlalchemy as sa

from calsync_agent.database.failures import forbidden
from calsync_agent.state.tables import (
    agent,
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
# RESTORE to a database that did not exist gives it a new GUID.
_MSSQL: Final = sa.text(
    "SELECT CONVERT(varchar(36), database_guid) + ':' + DB_NAME()"
    " FROM sys.database_recovery_status WHERE database_id = DB_ID()"
)
_MSSQL_WITHOUT_RIGHTS: Final = sa.text("SELECT @@SERVERNAME + ':' + DB_NAME()")


def actual(connection: sa.Connection) -> str:
    """What makes this database different from every copy of it, as far as the server tells us."""
    match connection.dialect.name:
        case "postgresql":
            return _first(connection, _POSTGRESQL, _POSTGRESQL_WITHOUT_RIGHTS)
        case "mssql":
            return _first(connection, _MSSQL, _MSSQL_WITHOUT_RIGHTS)
        case _:
            file = Path(connection.engine.url.database or "").resolve()
            return f"{file.stat().st_ino}:{file}"[-255:]


def noted(connection: sa.Connection) -> str | None:
    """The identity that the installation wrote down; None where it never did."""
    found = sa.select(meta.c.value).where(meta.c.name == IDENTITY_ROW)
    return connection.execute(found).scalar()


def note(connection: sa.Connection) -> None:
    """Write down which database this is."""
    value = actual(connection)
    mine = sa.update(meta).where(meta.c.name == IDENTITY_ROW)
    if connection.execute(mine.values(value=value)).rowcount == 0:
        connection.execute(sa.insert(meta).values(name=IDENTITY_ROW, value=value))


def position(connection: sa.Connection) -> int:
    """How far the database has come: whatever the agent does leaves a line in the log."""
    return int(connection.execute(sa.select(sa.func.max(log.c.id))).scalar() or 0)


def put_back(connection: sa.Connection) -> None:
    """This is the same installation, restored: both sides are read and compared in full."""
    connection.execute(sa.update(profile_state).values(delta_link=None, compared_at=None))
    note(connection)


def start_anew(connection: sa.Connection) -> None:
    """This is a second installation: what the first one remembered is forgotten."""
    for table in (link, pending, quarantine, waiting, hold, profile_state, lease, agent):
        connection.execute(sa.delete(table))
    note(connection)


def _first(connection: sa.Connection, wanted: sa.TextClause, otherwise: sa.TextClause) -> str:
    """The answer to the better question, or to the one for which no special right is needed."""
    try:
        with connection.begin_nested():
            found = connection.execute(wanted).scalar()
    except sa.exc.DBAPIError as error:
        if forbidden(error) is None:
            raise
        found = None
    return str(found or connection.execute(otherwise).scalar_one())
