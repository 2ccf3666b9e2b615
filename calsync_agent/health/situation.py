"""How everything stands at one moment: what the pages show, and what problems are found in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.consolidate import readiness
from calsync_agent.consolidate.tables import activity, employee
from calsync_agent.errors import DatabaseRefused, NotReady
from calsync_agent.health import overview, profiles, provider
from calsync_agent.health.overview import Pulse
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.health.provider import Row
from calsync_agent.i18n import Message
from calsync_agent.state import alerts, identity, meta, proofs, quarantine
from calsync_agent.state.alerts import Troubled
from calsync_agent.state.proofs import Proved
from calsync_agent.state.tables import profile
from calsync_agent.state.tables import quarantine as quarantined
from calsync_agent.visible import visible

MOST_ITEMS: Final = 200
"""More quarantined items than anybody reads are only counted."""


@dataclass(frozen=True, slots=True)
class QuarantinedItem:
    """An item that cannot be synced for now. `subject` is None where it must not be shown.

    `number`: the id of the appointment, or of the event where there is none.
    """

    id: int
    profile: str
    subject: str | None
    reason: Message
    attempts: int
    since: datetime
    next_at: datetime
    number: str = ""

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

    `behind_since`: since when an agent does not work with the newest settings. `channels`: those
    through which nobody can be told. `proofs`: when both sides were last compared in full.
    """

    pulse: Pulse
    provider: Row | None
    profiles: tuple[ProfileLine, ...]
    items: tuple[QuarantinedItem, ...]
    health: Health = field(default_factory=Health)
    behind_since: datetime | None = None
    channels: tuple[Troubled, ...] = ()
    proofs: Mapping[ProfileId, Proved] = field(default_factory=dict)


def whole(connection: sa.Connection) -> Situation:
    """How everything is now, with all that problems are found in.

    Since when an agent works with older settings is not known from one look.
    """
    now = overview.pulse(connection)
    return replace(situation(now)(connection), health=health(connection))


def situation(pulse: Pulse) -> Callable[[sa.Connection], Situation]:
    """Work that reads how everything is at that pulse."""

    def work(connection: sa.Connection) -> Situation:
        return Situation(
            pulse=pulse,
            provider=provider.read(connection),
            profiles=profiles.read(connection, pulse.now).lines,
            items=items(connection),
            channels=alerts.troubled(connection),
            proofs=proofs.read(connection),
        )

    return work


def health(connection: sa.Connection) -> Health:
    """Whether this database may be synced; asks its catalogue, so it need not be often."""
    try:
        meta.check(connection)
    except DatabaseRefused as refusal:
        return Health(refusal.message)
    refused = _refused(connection)
    noted = identity.noted(connection)
    copied = noted is not None and not identity.is_of(noted, identity.actual(connection))
    return Health(refused, copied)


def items(
    connection: sa.Connection, number: ProfileId | None = None
) -> tuple[QuarantinedItem, ...]:
    """What is in quarantine, of all profiles or of one; no more than MOST_ITEMS."""
    whose = employee.c.name.label("whose")
    found = (
        sa.select(*quarantined.c, activity.c.subject, activity.c.private, whose)
        .join(profile, profile.c.id == quarantined.c.profile_id)
        .join(employee, employee.c.id == profile.c.employee_id)
        .outerjoin(activity, activity.c.id == quarantined.c.activity_id)
        .order_by(quarantined.c.id)
        .limit(MOST_ITEMS)
    )
    if number is not None:
        found = found.where(quarantined.c.profile_id == number)
    return tuple(
        QuarantinedItem(
            id=row["id"],
            profile=visible(row["whose"]),
            subject=None if row["private"] or row["subject"] is None else visible(row["subject"]),
            reason=Message.from_json(row["reason"]),
            attempts=row["attempts"],
            since=row["since"],
            next_at=row["next_at"],
            number=str(row["activity_id"] or row["event_id"] or ""),
        )
        for row in connection.execute(found).mappings()
    )


def _refused(connection: sa.Connection) -> Message | None:
    try:
        readiness.check(connection)
    except (DatabaseRefused, NotReady) as refusal:
        return refusal.message
    return None
