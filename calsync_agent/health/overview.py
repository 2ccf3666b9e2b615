"""What the frame shows of everything: agents, settings revision, how profiles fare.

`pulse` is asked about each second, so it is a handful of small queries and nothing more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.database.clock import UtcNow
from calsync_agent.state import meta, profile_status
from calsync_agent.state.agents import SILENCE, Signing
from calsync_agent.state.profile_status import Fare
from calsync_agent.state.tables import agent, hold, log
from calsync_agent.visible import visible


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent as it last showed itself. Times are UTC, by the database's clock."""

    id: UUID
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    settings_revision: int
    settings_taken_at: datetime | None
    round_at: datetime | None
    round_ms: int | None
    buried: bool = False
    tells: bool = False
    signing: Signing = field(default_factory=Signing)


@dataclass(frozen=True, slots=True)
class Pulse:
    """How things stand at one moment. `now` is the database's clock (UTC).

    `held`: how many profiles wait for an admin.
    """

    now: datetime
    settings_revision: int
    last_log_id: int
    agents: tuple[AgentRow, ...]
    fares: Mapping[ProfileId, Fare]
    held: int = 0

    @property
    def alive(self) -> tuple[AgentRow, ...]:
        """The agents that were heard of lately; the longest running first."""
        return tuple(one for one in self.agents if self._lives(one))

    @property
    def silent(self) -> tuple[AgentRow, ...]:
        """The agents that were not, and have not said goodbye."""
        return tuple(one for one in self.agents if not self._lives(one))

    def _lives(self, one: AgentRow) -> bool:
        return not one.buried and abs(self.now - one.seen_at) <= SILENCE

    @property
    def behind(self) -> tuple[AgentRow, ...]:
        """The living agents that do not work with the newest settings yet."""
        return tuple(one for one in self.alive if one.settings_revision < self.settings_revision)


def pulse(connection: sa.Connection) -> Pulse:
    """How things stand."""
    last, now = connection.execute(sa.select(sa.func.max(log.c.id), UtcNow())).one()
    return Pulse(
        now=now,
        settings_revision=meta.settings_revision(connection),
        last_log_id=last or 0,
        agents=_agents(connection),
        fares=profile_status.read(connection),
        held=_held(connection),
    )


def _held(connection: sa.Connection) -> int:
    waiting = sa.select(sa.func.count(sa.distinct(hold.c.profile_id)))
    return connection.execute(waiting.where(hold.c.verdict.is_(None))).scalar_one()


def _agents(connection: sa.Connection) -> tuple[AgentRow, ...]:
    found = sa.select(*agent.c).order_by(agent.c.started_at, agent.c.id)
    return tuple(
        AgentRow(
            id=row["id"],
            host=visible(row["host"]),
            pid=row["pid"],
            version=row["version"],
            started_at=row["started_at"],
            seen_at=row["seen_at"],
            settings_revision=row["settings_revision"],
            settings_taken_at=row["settings_taken_at"],
            round_at=row["round_at"],
            round_ms=row["round_ms"],
            buried=row["buried_at"] is not None,
            tells=bool(row["tells"]),
            signing=Signing(
                row["credential"], row["credential_expires_at"], bool(row["credential_spare"])
            ),
        )
        for row in connection.execute(found).mappings()
    )
