"""Rounds: one look into the database, one poll of all mailboxes, and a cycle where there is work.

A round costs the same few statements and ⌈n/20⌉ requests for n profiles when nobody has changed
anything (A5). Cycles run on their own, so that a slow or failing mailbox delays no other (A4).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from datetime import UTC, datetime
from typing import Final

from calsync_agent.appointment import zones
from calsync_agent.appointment.model import ProfileId
from calsync_agent.config.settings import Settings
from calsync_agent.consolidate.writing import Stamp
from calsync_agent.database.engine import Database
from calsync_agent.errors import CalsyncError, DatabaseTrouble, Refusal
from calsync_agent.exchange import delta
from calsync_agent.exchange.mailbox import Mailbox
from calsync_agent.exchange.poll import Polled
from calsync_agent.exchange.requests import Answer
from calsync_agent.i18n import Message, message
from calsync_agent.service import logs
from calsync_agent.service.leases import Leases
from calsync_agent.service.lines import Connect, Line, Lines
from calsync_agent.service.standing import Standing
from calsync_agent.service.view import View, look
from calsync_agent.state import progress
from calsync_agent.state.agents import Identity, LeaseLost
from calsync_agent.state.log import Entry, Kind, Level
from calsync_agent.state.log import write as write_log
from calsync_agent.state.progress import Progress
from calsync_agent.sync import cycle as cycles
from calsync_agent.sync.cycle import Cycle
from calsync_agent.sync.dispatch import AT_ONCE, dispatch
from calsync_agent.sync.job import Job
from calsync_agent.sync.window import Window, window

_log: Final = logging.getLogger(__name__)

CYCLES_AT_ONCE: Final = 16
PAGE_SIZE: Final = 100


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Rounds:
    """All profiles that this agent syncs on one database. `settings` may be exchanged any time."""

    def __init__(
        self,
        database: Database,
        identity: Identity,
        settings: Settings,
        connect: Connect,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.settings = settings
        self.standings: dict[ProfileId, Standing] = {}
        self.leases = Leases(database, identity)
        self._database = database
        self._clock = clock
        self._lines = Lines(connect)
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(CYCLES_AT_ONCE)
        self._told: list[Entry] = []
        self._refusal: Refusal | None = None
        self._revision: int | None = None

    async def begin(self) -> View:
        """Look, poll, and begin a cycle for each profile that has work.

        Returns when all mailboxes have been polled; cycles may go on. Raises Refusal where nothing
        may be synced (B10, G5), and DatabaseTrouble.
        """
        now = self._clock()
        try:
            view = await self._look(now)
            line = await self._lines.to(self.settings, view.provider)
            self._refusal = None
        except Refusal as refusal:
            self._refusal = refusal
            raise
        await self._follow_leases(view)
        polls: dict[str, Standing] = {}
        bounds = self._window(now)
        for standing in self.standings.values():
            policy = view.provider.policy
            if not standing.may_begin(now):
                continue
            due = cycles.wanted(standing.progress, standing.position, policy, bounds)
            if due or standing.profile.id in view.work:
                self._start(standing, view, line, None)
            elif policy.inbound and standing.position is not None:
                polls[standing.profile.mailbox] = standing
        await self._poll(polls, view, line)
        return view

    @property
    def under_way(self) -> list[Standing]:
        """The profiles of which a cycle is running."""
        return [standing for standing in self.standings.values() if standing.busy]

    async def finished(self) -> None:
        """Wait until no cycle is under way."""
        while self._tasks:
            done, _ = await asyncio.wait(self._tasks)
            for task in done:
                task.result()
        await self._write_log()

    async def close(self, grace: float) -> None:
        """Bring running cycles to an end within `grace` seconds, and give the profiles back.

        A cycle stops before its next write; one that does not get there in time is cut off, which
        loses nothing (B1).
        """
        self._refusal = self._refusal or Refusal(message("the agent is being stopped"))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(DatabaseTrouble):  # what cannot be given back runs out by itself
            await self._write_log()
            await self._save_positions()
            await self.leases.give_back()
        await self._lines.close()

    async def _save_positions(self) -> None:
        """Store positions that it would take more than a page to reach again."""
        far = [
            replace(standing.progress, delta_link=standing.position)
            for standing in self.standings.values()
            if standing.unsaved > PAGE_SIZE and not standing.busy
        ]
        for one in far:
            await self._database.write(partial(progress.write, progress=one))

    def tell(self, level: Level, kind: Kind, text: Message) -> None:
        """Put a line that concerns no profile into the log of the next round."""
        self._told.append(Entry(level, kind, text))

    async def _look(self, now: datetime) -> View:
        await self._write_log()
        view = await self._database.read(lambda c: look(c, now))
        if view.revision != self._revision:
            await self._take_over(view.revision)
        if not view.touched:
            return view
        while await self._database.write(lambda c: dispatch(c, view.owners)) == AT_ONCE:
            pass
        return await self._database.read(lambda c: look(c, now))

    async def _take_over(self, revision: int) -> None:
        """Settings in the database have changed; from this round on they hold."""
        if self._revision is not None:
            text = message("settings taken over, revision {revision}", revision=revision)
            _log.info(text)
            self.tell(Level.INFO, Kind.RELOAD, text)
        self._revision = revision
        await self.leases.settings_taken(revision)

    async def _follow_leases(self, view: View) -> None:
        """One standing for each profile that is ours to sync."""
        wanted = {profile.id: profile for profile in view.syncing}
        mine = await self.leases.of(wanted.keys())
        for gone in self.standings.keys() - mine:
            if not self.standings[gone].busy:
                del self.standings[gone]
        if new := mine - self.standings.keys():
            known = await self._database.read(progress.read_all)
            for number in new:
                far = known.get(number, Progress(number))
                self.standings[number] = Standing(wanted[number], far, far.delta_link)
        for number in mine:
            standing = self.standings[number]
            if standing.profile != wanted[number] and not standing.busy:
                standing.profile = wanted[number]

    def _window(self, now: datetime) -> Window:
        return window(now, self.settings.sync.past_months, self.settings.sync.future_months)

    async def _poll(self, polls: Mapping[str, Standing], view: View, line: Line) -> None:
        requests = {
            mailbox: delta.following(standing.position)
            for mailbox, standing in polls.items()
            if standing.position is not None
        }

        def hear(mailbox: str, polled: Polled) -> None:
            standing = polls[mailbox]
            if not isinstance(polled, Answer):
                self._failed(standing, polled)
            elif (position := delta.unchanged(polled)) is not None:
                standing.position = position
                self._succeeded(standing)
            else:
                self._start(standing, view, line, polled)

        if requests:
            await line.graph.poll(requests, listener=hear)

    def _start(self, standing: Standing, view: View, line: Line, polled: Answer | None) -> None:
        standing.busy = True
        standing.cycle += 1
        now = self._clock()
        zone = zones.zone_info(self.settings.sync.default_time_zone)
        job = Job(
            profile=standing.profile,
            policy=view.provider.policy,
            window=self._window(now),
            staff=view.staff,
            inbound_type=view.inbound_type,
            stamp=Stamp(now, now.replace(tzinfo=UTC).astimezone(zone)),
        )
        cycle = Cycle(
            job=job,
            mailbox=Mailbox(line.graph, standing.profile.mailbox, view.staff.people),
            database=self._database,
            lease=self.leases.identity.id,
            progress=standing.progress,
            position=standing.position,
            unsaved=standing.unsaved,
            permit=self._permit,
        )
        employee = view.staff.people.find(standing.profile.employee)
        name = employee.code if employee else str(standing.profile.id)
        with logs.cycle(profile=name, number=standing.cycle):
            task = asyncio.create_task(self._run(standing, cycle, line, polled), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(
        self, standing: Standing, cycle: Cycle, line: Line, polled: Answer | None
    ) -> None:
        try:
            async with self._places, line:
                await cycles.run(cycle, polled)
        except CalsyncError as error:
            if error is not self._refusal:
                self._failed(standing, error)
        except Exception as error:  # noqa: BLE001 - one profile's fault must not end the agent
            _log.exception("unexpected")
            text = message("internal error: {detail}", detail=f"{type(error).__name__}: {error}")
            self._failed(standing, CalsyncError(text))
        else:
            self._succeeded(standing)
        finally:
            standing.progress, standing.position = cycle.progress, cycle.position
            standing.unsaved = cycle.unsaved
            standing.counts += cycle.counts
            standing.last = cycle.counts
            standing.busy = False

    def _permit(self) -> None:
        """Raise where nothing may be written any more, though a cycle is under way (G5, B11)."""
        if self._refusal is not None:
            raise self._refusal
        self.leases.check()

    def _succeeded(self, standing: Standing) -> None:
        if standing.succeeded():
            text = message("the sync works again")
            _log.info(text)
            self._told.append(Entry(Level.INFO, Kind.SYNC, text, standing.profile.id))

    def _failed(self, standing: Standing, error: CalsyncError) -> None:
        if isinstance(error, LeaseLost):
            self.leases.lost(standing.profile.id)
        if standing.failed(error, self._clock()):
            _log.error(error.message)
            self._told.append(Entry(Level.ERROR, Kind.ERROR, error.message, standing.profile.id))

    async def _write_log(self) -> None:
        if self._told:
            told, self._told = self._told, []
            now = self._clock()
            await self._database.write(lambda c: write_log(c, told, now))
