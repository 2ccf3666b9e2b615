"""The cycles under way: each profile's own, so that a slow mailbox delays no other (A4).

A cycle ends before its next write when it may write no more: because the sync was refused, the
profile's settings have changed, or another agent may have taken over (G5, B11). One that is waiting
for Exchange is cut off a little later, which loses nothing (B1): the next one goes on from what is
committed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.database.engine import Database
from calsync_agent.domain.calendar import Changes, Connection
from calsync_agent.errors import CalsyncError
from calsync_agent.plan.job import Count, Job
from calsync_agent.service.beside import fallen
from calsync_agent.service.connections import Line
from calsync_agent.service.first_sync_progress import reporting
from calsync_agent.service.gate import CUT_AFTER, Gate, Stopped
from calsync_agent.service.leases import Leases
from calsync_agent.service.profile_run import Standing
from calsync_agent.service.summary import aside_line, held_line, in_use_line, summary
from calsync_agent.service.tally import Tally
from calsync_agent.service.troubles import Troubles, about, internal
from calsync_agent.service.whose import Moved, Whose
from calsync_agent.state import meta, quarantine
from calsync_agent.state.agents import LeaseLost
from calsync_agent.state.log import Kind, Level
from calsync_agent.sync import cycle as cycles
from calsync_agent.sync.context import Cycle

_log: Final = logging.getLogger(__name__)

AT_ONCE: Final = 16
"""Cycles of profiles that are well; they are short."""

AT_ONCE_APART: Final = 8
"""First syncs, and cycles of profiles in trouble: they may take long, and keep no other waiting."""


class Running:
    """The cycles of one agent. `written` is called after each that has written something.

    `news` is set where a cycle ended early, so that the next round should begin at once.
    """

    def __init__(
        self,
        database: Database,
        leases: Leases,
        troubles: Troubles,
        gate: Gate,
        whose: Whose,
        written: Callable[[], Awaitable[None]],
        news: asyncio.Event,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self.tasks: dict[ProfileId, asyncio.Task[None]] = {}
        self.tally = Tally()
        self._written = written
        self._unsaid = False
        self._gate = gate
        self._database = database
        self._leases = leases
        self._troubles = troubles
        self._clock = clock
        self._news = news
        self._monotonic = monotonic
        self._whose = whose
        self._well = asyncio.Semaphore(AT_ONCE)
        self._apart = asyncio.Semaphore(AT_ONCE_APART)
        gate.guards(lambda after: _cut(self.tasks.values(), after))

    def start(
        self,
        standing: Standing,
        job: Job,
        line: Line,
        changes: Changes | None = None,
        *,
        deaf: bool = False,
    ) -> None:
        """Begin a cycle of a profile, which is busy already; `deaf`: one that only sends."""
        number = standing.profile.id
        cycling = self._run(standing, job, line, changes, deaf=deaf)
        with about(standing):
            task = asyncio.create_task(cycling, name=standing.name)
        self.tasks[number] = task
        task.add_done_callback(partial(self._ended, standing, standing.cycle))

    def withdraw(self, standing: Standing) -> None:
        """Let a profile's cycle end, because its settings have changed."""
        if not standing.withdrawn:
            standing.withdrawn = True
            _cut([task] if (task := self.tasks.get(standing.profile.id)) else [], CUT_AFTER)

    def failed(self, standing: Standing, error: CalsyncError) -> None:
        """A profile could not be asked, or its cycle did not go through."""
        standing.failed(error, self._clock(), self._monotonic())
        self._troubles.met(error, standing)

    def succeeded(self, standing: Standing) -> None:
        """A profile is in step as far as can be."""
        standing.succeeded(self._clock())
        self._troubles.over(standing)

    async def close(self, grace: float) -> None:
        """End all cycles, within `grace` seconds."""
        self._gate.end(grace)
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def _run(
        self, standing: Standing, job: Job, line: Line, changes: Changes | None, *, deaf: bool
    ) -> None:
        calendars = line.calendars
        cycle = Cycle(
            job=job,
            mailbox=calendars.mailbox(standing.profile.mailbox, job.office.people),
            database=self._database,
            lease=self._leases.identity.id,
            progress=standing.progress,
            position=standing.position,
            unsaved=standing.unsaved,
            left=standing.left,
            deaf=deaf,
            permit=partial(self._gate.permit, standing),
            certain=partial(self._whose.still, standing, calendars),
            shared=partial(self._whose.shared, standing),
        )
        first = cycle.progress.compared_at is None
        early = False
        place = self._apart if first or standing.error is not None else self._well
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(line)
                await stack.enter_async_context(place)
                await self._make_sure(standing, cycle, calendars)
                if cycle.progress.compared_at is None:
                    tell = partial(self._troubles.tell, Level.INFO, Kind.SYNC, whose=standing)
                    await stack.enter_async_context(reporting(cycle, tell))
                async with self._knowing(line, cycle):
                    await self._through(standing, cycle, changes)
        except Stopped:
            early = True
        except asyncio.CancelledError:
            early = True
            raise
        except LeaseLost:
            self._leases.lost(standing.profile.id)
            early = True
        except CalsyncError as error:
            self.failed(standing, error)
        except Exception as error:  # noqa: BLE001 - it must not end the agent
            self.failed(standing, internal(error))
        else:
            if deaf:
                standing.sent()
            else:
                self.succeeded(standing)
            for reason in cycle.rulings:
                text = held_line(standing.profile, reason)
                self._troubles.tell(Level.WARNING, Kind.HELD, text, standing)
        finally:
            await self._over(standing, cycle, early=early)

    async def _over(self, standing: Standing, cycle: Cycle, *, early: bool) -> None:
        """Keep what a cycle has come to, however it ended."""
        standing.progress, standing.position = cycle.progress, cycle.position
        standing.unsaved, standing.last = cycle.unsaved, cycle.counts
        met = cycle.busy - standing.in_use
        standing.left, standing.in_use = cycle.left, cycle.busy
        standing.counts += cycle.counts
        self.tally.note(standing.name, cycle.counts, standing.took)
        try:
            await self._tell_written(cycle)
        finally:
            standing.busy = False
            if early:  # a round that began before would have found the profile busy still
                self._news.set()
        if met:
            _log.info(in_use_line(standing.in_use))
        if +cycle.counts:
            _log.info(summary(cycle.counts), extra={"counts": dict(cycle.counts)})
        if cycle.counts[Count.QUARANTINED]:
            await self._name_aside(standing)

    async def _name_aside(self, standing: Standing) -> None:
        """Name each item that is not synced in the log, once with the same reason (B8)."""
        number = standing.profile.id
        try:
            aside = await self._database.read(lambda c: quarantine.read(c, number))
        except (CalsyncError, sa.exc.SQLAlchemyError):  # `calsync_log` has them
            _log.debug("what is in quarantine is not named", exc_info=True)
            return
        lines = {one.id: aside_line(standing.profile, one) for one in aside}
        for one, line in lines.items():
            if standing.named.get(one) != line:
                self._troubles.name(line, standing)
        standing.named = lines

    async def _tell_written(self, cycle: Cycle) -> None:
        """Say that something was written, now or with the next cycle that can say so."""
        self._unsaid = self._unsaid or cycle.committed
        if self._unsaid:
            try:
                await self._written()
            except (CalsyncError, sa.exc.SQLAlchemyError):  # the next round says so
                _log.debug("the database's position is not advanced", exc_info=True)
            else:
                self._unsaid = False

    async def _make_sure(self, standing: Standing, cycle: Cycle, calendars: Connection) -> None:
        """Whose mailbox it is, before anything is read or written (I4)."""
        far = await self._whose.sure(standing, calendars)
        if far != cycle.progress:
            cycle.progress, cycle.position, cycle.unsaved = far, far.delta_link, 0
            cycle.left = {}

    @asynccontextmanager
    async def _knowing(self, line: Line, cycle: Cycle) -> AsyncIterator[None]:
        """Let the cycle know what the tenant honours, and remember what it finds out (F3)."""
        conditions = line.calendars.conditions
        if not line.looked:
            honoured = await self._database.read(lambda c: meta.honours_if_match(c, line.tenant))
            line.looked, conditions.honoured = True, honoured
        before = conditions.honoured
        yield
        found = conditions.honoured
        if before is None and found is not None:
            await cycle.write(lambda c: meta.note_if_match(c, line.tenant, honoured=found))

    async def _through(self, standing: Standing, cycle: Cycle, changes: Changes | None) -> None:
        """Run the cycle; from the beginning where the mailbox turns out to be another one."""
        try:
            await cycles.run(cycle, changes)
        except Moved as moved:
            self._troubles.tell(Level.WARNING, Kind.SYNC, moved.message, standing)
            cycle.begin_anew()
            await cycles.run(cycle)

    def _ended(self, standing: Standing, begun: int, task: asyncio.Task[None]) -> None:
        """A cycle's task is over; whatever it fell over, its profile goes on with the next one."""
        number, error = standing.profile.id, fallen(task)
        if self.tasks.get(number) is task:
            del self.tasks[number]
        if standing.cycle == begun:  # it may have been cut off before its first step
            standing.busy = False
        if error is not None:
            self.failed(standing, internal(error))


def _cut(tasks: Iterable[asyncio.Task[None]], after: float) -> None:
    """Cancel the tasks, unless they end before that by themselves."""
    for task in tasks:
        asyncio.get_running_loop().call_later(after, task.cancel)
