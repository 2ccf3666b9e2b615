"""Rounds: one look into the database, one poll of all mailboxes, and a cycle where there is work.

A round costs the same few statements and ⌈n/20⌉ requests for n profiles when nobody has changed
anything (A5). Polls and cycles run on their own, so that no mailbox delays a round (A4).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database
from calsync_agent.database.failures import permitted
from calsync_agent.domain.policy import Profile
from calsync_agent.errors import CalsyncError, Refusal, Undecided
from calsync_agent.i18n import message
from calsync_agent.plan.job import Job
from calsync_agent.service.connections import Line, Lines
from calsync_agent.service.cycle_tasks import Running
from calsync_agent.service.database_poll import Looks
from calsync_agent.service.enrolment import enrolled, save_positions
from calsync_agent.service.expiry import Expiry
from calsync_agent.service.gate import Gate
from calsync_agent.service.heartbeat import Watch
from calsync_agent.service.leases import Leases
from calsync_agent.service.mailbox_polls import Polls
from calsync_agent.service.news import News
from calsync_agent.service.pacing import Pace
from calsync_agent.service.preview_text import lines
from calsync_agent.service.previewing import bounds, job
from calsync_agent.service.profile_run import Standing, Terms
from calsync_agent.service.profile_status import Faring
from calsync_agent.service.snapshot import ProfileRefused, View
from calsync_agent.service.troubles import Troubles
from calsync_agent.service.whose import Whose
from calsync_agent.state.agents import Traits
from calsync_agent.state.log import Kind, Level
from calsync_agent.state.progress import moved_from
from calsync_agent.sync import inbound
from calsync_agent.sync.preview import Preview

_log: Final = logging.getLogger(__name__)

AT_ONCE: Final = 500
"""Profiles that are gone through before others have their turn in this loop."""


@dataclass(eq=False, kw_only=True)
class Rounds:
    """All profiles that this agent syncs on one database, by the parts that `bootstrap` gives it.

    `settings` may be exchanged any time. `clock` is UTC; what is waited for goes by `monotonic`,
    whose seconds no one can set. `news` is set when the next round should begin at once;
    `pace` knows when that is, and when it is due else.
    `preview` tells what would be done by these settings, and does nothing.
    """

    settings: Settings
    database: Database
    leases: Leases
    gate: Gate
    troubles: Troubles
    lines: Lines
    whose: Whose
    looks: Looks
    running: Running
    polls: Polls
    watch: Watch
    faring: Faring
    expiry: Expiry
    preview: Callable[[Settings], Awaitable[list[Preview]]]
    news: News
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    pace: Pace = field(default_factory=Pace)
    standings: dict[ProfileId, Standing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What may be given to other agents is known here."""
        self.leases.idle = self._idle

    def _idle(self, count: int) -> list[ProfileId]:
        """So many profiles of which all is done and stored, as far as there are any."""
        some = (n for n, s in reversed(self.standings.items()) if s.is_idle)
        return list(islice(some, count))

    def attend(self) -> None:
        """From now on, show that this agent lives, and set `news` when something has changed."""
        self.watch.begin()

    async def begin(self, *, asking: bool = True) -> View:
        """Look, ask all mailboxes whether anything is new, and begin a cycle where there is work.

        Not `asking`: only where there is work in Consolidate. What it began goes on after it
        returns. Raises Refusal where nothing may be synced (B10, G5), and DatabaseTrouble.
        """
        self.news.clear()
        self._show_traits()
        with permitted():
            view = await self.looks.look()
            try:
                line = await self.lines.to(self.settings, view.provider)
            except Refusal as refusal:
                self.gate.refuse(refusal, of_database=False)
                raise
            self.expiry.follow(line)
            await self._follow_leases(view)
        self.gate.open()
        if self.leases.shown:
            self.troubles.over()
        if asking:
            self._tell_behind(view)
            slowest = max((standing.took for standing in self.standings.values()), default=0.0)
            self.leases.asked(round(slowest * 1000))
        await self._begin_cycles(view, line, asking=asking)
        await self.troubles.write(self.database)
        await self.faring.tell(self.standings.values(), self.clock())
        return view

    def _tell_behind(self, view: View) -> None:
        """Say that mailboxes are still being asked, where they are many."""
        asked = self.running.tasks.keys()
        still = sum(s.waiting or (s.busy and n not in asked) for n, s in self.standings.items())
        told = self.pace.asked(still, len(self.standings), view.provider.interval_seconds)
        if told is not None:
            self.troubles.tell(told[0], Kind.SYNC, told[1])

    def _show_traits(self) -> None:
        """Have the heartbeat tell what of the settings others are to know."""
        settings = self.settings
        self.leases.traits = Traits(settings.alerts.wanted, self.expiry.signing(settings))

    async def say(self, error: CalsyncError) -> None:
        """Say, once, why no round could begin."""
        said = self.troubles.met(error)
        if said and isinstance(error, Undecided):
            await self._observe()
        if self.gate.may_note:
            await self.troubles.write(self.database)

    async def _observe(self) -> None:
        """Say what would be done, as long as nobody has said which database this is (B12)."""
        try:
            for found in await self.preview(self.settings):
                for line in lines(found):
                    _log.info(line)
        except CalsyncError as error:
            _log.error(error.message)

    @property
    def view(self) -> View | None:
        """What the last look has found."""
        return self.looks.view

    @property
    def under_way(self) -> list[Standing]:
        """The profiles that are being asked, or of which a cycle is running."""
        return [standing for standing in self.standings.values() if standing.busy]

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """All that goes on beside the caller."""
        return {*self.polls.tasks, *self.running.tasks.values(), *self.watch.tasks}

    async def finished(self) -> None:
        """Wait until nothing is under way."""
        while tasks := self.tasks - self.watch.tasks:
            await asyncio.wait(tasks)
        await self.troubles.write(self.database)
        await self.faring.tell(self.standings.values(), self.clock())

    async def close(self, grace: float) -> None:
        """Bring what is under way to an end within `grace` seconds, and give the profiles back."""
        await self.polls.close()
        await self.running.close(grace)
        await self.watch.close()
        if self.gate.may_note:
            # What cannot be given back runs out by itself.
            with suppress(CalsyncError, sa.exc.SQLAlchemyError):
                await self.troubles.write(self.database)
                idle = [standing for standing in self.standings.values() if not standing.busy]
                await save_positions(self.database, self.leases.identity.id, idle)
                await self.leases.give_back()
        await self.expiry.close()
        await self.lines.close()

    async def _follow_leases(self, view: View) -> None:
        """One standing for each profile that is ours to sync.

        A cycle under way keeps its profile until it has ended.
        """
        wanted = view.roster.wanted
        busy = view.roster.by_id.keys() & {s.profile.id for s in self.under_way}
        mine = await self.leases.of(wanted.keys() | busy)
        for gone in self.standings.keys() - mine:
            if not self.standings[gone].busy:
                standing = self.standings.pop(gone)
                self.troubles.forget(gone)
                if gone in wanted and gone not in self.leases.given:
                    text = message("another agent has taken this profile over")
                    self.troubles.tell(Level.WARNING, Kind.SYNC, text, standing)
        new = [wanted[number] for number in mine & wanted.keys() if self._is_new(wanted[number])]
        if new:
            standings = await enrolled(self.database, new)
            self.standings |= {standing.profile.id: standing for standing in standings}
        for standing in self.standings.values():
            self._follow_profile(standing, wanted.get(standing.profile.id), view)

    def _is_new(self, profile: Profile) -> bool:
        """Whether a profile, or its mailbox, has not been synced so far."""
        standing = self.standings.get(profile.id)
        if standing is None:
            return True
        return not standing.busy and standing.profile.mailbox != profile.mailbox

    def _follow_profile(self, standing: Standing, profile: Profile | None, view: View) -> None:
        """A cycle under way ends when its settings have changed; else they are taken over."""
        if standing.busy:
            if profile is None or standing.terms != _terms(profile, view):
                self.running.withdraw(standing)
        elif profile is not None:
            employee = view.roster.staff.people.find(profile.employee)
            standing.name = employee.code if employee else str(profile.id)
            standing.profile = profile

    async def _begin_cycles(self, view: View, line: Line, *, asking: bool) -> None:
        """Begin what is due, and ask the others whether anything is new."""
        self.whose.view = view
        now, at, refused = self.clock(), self.monotonic(), view.roster.refused
        asked: dict[str, Standing] = {}
        for place, (number, standing) in enumerate(list(self.standings.items()), 1):
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)  # answers, heartbeats and cycles have their turn
            if number not in refused and isinstance(standing.error, ProfileRefused):
                standing.failures, standing.retry_at = 0, None  # put right: not to be waited for
            if not standing.may_begin(at):
                continue
            if number in refused:
                self.running.failed(standing, refused[number])
                continue
            policy = standing.profile.policy(view.provider.policy)
            window = bounds(self.settings, standing.profile, now)
            standing.progress = inbound.widened(standing.progress, window, now)
            self._give_up(standing, at)
            listening = not policy.inbound or standing.may_listen(at)
            due = listening and inbound.wanted(standing.progress, standing.position, policy, window)
            due = due or (listening and moved_from(standing.progress, standing.profile))
            # One that was silent is asked first: a cycle would keep what is to be sent waiting.
            ask = listening and standing.silence is not None and standing.position is not None
            work = bool(standing.left) or number in view.work
            work = work and not (ask and policy.inbound)
            if not (listening or work) or not (asking or due or work):
                continue
            standing.begin(_terms(standing.profile, view))
            if due or work:
                deaf = policy.inbound and standing.silence is not None and not due
                self.running.start(standing, self._job(standing, view), line, deaf=deaf)
            elif policy.inbound and standing.position is not None:
                asked[standing.profile.mailbox] = standing
            else:
                standing.busy = False
                self.running.succeeded(standing)
        if asked:
            self.polls.ask(
                asked,
                line,
                lambda one, polled: self.running.start(one, self._job(one, view), line, polled),
            )

    def _give_up(self, standing: Standing, at: float) -> None:
        """Give up a place in the feed that has not answered for too long (B3)."""
        if standing.is_unheard(at):
            standing.position = None
            text = message(
                "Exchange has not said for an hour what has changed in the calendar, which is"
                " read anew"
            )
            self.troubles.tell(Level.WARNING, Kind.SYNC, text, standing)

    def _job(self, standing: Standing, view: View) -> Job:
        return job(self.settings, view, standing.profile, self.clock())


def _terms(profile: Profile, view: View) -> Terms:
    return Terms(profile, view.provider.tenant_id, profile.policy(view.provider.policy))
