"""Which profiles this agent may sync, and that it shows it lives (B11)."""

import time
from collections.abc import Collection
from pathlib import Path

from calsync_agent.appointment.model import ProfileId
from calsync_agent.database.engine import Database
from calsync_agent.i18n import message
from calsync_agent.platform import is_held
from calsync_agent.state import agents
from calsync_agent.state.agents import HEARTBEAT, SILENCE, Holder, Identity, LeaseLost


class Leases:
    """The profiles leased to this agent. `elsewhere`: who has those it would like to have."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self.identity = identity
        self.elsewhere: list[Holder] = []
        self._database = database
        self._mine: set[ProfileId] = set()
        self._wanted: frozenset[ProfileId] = frozenset()
        self._beaten_at: float | None = None

    async def of(self, wanted: Collection[ProfileId]) -> set[ProfileId]:
        """Those of the wanted profiles that are ours now.

        Asks the database only where there is something to gain or to give back.
        """
        wanted = frozenset(wanted)
        if wanted != self._wanted or self._mine != wanted:
            await self.beat()
            self._mine, self.elsewhere = await self._database.write(
                lambda c: agents.take(c, self.identity, wanted, self._is_dead)
            )
            self._wanted = wanted
        return set(self._mine)

    async def beat(self) -> None:
        """Show that this agent lives; to be called every `HEARTBEAT`."""
        now = time.monotonic()
        if self._beaten_at is not None and now - self._beaten_at < HEARTBEAT.total_seconds() / 2:
            return
        await self._database.write(lambda c: agents.beat(c, self.identity))
        self._beaten_at = now

    def check(self) -> None:
        """Raise LeaseLost where this agent was silent for so long that others may take over."""
        if self._beaten_at is None or time.monotonic() - self._beaten_at > SILENCE.total_seconds():
            raise LeaseLost(message("this agent could not show that it lives; it pauses"))

    def lost(self, profile: ProfileId) -> None:
        """Another agent has a profile that was ours."""
        self._mine.discard(profile)

    async def settings_taken(self, revision: int) -> None:
        """Tell which settings this agent works with."""
        await self.beat()
        await self._database.write(lambda c: agents.settings_taken(c, self.identity.id, revision))

    async def give_back(self) -> None:
        """Give back all profiles and take leave."""
        if self._beaten_at is not None:
            await self._database.write(lambda c: agents.release(c, self.identity.id))
        self._mine, self._beaten_at = set(), None

    def _is_dead(self, host: str, lock_file: Path) -> bool:
        return host == self.identity.host and lock_file.exists() and not is_held(lock_file)
