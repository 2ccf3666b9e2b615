"""Which agents run, and which of them syncs a profile: leases by the database's clock (B11).

An agent shows that it lives by its heartbeat. A profile whose agent has shown none for a while, or
is known to be dead, may be taken over by another. Every writing transaction first makes sure that
the lease is still its own (`hold`), so that an agent that was only asleep writes nothing more.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.database.clock import UtcNow
from calsync_agent.database.statements import chunks, locked
from calsync_agent.domain.load import Load
from calsync_agent.errors import Trouble
from calsync_agent.i18n import message
from calsync_agent.state import log, meta
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_agent.state.profile_status import Condition
from calsync_agent.state.tables import agent, fare, lease

HEARTBEAT: Final = timedelta(seconds=5)
SILENCE: Final = timedelta(seconds=20)
"""An agent not heard of for this long counts as dead; with one heartbeat more, below 30 s."""

REMEMBERED: Final = timedelta(days=1)
"""How long an agent is listed that has died, and none was begun on its host."""


Choose: TypeAlias = Callable[[Collection[ProfileId], int, int, int], set[ProfileId]]
"""Of the free profiles those to take: how many one has, one's place among so many agents."""


class LeaseLost(Trouble):
    """Another agent has taken the profile over."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an agent is. `lock_file` is held as long as its process lives, on its own host."""

    id: UUID
    host: str
    pid: int
    version: str
    lock_file: Path


SECRET: Final = "secret"  # noqa: S105 - what is signed in with
CERTIFICATE: Final = "certificate"


@dataclass(frozen=True, slots=True)
class Signing:
    """What an agent signs in with, `SECRET` or `CERTIFICATE`, and when it ends (UTC), where known.

    `spare`: the present secret is refused, and the next one has taken its place.
    """

    kind: str = ""
    ends_at: datetime | None = None
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Traits:
    """What an agent shows of its settings. `tells`: it is to tell of problems."""

    tells: bool = False
    signing: Signing = Signing()

    def values(self) -> dict[str, object]:
        """The columns that show them."""
        return {
            "tells": self.tells,
            "credential": self.signing.kind,
            "credential_expires_at": self.signing.ends_at,
            "credential_spare": self.signing.spare,
        }


@dataclass(frozen=True, slots=True)
class Holder:
    """The agent that has a profile which another would like to sync.

    `seen_at` is its last heartbeat, by the database's clock: whether it grows tells whether it
    lives.
    """

    profile: ProfileId
    host: str
    pid: int
    seen_at: datetime


def register(connection: sa.Connection, identity: Identity, traits: Traits = Traits()) -> None:
    """Make an agent known; those of its host that have died are forgotten for it."""
    same = agent.c.host == identity.host, agent.c.buried_at.is_not(None)
    gone = sa.or_(agent.c.id == identity.id, sa.and_(*same))
    connection.execute(sa.delete(agent).where(gone))
    connection.execute(
        sa.insert(agent).values(
            id=identity.id,
            host=identity.host,
            pid=identity.pid,
            version=identity.version,
            lock_file=str(identity.lock_file),
            started_at=UtcNow(),
            seen_at=UtcNow(),
            **traits.values(),
        )
    )


def beat(
    connection: sa.Connection,
    identity: Identity,
    round_ms: int | None = None,
    traits: Traits = Traits(),
) -> bool:
    """Show that an agent lives; returns whether it was still known.

    One that was taken for dead has no profiles any more, and is made known again. `round_ms`: it
    has asked all its profiles since the last time, of which the slowest took so long.
    """
    mine = sa.update(agent).where(agent.c.id == identity.id, agent.c.buried_at.is_(None))
    mine = mine.values(seen_at=UtcNow(), **traits.values())
    if round_ms is not None:
        mine = mine.values(round_at=UtcNow(), round_ms=round_ms)
    known = connection.execute(mine).rowcount > 0
    if not known:
        register(connection, identity, traits)
    return known


def take(
    connection: sa.Connection,
    identity: Identity,
    wanted: Collection[ProfileId],
    is_dead: Callable[[str, Path], bool],
    choose: Choose = lambda free, _mine, _place, _agents: set(free),
) -> tuple[set[ProfileId], list[Holder]]:
    """Lease wanted profiles that no living agent has; give back those no longer wanted.

    Returns what is leased now, and who has others. `choose` tells which of those that are free.
    `is_dead` tells of a host and lock file
    whether that process is known to have ended. Raises IntegrityError where another agent leases
    one of them in the same moment, or its row has just gone: try again.
    """
    living = _bury(connection, identity, is_dead)
    rows = connection.execute(
        sa.select(lease.c.profile_id, agent.c.id, agent.c.host, agent.c.pid, agent.c.seen_at).join(
            agent, agent.c.id == lease.c.agent_id
        )
    ).all()
    mine = {ProfileId(profile) for profile, owner, *_ in rows if owner == identity.id}
    others = {
        ProfileId(profile): Holder(ProfileId(profile), host, pid, seen_at)
        for profile, owner, host, pid, seen_at in rows
        if owner != identity.id
    }
    wanted = set(wanted)
    free = wanted - mine - others.keys()
    new = choose(free, len(mine & wanted), sorted(living).index(identity.id), len(living))
    if new:
        rows_ = [{"profile_id": profile, "agent_id": identity.id} for profile in sorted(new)]
        connection.execute(sa.insert(lease), rows_)
    _give_back(connection, mine - wanted)
    return (mine & wanted) | new, [others[profile] for profile in sorted(wanted & others.keys())]


def load(connection: sa.Connection) -> dict[UUID, Load]:
    """What each agent that lives has; one query."""
    has = sa.select(sa.func.count()).select_from(lease).where(lease.c.agent_id == agent.c.id)
    fares = lease.join(fare, fare.c.profile_id == lease.c.profile_id)
    fails = (
        sa.select(sa.func.count())
        .select_from(fares)
        .where(lease.c.agent_id == agent.c.id, fare.c.state == Condition.FAILING.value)
    )
    columns = agent.c.id, agent.c.started_at, UtcNow().label("now")
    counts = has.correlate(agent).scalar_subquery(), fails.correlate(agent).scalar_subquery()
    found = sa.select(*columns, *counts).where(agent.c.buried_at.is_(None))
    return {
        number: Load(has, fails, abs((now - began).total_seconds()))
        for number, began, now, has, fails in connection.execute(found)
    }


def give(connection: sa.Connection, owner: UUID, profiles: Collection[ProfileId]) -> None:
    """Give some of an agent's profiles back, for others to take."""
    for some in chunks(sorted(profiles)):
        mine = lease.c.agent_id == owner, lease.c.profile_id.in_(some)
        connection.execute(sa.delete(lease).where(*mine))


def hold(connection: sa.Connection, owner: UUID, profile: ProfileId) -> None:
    """Make sure that a profile is leased to this agent until the transaction ends.

    Raises LeaseLost where it is not.
    """
    if connection.execute(_HELD, {"profile": profile}).scalar() != owner:
        raise LeaseLost(message("another agent has taken this profile over"))


_HELD: Final = locked(
    sa.select(lease.c.agent_id).where(lease.c.profile_id == sa.bindparam("profile")), lease
)


def release(connection: sa.Connection, owner: UUID) -> None:
    """Give back everything an agent has, and forget it."""
    connection.execute(sa.delete(lease).where(lease.c.agent_id == owner))
    connection.execute(sa.delete(agent).where(agent.c.id == owner))


def prune(connection: sa.Connection) -> None:
    """Forget the agents that have died long ago."""
    now: datetime = connection.execute(sa.select(UtcNow())).scalar_one()
    gone = agent.c.buried_at.is_not(None), agent.c.seen_at < now - REMEMBERED
    connection.execute(sa.delete(agent).where(*gone))


def settings_taken(connection: sa.Connection, owner: UUID, revision: int) -> None:
    """Tell that an agent now works with the settings of this revision."""
    meta.fold_revisions(connection)
    connection.execute(
        sa.update(agent)
        .where(agent.c.id == owner)
        .values(settings_revision=revision, settings_taken_at=UtcNow())
    )


def _bury(
    connection: sa.Connection, identity: Identity, is_dead: Callable[[str, Path], bool]
) -> set[UUID]:
    """Take from agents that have died what they had leased; also leases of nobody.

    Returns who lives. Those who died stay listed, so that somebody is told (H2), until one begins
    on their host again.
    """
    living = agent.c.buried_at.is_(None)
    columns = agent.c.id, agent.c.host, agent.c.lock_file, agent.c.seen_at, agent.c.started_at
    rows = connection.execute(sa.select(*columns, UtcNow().label("now")).where(living)).all()
    began = next((row.started_at for row in rows if row.id == identity.id), None)
    dead = [
        row
        for row in rows
        if row.id != identity.id
        and (_silent(row.seen_at, row.now) or is_dead(row.host, Path(row.lock_file)))
    ]
    # Those that were not there any more when this one began on their host are succeeded by it.
    succeeded = [
        row.id for row in dead if row.host == identity.host and began and row.seen_at < began
    ]
    for some in chunks([row.id for row in dead]):
        buried = sa.update(agent).where(agent.c.id.in_(some))
        connection.execute(buried.values(buried_at=UtcNow()))
    silent = [
        LogEntry(
            Level.WARNING,
            Kind.SYNC,
            message("the agent on {host} is silent; its profiles may be taken over", host=row.host),
        )
        for row in dead
        if row.id not in succeeded
    ]
    if silent:
        log.write(connection, silent, rows[0].now)
    for some in chunks(succeeded):
        connection.execute(sa.delete(agent).where(agent.c.id.in_(some)))
    # One that was buried while it leased, and then died, leaves them behind.
    alive = sa.select(agent.c.id).where(living)
    connection.execute(sa.delete(lease).where(lease.c.agent_id.not_in(alive)))
    return {row.id for row in rows} - {row.id for row in dead} | {identity.id}


def _silent(seen_at: datetime, now: datetime) -> bool:
    return abs(now - seen_at) > SILENCE  # the clock may have been put back since


def _give_back(connection: sa.Connection, profiles: Collection[ProfileId]) -> None:
    for some in chunks(sorted(profiles)):
        connection.execute(sa.delete(lease).where(lease.c.profile_id.in_(some)))
