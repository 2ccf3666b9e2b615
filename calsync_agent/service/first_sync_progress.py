"""How far a first sync has come: said now and then, so that nobody waits in the dark."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import chain, repeat
from typing import Final

from calsync_agent.database.engine import Database
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import Message, message
from calsync_agent.service.troubles import internal
from calsync_agent.state import pending
from calsync_agent.sync.context import Cycle

PAUSES: Final = (2.0, 4.0, 8.0, 16.0)
"""Seconds between the first reports."""

LATER: Final = 30.0
"""Seconds between all further ones."""


@asynccontextmanager
async def reporting(cycle: Cycle, tell: Callable[[Message], None]) -> AsyncIterator[None]:
    """Tell how far the cycle has come, as long as the context lasts."""
    task = asyncio.create_task(_report(cycle, tell), name="progress")
    try:
        yield
    finally:
        task.cancel()
        # What only tells must not undo what it tells of.
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(ended, Exception):
            tell(internal(ended).message)


async def _report(cycle: Cycle, tell: Callable[[Message], None]) -> None:
    expected: int | None = None
    to_send = 0
    for number, pause in enumerate(_pauses()):
        await asyncio.sleep(pause)
        if cycle.progress.compared_at is None:
            if number == 0:
                expected = await _expected(cycle)
            tell(_read(cycle.listed, expected))
        elif (left := await _left(cycle)) is not None:
            to_send = max(to_send, left)
            if not to_send:
                continue
            tell(
                message(
                    "first sync: {done} of {all} appointments have been looked at for Exchange",
                    done=to_send - left,
                    all=to_send,
                )
            )


def _pauses() -> Iterator[float]:
    return chain(PAUSES, repeat(LATER))


def _read(done: int, expected: int | None) -> Message:
    if expected is None:
        return message("first sync: {done} events read so far", done=done)
    # Series come with their occurrences and once more as such.
    return message(
        "first sync: {done} of {all} events read", done=min(done, expected), all=expected
    )


async def _expected(cycle: Cycle) -> int | None:
    """How many events the window holds; None where Exchange does not say."""
    window = cycle.job.window
    try:
        return await cycle.mailbox.count(window.start, window.end)
    except CalsyncError:  # the cycle itself will meet it, and say so
        return None


async def _left(cycle: Cycle) -> int | None:
    database: Database = cycle.database
    try:
        return await database.read(lambda c: pending.count(c, cycle.job.profile.id))
    except CalsyncError:
        return None
