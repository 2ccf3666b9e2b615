"""The plugin's own tables, what stands in them from the beginning, and their triggers."""

from collections.abc import Sequence
from typing import Final

from calsync_agent.database.schema import Item, Step, Target, switched_on, tables
from calsync_agent.state.meta import SCHEMA_VERSION_ROW
from calsync_agent.state.tables import PLUGIN_TABLES, SCHEMA_VERSION
from calsync_agent.state.triggers import SETTINGS_REVISION, settings_triggers

_FIRST_ROW: Final = """INSERT INTO {meta} (name, value)
SELECT '{name}', '{value}' WHERE NOT EXISTS (SELECT 1 FROM {meta} WHERE name = '{name}')"""

_COMPARE_AGAIN: Final = """UPDATE {states} SET compared_at = NULL
WHERE compared_at IS NOT NULL AND {switched_on} < {all}"""


def state_steps(target: Target, feed_triggers: Sequence[Item]) -> list[Step]:
    """The steps that make the plugin's tables; to be done before the feed's triggers are made.

    While one of those is missing, changes go unseen: Consolidate's side of every profile is then
    to be compared in full.
    """
    first = {SCHEMA_VERSION_ROW: str(SCHEMA_VERSION), SETTINGS_REVISION: "0"}
    meta = target.name("calsync_meta")
    return [
        *tables(target, PLUGIN_TABLES),
        *(_FIRST_ROW.format(meta=meta, name=name, value=value) for name, value in first.items()),
        _COMPARE_AGAIN.format(
            states=target.name("calsync_profile_state"),
            switched_on=switched_on(target, feed_triggers),
            all=len(feed_triggers),
        ),
        *settings_triggers(target),
    ]
