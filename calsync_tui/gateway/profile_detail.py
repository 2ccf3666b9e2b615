"""Everything about one profile that its page shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.health import profiles, provider, situation
from calsync_agent.health.overview import Pulse
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.health.provider import Row
from calsync_agent.health.situation import QuarantinedItem, Situation
from calsync_agent.state import proofs
from calsync_agent.state.tables import history, link, profile, profile_state
from calsync_tui.gateway import log, status
from calsync_tui.gateway.log import LogLine, Whose
from calsync_tui.gateway.status import Carried


@dataclass(frozen=True, slots=True)
class Detail:
    """One profile. `line` is None where it is gone; `situation` knows no other.

    `window`: from when to when it is synced (UTC), as far as it has been listed. `ways`: whether
    inbound and outbound are on for it, None where it is as the provider has it.
    """

    line: ProfileLine | None
    situation: Situation
    provider: Row | None
    ways: tuple[bool | None, bool | None] = (None, None)
    items: tuple[QuarantinedItem, ...] = ()
    carried: Carried = field(default_factory=Carried)
    latest: tuple[LogLine, ...] = ()
    whose: Mapping[ProfileId, Whose] | None = None
    linked: int = 0
    kept: int = 0
    window: tuple[datetime, datetime] | None = None


def read(number: ProfileId, pulse: Pulse) -> Callable[[sa.Connection], Detail]:
    """Work that reads it all, as it is at that pulse."""

    def work(connection: sa.Connection) -> Detail:
        listing = profiles.read(connection, pulse.now)
        line = listing.by_id.get(number)
        row = provider.read(connection)
        lines = () if line is None else (line,)
        found = proofs.read(connection).get(number)
        known = {} if found is None else {number: found}
        alone = Situation(pulse=pulse, provider=row, profiles=lines, items=(), proofs=known)
        return Detail(
            line=line,
            situation=alone,
            provider=row,
            ways=_ways(connection, number),
            items=situation.items(connection, number),
            carried=status.carried(pulse.now, number)(connection),
            latest=status.latest(number)(connection),
            whose=log.profiles(connection),
            linked=_count(
                connection, link, link.c.profile_id == number, link.c.event_id.is_not(None)
            ),
            kept=_count(connection, history, history.c.profile_id == number),
            window=_window(connection, number),
        )

    return work


def _ways(connection: sa.Connection, number: ProfileId) -> tuple[bool | None, bool | None]:
    found = sa.select(profile.c.inbound, profile.c.outbound).where(profile.c.id == number)
    row = connection.execute(found).first()
    return (None, None) if row is None else (row[0], row[1])


def _count(connection: sa.Connection, table: sa.Table, *those: sa.ColumnElement[bool]) -> int:
    counted = sa.select(sa.func.count()).select_from(table).where(*those)
    return connection.execute(counted).scalar_one()


def _window(connection: sa.Connection, number: ProfileId) -> tuple[datetime, datetime] | None:
    state = profile_state.c
    found = sa.select(state.window_start, state.window_end).where(state.profile_id == number)
    row = connection.execute(found).first()
    return None if row is None or row[0] is None or row[1] is None else (row[0], row[1])
