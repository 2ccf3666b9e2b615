"""`db install`, `db upgrade` and `db ddl`: everything that calsync needs in a database.

Stands above the rooms, because it joins what `consolidate` and `state` make each for itself.
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from calsync_agent.consolidate.install import (
    consolidate_steps,
    feed_changes,
    feed_clearing,
    feed_removal,
    feed_steps,
    without_triggers,
)
from calsync_agent.consolidate.readiness import check_tables
from calsync_agent.consolidate.triggers import feed_triggers
from calsync_agent.database.catalogue import found, scans
from calsync_agent.database.creation import begin, create, script, target_of
from calsync_agent.database.encoding import lacking
from calsync_agent.database.engine import Database
from calsync_agent.database.failures import facts, forbidden, without_schema
from calsync_agent.database.schema import Change, Dialect, Step, Target, triggers_of
from calsync_agent.errors import DatabaseRefused, NotInstalled, NotPermitted
from calsync_agent.i18n import Message, message
from calsync_agent.state import meta
from calsync_agent.state.install import state_removal, state_steps, version_steps
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
            if (refusal := without_schema(error)) is None:
                raise
            raise refusal from error
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
    scans: bool = False,
) -> str:
    """What `install` does, as an SQL script that may be run again.

    `version`: of the tables that are there already; None for a new installation. `schema` empty
    means the one that everybody has: `dbo`, `public`. The script for SQLite that begins with a
    version can be run once: it has no way to ask for a column. `scans`: no triggers for the feed.
    """
    target = Target(dialect, schema or _DEFAULT_SCHEMAS[dialect])
    steps = _steps(target, version, with_consolidate=with_consolidate, scans=scans)
    return script(target, steps)


_DEFAULT_SCHEMAS: Final[dict[Dialect, str]] = {
    "mssql": "dbo",
    "postgresql": "public",
    "sqlite": "",
}


def removal(database: Database) -> list[str]:
    """The names of what `uninstall` would remove. Raises what it raises."""
    with database.reading() as connection:
        meta.installed(connection)
        target = target_of(connection)
        there = found(connection, {step.name for step in _removal(target)})
        return [step.name for step in _removal(target) if (step.kind, step.name) in there]


def uninstall(database: Database) -> list[Message]:
    """Remove all that the plugin has made, in one transaction: triggers, then tables; say what.

    Consolidate's tables are then as if the plugin had never been there. Raises DatabaseRefused
    where the tables are newer than this program, or something of somebody else's rests on them.
    """
    try:
        with database.writing() as connection:
            target = target_of(connection)
            begin(connection, target)
            meta.installed(connection)
            create(connection, target, _removal(target))
    except sa.exc.DBAPIError as error:
        raise DatabaseRefused(
            message(
                "The plugin could not be removed at {where} ({reason}); remove what rests on its"
                " tables, or have an administrator run the output of: calsync-agent db ddl"
                " --uninstall --dialect {dialect}",
                where=database.place,
                reason=facts(error).text,
                dialect=database.dialect,
            )
        ) from error
    return [message("The plugin's tables and triggers are gone; Consolidate's are as they were.")]


def removing_ddl(dialect: Dialect, *, schema: str = "") -> str:
    """What `uninstall` does, as an SQL script that may be run again."""
    target = Target(dialect, schema or _DEFAULT_SCHEMAS[dialect])
    return script(target, _removal(target))


def _removal(target: Target) -> list[Change]:
    of_feed, feed = feed_removal(target)
    of_state, state = state_removal(target)
    return [*of_feed, *of_state, *feed, *state]


def _install(connection: sa.Connection, *, with_consolidate: bool) -> list[Message]:
    target = target_of(connection)
    begin(connection, target)
    version = meta.installed(connection)
    if not with_consolidate:
        check_tables(connection)
    scanning = scans(connection)
    steps = _steps(target, version, with_consolidate=with_consolidate, scans=scanning)
    done = create(connection, target, steps)
    if scanning:
        done.append(
            message(
                "Consolidate's tables carry no triggers of the feed (database.feed is scan):"
                " changes are found by comparing"
            )
        )
    lacks = lacking(connection)
    return [*done, lacks] if lacks else done


def _steps(
    target: Target, version: int | None, *, with_consolidate: bool, scans: bool = False
) -> list[Step]:
    """`version`: of the tables that are there; None where none are."""
    feeding: Sequence[Step] = without_triggers(target) if scans else feed_triggers(target)
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
