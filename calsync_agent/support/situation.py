"""`status` and the database's own state, by numbers and pseudonyms."""

from typing import Final

import sqlalchemy as sa

from calsync_agent.consolidate.triggers import feed_triggers
from calsync_agent.database.catalogue import dialect_of, found, schema_of
from calsync_agent.database.schema import Target, triggers_of
from calsync_agent.health import profiles, situation
from calsync_agent.health.overview import AgentRow, Pulse
from calsync_agent.health.problems import problems
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.health.situation import Situation
from calsync_agent.health.telling import moment
from calsync_agent.state.triggers import settings_triggers
from calsync_agent.support.columns import As
from calsync_agent.support.known import ALL_TABLES
from calsync_agent.support.telling import Telling

_OWNED: Final = {
    "postgresql": """
        SELECT c.relname::text, pg_catalog.pg_has_role(c.relowner, 'USAGE')
        FROM pg_catalog.pg_class AS c
        WHERE c.relkind IN ('r', 'p') AND c.relname IN :names
          AND c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace
                                WHERE nspname = COALESCE(:schema, current_schema()))
    """,
    "mssql": """
        SELECT CAST(o.name AS nvarchar(128)),
               CASE WHEN OBJECTPROPERTY(o.object_id, 'OwnerId') = USER_ID() THEN 1 ELSE 0 END
        FROM sys.tables AS o
        WHERE o.name IN :names AND o.schema_id = SCHEMA_ID(COALESCE(:schema, SCHEMA_NAME()))
    """,
}


def status(connection: sa.Connection, telling: Telling) -> dict[str, object]:
    """What `status` tells, each profile by its number and its code's pseudonym."""
    now = situation.whole(connection)
    linked = profiles.read_linked(connection)
    wrong = problems(now)
    return {
        "ok": not wrong,
        "at": moment(now.pulse.now),
        "settings_revision": now.pulse.settings_revision,
        "agents": [_agent(one, now.pulse, telling) for one in now.pulse.agents],
        "profiles": [_profile(one, linked.get(one.row.id, 0), telling) for one in now.profiles],
        "problems": [
            {
                "kind": one.kind.value,
                "weight": one.weight.name.lower(),
                "since": moment(one.since),
                "profiles": list(one.profiles),
                "text": telling.message(one.text),
                "mend": telling.message(one.mend),
            }
            for one in wrong
        ],
        "health": _health(now, telling),
    }


def catalogue(connection: sa.Connection) -> dict[str, object]:
    """The database's version; which of our tables and triggers are there, and whose they are."""
    dialect = dialect_of(connection)
    target = Target(dialect)
    triggers = {one.name for one in triggers_of(feed_triggers(target))}
    triggers |= {one.name for one in triggers_of(settings_triggers(target))}
    tables = {table.name for table in ALL_TABLES}
    there = found(connection, tables | triggers)
    columns = {name for kind, name in there if kind == "column"}
    known = {str(column) for table in ALL_TABLES for column in table.columns}
    return {
        "dialect": dialect,
        "version": [
            part for part in connection.dialect.server_version_info or () if isinstance(part, int)
        ],
        "driver": connection.dialect.driver,
        "tables": {name: ("table", name) in there for name in sorted(tables)},
        "triggers": {
            name: "there"
            if ("trigger", name) in there
            else "switched off"
            if ("disabled trigger", name) in there
            else "missing"
            for name in sorted(triggers)
        },
        "columns_missing": sorted(known - columns),
        "columns_unknown": len(columns - known),
        "own": _owned(connection, tables),
    }


def _owned(connection: sa.Connection, tables: set[str]) -> dict[str, bool]:
    """Whether the login owns each of the tables; empty where the database has no owners."""
    query = _OWNED.get(connection.dialect.name)
    if query is None:
        return {}
    asked = sa.text(query).bindparams(
        sa.bindparam("names", expanding=True), sa.bindparam("schema", type_=sa.Unicode())
    )
    values = {"names": sorted(tables), "schema": schema_of(connection)}
    return {name: bool(own) for name, own in connection.execute(asked, values)}


def _agent(one: AgentRow, pulse: Pulse, telling: Telling) -> dict[str, object]:
    return {
        "host": telling.pseudonyms.thing("host", one.host),
        "pid": one.pid,
        "version": telling.value(As.VERSION, one.version),
        "alive": one in pulse.alive,
        "started_at": moment(one.started_at),
        "seen_at": moment(one.seen_at),
        "round_at": moment(one.round_at),
        "round_ms": one.round_ms,
        "settings_revision": one.settings_revision,
    }


def _profile(one: ProfileLine, links: int, telling: Telling) -> dict[str, object]:
    return {
        "id": one.row.id,
        "code": telling.pseudonyms.code(one.employee.code),
        "mailbox": telling.pseudonyms.address(one.row.mailbox),
        "active": one.row.active,
        "permitted": one.employee.permitted,
        "state": one.state.value,
        "in_step_at": moment(one.synced_at),
        "held": one.held,
        "held_since": moment(one.held_since),
        "answered": one.answered,
        "quarantined": one.quarantined,
        "quarantined_since": moment(one.quarantined_since),
        "links": links,
        "error": None if one.error is None else telling.message(one.error),
    }


def _health(now: Situation, telling: Telling) -> dict[str, object]:
    refused = now.health.refused
    return {
        "refused": None if refused is None else telling.message(refused),
        "copied": now.health.copied,
    }
