"""How everything fares: profiles, quarantined items, what was carried in the last hour."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from calsync_agent.state import quarantine
from calsync_agent.state.log import Kind
from calsync_agent.state.tables import log
from calsync_tui.gateway.minutes import MinutesAfter

MINUTES: Final = 60

_CARRIED: Final = tuple(
    kind.value for kind in (Kind.CREATED, Kind.CHANGED, Kind.DELETED, Kind.LINKED)
)


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
