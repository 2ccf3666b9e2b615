"""`db install` and `db ddl`: everything that calsync needs in a database.

Stands above the rooms, because it joins what `consolidate` and `state` make each for itself.
"""

import sqlalchemy as sa

from calsync_agent.consolidate.install import consolidate_steps, feed_table
from calsync_agent.consolidate.readiness import check_tables
from calsync_agent.consolidate.triggers import feed_triggers
from calsync_agent.database.creation import begin, create, script, target_of
from calsync_agent.database.engine import Database
from calsync_agent.database.failures import forbidden
from calsync_agent.database.schema import Dialect, Step, Target, triggers_of
from calsync_agent.errors import NotPermitted
from calsync_agent.i18n import Message, message
from calsync_agent.state import meta
from calsync_agent.state.install import state_steps


def install(database: Database, *, with_consolidate: bool = False) -> list[Message]:
    """Create what is missing, in one transaction, and say what that was.

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


def ddl(dialect: Dialect, *, with_consolidate: bool = False, schema: str = "") -> str:
    """What `install` does, as an SQL script that may be run again."""
    target = Target(dialect, schema)
    return script(target, _steps(target, with_consolidate=with_consolidate))


def _install(connection: sa.Connection, *, with_consolidate: bool) -> list[Message]:
    target = target_of(connection)
    begin(connection, target)
    if meta.is_installed(connection):
        meta.check_version(connection)
    if not with_consolidate:
        check_tables(connection)
    return create(connection, target, _steps(target, with_consolidate=with_consolidate))


def _steps(target: Target, *, with_consolidate: bool) -> list[Step]:
    feeding = feed_triggers(target)
    return [
        *(consolidate_steps(target) if with_consolidate else ()),
        *feed_table(target),
        *state_steps(target, triggers_of(feeding)),
        *feeding,
    ]
