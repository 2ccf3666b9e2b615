"""What goes on beside the rounds: the heartbeat (B11), and an eye on what may change any time.

Settings that change in the database begin the next round at once; what forbids the sync stops the
cycles under way at once, however long the interval is and however long they would go on (G5). What
people touch in Consolidate is sent without waiting for the interval, where that is short.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import sqlalchemy as sa

from calsync_agent.consolidate import feed
from calsync_agent.database.engine import Database
from calsync_agent.errors import Refusal, Trouble
from calsync_agent.i18n import Message
from calsync_agent.service.beside import Beside
from calsync_agent.service.cycle_tasks import Running
from calsync_agent.service.gate import Gate
from calsync_agent.service.leases import Leases
from calsync_agent.service.news import News
from calsync_agent.service.restore_detection import Memory
from calsync_agent.service.snapshot import Ready, ready
from calsync_agent.state import meta
from calsync_agent.state.agents import HEARTBEAT

_log: Final = logging.getLogger(__name__)

LOOKS_EVERY: Final = 1.0
"""Seconds between two looks."""

HURRIES_UP_TO: Final = 60
"""An interval of more seconds is kept to the letter: whoever sets it wants rest in between."""


class Watch:
    """Two tasks that last until they are closed. `news` is set where something changed.

    `known`: what the last look of a round has found.
    """

    def __init__(
        self,
        database: Database,
        leases: Leases,
        gate: Gate,
        running: Running,
        known: Callable[[], Ready | None],
        memory: Memory,
        news: News,
        tell: Callable[[Message], None] = _log.error,
    ) -> None:
        self._database = database
        self._leases = leases
        self._gate = gate
        self._running = running
        self._known = known
        self._memory = memory
        self._news = news
        self._beside = Beside({"heartbeat": self._beat, "watch": self._look}, tell)

    def begin(self) -> None:
        """Begin; nothing happens the second time."""
        self._beside.begin()

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """Both, once they have begun."""
        return set(self._beside.tasks.values())

    async def close(self) -> None:
        """End both."""
        await self._beside.close()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT.total_seconds())
            if self._gate.may_note:
                await self._renew()

    async def _renew(self) -> None:
        try:
            if await self._leases.beat():
                self._news.set()
        except (Trouble, sa.exc.SQLAlchemyError):  # the rounds meet it too, and say so
            _log.debug("no heartbeat", exc_info=True)
            if not self._leases.shown:
                self._news.set()  # however far away the next round is

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            with suppress(Trouble, sa.exc.SQLAlchemyError):  # as above
                if await self._changed():
                    self._news.set()

    async def _changed(self) -> bool:
        """Whether a round would find other settings, or be refused otherwise than the last one.

        Where it would only find that somebody has touched something, the news say that (A1).
        """
        known, refused = self._known(), self._gate.refusal
        revision, touched = await self._database.read(
            lambda c: meta.settings_revision_and(c, feed.news())
        )
        hurried = known is not None and known.provider.interval_seconds <= HURRIES_UP_TO
        if touched and hurried and refused is None:
            self._news.hint()
        if refused is None and not self._running.tasks:  # nothing that could write
            return known is not None and revision != known.revision
        before = known.provider if known else None
        try:
            found = await self._database.read(lambda c: ready(c, before, self._memory))
        except Refusal as refusal:
            self._gate.refuse(refusal)
            return refused is None or refused.message != refusal.message
        return self._gate.refusal is not None or known is None or found.revision != known.revision
