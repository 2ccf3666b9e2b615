"""Tables, each row told by what its columns are; the newest of too many."""

from typing import Final

import sqlalchemy as sa

from calsync_agent.bundle import Rows
from calsync_agent.database.stored import as_stored
from calsync_agent.support.columns import COLUMNS, As
from calsync_agent.support.known import ALL_TABLES
from calsync_agent.support.telling import Telling

MOST: Final = 20_000
"""Rows of a table; what belongs to an appointment comes with those that are told of."""

_MOST_OF: Final = {
    "calsync_log": 2_000,
    "calsync_history": 500,
    "calsync_turn": 500,
    "calsync_deed": 2_000,
    "calsync_revision": 1,
    "calsync_seen": 0,
}
_MOST_PARTS: Final = 3 * MOST

_NEWEST: Final = {
    "activity": "modified_at",
    "calsync_log": "id",
    "calsync_history": "id",
    "calsync_turn": "id",
    "calsync_deed": "id",
    "calsync_link": "starts_at",
}
_PARTS: Final = ("activity_exception", "activity_participant")


def told(connection: sa.Connection, table: sa.Table, telling: Telling) -> Rows:
    """The rows of a table, by pseudonyms. A column that is missing raises DBAPIError."""
    kinds = {name: how for name, how in COLUMNS.get(table.name, {}).items() if how is not As.NOT}
    most = _MOST_PARTS if table.name in _PARTS else _MOST_OF.get(table.name, MOST)
    columns = as_stored(connection, [table.c[name] for name in kinds])
    wanted = sa.select(*columns).limit(most + 1)
    if table.name in _NEWEST:
        wanted = wanted.order_by(table.c[_NEWEST[table.name]].desc())
    found = connection.execute(wanted).all()
    rows = [
        [telling.value(how, value) for how, value in zip(kinds.values(), row, strict=True)]
        for row in found[:most]
    ]
    return Rows(tuple(kinds), rows, cut=len(found) > most)


def tables() -> tuple[sa.Table, ...]:
    """Those of Consolidate and of the plugin of which anything is told."""
    return tuple(
        table
        for table in ALL_TABLES
        if any(how is not As.NOT for how in COLUMNS.get(table.name, {}).values())
    )
