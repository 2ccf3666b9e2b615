"""The plugin's own tables, what stands in them from the beginning, and their triggers."""

from typing import Final

from calsync_agent.database.schema import Change, Item, Step, Target, dropped, tables
from calsync_agent.state.horizon import HORIZON
from calsync_agent.state.meta import SCHEMA_VERSION_ROW, TURN
from calsync_agent.state.tables import PLUGIN_TABLES, SCHEMA_VERSION, meta
from calsync_agent.state.triggers import RETIRED, SETTINGS_REVISION, settings_triggers

_FIRST_ROW: Final = """INSERT INTO {meta} (name, value)
SELECT '{name}', '{value}' WHERE NOT EXISTS (SELECT 1 FROM {meta} WHERE name = '{name}')"""

_NEW_VERSION: Final = """UPDATE {meta} SET value = '{version}'
WHERE name = '{name}' AND value IN ({older})"""


def state_steps(target: Target) -> list[Step]:
    """The steps that make the plugin's own tables and triggers."""
    return [
        *tables(target, PLUGIN_TABLES),
        _first_row(target, SETTINGS_REVISION, "0"),
        _first_row(target, TURN, ""),
        _first_row(target, HORIZON, ""),
        *settings_triggers(target),
    ]


def version_steps(target: Target) -> list[Step]:
    """The last steps, which say that all the others are done."""
    older = ", ".join(f"'{number}'" for number in range(SCHEMA_VERSION))
    return [
        _first_row(target, SCHEMA_VERSION_ROW, str(SCHEMA_VERSION)),
        _NEW_VERSION.format(
            meta=target.name("calsync_meta"),
            version=SCHEMA_VERSION,
            name=SCHEMA_VERSION_ROW,
            older=older,
        ),
    ]


def _first_row(target: Target, name: str, value: str) -> str:
    return _FIRST_ROW.format(meta=target.name("calsync_meta"), name=name, value=value)


def state_removal(target: Target) -> tuple[list[Change], list[Change]]:
    """What removes the plugin's tables of any version: first triggers and functions, then tables.

    The row with the version goes last of all: until then an older or newer program is told of it.
    """
    made = [step for step in settings_triggers(target) if isinstance(step, Item)]
    things = [*((one.kind, one.name, one.table) for one in made), *RETIRED[target.dialect]]
    ordered = sorted(things, key=lambda thing: thing[0] != "trigger")
    names = [table.name for table in reversed(PLUGIN_TABLES)]
    names.sort(key=lambda name: name == meta.name)
    return (
        [dropped(target, kind, name, table) for kind, name, table in ordered],
        [dropped(target, "table", name, name) for name in names],
    )
