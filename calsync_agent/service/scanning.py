"""The pace at which Consolidate is compared with what was seen last, where it has no triggers."""

from collections.abc import Callable
from math import ceil
from typing import Final

from calsync_agent.appointment.model import ActivityId
from calsync_agent.consolidate import scan
from calsync_agent.database.engine import Database
from calsync_agent.state import links

EVERY: Final = 5.0
"""Seconds for one piece: 20,000 appointments take less than a minute, however seldom a look is."""


class Scanning:
    """One agent's comparison, piece by piece. What it has seen last is in the database."""

    def __init__(self, database: Database, monotonic: Callable[[], float]) -> None:
        self._database = database
        self._monotonic = monotonic
        self._after: ActivityId | None = None
        self._looked: float | None = None
        self._ended = False

    async def advance(self) -> bool:
        """Compare as much as is due; whether the feed has got anything.

        At first everything; then as the time goes, at least one piece and at most everything.
        Raises DatabaseTrouble.
        """
        if not self._database.scans:
            await self._end()
            return False
        now, before = self._monotonic(), self._looked
        due = None if before is None else max(1, ceil((now - before) / EVERY))
        self._looked = now
        entered = False
        while due is None or due > 0:
            entered |= await self._compare()
            due = None if due is None else due - 1
            if self._after is None:
                break
        return entered

    async def _compare(self) -> bool:
        after = self._after
        entered = False
        if after is None and not await self._database.read(scan.begun):
            await self._database.write(lambda c: scan.begin(c, links.linked_activities()))
            entered = True
        piece = await self._database.read(lambda c: scan.compare(c, after))
        if not piece.empty:
            entered |= await self._database.write(lambda c: scan.enter(c, piece))
        self._after = piece.last
        return entered

    async def _end(self) -> None:
        if not self._ended and await self._database.read(scan.begun):
            await self._database.write(scan.end)
        self._ended = True
