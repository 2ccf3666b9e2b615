"""Versions that the sync overwrote or deleted, kept to be looked at and restored (B6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from calsync_agent.appointment.codec import to_json
from calsync_agent.appointment.model import ActivityId, Appointment, EventId, ProfileId
from calsync_agent.state.tables import history


class Side(StrEnum):
    """Whose version was lost."""

    CONSOLIDATE = "consolidate"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class Kept:
    """A version about to be lost, by which rule, and what replaces it (None: a deletion)."""

    profile: ProfileId
    side: Side
    activity: ActivityId
    event: EventId | None
    rule: str
    lost: Appointment
    replaced_by: Appointment | None


def keep(connection: sa.Connection, versions: Iterable[Kept], now: datetime) -> None:
    """Store versions, all at `now` (UTC)."""
    rows = [
        {
            "at": now,
            "profile_id": version.profile,
            "side": version.side.value,
            "activity_id": version.activity,
            "event_id": version.event,
            "subject": version.lost.subject[:255],
            "rule": version.rule,
            "content": to_json(version.lost),
            "replaced_by": version.replaced_by and to_json(version.replaced_by),
        }
        for version in versions
    ]
    if rows:
        connection.execute(sa.insert(history), rows)


def prune(connection: sa.Connection, before: datetime) -> int:
    """Remove versions older than `before` (UTC); returns how many."""
    return connection.execute(sa.delete(history).where(history.c.at < before)).rowcount
