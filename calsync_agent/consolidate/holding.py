"""Rows that somebody else is at work on: they are left to the next cycle, never waited for.

Whoever waits while it holds other rows keeps people waiting who have nothing to do with it, and
can make one of them a deadlock's victim (DATABASES.md 2).
"""

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId
from calsync_agent.database.statements import chunks, skipping_locked
from calsync_agent.errors import Trouble
from calsync_agent.i18n import message


class InUse(Trouble):
    """Somebody else is at work on rows below these activities; nothing may stay of the attempt."""

    def __init__(self, activities: frozenset[ActivityId]) -> None:
        super().__init__(message("somebody else is at work on an appointment in Consolidate"))
        self.activities = activities


def hold(connection: sa.Connection, table: sa.Table, rows: Mapping[UUID, ActivityId]) -> None:
    """Hold these rows of `table`, each below its activity, until the transaction ends.

    Raises InUse where somebody else holds one, or has just removed it.
    """
    mine: set[UUID] = set()
    for some in chunks(list(rows)):
        wanted = skipping_locked(sa.select(table.c.id).where(table.c.id.in_(some)), table)
        mine.update(connection.execute(wanted).scalars())
    if busy := frozenset(owner for number, owner in rows.items() if number not in mine):
        raise InUse(busy)
