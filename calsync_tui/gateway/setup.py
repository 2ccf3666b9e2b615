"""What a database is like that may become calsync's, and making it so. Everything here blocks."""

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from calsync_agent import installation
from calsync_agent.config.drafting import SettingsDraft
from calsync_agent.consolidate import readiness
from calsync_agent.consolidate.tables import activity, activity_exception, activity_participant
from calsync_agent.database.address import checked, place
from calsync_agent.database.engine import Database, open_database
from calsync_agent.database.failures import Contended, facts, permitted
from calsync_agent.database.schema import Dialect
from calsync_agent.errors import (
    CalsyncError,
    ConfigurationRefused,
    DatabaseRefused,
    DatabaseTrouble,
    LoginRefused,
    NotInstalled,
    NotPermitted,
    NotReady,
    Outdated,
)
from calsync_agent.health import provider as stored
from calsync_agent.i18n import Message, message
from calsync_agent.platform import replace_file
from calsync_agent.state import meta
from calsync_agent.state.tables import profile, provider

_WRITTEN: Final = {
    provider: "interval_seconds",
    profile: "active",
    activity: "subject",
    activity_exception: "subject",
    activity_participant: "name",
}
"""The tables that calsync writes to, with a column of each."""


class State(Enum):
    """How far a database is."""

    UNUSABLE = auto()
    """It cannot be opened, or was made by a newer program."""
    STRANGE = auto()
    """It holds no Consolidate."""
    UNREADY = auto()
    """Consolidate is there, but may not be synced (B10)."""
    BARE = auto()
    """The plugin's tables are missing, or some of what they need."""
    OLDER = auto()
    """The plugin's tables are of an older version."""
    READ_ONLY = auto()
    """Everything is there, but the login may not write."""
    READY = auto()


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at `place`; `reason` is None where all is well.

    `field`: the field of the draft that the reason is about. `version`: of the plugin's tables that
    are there, where it is an older one. `tenant`: of the provider, where one is set.
    """

    state: State
    dialect: Dialect
    place: str
    reason: Message | None = None
    field: str = "url"
    version: int | None = None
    tenant: str = ""


def look(draft: SettingsDraft) -> Look:
    """What the database that was entered is like. Nothing is written, not even a file."""
    dialect, where = _dialect(draft.url), ""
    try:
        url = checked(draft.stripped().url, schema=draft.schema.strip())
        where = place(url)
        # SQLite makes the file that it is to open.
        if dialect == "sqlite" and not Path(where).is_file():
            return Look(State.STRANGE, dialect, where, _no_file(where))
        database = _opened(draft)
    except (DatabaseRefused, DatabaseTrouble) as error:
        return Look(State.UNUSABLE, dialect, where, error.message, _field(error))
    try:
        return _looked(database, dialect)
    except DatabaseTrouble as error:
        return Look(State.UNUSABLE, dialect, where, error.message)
    finally:
        database.dispose()


def check(database: Database, *, strictly: bool = True) -> None:
    """Raise DatabaseRefused where the UI cannot work with the database, DatabaseTrouble.

    `strictly`: also NotReady where Consolidate may not be synced (B10), NotInstalled where parts of
    the change feed are missing, and NotPermitted where the login may not write.
    """
    try:
        with database.reading() as connection:
            meta.check(connection)
            if strictly:
                readiness.check(connection)
    except sa.exc.DBAPIError as error:
        raise _unusable(error, database.place) from error
    if strictly:
        _check_rights(database)


def install(draft: SettingsDraft, *, with_consolidate: bool = False) -> list[Message]:
    """Create what is missing, and say what that was. Raises as `installation.install` does."""
    database = _opened(draft)
    try:
        return installation.install(database, with_consolidate=with_consolidate)
    finally:
        database.dispose()


def ddl(found: Look, draft: SettingsDraft) -> str:
    """What `install` does where that was found, as SQL for somebody else to run."""
    return installation.ddl(
        found.dialect,
        with_consolidate=found.state is State.STRANGE,
        version=found.version,
        schema=draft.schema.strip(),
        scans=draft.feed == "scan",
    )


def save(named: str, text: str) -> None:
    """Write a file for others to read, under a name that was typed. Raises ConfigurationRefused."""
    path = Path(named.strip()).expanduser()
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise ConfigurationRefused(
            message(
                "{path} cannot be written: {reason}",
                path=str(path),
                reason=error.strerror or str(error),
            )
        ) from error


class _Undone(Exception):
    """Rolls a transaction back."""


def _check_rights(database: Database) -> None:
    """Raise NotPermitted where the login may not write. Changes no row, and keeps nothing."""
    # Whoever has to wait for others may write.
    with suppress(_Undone, Contended), permitted(), database.writing() as connection:
        for table, column in _WRITTEN.items():
            same = {column: table.c[column]}
            connection.execute(sa.update(table).where(sa.false()).values(same))
        raise _Undone


def _looked(database: Database, dialect: Dialect) -> Look:
    where = database.place
    try:
        with database.reading() as connection:
            readiness.check_tables(connection)
    except NotReady as error:
        return Look(State.STRANGE, dialect, where, _no_consolidate(error))
    except sa.exc.DBAPIError as error:
        return Look(State.UNUSABLE, dialect, where, _unusable(error, where).message)
    try:
        check(database)
    except Outdated as error:
        return Look(State.OLDER, dialect, where, error.message, version=error.version)
    except NotInstalled as error:
        return Look(State.BARE, dialect, where, error.message)
    except NotPermitted as error:
        return Look(State.READ_ONLY, dialect, where, error.message)
    except NotReady as error:
        return Look(State.UNREADY, dialect, where, error.message)
    except DatabaseRefused as error:
        return Look(State.UNUSABLE, dialect, where, error.message)
    with database.reading() as connection:
        row = stored.read(connection)
    return Look(State.READY, dialect, where, tenant="" if row is None else row.tenant_id)


def _opened(draft: SettingsDraft) -> Database:
    url, password = draft.apart()
    return open_database(
        url, schema=draft.schema.strip(), password=password or None, feed=draft.feed
    )


def _field(error: CalsyncError) -> str:
    """Which field the database was opened in vain for."""
    if isinstance(error, LoginRefused):
        return "password"
    # What is refused because of the schema names it.
    return "schema" if error.message.fields.get("schema") else "url"


def _dialect(url: str) -> Dialect:
    name = url.strip().partition(":")[0].partition("+")[0]
    return "mssql" if name == "mssql" else "sqlite" if name == "sqlite" else "postgresql"


def _no_consolidate(error: NotReady) -> Message:
    """The same without the command that would make them: it needs settings that are not there."""
    tables = error.message.fields.get("tables", "")
    return message(
        "Consolidate's tables are missing here ({tables}). Check the address and the schema",
        tables=tables,
    )


def _no_file(where: str) -> Message:
    return message("There is no file {path}", path=where)


def _unusable(error: sa.exc.DBAPIError, where: str) -> DatabaseRefused:
    return DatabaseRefused(
        message("The database at {where} refuses: {reason}", where=where, reason=facts(error).text)
    )
