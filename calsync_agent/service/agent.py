"""`calsync-agent run`: rounds at the set interval until it is told to stop, settings followed.

Settings are exchanged between rounds; a cycle under way keeps those that it began with. What is
refused, in the file or in the database, is said once and watched until it has been put right.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from calsync_agent.config.reading import exposed
from calsync_agent.config.settings import Settings
from calsync_agent.config.watching import changes
from calsync_agent.database.engine import Database
from calsync_agent.errors import CalsyncError, ConfigurationRefused, LoginRefused
from calsync_agent.i18n import Message, message
from calsync_agent.logs.logs import Logs
from calsync_agent.platform import seconds_passed
from calsync_agent.platform.clocks import Reading
from calsync_agent.rollout import steps
from calsync_agent.service.alerting import Alerting
from calsync_agent.service.beside import Beside
from calsync_agent.service.delivery import Outlets
from calsync_agent.service.nightly import Nightly, Prove
from calsync_agent.service.rounds import Rounds
from calsync_agent.service.troubles import internal
from calsync_agent.state import agents, history, horizon, log, turns
from calsync_agent.state.horizon import Seen
from calsync_agent.state.log import Kind, Level
from calsync_agent.sync import flip_guard

_log: Final = logging.getLogger(__name__)

LOOKS_AGAIN_AFTER: Final = 5.0
"""Seconds until something that was refused is looked at again, unless it is seen to change."""

LOGIN_AGAIN_AFTER: Final = 300.0
"""The same for the database's login, which is locked where a wrong password is offered often."""

GRACE: Final = 5.0
"""Seconds that running cycles have to come to a good point when the agent is stopped."""

TIDIED_EVERY: Final = 3600.0
"""Seconds between two removals of what has been kept long enough."""

EASE: Final = 4.0
"""After a look so many times as long as it took nobody looks again for what was only touched."""

STEPS_EVERY: Final = 15.0
"""Seconds between two looks at whether a roll-out has something to do."""

HISTORY_KEPT: Final = timedelta(days=30)
"""How long overwritten and deleted versions can be restored (B6)."""


class Agent:
    """The service. `open_database`, `make_rounds`, `outlets` build what the settings decide."""

    def __init__(
        self,
        settings: Settings,
        open_database: Callable[[Settings], Database],
        make_rounds: Callable[[Settings, Database], Rounds],
        logs: Logs,
        seconds: Callable[[], float] = seconds_passed,
        outlets: Callable[[Settings], Outlets] = lambda _settings: Outlets(),
        prove: Prove | None = None,
    ) -> None:
        self._settings = settings
        self._open_database = open_database
        self._make_rounds = make_rounds
        self._logs = logs
        self._prove = prove
        self._news = asyncio.Event()
        self._rounds: Rounds | None = None
        self._said: Message | None = None
        self._tidied_at: float | None = None
        self._stepped_at: float | None = None
        self._seconds = seconds
        self._clock = Reading(datetime.now(UTC), seconds())
        self._horizon: Seen | None = None
        self._alerting = Alerting(outlets, settings)
        # A web server, which all other commands do without.
        from calsync_agent.service.monitoring import Monitor  # noqa: PLC0415

        self._monitor = Monitor(self)

    async def run(self, stop: asyncio.Event) -> None:
        """Sync until `stop` is set; then end well."""
        _log.info(message("the agent begins with {file}", file=str(self._settings.path)))
        self._warn()
        beside = Beside(
            {"settings": lambda: self._follow_settings(stop), "stop": lambda: self._wake_on(stop)},
            partial(self._tell, Level.ERROR),
        )
        beside.begin()
        self._alerting.begin()
        self._monitor.begin()
        try:
            while not stop.is_set():
                await self._with_database(stop)
        finally:
            await self._monitor.close()
            await self._alerting.close()
            await beside.close()
        _log.info(message("the agent has stopped"))

    @property
    def settings(self) -> Settings:
        """Those that it works with."""
        return self._settings

    @property
    def rounds(self) -> Rounds | None:
        """What syncs, as long as there is a database."""
        return self._rounds

    @property
    def hindrance(self) -> Message | None:
        """Why nothing may be synced now, if so."""
        trouble = self._alerting.trouble
        if trouble is not None:
            return trouble.message
        if self._rounds is None or self._rounds.view is None:
            return message("the agent has only just begun")
        if not self._rounds.leases.shown:
            return message("this agent could not show that it lives; it pauses")
        return None

    async def _with_database(self, stop: asyncio.Event) -> None:
        """Work with one database until it is another one, or time to stop."""
        settings = self._settings
        self._news.clear()
        try:
            database = await asyncio.to_thread(self._open_database, settings)
        except Exception as error:  # noqa: BLE001 - whatever it is may be put right
            self._alerting.trouble = trouble = _as_ours(error)
            self._say(trouble)
            again = LOGIN_AGAIN_AFTER if isinstance(error, LoginRefused) else LOOKS_AGAIN_AFTER
            await self._pause(self._news, again)
            return
        self._said = None
        self._horizon = self._tidied_at = self._stepped_at = None
        rounds = self._rounds = self._make_rounds(settings, database)
        rounds.leases.announced = True
        rounds.attend()
        self._alerting.at(database, rounds.leases.identity.id)
        nightly = None if self._prove is None else Nightly(rounds, self._prove)
        if nightly is not None:
            nightly.begin()
        try:
            while not stop.is_set() and self._settings.database == settings.database:
                await self._round(rounds, database)
        finally:
            self._rounds = None
            if nightly is not None:
                await nightly.close()
            await self._alerting.leave()
            await rounds.close(GRACE)
            database.dispose()

    async def _round(self, rounds: Rounds, database: Database) -> None:
        loop = asyncio.get_running_loop()
        begun, pace = loop.time(), rounds.pace
        # Between two rounds it only sends what people have touched.
        asking = not (rounds.news.touched_only and begun < pace.due_at)
        rounds.settings = self._settings
        self._look_at_clock(rounds)
        try:
            view = await rounds.begin(asking=asking)
            if asking:
                await self._tidy(database)
                await self._carry_on(database)
        except Exception as error:  # noqa: BLE001 - it must not end the agent
            self._alerting.trouble = trouble = _as_ours(error)
            await rounds.say(trouble)
            pace.due_at = loop.time() + LOOKS_AGAIN_AFTER
        else:
            self._alerting.trouble = None
            interval = view.provider.interval_seconds
            if asking:
                pace.due_at = begun + interval
            late = pace.ended(begun, loop.time(), interval)
            rounds.news.no_hint_before = loop.time() + EASE * (loop.time() - begun)
            if late is not None:
                rounds.troubles.tell(Level.WARNING, Kind.SYNC, late)
        await self._pause(rounds.news, pace.due_at - loop.time())

    async def _carry_on(self, database: Database) -> None:
        """Let the next profiles of a roll-out begin (I1), which may take a day each."""
        now = self._seconds()
        if self._stepped_at is not None and now - self._stepped_at < STEPS_EVERY:
            return
        self._stepped_at = now
        if await database.read(steps.is_due):
            await database.write(steps.advance)

    async def _tidy(self, database: Database) -> None:
        """Remove log lines and versions that have been kept long enough."""
        loop = asyncio.get_running_loop()
        if self._tidied_at is not None and loop.time() - self._tidied_at < TIDIED_EVERY:
            return
        self._tidied_at = loop.time()
        known, at = self._horizon, self._seconds()
        self._horizon = seen = await database.write(lambda c: horizon.move(c, known, at))
        kept_from = seen.horizon - horizon.BETWEEN_MOVES
        lines_from = kept_from - timedelta(days=self._settings.log.keep_days)
        await database.write(lambda c: log.prune(c, lines_from))
        await database.write(agents.prune)
        await database.write(lambda c: history.prune(c, kept_from - HISTORY_KEPT))
        await database.write(lambda c: turns.prune(c, seen.horizon - flip_guard.WITHIN))

    def _look_at_clock(self, rounds: Rounds) -> None:
        """Say that the computer's clock was put to another time."""
        before, self._clock = self._clock, Reading(datetime.now(UTC), self._seconds())
        by = before.jump(self._clock)
        if by is not None:
            rounds.troubles.tell(Level.WARNING, Kind.SYNC, put(by))

    def _say(self, error: CalsyncError) -> None:
        """Say once why the database cannot be opened."""
        if self._said != error.message:
            self._said = error.message
            _log.error(error.message)

    def _warn(self) -> None:
        """Say what others on this computer can read, but should not."""
        for warning in exposed(self._settings):
            _log.warning(warning)

    async def _pause(self, news: asyncio.Event, seconds: float) -> None:
        """Wait, unless something has to be taken over at once."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await news.wait()
        except TimeoutError:
            pass

    def _wake(self) -> None:
        self._news.set()
        if self._rounds is not None:
            self._rounds.news.set()

    async def _wake_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake()

    async def _follow_settings(self, stop: asyncio.Event) -> None:
        """Take over what changes in `agent.toml`, or say why not and go on as before."""
        async with aclosing(changes(self._settings.path, stop, self._settings)) as outcomes:
            async for outcome in outcomes:
                if isinstance(outcome, ConfigurationRefused):
                    text = message(
                        "the changed settings are not taken over: {reason}", reason=outcome.message
                    )
                    self._tell(Level.ERROR, text)
                    continue
                self._settings = outcome
                self._alerting.follow(outcome)
                self._monitor.news.set()
                self._logs.apply(outcome.log, outcome.secrets())
                self._tell(
                    Level.INFO,
                    message("settings taken over from {file}", file=str(outcome.path)),
                )
                self._warn()
                self._wake()

    def _tell(self, level: Level, text: Message) -> None:
        if self._rounds is not None:
            self._rounds.troubles.tell(level, Kind.RELOAD, text)
        else:
            _log.log(logging.getLevelNamesMapping()[level.upper()], text)


def put(by: timedelta) -> Message:
    """That the computer's clock was put forward or, where negative, back."""
    if by > timedelta():
        return message(
            "this computer's clock was put forward by {amount}; nothing is forgotten sooner for it."
            " Check how the computer's time is set",
            amount=str(by),
        )
    return message(
        "this computer's clock was put back by {amount}; nothing waits longer for it. Check how the"
        " computer's time is set",
        amount=str(-by),
    )


def _as_ours(error: Exception) -> CalsyncError:
    return error if isinstance(error, CalsyncError) else internal(error)
