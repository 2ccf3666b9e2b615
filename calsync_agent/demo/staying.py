"""`calsync-agent demo --stay`: the office at work, agent and sandbox running, until told to end.

For whoever wants to look at it with `calsync-tui`: `calsync-tui --demo` starts this and stops it.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from calsync_agent.demo.days import DayStep, carry_out, lap
from calsync_agent.demo.office import Office
from calsync_agent.demo.stage import Stage, staged
from calsync_agent.demo.story import DOMAIN, ENTRIES, STAFF, public_holidays
from calsync_agent.errors import DatabaseTrouble
from calsync_agent.i18n import Message
from calsync_agent.state import tables as state

_log: Final = logging.getLogger(__name__)

PAUSE: Final = 4.0
"""Seconds between two steps."""

INTERVAL: Final = 2
"""Seconds between two cycles: shorter than usual, for those who watch."""

Say = Callable[[Message], None]


async def stay(
    folder: Path,
    today: date,
    stop: asyncio.Event,
    ready: Callable[[Path], None],
    say: Say,
    *,
    keep: bool,
    pause: float = PAUSE,
) -> None:
    """Play in an empty folder until `stop` is set.

    `ready` is told the settings file when all is there and the agent begins; `say` what people do.
    """
    with staged(folder, DOMAIN, keep=keep) as stage:
        office = await asyncio.to_thread(furnished, stage, today)
        async with _serving(stage, stop):
            ready(stage.settings.path)
            for number in itertools.count():
                steps = lap(number)
                for step in steps:
                    if await _passed(stop, pause):
                        return
                    if not (step.waits and await stage.database.read(_waiting)):
                        await asyncio.to_thread(take, step, office, steps, say)


def furnished(stage: Stage, today: date) -> Office:
    """The office with its people and what they have entered, in the week of `today`."""
    monday = today - timedelta(today.weekday())
    office = Office(stage.database, stage.tenant, monday)
    office.found(INTERVAL)
    for employee in STAFF:
        office.hire(employee)
    for entry in (*ENTRIES, *public_holidays(monday, today.year)):
        office.enter(entry)
    return office


def take(step: DayStep, office: Office, steps: list[DayStep], say: Say) -> None:
    """Let a step happen, and say so; where the database is too busy for it, log that."""
    for happening in step.happenings:
        try:
            say(carry_out(happening, office, steps))
        except DatabaseTrouble as trouble:
            _log.warning(trouble.message)


@asynccontextmanager
async def _serving(stage: Stage, stop: asyncio.Event) -> AsyncIterator[None]:
    """The agent works while the context lasts, and has ended afterwards; its failure is raised."""

    async def serve() -> None:
        try:
            await stage.serve(stop)
        finally:
            stop.set()

    serving = asyncio.create_task(serve(), name="demo: agent")
    try:
        yield
    finally:
        stop.set()
        await serving


async def _passed(stop: asyncio.Event, seconds: float) -> bool:
    """Whether it is time to stop, before so many seconds have passed."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
    return stop.is_set()


def _waiting(connection: sa.Connection) -> bool:
    """Whether something waits for an admin."""
    unanswered = sa.select(state.hold.c.activity_id).where(state.hold.c.verdict.is_(None)).limit(1)
    return connection.execute(unanswered).first() is not None
