"""Which database this is, and how far it has come: to notice a restore or a copy (B12).

The first sync notes in `calsync_meta` what tells this database from every copy of it, and a number
drawn for it. Agents remember by that number, outside the database, how far it had come: a position
beside it, which grows with all that a sync writes. A restore is known by a position that has gone
back, a copy by another server or name; but where only the server is another one (a failover, an
upgrade, a right that was lost) and the position is the remembered one, it is the same installation.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent.database.statements import locked
from calsync_agent.database.stored import shown
from calsync_agent.state import facts
from calsync_agent.state.tables import (
    agent,
    fare,
    hold,
    lease,
    link,
    meta,
    pending,
    profile_state,
    quarantine,
    waiting,
)

IDENTITY_ROW: Final = "database_identity"
POSITION_ROW: Final = "database_position"

# A database that is restored under another name gets a new oid.
_POSTGRESQL: Final = sa.text(
    "SELECT (SELECT system_identifier FROM pg_control_system())::text || ':' || oid::text, datname"
    " FROM pg_database WHERE datname = current_database()"
)
_POSTGRESQL_WITHOUT_RIGHTS: Final = sa.text(
    "SELECT oid::text || ':' || datname, datname"
    " FROM pg_database WHERE datname = current_database()"
)
_POSTGRESQL_RIGHTS: Final = sa.text(
    "SELECT has_function_privilege('pg_control_system()', 'execute')"
)
# RESTORE to a database that did not exist gives it a new GUID. Who has no right to it sees none.
_MSSQL: Final = sa.text(
    "SELECT CONVERT(varchar(36), database_guid) + ':' + DB_NAME(), DB_NAME()"
    " FROM sys.database_recovery_status WHERE database_id = DB_ID()"
)
_MSSQL_WITHOUT_RIGHTS: Final = sa.text("SELECT @@SERVERNAME + ':' + DB_NAME(), DB_NAME()")


@dataclass(frozen=True, slots=True)
class Place:
    """What a server says of the database: what no copy has, and the name that people gave it."""

    unique: str
    name: str


def place(connection: sa.Connection) -> Place:
    """Where this database is, as far as the server tells us."""
    match connection.dialect.name:
        case "postgresql":
            may = connection.execute(_POSTGRESQL_RIGHTS).scalar()
            asked = _POSTGRESQL if may else _POSTGRESQL_WITHOUT_RIGHTS
            unique, name = connection.execute(asked).one()
        case "mssql":
            unique, name = connection.execute(_MSSQL).first() or (None, None)
            if unique is None:
                unique, name = connection.execute(_MSSQL_WITHOUT_RIGHTS).one()
        case _:
            file = Path(connection.engine.url.database or "").resolve()
            unique, name = f"{file.stat().st_ino}:{file}"[-200:], str(file)
    return Place(str(unique), str(name))


def actual(connection: sa.Connection) -> str:
    """What makes this database different from every copy of it, as far as the server tells us."""
    return place(connection).unique


def noted(connection: sa.Connection) -> str | None:
    """What `note` wrote down; None where it never did."""
    return facts.read(connection, IDENTITY_ROW)


def is_of(noted: str, actual: str) -> bool:
    """Whether it was this database where that was noted."""
    return noted.rpartition("/")[0] == actual


def number_of(noted: str) -> str:
    """The number that was drawn for the database where that was noted."""
    return noted.rpartition("/")[2]


def note(connection: sa.Connection) -> None:
    """Note which database this is, with a new number: what was remembered of it counts no more."""
    _write(connection, IDENTITY_ROW, f"{actual(connection)}/{uuid4()}")
    _write(connection, POSITION_ROW, "0")


def note_move(connection: sa.Connection) -> None:
    """Note where this database is now; it is the same one, with all that was remembered of it."""
    before = noted(connection)
    if before is not None:
        _write(connection, IDENTITY_ROW, f"{actual(connection)}/{number_of(before)}")


def position(connection: sa.Connection) -> int:
    """How far the database has come; it grows with all that a sync writes (`advance`).

    Kept where nobody tidies up: not as a number of a table that may be emptied.
    """
    return facts.number(facts.read(connection, POSITION_ROW)) or 0


@dataclass(frozen=True, slots=True)
class Noted:
    """What is noted of a database: which it is, and how far it has come.

    `unreadable`: what stands where the position should, where that is none.
    """

    identity: str | None
    position: int
    unreadable: str | None


def read(connection: sa.Connection) -> Noted:
    """All of it, by one query."""
    known = facts.read_some(connection, [IDENTITY_ROW, POSITION_ROW])
    stored = known.get(POSITION_ROW)
    number = facts.number(stored)
    unreadable = None if stored is None or number is not None else shown(stored)
    return Noted(known.get(IDENTITY_ROW), number or 0, unreadable)


def advance(connection: sa.Connection) -> int:
    """The sync has written something; returns how far the database has come now."""
    mine = sa.select(meta.c.value).where(meta.c.name == POSITION_ROW)
    connection.execute(locked(mine, meta)).first()
    now = position(connection) + 1
    _write(connection, POSITION_ROW, str(now))
    return now


def _write(connection: sa.Connection, name: str, value: str) -> None:
    mine = sa.update(meta).where(meta.c.name == name)
    if connection.execute(mine.values(value=value)).rowcount == 0:
        connection.execute(sa.insert(meta).values(name=name, value=value))


def put_back(connection: sa.Connection) -> None:
    """This is the same installation, restored: both sides are read and compared in full."""
    connection.execute(sa.update(profile_state).values(delta_link=None, compared_at=None))
    note(connection)


def start_anew(connection: sa.Connection) -> None:
    """This is a second installation: what the first one remembered is forgotten."""
    for table in (link, pending, quarantine, waiting, hold, fare, profile_state, lease, agent):
        connection.execute(sa.delete(table))
    note(connection)
