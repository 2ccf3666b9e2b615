"""How far time has certainly come: what is forgotten by its age is that much older (B6).

A clock may be put forward by weeks, and back again. So the horizon follows the database's clock,
but moves on no quicker than an agent sees time pass, and never back; what is kept is not noted to
be from before it. Then nothing is forgotten before its time has really passed, whatever the clock
says. While no agent runs the horizon rests, and all is kept for as much longer; an agent that has
not moved it for long, because the database was out of its reach, counts as one that did not run:
others may have kept something meanwhile by a clock that was behind.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from calsync_agent.database.clock import UtcNow
from calsync_agent.state import facts
from calsync_agent.state.tables import meta

HORIZON: Final = "horizon"

BETWEEN_MOVES: Final = timedelta(hours=2)
"""An agent that runs moves the horizon at least as often.

So when something is noted by it, it may be behind by this much.
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """The horizon (UTC) as an agent saw it, and when that was, in monotonic seconds."""

    horizon: datetime
    at: float


def moved(stored: datetime | None, seen: Seen | None, now: datetime, at: float) -> datetime:
    """The horizon, `stored` so far, at `now` by the database and `at` in monotonic seconds.

    What other agents have moved it by counts once only: each adds to what it has seen itself.
    """
    if stored is None:
        return now
    if seen is None or at - seen.at > BETWEEN_MOVES.total_seconds():
        return stored
    passed = timedelta(seconds=at - seen.at)
    return max(stored, seen.horizon + min(passed, now - seen.horizon))


def move(connection: sa.Connection, seen: Seen | None, at: float) -> Seen:
    """Let the horizon follow the database's clock; returns where it is."""
    found = read(connection)
    horizon = moved(found, seen, _now(connection), at)
    if horizon != found:
        text = horizon.isoformat()
        mine = sa.update(meta).where(meta.c.name == HORIZON).values(value=text)
        if not connection.execute(mine).rowcount:
            connection.execute(sa.insert(meta).values(name=HORIZON, value=text))
    return Seen(horizon, at)


def noted(moments: Iterable[datetime], horizon: datetime | None) -> list[datetime]:
    """The moments (UTC) to be noted for what is kept now: none is behind the horizon."""
    return [moment if horizon is None else max(moment, horizon) for moment in moments]


def certain(connection: sa.Connection) -> datetime:
    """The moment (UTC) that has certainly come: what is forgotten by its age is measured by it."""
    now, found = _now(connection), read(connection)
    return now if found is None else min(now, found)


def _now(connection: sa.Connection) -> datetime:
    now: datetime = connection.execute(sa.select(UtcNow())).scalar_one()
    return now


def read(connection: sa.Connection) -> datetime | None:
    """The horizon (UTC); None before the first agent, or where somebody made it unreadable."""
    try:
        return datetime.fromisoformat(facts.read(connection, HORIZON) or "").replace(tzinfo=None)
    except ValueError:
        return None
