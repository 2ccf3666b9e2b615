"""Which profiles this agent may sync, and that it shows it lives (B11).

Several agents share the profiles evenly (`plan.sharing`). Whoever comes first has all; to one that
comes later and stays it gives what is idle, little by little, so that profiles do not wander to an
agent that has no way to Exchange.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.database.clock import UtcNow
from calsync_agent.database.engine import Database
from calsync_agent.errors import Trouble
from calsync_agent.i18n import Message, counted, message
from calsync_agent.plan import sharing
from calsync_agent.platform import is_held, is_there, seconds_passed
from calsync_agent.state import agents, log
from calsync_agent.state.agents import HEARTBEAT, SILENCE, Holder, Identity, Traits
from calsync_agent.state.log import Kind, Level, LogEntry

_log: Final = logging.getLogger(__name__)

_TRIES: Final = 3

LEFT_AFTER: Final = 2 * HEARTBEAT.total_seconds()
"""Seconds after which anybody takes a profile that nobody has taken as part of a share."""

OFFERS_AGAIN_AFTER: Final = 60.0
"""Seconds until something is offered again after it came back; then ever longer."""

_LONGEST: Final = 3600.0


def _none(_count: int) -> Collection[ProfileId]:
    return ()


class Silent(Trouble):
    """This agent could not show that it lives for so long that others may take over."""


class Leases:
    """The profiles leased to this agent. `elsewhere`: who has those it would like to have.

    `traits`: what the agent shows of its settings. `announced`: the log that people see tells when
    it begins and ends. `clock`: seconds that pass also while the machine sleeps. `idle` names so
    many profiles, at the most, that may be given to others now. `given`: those that were, as long
    as they have not come back.
    """

    def __init__(
        self,
        database: Database,
        identity: Identity,
        clock: Callable[[], float] = seconds_passed,
    ) -> None:
        self.identity = identity
        self.elsewhere: list[Holder] = []
        self.traits = Traits()
        self.announced = False
        self.idle: Callable[[int], Collection[ProfileId]] = _none
        self.given: set[ProfileId] = set()
        self._free_since: dict[ProfileId, float] = {}
        self._looked_at: float | None = None
        self._offer = 1
        self._offers_at = 0.0
        self._rest = OFFERS_AGAIN_AFTER
        self._database = database
        self._clock = clock
        self._turn = asyncio.Lock()
        self._mine: set[ProfileId] = set()
        self._wanted: frozenset[ProfileId] = frozenset()
        self._beaten_at: float | None = None
        self._round_ms: int | None = None
        self._tombs: set[Path] = set()

    async def of(self, wanted: Collection[ProfileId]) -> set[ProfileId]:
        """Those of the wanted profiles that are ours now.

        Asks the database only where there is something to gain or to give back, or may be lost.
        """
        async with self._turn:
            known, self._wanted = self._wanted, frozenset(wanted)
            # What others have is looked at with the heartbeat, and not in each round.
            if known != self._wanted or not self._seen_of_late():
                await self._take()
            return set(self._mine)

    async def beat(self) -> bool:
        """Show that this agent lives, to be called every `HEARTBEAT`; whether it gained profiles.

        What it wants and others have is tried for again, however far apart rounds are.
        """
        async with self._turn:
            await self._show()
            before = set(self._mine)
            await self._take()
            gained = not self._mine <= before
            return await self._share() or gained

    def asked(self, round_ms: int) -> None:
        """All profiles were asked, the slowest took so long; to be shown with the heartbeat."""
        self._round_ms = round_ms

    @property
    def shown(self) -> bool:
        """Whether this agent has shown of late that it lives."""
        return self._silent_for() <= SILENCE.total_seconds()

    def check(self) -> None:
        """Raise Silent where others may take over."""
        if not self.shown:
            raise Silent(message("this agent could not show that it lives; it pauses"))

    def lost(self, profile: ProfileId) -> None:
        """Another agent has a profile that was ours."""
        self._mine.discard(profile)
        self._looked_at = None

    async def settings_taken(self, revision: int) -> None:
        """Tell which settings this agent works with."""
        async with self._turn:
            await self._show()
            await self._database.write(
                lambda c: agents.settings_taken(c, self.identity.id, revision)
            )

    async def give_back(self) -> None:
        """Give back all profiles and take leave."""
        async with self._turn:
            self.given.clear()
            if self._beaten_at is not None:
                await self._database.write(self._leave)
            self._mine, self._beaten_at = set(), None

    def _silent_for(self) -> float:
        return float("inf") if self._beaten_at is None else self._clock() - self._beaten_at

    async def _show(self) -> None:
        silent, now = self._silent_for(), self._clock()
        if silent < HEARTBEAT.total_seconds() / 2:
            return
        round_ms, self._round_ms = self._round_ms, None
        known = await self._database.write(lambda c: self._beat(c, round_ms))
        if not known or silent > SILENCE.total_seconds():
            self._mine = set()  # others may have taken them over in the meantime
            self._looked_at = None
        self._beaten_at = now

    def _beat(self, connection: sa.Connection, round_ms: int | None) -> bool:
        known = agents.beat(connection, self.identity, round_ms, self.traits)
        if not known and self._beaten_at is None:
            self._announce(
                connection,
                message(
                    "the agent on {host} has begun (version {version}, process {pid})",
                    host=self.identity.host,
                    version=self.identity.version,
                    pid=self.identity.pid,
                ),
            )
        elif not known:
            self._announce(
                connection,
                message(
                    "the agent on {host} was taken for dead, and is back", host=self.identity.host
                ),
                Level.WARNING,
            )
        return known

    def _leave(self, connection: sa.Connection) -> None:
        agents.release(connection, self.identity.id)
        told = message("the agent on {host} has stopped", host=self.identity.host)
        self._announce(connection, told)

    def _announce(
        self, connection: sa.Connection, told: Message, level: Level = Level.INFO
    ) -> None:
        if self.announced:
            now = connection.execute(sa.select(UtcNow())).scalar_one()
            log.write(connection, [LogEntry(level, Kind.SYNC, told)], now)

    async def _take(self) -> None:
        if self._mine == self._wanted and self.shown:
            self.elsewhere = []
            return
        await self._show()
        for _ in range(_TRIES):
            try:
                self._mine, self.elsewhere = await self._database.write(
                    lambda c: agents.take(
                        c, self.identity, self._wanted, self._is_dead, self._choose
                    )
                )
            except sa.exc.IntegrityError:
                _log.debug("somebody else was faster; looking again")
            else:
                break
        self._looked_at = self._clock()
        back = self.given & self._mine
        if back:  # nobody has wanted them, or whoever did is gone
            self.given -= back
            self._offer, self._offers_at = 1, self._clock() + self._rest
            self._rest = min(2 * self._rest, _LONGEST)
        self._bury()

    def _seen_of_late(self) -> bool:
        if self._looked_at is None or not self.shown:
            return False
        return self._clock() - self._looked_at < HEARTBEAT.total_seconds()

    def _choose(
        self, free: Collection[ProfileId], mine: int, place: int, count: int
    ) -> set[ProfileId]:
        """Which of the free profiles are taken."""
        now, known = self._clock(), self._free_since
        since = {one: known.get(one, now) for one in free}
        left = [one for one, at in since.items() if now - at >= LEFT_AFTER]
        chosen = sharing.taken(
            free, left, mine=mine, wanted=len(self._wanted), place=place, agents=count
        )
        self._free_since = {one: at for one, at in since.items() if one not in chosen}
        return chosen

    async def _share(self) -> bool:
        """Give some of what is idle to agents that have less; whether anything was given."""
        if not self._mine or self._clock() < self._offers_at:
            return False
        if self.given & self._free_since.keys():  # what was offered last is still to be taken
            return False
        loads = await self._database.read(agents.load)
        others = [one for number, one in loads.items() if number != self.identity.id]
        count = sharing.offered(len(self._mine), len(self._wanted), others, self._offer)
        some = set(self.idle(count)) & self._mine if count else set()
        if not some:
            return False
        await self._database.write(lambda c: agents.give(c, self.identity.id, some))
        self._mine -= some
        self.given |= some
        self._offer = 2 * len(some)
        _log.info(
            counted(
                "{count} profile goes to another agent, which shares the work",
                "{count} profiles go to other agents, which share the work",
                len(some),
            )
        )
        return True

    def _is_dead(self, host: str, lock_file: Path) -> bool:
        dead = host == self.identity.host and is_there(lock_file) and not is_held(lock_file)
        if dead:
            self._tombs.add(lock_file)
        return dead

    def _bury(self) -> None:
        """Remove the lock files that dead agents have left."""
        for lock_file in self._tombs:
            with suppress(OSError):
                lock_file.unlink(missing_ok=True)
        self._tombs.clear()
