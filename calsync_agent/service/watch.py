"""What goes on beside the rounds: the heartbeat (B11), and an eye on what may change any time.

Settings that change in the database begin the next round at once; what forbids the sync stops the
cycles under way at once, however long the interval is and however long they would go on (G5).
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import sqlalchemy as sa

from calsync_agent.database.engine import Database
from calsync_agent.errors import DatabaseRefused, Refusal, Trouble
from calsync_agent.i18n import Message
from calsync_agent.service.beside import Beside
from calsync_agent.service.leases import Leases
from calsync_agent.service.memory import Memory
from calsync_agent.service.running import Running
from calsync_agent.service.view import Ready, ready
from calsync_agent.state import meta
from calsync_agent.state.agents import HEARTBEAT

_log: Final = logging.getLogger(__name__)

LOOKS_EVERY: Final = 1.0
"""Seconds between two looks."""


class Watch:
    """Two tasks that last until they are closed. `news` is set where something changed.

    `must_not_write`: the database is not ours to write to, not even to show that we live.
    """

    def __init__(
        self,
        database: Database,
        leases: Leases,
        running: Running,
        memory: Memory,
        news: asyncio.Event,
        tell: Callable[[Message], None] = _log.error,
    ) -> None:
        self.must_not_write = False
        self._database = database
        self._leases = leases
        self._running = running
        self._memory = memory
        self._news = news
        self._beside = Beside({"heartbeat": self._beat, "watch": self._look}, tell)
        self._ready: Ready | None = None
        self._refusal: Refusal | None = None

    def begin(self) -> None:
        """Begin; nothing happens the second time."""
        self._beside.begin()

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """Both, once they have begun."""
        return set(self._beside.tasks.values())

    def seen(self, found: Ready) -> None:
        """A round has found nothing that stands in its way."""
        self._ready, self._refusal, self.must_not_write = found, None, False

    def refused(self, refusal: Refusal) -> None:
        """A round was refused, or the look has found that the next one will be."""
        self._refusal, self.must_not_write = refusal, isinstance(refusal, DatabaseRefused)
        self._running.refuse(refusal.message)

    async def close(self) -> None:
        """End both."""
        await self._beside.close()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT.total_seconds())
            if not self.must_not_write:
                await self._renew()

    async def _renew(self) -> None:
        try:
            if await self._leases.beat():
                self._news.set()
        except (Trouble, sa.exc.SQLAlchemyError):  # the rounds meet it too, and say so
            _log.debug("no heartbeat", exc_info=True)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            with suppress(Trouble, sa.exc.SQLAlchemyError):  # as above
                if await self._changed():
                    self._news.set()

    async def _changed(self) -> bool:
        """Whether a round would find other settings, or be refused otherwise than the last one."""
        known = self._ready
        if self._refusal is None and not self._running.tasks:  # nothing that could write
            revision = await self._database.read(meta.settings_revision)
            return known is not None and revision != known.revision
        before = known.provider if known else None
        try:
            found = await self._database.read(lambda c: ready(c, before, self._memory))
        except Refusal as refusal:
            same = self._refusal is not None and self._refusal.message == refusal.message
            self.refused(refusal)
            return not same
        return self._refusal is not None or known is None or found.revision != known.revision
