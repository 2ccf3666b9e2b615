"""Both sides compared at night, a few mailboxes each time (H5): "proved equal at".

Nothing is written on either side, and one mailbox is read after the other, so that nobody notices;
those that were looked at longest ago come first. What differs is looked at twice: an edit that is
under way is no difference.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database
from calsync_agent.domain.policy import Provider
from calsync_agent.errors import CalsyncError
from calsync_agent.health import profiles
from calsync_agent.i18n import counted, message
from calsync_agent.service.beside import Beside
from calsync_agent.service.profile_run import Standing
from calsync_agent.service.rounds import Rounds
from calsync_agent.service.troubles import about
from calsync_agent.state import proofs
from calsync_agent.state.proofs import Proved

_log: Final = logging.getLogger(__name__)

LOOKS_EVERY: Final = 30.0
"""Seconds between two looks at the clock."""

MOST_REQUESTS: Final = 500
"""About so many requests an agent makes in a night, unless one mailbox alone takes more."""

PER_PAGE: Final = 100
"""Events that one request brings."""

ONCE_MORE_AFTER: Final = 60.0
"""Seconds until what differs is looked at again."""

Unexplained: TypeAlias = frozenset[object]
Prove: TypeAlias = Callable[[Settings, Database, Provider, ProfileId], Awaitable[Unexplained]]
"""What differs between both sides of a profile and has no reason.

Raises MailboxTrouble, Refusal.
"""


def is_due(before: datetime, now: datetime, at: time | None, zone: str) -> bool:
    """Whether the time of day `at` in the zone has come since `before` (both UTC, aware)."""
    if at is None:
        return False
    here = now.astimezone(ZoneInfo(zone))
    last = here.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if last > here:
        last -= timedelta(days=1)
    return before < last <= now


@dataclass(frozen=True, slots=True)
class Candidate:
    """A profile that may be looked at; `links`: how many pairs it has."""

    profile: ProfileId
    links: int
    proved: Proved | None


def chosen(candidates: Iterable[Candidate], most: int = MOST_REQUESTS) -> list[ProfileId]:
    """Those for tonight: whoever was looked at longest ago, until the requests are used up."""
    waiting = sorted(candidates, key=_age)
    found: list[ProfileId] = []
    for one in waiting:
        most -= one.links // PER_PAGE + 2
        if most < 0 and found:
            break
        found.append(one.profile)
    return found


def _age(one: Candidate) -> tuple[str, int]:
    """What was never looked at comes first, then what was longest ago."""
    return "" if one.proved is None else one.proved.at.isoformat(), one.profile


class Nightly:
    """Goes on as long as a database is open; `clock` tells the time of day (UTC, aware)."""

    def __init__(
        self,
        rounds: Rounds,
        prove: Prove,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._rounds = rounds
        self._prove = prove
        self._clock = clock
        self._looked = clock()
        self._beside = Beside({"nightly": self._work}, _log.error)

    def begin(self) -> None:
        """Begin to look at the clock."""
        self._beside.begin()

    async def close(self) -> None:
        """End."""
        await self._beside.close()

    async def _work(self) -> None:
        while True:
            before, self._looked = self._looked, self._clock()
            sync = self._rounds.settings.sync
            if is_due(before, self._looked, sync.verify_at, sync.default_time_zone):
                await self.night()
            await asyncio.sleep(LOOKS_EVERY)

    async def night(self) -> None:
        """Look at a few of this agent's mailboxes, one after the other."""
        try:
            wanted = chosen(await self._candidates())
        except (CalsyncError, sa.exc.SQLAlchemyError):  # the rounds meet it too, and say so
            _log.debug("no look at both sides", exc_info=True)
            return
        for number in wanted:
            standing = self._rounds.standings.get(number)
            if standing is not None and self._rounds.view is not None:
                await self._look(standing, self._rounds.view.provider)

    async def _candidates(self) -> list[Candidate]:
        """This agent's profiles that are in step."""
        database = self._rounds.database
        proved = await database.read(proofs.read)
        links = dict(await database.read(profiles.read_linked))
        return [
            Candidate(number, links.get(number, 0), proved.get(number))
            for number, standing in self._rounds.standings.items()
            if standing.error is None and standing.progress.compared_at is not None
        ]

    async def _look(self, standing: Standing, provider: Provider) -> None:
        number, database = standing.profile.id, self._rounds.database
        try:
            found = await self._prove(self._rounds.settings, database, provider, number)
            if found:
                await asyncio.sleep(ONCE_MORE_AFTER)
                again = await self._prove(self._rounds.settings, database, provider, number)
                found &= again
            await database.write(lambda c: proofs.note(c, number, len(found)))
        except (CalsyncError, sa.exc.SQLAlchemyError):  # the cycles meet it too, and say so
            _log.debug("a mailbox is not compared", exc_info=True)
            return
        with about(standing):
            if found:
                _log.warning(
                    counted(
                        "both sides differ in {count} place: calsync-agent verify names it",
                        "both sides differ in {count} places: calsync-agent verify names them",
                        len(found),
                    )
                )
            else:
                _log.info(message("both sides were compared in full, and are equal"))
