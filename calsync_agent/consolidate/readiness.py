"""Whether Consolidate may be synced (B10): tables, version, module, and the feed's triggers."""

import re
from typing import Final

import sqlalchemy as sa

from calsync_agent.consolidate import rights
from calsync_agent.consolidate.install import MODULE
from calsync_agent.consolidate.tables import CONSOLIDATE_TABLES, FEED_TABLES, module, system_info
from calsync_agent.consolidate.triggers import feed_triggers
from calsync_agent.database.catalogue import Found, dialect_of, found, scans
from calsync_agent.database.failures import permitted
from calsync_agent.database.schema import Target, triggers_of
from calsync_agent.errors import NotInstalled, NotReady
from calsync_agent.i18n import message

OLDEST: Final = (5, 2)
_VERSION: Final = re.compile(r"[0-9]+(\.[0-9]+)*")


def check(connection: sa.Connection) -> None:
    """Raise NotReady or DatabaseRefused unless Consolidate may be synced. A few queries.

    Where changes are found without triggers, none need be there.
    """
    known = triggers_of(feed_triggers(Target(dialect_of(connection))))
    triggers = () if scans(connection) else known
    names = {table.name for table in (*CONSOLIDATE_TABLES, *FEED_TABLES)}
    with permitted():
        there = found(connection, names | {trigger.name for trigger in known})
        _check_tables(there)
        _check_version(connection)
        _check_module(connection)
    missing = {trigger.name for trigger in triggers if ("trigger", trigger.name) not in there}
    for table in FEED_TABLES:
        if ("table", table.name) not in there:
            missing.add(table.name)
        elif any(("column", str(one)) not in there for one in table.columns):
            missing.add(f"{table.name} as it was made")
    if missing:
        raise NotInstalled(
            message(
                "Changes in Consolidate would go unseen: missing or switched off are {names};"
                " put them right: calsync-agent db install",
                names=", ".join(sorted(missing)),
            )
        )
    if any(("trigger", trigger.name) in there for trigger in known):
        rights.check(connection)


def check_tables(connection: sa.Connection) -> None:
    """Raise NotReady where tables of Consolidate are missing."""
    _check_tables(found(connection, {table.name for table in CONSOLIDATE_TABLES}))


def _check_tables(there: Found) -> None:
    missing = [table.name for table in CONSOLIDATE_TABLES if ("table", table.name) not in there]
    if missing:
        raise NotReady(
            message(
                "Consolidate's tables are missing here ({tables}); check database.url and"
                " database.schema, or make them for a trial: calsync-agent db install"
                " --with-consolidate",
                tables=", ".join(missing),
            )
        )


def _check_version(connection: sa.Connection) -> None:
    versions = connection.execute(sa.select(system_info.c.version)).scalars().all()
    if len(versions) != 1:
        raise NotReady(
            message(
                "Consolidate's version is unknown: system_info has {count} rows instead of one;"
                " repair Consolidate's installation",
                count=len(versions),
            )
        )
    stored = versions[0].strip()
    if not _VERSION.fullmatch(stored):
        raise NotReady(
            message(
                "Consolidate's version is unreadable: system_info.version holds {version} instead"
                " of something like 5.2.006; repair Consolidate's installation",
                version=repr(stored),
            )
        )
    if tuple(int(part) for part in stored.split(".")) < OLDEST:
        raise NotReady(
            message(
                "Consolidate {version} is too old; update it to {oldest} or later",
                version=stored,
                oldest=".".join(map(str, OLDEST)),
            )
        )


def _check_module(connection: sa.Connection) -> None:
    row = connection.execute(
        sa.select(module.c.licensed, module.c.enabled).where(module.c.name == MODULE)
    ).one_or_none()
    if row is None:
        raise NotReady(
            message(
                "Consolidate has no module {module}; update Consolidate, or have it installed",
                module=MODULE,
            )
        )
    if not row.licensed:
        raise NotReady(
            message(
                "Consolidate's module {module} is not licensed; order a licence and enter it in"
                " Consolidate",
                module=MODULE,
            )
        )
    if not row.enabled:
        raise NotReady(
            message(
                "Consolidate's module {module} is not enabled; enable it in Consolidate's"
                " administration",
                module=MODULE,
            )
        )
