"""`calsync-agent run`: rounds at the set interval until it is told to stop, settings followed.

Settings are exchanged between rounds; a cycle under way keeps those that it began with. What is
refused, in the file or in the database, is said once and watched until it has been put right.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Final

from calsync_agent.config.settings import Settings
from calsync_agent.config.watching import changes
from calsync_agent.database.engine import Database
from calsync_agent.errors import CalsyncError, ConfigurationRefused, Trouble
from calsync_agent.i18n import Message, message
from calsync_agent.service.logs import Logs
from calsync_agent.service.rounds import Rounds
from calsync_agent.state import history, log, meta
from calsync_agent.state.agents import HEARTBEAT
from calsync_agent.state.log import Kind, Level

_log: Final = logging.getLogger(__name__)

LOOKS_AGAIN_AFTER: Final = 5.0
"""Seconds until something that was refused is looked at again."""

REVISION_EVERY: Final = 1.0
"""Seconds between two looks at the settings in the database."""

GRACE: Final = 10.0
"""Seconds that running cycles have to come to a good point when the agent is stopped."""

TIDIED_EVERY: Final = 3600.0
"""Seconds between two removals of what has been kept long enough."""

HISTORY_KEPT: Final = timedelta(days=30)
"""How long overwritten and deleted versions can be restored (B6)."""


class Agent:
    """The service. `open_database` and `make_rounds` build what depends on the settings."""

    def __init__(
        self,
        settings: Settings,
        open_database: Callable[[Settings], Database],
        make_rounds: Callable[[Settings, Database], Rounds],
        logs: Logs,
    ) -> None:
        self._settings = settings
        self._open_database = open_database
        self._make_rounds = make_rounds
        self._logs = logs
        self._wake = asyncio.Event()
        self._rounds: Rounds | None = None
        self._said: Message | None = None
        self._tidied_at: float | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Sync until `stop` is set; then end well."""
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._follow_settings(stop), name="settings")
            waking = tasks.create_task(self._wake_on(stop), name="stop")
            while not stop.is_set():
                await self._with_database(stop)
            watching.cancel()
            waking.cancel()

    async def _with_database(self, stop: asyncio.Event) -> None:
        """Work with one database until it is another one, or time to stop."""
        settings = self._settings
        try:
            database = await asyncio.to_thread(self._open_database, settings)
        except CalsyncError as error:
            self._say(error)
            await self._pause(LOOKS_AGAIN_AFTER)
            return
        rounds = self._rounds = self._make_rounds(settings, database)
        try:
            async with asyncio.TaskGroup() as tasks:
                beating = tasks.create_task(self._beat(rounds), name="heartbeat")
                looking = tasks.create_task(self._follow_revision(database), name="revision")
                while not stop.is_set() and self._settings.database == settings.database:
                    await self._round(rounds, database)
                beating.cancel()
                looking.cancel()
        finally:
            self._rounds = None
            await rounds.close(GRACE)
            database.dispose()

    async def _round(self, rounds: Rounds, database: Database) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        self._wake.clear()
        rounds.settings = self._settings
        try:
            view = await rounds.begin()
            await self._tidy(database)
        except CalsyncError as error:
            self._say(error)
            await self._pause(LOOKS_AGAIN_AFTER)
            return
        if self._said is not None:
            self._said = None
            _log.info(message("ready; the sync begins"))
        await self._pause(view.provider.interval_seconds - (loop.time() - begun))

    async def _tidy(self, database: Database) -> None:
        """Remove log lines and versions that have been kept long enough."""
        loop = asyncio.get_running_loop()
        if self._tidied_at is not None and loop.time() - self._tidied_at < TIDIED_EVERY:
            return
        self._tidied_at = loop.time()
        now = datetime.now(UTC).replace(tzinfo=None)
        lines_from = now - timedelta(days=self._settings.log.keep_days)
        await database.write(lambda c: log.prune(c, lines_from))
        await database.write(lambda c: history.prune(c, now - HISTORY_KEPT))

    def _say(self, error: CalsyncError) -> None:
        """Say once what keeps the agent from syncing."""
        if self._said != error.message:
            self._said = error.message
            level = logging.WARNING if isinstance(error, Trouble) else logging.ERROR
            _log.log(level, error.message)

    async def _pause(self, seconds: float) -> None:
        """Wait, unless something has to be taken over at once."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _wake_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def _follow_settings(self, stop: asyncio.Event) -> None:
        """Take over what changes in `agent.toml`, or say why not and go on as before."""
        async with aclosing(changes(self._settings.path, stop, self._settings)) as outcomes:
            async for outcome in outcomes:
                if isinstance(outcome, ConfigurationRefused):
                    text = message(
                        "the changed settings are not taken over: {reason}", reason=outcome.message
                    )
                    _log.error(text)
                    self._tell(Level.ERROR, text)
                    continue
                self._settings = outcome
                self._logs.apply(outcome.log, outcome.secrets())
                text = message("settings taken over from {file}", file=str(outcome.path))
                _log.info(text)
                self._tell(Level.INFO, text)
                self._wake.set()

    def _tell(self, level: Level, text: Message) -> None:
        if self._rounds is not None:
            self._rounds.tell(level, Kind.RELOAD, text)

    async def _follow_revision(self, database: Database) -> None:
        """Begin a round at once when settings change in the database."""
        known: int | None = None
        while True:
            try:
                revision = await database.read(meta.settings_revision)
            except Trouble as trouble:
                _log.debug(trouble.message)
            else:
                if known is not None and revision != known:
                    self._wake.set()
                known = revision
            await asyncio.sleep(REVISION_EVERY)

    async def _beat(self, rounds: Rounds) -> None:
        while True:
            try:
                await rounds.leases.beat()
            except Trouble as trouble:
                _log.debug(trouble.message)
            await asyncio.sleep(HEARTBEAT.total_seconds())
