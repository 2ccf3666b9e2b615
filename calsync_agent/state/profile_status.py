"""How each profile fares, as the agent that syncs it last said: for people to look at.

A row is written when that changes, not with every cycle: a profile that is well costs nothing (A5),
and was last in step when its agent's last round was (`calsync_agent.round_at`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.i18n import Message
from calsync_agent.state.tables import fare


class Condition(StrEnum):
    """Whether a profile's cycles go through."""

    WELL = "well"
    THROTTLED = "throttled"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Fare:
    """How one profile fares. Times are UTC.

    `since`: when it began to fare so; `synced_at`: the last cycle that went through, as far as one
    was noted; `retry_at`: no cycle begins before that.
    """

    profile: ProfileId
    condition: Condition
    since: datetime
    synced_at: datetime | None = None
    error: Message | None = None
    retry_at: datetime | None = None


def read(connection: sa.Connection) -> dict[ProfileId, Fare]:
    """All profiles of which something was said."""
    rows = connection.execute(sa.select(*fare.c)).mappings()
    return {found.profile: found for found in map(_fare, rows)}


def write(connection: sa.Connection, fares: Iterable[Fare]) -> None:
    """Say how profiles fare; of one that is gone nothing is kept."""
    for one in fares:
        values = {
            "state": one.condition.value,
            "since": one.since,
            "synced_at": one.synced_at,
            "error": one.error and one.error.to_json(),
            "retry_at": one.retry_at,
        }
        mine = sa.update(fare).where(fare.c.profile_id == one.profile)
        if connection.execute(mine.values(values)).rowcount == 0:
            connection.execute(sa.insert(fare).values(profile_id=one.profile, **values))


def _fare(row: sa.RowMapping) -> Fare:
    return Fare(
        profile=ProfileId(row["profile_id"]),
        condition=Condition(row["state"]),
        since=row["since"],
        synced_at=row["synced_at"],
        error=Message.from_json(row["error"]) if row["error"] else None,
        retry_at=row["retry_at"],
    )
