"""Consolidate's tables with the least that works, and the table of the feed on them."""

from typing import Final

from calsync_agent.consolidate.tables import CONSOLIDATE_TABLES, feed
from calsync_agent.database.schema import Step, Target, tables

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


def feed_table(target: Target) -> list[Step]:
    """The table that the triggers fill."""
    return tables(target, (feed,))
