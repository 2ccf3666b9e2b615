"""What each version of the schema brought, for databases that an older one has made.

To add something to the version under way:

- a table: append it to `PLUGIN_TABLES` in `state/tables.py`. Nothing else; an upgrade makes every
  table, index and trigger that is missing.
- a column of a table that an older version has: add it there, and its name to `_COLUMNS` below. It
  may be null or have a default, and is no key and no reference.
- anything else (a thing dropped, moved, or made otherwise): a `Change` in `changes`, which finds by
  the catalogue whether it is still to be done. What replaces it needs another name.

Each step may be cut off anywhere and done again. A version that was released is closed: what comes
after it has the next number, and its schema as released is kept in `tests/database/schema_N`.
"""

from typing import Final

import sqlalchemy as sa

from calsync_agent.database.schema import Step, Target, added, dropped
from calsync_agent.state.tables import PLUGIN_TABLES, SCHEMA_VERSION
from calsync_agent.state.triggers import RETIRED

_COLUMNS: Final[dict[int, tuple[str, ...]]] = {
    2: (
        "calsync_profile.inbound",
        "calsync_profile.outbound",
        "calsync_profile.past_months",
        "calsync_profile.future_months",
        "calsync_quarantine.name",
        "calsync_link.carried",
        "calsync_link.event_key",
        "calsync_agent.buried_at",
        "calsync_agent.tells",
        "calsync_agent.credential",
        "calsync_agent.credential_expires_at",
        "calsync_agent.credential_spare",
    ),
}


_KEYS: Final = """UPDATE {link}
SET event_key = COALESCE(event_id, '-' {plus} LOWER(REPLACE(CAST(id AS varchar(36)), '-', '')))
WHERE event_key = ''"""


def changes(target: Target, version: int) -> list[Step]:
    """The steps from that version's tables to this one's, apart from what is only missing.

    To be done before that is made.
    """
    steps: list[Step] = [
        added(target, _column(name))
        for number in range(version + 1, SCHEMA_VERSION + 1)
        for name in _COLUMNS.get(number, ())
    ]
    if version < 2:  # noqa: PLR2004 - a version
        plus = "+" if target.dialect == "mssql" else "||"
        steps += [
            _KEYS.format(link=target.name("calsync_link"), plus=plus),
            dropped(target, "index", "uq_calsync_link_event", "calsync_link"),
        ]
    return steps


def clearing(target: Target, version: int) -> list[Step]:
    """What is to be done when all that is missing was made."""
    if version < 2:  # noqa: PLR2004 - a version
        return [dropped(target, *retired) for retired in RETIRED[target.dialect]]
    return []


def _column(name: str) -> sa.Column[object]:
    table, _, column = name.partition(".")
    [found] = [one for one in PLUGIN_TABLES if one.name == table]
    return found.c[column]
