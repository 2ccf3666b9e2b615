"""`db install`, `db upgrade` and `db ddl`: everything that calsync needs in a database.

Stands above the rooms, because it joins what `consolidate` and `state` make each for itself.
"""

from typing import Final

import sqlalchemy as sa

from calsync_agent.consolidate.install import (
    consolidate_steps,
    feed_changes,
    feed_clearing,
    feed_steps,
)
from calsync_agent.consolidate.readiness import check_tables
from calsync_agent.consolidate.triggers import feed_triggers
from calsync_agent.database.creation import begin, create, script, target_of
from calsync_agent.database.engine import Database
from calsync_agent.database.failures import forbidden
from calsync_agent.database.schema import Dialect, Step, Target, triggers_of
from calsync_agent.errors import NotInstalled, NotPermitted
from calsync_agent.i18n import Message, message
from calsync_agent.state import meta
from calsync_agent.state.install import state_steps, version_steps
from calsync_agent.state.tables import SCHEMA_VERSION
from calsync_agent.state.versions import changes, clearing


def upgrade(database: Database) -> list[Message]:
    """Bring an installation of an older version up to date; otherwise as `install`.

    Raises NotInstalled where nothing is installed.
    """
    with database.reading() as connection:
        version = meta.installed(connection)
    if version is None:
        raise NotInstalled(
            message(
                "There is nothing to be brought up to date at {where}; make the plugin's tables:"
                " calsync-agent db install",
                where=database.place,
            )
        )
    return install(database)


def install(database: Database, *, with_consolidate: bool = False) -> list[Message]:
    """Create what is missing, bring up to date what is older, in one transaction; say what.

    Raises DatabaseRefused where Consolidate's tables are missing (and are not asked for), where the
    plugin's tables are newer than this program, and where the login may not create anything;
    DatabaseTrouble where others hold the tables for too long.
    """
    try:
        with database.writing() as connection:
            return _install(connection, with_consolidate=with_consolidate)
    except sa.exc.DBAPIError as error:
        reason = forbidden(error)
        if reason is None:
            raise
        raise NotPermitted(
            message(
                "The login may not create tables and triggers at {where} ({reason}); have an"
                " administrator run the output of: calsync-agent db ddl --dialect {dialect}",
                where=database.place,
                reason=reason,
                dialect=database.dialect,
            )
        ) from error


def ddl(
    dialect: Dialect,
    *,
    with_consolidate: bool = False,
    schema: str = "",
    version: int | None = None,
) -> str:
    """What `install` does, as an SQL script that may be run again.

    `version`: of the tables that are there already; None for a new installation. `schema` empty
    means the one that everybody has: `dbo`, `public`. The script for SQLite that begins with a
    version can be run once: it has no way to ask for a column.
    """
    target = Target(dialect, schema or _DEFAULT_SCHEMAS[dialect])
    return script(target, _steps(target, version, with_consolidate=with_consolidate))


_DEFAULT_SCHEMAS: Final[dict[Dialect, str]] = {
    "mssql": "dbo",
    "postgresql": "public",
    "sqlite": "",
}


def _install(connection: sa.Connection, *, with_consolidate: bool) -> list[Message]:
    target = target_of(connection)
    begin(connection, target)
    version = meta.installed(connection)
    if not with_consolidate:
        check_tables(connection)
    return create(connection, target, _steps(target, version, with_consolidate=with_consolidate))


def _steps(target: Target, version: int | None, *, with_consolidate: bool) -> list[Step]:
    """`version`: of the tables that are there; None where none are."""
    feeding = feed_triggers(target)
    older = version is not None and version < SCHEMA_VERSION
    return [
        *(consolidate_steps(target) if with_consolidate else ()),
        *(changes(target, version) if version is not None else ()),
        *(feed_changes(target) if older else ()),
        *feed_steps(target, triggers_of(feeding)),
        *state_steps(target),
        *feeding,
        *(clearing(target, version) if version is not None else ()),
        *(feed_clearing(target) if older else ()),
        *version_steps(target),
    ]
