"""Tells the database how each profile fares, for the terminal UI; only what has changed."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.database.engine import Database
from calsync_agent.errors import DatabaseTrouble, MailboxUnavailable
from calsync_agent.service.profile_run import Standing
from calsync_agent.state import profile_status
from calsync_agent.state.profile_status import Condition, Fare


class Faring:
    """What was told so far, so that nothing is written twice (A5)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told: dict[ProfileId, Fare] | None = None

    async def tell(self, standings: Iterable[Standing], now: datetime) -> None:
        """Write what has changed; what cannot be written now is with the next round."""
        with suppress(DatabaseTrouble, sa.exc.SQLAlchemyError):
            if self._told is None:
                self._told = await self._database.read(profile_status.read)
            changed = list(self._changed(standings, now))
            if changed:
                await self._database.write(lambda c: profile_status.write(c, changed))
                self._told |= {one.profile: one for one in changed}

    def _changed(self, standings: Iterable[Standing], now: datetime) -> Iterator[Fare]:
        told = self._told or {}
        for standing in standings:
            before = told.get(standing.profile.id)
            if standing.error is None and before is not None and before.condition is Condition.WELL:
                continue  # it goes on as well as before
            found = _fare(standing, before, now)
            if found is not None and found != before:
                yield found


def _fare(standing: Standing, before: Fare | None, now: datetime) -> Fare | None:
    """How a profile fares; None while its first cycle is under way."""
    error, ended = standing.error, standing.ended_at
    if error is None and ended is None:
        return None
    condition = Condition.WELL
    if error is not None:
        throttled = isinstance(error, MailboxUnavailable) and error.retry_after is not None
        condition = Condition.THROTTLED if throttled else Condition.FAILING
    same = before is not None and before.condition is condition
    return Fare(
        profile=standing.profile.id,
        condition=condition,
        since=before.since if before and same else now,
        # Of one that is well, the agent's last round tells.
        synced_at=before.synced_at if before and same else ended,
        error=None if error is None else error.message,
        retry_at=standing.retry_at,
    )
