"""`calsync-agent run` and `once`."""

import argparse
import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, TypeAlias

from calsync_agent import bootstrap
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.console import say, warn
from calsync_agent.errors import CalsyncError, Undecided
from calsync_agent.i18n import _
from calsync_agent.logs import logs
from calsync_agent.platform import stop_requested
from calsync_agent.service import troubles
from calsync_agent.service.agent import Agent
from calsync_agent.service.once import Outcome
from calsync_agent.service.preview_text import lines

_log: Final = logging.getLogger(__name__)

INTERRUPTED: Final = 130
"""What a shell reports after Ctrl+C."""


Listening: TypeAlias = Callable[[asyncio.AbstractEventLoop], AbstractContextManager[asyncio.Event]]
"""How a loop hears that it is to stop, while the context lasts."""


def run(options: argparse.Namespace) -> int:
    """The service, until it is stopped."""
    serve(options.config, stop_requested)
    return 0


def serve(config: Path | None, listening: Listening, also: Sequence[logging.Handler] = ()) -> None:
    """The agent, until it is asked to stop; `also` gets its log as well. Raises CalsyncError."""
    settings = reading.read(reading.find(config))
    with (
        bootstrap.identity() as who,
        logs.set_up(settings.log, settings.secrets(), also) as running,
    ):
        agent = Agent(
            settings,
            bootstrap.open_database,
            lambda now, database: bootstrap.rounds(now, database, who),
            running,
            outlets=bootstrap.outlets,
            prove=bootstrap.prove,
        )

        async def work() -> None:
            with listening(asyncio.get_running_loop()) as stop:
                await agent.run(stop)

        asyncio.run(work())


def once(options: argparse.Namespace) -> int:
    """Cycles until nothing is left to do, then a line for each profile."""
    settings = reading.read(reading.find(options.config))
    with bootstrap.identity() as who, logs.set_up(settings.log, settings.secrets()) as running:
        # What goes wrong is told in the end; until then it stands in the file alone.
        running.keep_from_stderr(troubles.LOGGER)
        for warning in reading.exposed(settings):
            _log.warning(warning)
        try:
            outcomes = asyncio.run(_unless_stopped(bootstrap.sync_once(settings, who)))
        except Undecided:
            _observe(settings)
            raise
        except CalsyncError as error:
            logging.getLogger(troubles.LOGGER).log(logging.ERROR, error.message)
            raise
    if outcomes is None:
        warn(_("stopped before everything was in step"))
        return INTERRUPTED
    return _told(outcomes)


def _observe(settings: Settings) -> None:
    """What would be done, as long as nobody has said which database this is (B12)."""
    for preview in asyncio.run(bootstrap.previews(settings, None)):
        for line in lines(preview):
            say(line)


async def _unless_stopped(work: Coroutine[Any, Any, list[Outcome]]) -> list[Outcome] | None:
    """What comes of the work; None where the process was asked to stop, and the work has ended."""
    with stop_requested(asyncio.get_running_loop()) as stop:
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (working, stopping):
            task.cancel()
        try:
            return await working
        except asyncio.CancelledError:
            return None


def _told(outcomes: list[Outcome]) -> int:
    if not outcomes:
        say(
            _(
                "No profile is active; set some up in calsync-tui, or as rows of calsync_profile"
                " with calsync_provider."
            )
        )
    for outcome in outcomes:
        say(outcome.line)
        if not outcome.in_step:
            warn(outcome.line)
        for line in outcome.aside:
            warn(line)
    return 0 if all(outcome.in_step for outcome in outcomes) else 1
