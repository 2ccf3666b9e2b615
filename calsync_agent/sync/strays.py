"""Brings together what was taken for two meetings, once the organizer's own event is seen (F4).

It happens where an organizer's mailbox could not be read for so long that a copy was imported
without it, while the event had been made by us.
"""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from calsync_agent.appointment.content import UNKNOWN
from calsync_agent.consolidate import writing
from calsync_agent.plan.job import Job
from calsync_agent.plan.pair import Known
from calsync_agent.state import links


def bring_home(connection: sa.Connection, job: Job, done: Sequence[Known]) -> None:
    """Link the copies to the organizer's appointment, and delete the one made for them."""
    for known in done:
        if not known.strays:
            continue
        moved = (
            replace(li, activity=known.activity_id, consolidate=UNKNOWN, exchange=UNKNOWN)
            for li in known.strays
        )
        links.update(connection, moved)
        writing.delete(connection, {li.activity for li in known.strays}, job.stamp)
