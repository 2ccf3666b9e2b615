"""How everything fares: profiles, quarantined items, what was carried in the last hour."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from calsync_agent.consolidate import readiness
from calsync_agent.consolidate.tables import activity, employee
from calsync_agent.errors import DatabaseRefused, NotReady
from calsync_agent.i18n import Message
from calsync_agent.state import identity, meta, quarantine
from calsync_agent.state.log import Kind
from calsync_agent.state.tables import log, profile
from calsync_agent.state.tables import quarantine as quarantined
from calsync_agent.visible import visible
from calsync_tui.gateway import profiles, provider
from calsync_tui.gateway.minutes import MinutesAfter
from calsync_tui.gateway.overview import Pulse
from calsync_tui.gateway.profiles import ProfileLine
from calsync_tui.gateway.provider import Row

MINUTES: Final = 60
MOST_ITEMS: Final = 200
"""More quarantined items than anybody reads are only counted."""

_CARRIED: Final = tuple(
    kind.value for kind in (Kind.CREATED, Kind.CHANGED, Kind.DELETED, Kind.LINKED)
)


@dataclass(frozen=True, slots=True)
class QuarantinedItem:
    """An item that cannot be synced for now. `subject` is None where it must not be shown."""

    id: int
    profile: str
    subject: str | None
    reason: Message
    attempts: int
    since: datetime
    next_at: datetime

    @property
    def never(self) -> bool:
        """Whether it is not retried unless it changes."""
        return self.next_at >= quarantine.NEVER


@dataclass(frozen=True, slots=True)
class Health:
    """Whether this database may be synced at all.

    `refused`: why not, if so. `copied`: it is a copy of another one.
    """

    refused: Message | None = None
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that the page shows, and that problems are found in.

    `behind_since`: since when an agent does not work with the newest settings.
    """

    pulse: Pulse
    provider: Row | None
    profiles: tuple[ProfileLine, ...]
    items: tuple[QuarantinedItem, ...]
    health: Health = field(default_factory=Health)
    behind_since: datetime | None = None


def situation(pulse: Pulse) -> Callable[[sa.Connection], Situation]:
    """Work that reads how everything is at that pulse."""

    def work(connection: sa.Connection) -> Situation:
        return Situation(
            pulse=pulse,
            provider=provider.read(connection),
            profiles=profiles.read(connection, pulse.now).lines,
            items=_items(connection),
        )

    return work


def health(connection: sa.Connection) -> Health:
    """Whether this database may be synced; asks its catalogue, so it need not be often."""
    refused = _refused(connection)
    noted = identity.noted(connection)
    copied = noted is not None and not identity.is_of(noted, identity.actual(connection))
    return Health(refused, copied)


def carried(now: datetime) -> Callable[[sa.Connection], tuple[int, ...]]:
    """Work that counts what was carried in each of the last 60 minutes, the oldest first."""
    start = now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)

    def work(connection: sa.Connection) -> tuple[int, ...]:
        minute = MinutesAfter(sa.literal(start, sa.DateTime()), log.c.at).label("minute")
        lines = sa.select(minute).where(log.c.at >= start, log.c.kind.in_(_CARRIED)).subquery()
        counted = sa.select(lines.c.minute, sa.func.count()).group_by(lines.c.minute)
        found = _pairs(connection, counted)
        return tuple(found.get(number, 0) for number in range(MINUTES))

    return work


def retry(item: int) -> Callable[[sa.Connection], bool]:
    """Work that lets an item be tried again at once; False where it is no longer there."""
    return lambda connection: quarantine.hurry(connection, [item]) > 0


def _pairs(connection: sa.Connection, wanted: sa.Executable) -> dict[int, int]:
    return {row[0]: row[1] for row in connection.execute(wanted)}


def _items(connection: sa.Connection) -> tuple[QuarantinedItem, ...]:
    whose = employee.c.name.label("whose")
    found = (
        sa.select(*quarantined.c, activity.c.subject, activity.c.private, whose)
        .join(profile, profile.c.id == quarantined.c.profile_id)
        .join(employee, employee.c.id == profile.c.employee_id)
        .outerjoin(activity, activity.c.id == quarantined.c.activity_id)
        .order_by(quarantined.c.id)
        .limit(MOST_ITEMS)
    )
    return tuple(
        QuarantinedItem(
            id=row["id"],
            profile=visible(row["whose"]),
            subject=None if row["private"] or row["subject"] is None else visible(row["subject"]),
            reason=Message.from_json(row["reason"]),
            attempts=row["attempts"],
            since=row["since"],
            next_at=row["next_at"],
        )
        for row in connection.execute(found).mappings()
    )


def _refused(connection: sa.Connection) -> Message | None:
    try:
        meta.check(connection)
        readiness.check(connection)
    except (DatabaseRefused, NotReady) as refusal:
        return refusal.message
    return None
