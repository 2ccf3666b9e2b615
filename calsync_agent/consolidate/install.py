"""Consolidate's tables with the least that works, and the table of the feed on them."""

from collections.abc import Sequence
from typing import Final

from calsync_agent.consolidate.feed import MARK
from calsync_agent.consolidate.tables import CONSOLIDATE_TABLES, FEED_TABLES, feed
from calsync_agent.consolidate.triggers import RETIRED, feed_triggers
from calsync_agent.database.schema import Change, Item, Step, Target, dropped, switched_on, tables

MODULE: Final = "CalendarSync"
VERSION: Final = "5.2.006"

_FIRST_ROWS: Final = {
    "system_info": """INSERT INTO {table} (id, version)
SELECT 1, '{version}' WHERE NOT EXISTS (SELECT 1 FROM {table})""",
    "module": """INSERT INTO {table} (name, licensed, enabled)
SELECT '{module}', {yes}, {yes} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE name = '{module}')""",
    "activity_type": """INSERT INTO {table} (name, calendar_sync, inbound_default)
SELECT 'Appointment', 'normal', {yes}
WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE inbound_default = {yes})""",
}


def consolidate_steps(target: Target) -> list[Step]:
    """Consolidate's own tables, for who has no Consolidate: a version, the module, one type."""
    yes = "true" if target.dialect == "postgresql" else "1"
    rows = [
        row.format(table=target.name(table), version=VERSION, module=MODULE, yes=yes)
        for table, row in _FIRST_ROWS.items()
    ]
    return [*tables(target, CONSOLIDATE_TABLES), *rows]


_OLD_FEED: Final = "calsync_feed_1"

_UNTRUSTED: Final = """DELETE FROM {feed} WHERE entry = '{mark}' AND {switched_on} < {all}"""

# What was begun before the triggers were there ends before they are relied upon.
_POSTGRESQL_WAIT: Final = """DO $wait$ BEGIN
IF NOT EXISTS (SELECT 1 FROM {feed} WHERE entry = '{mark}') THEN
    LOCK TABLE {sources} IN SHARE ROW EXCLUSIVE MODE;
END IF; END $wait$"""

_MOVED: Final = """INSERT INTO {feed} (entry, activity_id)
SELECT '1.' {plus} CAST(MIN(o.id) AS varchar(20)), o.activity_id FROM {old} o
WHERE NOT EXISTS (SELECT 1 FROM {feed} f WHERE f.activity_id = o.activity_id)
GROUP BY o.activity_id"""


def feed_steps(target: Target, triggers: Sequence[Item]) -> list[Step]:
    """The tables that the triggers fill; to be done before those are made.

    While one of `triggers` is missing, changes go unseen. The mark goes then, and whoever reads the
    feed next looks through everything. Where none are wanted, the mark has no say.
    """
    steps = tables(target, FEED_TABLES)
    if not triggers:
        return steps
    name = target.name(feed.name)
    steps.append(
        _UNTRUSTED.format(
            feed=name,
            mark=MARK,
            switched_on=switched_on(target, triggers),
            all=len(triggers),
        )
    )
    if target.dialect == "postgresql":
        sources = ", ".join(sorted({target.name(trigger.table) for trigger in triggers}))
        steps.append(_POSTGRESQL_WAIT.format(feed=name, mark=MARK, sources=sources))
    return steps


def without_triggers(target: Target) -> list[Change]:
    """What takes the feed's triggers of any version off Consolidate's tables."""
    made = [step for step in feed_triggers(target) if isinstance(step, Item)]
    things = [*((one.kind, one.name, one.table) for one in made), *RETIRED[target.dialect]]
    ordered = sorted(things, key=lambda thing: thing[0] != "trigger")
    return [dropped(target, kind, name, table) for kind, name, table in ordered]


def feed_changes(target: Target) -> list[Step]:
    """Version 1 numbered the feed's rows: its table is put aside, and triggers fill another."""
    name, old = target.name(feed.name), target.quoted(_OLD_FEED)
    aside = f"ALTER TABLE {name} RENAME TO {old}"
    if target.dialect == "mssql":
        aside = f"EXEC sp_rename N'{name}', N'{_OLD_FEED}'"
    made = [step.create for step in tables(target, (feed,)) if isinstance(step, Item)]
    # SQLite's triggers follow the table to its new name; the others look for the old one, and
    # have to find it.
    statements = (aside,) if target.dialect == "sqlite" else (aside, *made)
    return [Change("column", "calsync_feed.id", feed.name, statements)]


def feed_clearing(target: Target) -> list[Step]:
    """To be done when the new triggers are there: the old ones go, unread entries are moved."""
    retired = (dropped(target, kind, name, table) for kind, name, table in RETIRED[target.dialect])
    old = target.name(_OLD_FEED)
    moved = _MOVED.format(
        feed=target.name(feed.name), old=old, plus="+" if target.dialect == "mssql" else "||"
    )
    return [*retired, Change("table", _OLD_FEED, _OLD_FEED, (moved, f"DROP TABLE {old}"))]


def feed_removal(target: Target) -> tuple[list[Change], list[Change]]:
    """What removes the feed of any version: first triggers with their functions, then tables."""
    names = (*(table.name for table in FEED_TABLES), _OLD_FEED)
    return (
        without_triggers(target),
        [dropped(target, "table", name, name) for name in names],
    )
