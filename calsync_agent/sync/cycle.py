"""One cycle of one profile: the way of an appointment from the feeds to the commit.

First what an earlier cycle left open is cleared up, then Exchange's changes are taken in, then
Consolidate's go out. Whatever stops it in between, the next cycle finds its way from what is
committed. Deletions come last in each direction, when all of them are known.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias, TypeVar
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, Appointment, EventId, ProfileId
from calsync_agent.consolidate.holding import InUse
from calsync_agent.database.engine import Database
from calsync_agent.database.failures import Contended
from calsync_agent.database.statements import chunks
from calsync_agent.domain.policy import Policy
from calsync_agent.errors import CalsyncError, MailboxTrouble
from calsync_agent.exchange.calendar import delta
from calsync_agent.exchange.calendar.delta import Page
from calsync_agent.exchange.calendar.mailbox import Mailbox, PositionLost
from calsync_agent.exchange.transport.requests import Answer
from calsync_agent.exchange.transport.troubles import FeedTrouble, ForeignLink, GraphTrouble
from calsync_agent.fence import passing
from calsync_agent.i18n import Message, message
from calsync_agent.plan.guard import Ruling, allowed, judge, waiting_for
from calsync_agent.plan.job import Batch, Caution, Count, Job, PutOff, Settled
from calsync_agent.plan.pairing import Match, no_match
from calsync_agent.plan.window import Window
from calsync_agent.state import (
    agents,
    deeds,
    holds,
    links,
    meta,
    pending,
    progress,
    quarantine,
    waiting,
)
from calsync_agent.state.progress import Progress
from calsync_agent.sync import aside, oddities
from calsync_agent.sync.carry import record
from calsync_agent.sync.compare import Compared, compare
from calsync_agent.sync.gather import Gatherer, SeriesSeen
from calsync_agent.sync.pages import Pages
from calsync_agent.sync.settle import FIRST_PASS, MailboxShared, settle

_T = TypeVar("_T")
_Item = TypeVar("_Item")

Also: TypeAlias = Callable[[sa.Connection, Settled], None]
"""What is written with a settled batch, and may depend on it."""

AT_ONCE: Final = 100
"""How many appointments are taken out of pending work at a time."""

MEETINGS_AT_ROWS: Final = 3
"""How often a transaction is tried that lost a row to another profile's cycle."""

PATIENCE: Final = 15.0
"""Seconds that sending waits for the answer to what has changed."""

SERIES_AT_ONCE: Final = 20
"""How many series are read at a time, with all their exceptions."""


async def nothing_stands_against_it(*_: object) -> None:
    """What a cycle asks where nobody can tell."""


@dataclass(slots=True)
class Cycle:
    """One cycle under way, by the agent that has leased the profile.

    `position` is the newest place in Exchange's feed; it is stored with what is written because of
    it, and `unsaved` counts the items between the stored place and this one, all of them in step.
    `left`: events that were met while somebody was at work on their appointments in Consolidate; as
    long as there are any, no position is stored (B2), and only this agent knows the newest one:
    whoever comes after it reads the feed again. `busy`: the appointments of this cycle that
    somebody was at work on; `met`: the events of these.
    `deaf`: Exchange does not answer there, so that it is only sent to (B3).
    `committed`: rows were written.
    `permit` raises where nothing may be written any more (G5), `certain` where the mailbox is not
    the one in which the links were made (B5), `shared` where it is that of other profiles (I4).
    `stopped`: what may not be done in this cycle (B7, F8). `postponed` is what was left to be sent
    with the rest, and `rulings` say what has to wait for an admin. `compared`: what a first sync
    found in Consolidate.
    """

    job: Job
    mailbox: Mailbox
    database: Database
    lease: UUID
    progress: Progress
    position: str | None
    unsaved: int = 0
    left: Mapping[EventId, ActivityId] = field(default_factory=dict)
    met: dict[EventId, ActivityId] = field(default_factory=dict)
    busy: frozenset[ActivityId] = frozenset()
    deaf: bool = False
    permit: Callable[[], None] = lambda: None
    stopped: Ruling = field(default_factory=Ruling)
    certain: Callable[[], Awaitable[None]] = nothing_stands_against_it
    shared: Callable[[Collection[ProfileId]], Awaitable[None]] = nothing_stands_against_it
    wrote: bool = False
    committed: bool = False
    postponed: set[ActivityId] = field(default_factory=set)
    rulings: list[Message] = field(default_factory=list)
    compared: Compared | None = None
    counts: Counter[Count] = field(default_factory=Counter)

    async def read(self, work: Callable[[sa.Connection], _T]) -> _T:
        """What `work` returns in a reading transaction."""
        return await self.database.read(work)

    async def write(self, work: Callable[[sa.Connection], _T], *, tries: int | None = None) -> _T:
        """What `work` returns in a writing transaction; raises LeaseLost where it may not (B11).

        Tried again where another profile's cycle brought the same meeting in the same moment (F4).
        """
        self.permit()

        def leased(connection: sa.Connection) -> _T:
            agents.hold(connection, self.lease, self.job.profile.id)
            return work(connection)

        for _ in range(MEETINGS_AT_ROWS):
            with suppress(sa.exc.IntegrityError):
                return await self.database.write(leased, tries=tries)
        return await self.database.write(leased, tries=tries)

    async def write_for(
        self,
        items: Sequence[_Item],
        work: Callable[[sa.Connection, Sequence[_Item]], _T],
        put_aside: Callable[[sa.Connection, Sequence[tuple[_Item, Message]]], None],
        *,
        tries: int | None = None,
    ) -> _T:
        """What `work` returns for the items, in one writing transaction; each costs itself alone.

        Those with which it cannot be done are found out in transactions that are rolled back, and
        `put_aside` with their reasons in the one that counts (B8).
        """
        try:
            return await self.write(lambda c: work(c, items), tries=tries)
        except CalsyncError:
            raise
        except Exception as error:  # noqa: BLE001 - whose fault it is has to be found out
            met = error

        async def attempt(some: Sequence[_Item]) -> None:
            with suppress(_TriedOut):
                await self.write(lambda c: _try_out(work(c, some)), tries=tries)

        passed = await passing(items, attempt, met)

        def with_the_rest(connection: sa.Connection) -> _T:
            done = work(connection, passed.good)
            put_aside(connection, passed.fallen)
            return done

        self.counts[Count.QUARANTINED] += len(passed.fallen)
        return await self.write(with_the_rest, tries=tries)

    async def settle(
        self,
        batch: Batch,
        match: Match = no_match,
        caution: Caution = FIRST_PASS,
        also: Also = lambda _connection, _settled: None,
    ) -> Settled:
        """Settle a batch and send what follows from it; `also` is committed with it.

        What somebody else is at work on in Consolidate is left, for another cycle.
        """
        try:
            settled = await self._settled(batch, match, caution, also)
        except MailboxShared as met:
            await self.shared(met.profiles)
            self.job = replace(self.job, foreign=self.job.foreign | met.profiles)
            settled = await self._settled(batch, match, caution, also)
        self.busy |= settled.busy
        self.met |= settled.left
        self.counts += settled.counts
        self.wrote = self.wrote or settled.wrote
        self.committed = self.committed or settled.wrote
        if settled.intents:
            self.permit()
            operations = [intent.outgoing.operation for intent in settled.intents]
            results = await self.mailbox.carry_out(operations)
            pairs = list(zip(settled.intents, results, strict=True))
            self.counts += await self.write_for(
                pairs,
                lambda c, some: record(c, self.job, some),
                lambda c, fallen: aside.results(c, self.job, fallen),
            )
        return settled

    async def _settled(self, batch: Batch, match: Match, caution: Caution, also: Also) -> Settled:
        in_use: frozenset[ActivityId] = frozenset()
        one_by_one = False

        def work(connection: sa.Connection, parts: Sequence[Batch]) -> Settled:
            settled = settle(
                connection,
                self.job,
                Batch.of(parts),
                match=match,
                caution=caution,
                in_use=in_use,
                one_by_one=one_by_one,
            )
            also(connection, settled)
            return settled

        while True:
            try:
                return await self.write_for(
                    batch.parts,
                    work,
                    lambda c, fallen: aside.parts(c, self.job, fallen, match),
                    tries=None if one_by_one else 2,
                )
            except InUse as met:
                if met.activities <= in_use:
                    raise
                in_use |= met.activities
            except Contended:
                if one_by_one:
                    raise
                one_by_one = True

    def begin_anew(self) -> None:
        """Nothing is known of the mailbox any more, and nothing is planned for it."""
        self.progress = Progress(self.job.profile.id, self.job.profile.mailbox)
        self.position, self.unsaved, self.compared = None, 0, None
        self.postponed, self.left, self.met, self.busy = set(), {}, {}, frozenset()

    async def judged(self, put_off: PutOff) -> Ruling:
        """What of it has to wait for an admin; the rest counts from now on (B7, F8).

        What others of the same profile wait for waits with them. Agents judge one after the other,
        because all profiles together have a limit, too.
        """
        if not put_off.guarded:
            return self.stopped

        def work(connection: sa.Connection) -> Ruling:
            meta.take_turn(connection)
            number = self.job.profile.id
            ruling = judge(put_off.plans, deeds.past(connection, number), self.job.limits)
            deeds.remember(connection, number, list(allowed(put_off.plans, self.stopped | ruling)))
            return ruling

        self.stopped |= await self.write(work)
        return self.stopped

    async def next_work(self, after: ActivityId | None) -> dict[ActivityId, int]:
        """Some of the pending work, from behind an appointment on."""
        number = self.job.profile.id
        return await self.read(lambda c: pending.read(c, number, AT_ONCE, after))

    @property
    def gather(self) -> Gatherer:
        """What reads events for this cycle."""
        return Gatherer(self.job, self.mailbox, self.database)


class _TriedOut(Exception):
    """What was only tried went well; the transaction is rolled back."""


def _try_out(_done: object) -> None:
    raise _TriedOut


@dataclass(slots=True)
class _Listing:
    """A complete listing under way: the events that it still has to show, and who waits for one."""

    expected: set[EventId]
    compared: Compared | None
    nameless: set[EventId] = field(default_factory=set)

    def note(self, page: Page) -> None:
        """What a page shows need not be looked for any more."""
        self.expected.difference_update(event.id for event in page.events)
        self.nameless.update(event.id for event in page.events if delta.nameless(event.id))


def wanted(progress: Progress, position: str | None, policy: Policy, window: Window) -> bool:
    """Whether a cycle has to run even where neither side reports a change: a listing is due."""
    if progress.compared_at is None:
        return True
    return policy.inbound and (position is None or _outdated(progress, window))


def _outdated(progress: Progress, window: Window) -> bool:
    start, end = progress.window_start, progress.window_end
    return start is None or end is None or window.moved_from(start, end)


async def run(cycle: Cycle, polled: Answer | None = None) -> None:
    """Do all there is to do for one profile.

    `polled`: the answer to asking at `position`, where that was done already. Raises MailboxTrouble
    and DatabaseTrouble; what was done until then is done. FeedTrouble: all but taking in.
    """
    await _recover(cycle)
    await _carry_verdicts_out(cycle)
    silent: MailboxTrouble | None = None
    if cycle.progress.compared_at is None:
        cycle.compared = await cycle.read(lambda c: compare(c, cycle.job))
        await _list(cycle, cycle.compared)
    else:
        await _look_again(cycle)
        if cycle.job.policy.inbound and not cycle.deaf:
            silent = await _taken_in(cycle, polled)
    await _take_waiting(cycle)
    await _retry_quarantined(cycle)
    if cycle.job.policy.outbound:
        await _send_out(cycle)
    if silent is not None:
        raise FeedTrouble(silent.message, silent.retry_after)


async def _recover(cycle: Cycle) -> None:
    """Find the events whose creation was never answered, before anything else meets them (B2)."""
    profile = cycle.job.profile.id
    intended = await cycle.read(lambda c: links.intended(c, profile))
    if intended:
        made = await cycle.mailbox.made_for({link.activity for link in intended})
        await _finish_off(cycle, await _process(cycle, Batch(events=tuple(made))))


async def _carry_verdicts_out(cycle: Cycle) -> None:
    """Do, or leave, what an admin has decided about (B7)."""
    profile = cycle.job.profile.id
    held = await cycle.read(lambda c: holds.read(c, profile))
    cycle.job = replace(cycle.job, held={one.activity: one for one in held})
    cycle.stopped = waiting_for({one.kind for one in held if one.verdict is None})
    answered = {one.activity: 0 for one in held if one.verdict is not None}
    for some in chunks(sorted(answered), AT_ONCE):
        work = {number: answered[number] for number in some}
        await _process(cycle, await cycle.gather.of_work(work))


async def _look_again(cycle: Cycle) -> None:
    """Look again at what somebody was at work on, and let the position pass it when it is done."""
    if not cycle.left:
        return
    left, cycle.met = cycle.left, {}
    put_off = PutOff()

    def match(event: EventId, _appointment: Appointment) -> ActivityId | None:
        return left.get(event)  # what it was found to be like, on first contact

    for some in chunks(sorted(left), AT_ONCE):
        put_off |= await _process(cycle, await cycle.gather.unseen(some), match)
    await _finish_off(cycle, put_off, match)
    cycle.left = cycle.met
    if not cycle.left and cycle.position is not None:
        now = replace(cycle.progress, delta_link=cycle.position)
        await cycle.write(lambda c: progress.write(c, now))
        cycle.progress, cycle.unsaved = now, 0


async def _taken_in(cycle: Cycle, polled: Answer | None) -> MailboxTrouble | None:
    """What kept Exchange's changes from being taken in; sending goes on meanwhile (B3).

    Raises what keeps that from going on, too.
    """
    try:
        await _take_in(cycle, polled)
    except MailboxTrouble as trouble:
        if isinstance(trouble, GraphTrouble) and trouble.shuts_out:
            raise
        return trouble
    return None


async def _take_in(cycle: Cycle, polled: Answer | None) -> None:
    """What changed in Exchange since `position`; a fresh listing where that is of no use."""
    profile, now = cycle.job.profile.id, cycle.job.stamp.now
    unseen = await cycle.read(lambda c: oddities.listing_due(c, profile, now))
    if cycle.position is None or unseen or _outdated(cycle.progress, cycle.job.window):
        await _list(cycle, None)
        return
    try:
        await _follow(cycle, await _first_page(cycle, cycle.position, polled))
    except PositionLost:
        await _list(cycle, None)


async def _first_page(cycle: Cycle, position: str, polled: Answer | None) -> Page:
    if polled is not None:
        return await cycle.mailbox.read_page(polled)
    try:
        async with asyncio.timeout(PATIENCE):
            return await cycle.mailbox.page(delta.following(position))
    except ForeignLink as link:  # graph_url has been changed: it leads to where that was
        raise PositionLost(link) from None
    except TimeoutError:
        name = cycle.mailbox.name
        raise MailboxTrouble(
            message("mailbox {mailbox} is slow to say what has changed in it", mailbox=name)
        ) from None


async def _list(cycle: Cycle, compared: Compared | None) -> None:
    """Read the whole window and reconcile by difference (B3, B4)."""
    profile, window = cycle.job.profile, cycle.job.window
    expected = await cycle.read(
        lambda c: links.events_between(c, profile.id, window.start, window.end)
    )
    request = delta.first(profile.mailbox, window.start, window.end)
    try:
        page = await cycle.mailbox.page(request)
        await _follow(cycle, page, _Listing(expected, compared))
    except PositionLost as lost:
        # The first question of a listing names no position, so that none can be lost.
        raise lost.trouble from None


async def _follow(cycle: Cycle, page: Page, listing: _Listing | None = None) -> None:
    """Process page after page, then what was put off together with the new position."""
    match = listing.compared.candidates.take if listing and listing.compared else no_match
    put_off = PutOff()
    series = SeriesSeen()
    pages = Pages(cycle.mailbox)
    cycle.wrote, cycle.met = False, {}
    while True:
        cycle.unsaved += page.size
        series.note(page)
        if listing:
            listing.note(page)
        put_off |= await _process(cycle, await cycle.gather.of_page(pages.newest(page)), match)
        following = await pages.after(page)
        if following is None:
            break
        page = following
    for some in chunks(sorted(series.masters), SERIES_AT_ONCE):
        put_off |= await _process(cycle, await cycle.gather.of_series(some, series), match)
    if listing:
        listing.expected -= series.masters
        put_off |= await _process(cycle, await cycle.gather.unseen(listing.expected))
    # What was listed but not taken in has to be listed again (A2).
    position = page.delta_link if cycle.job.policy.inbound else None
    if listing or cycle.wrote or put_off.batch or put_off.later:
        await _store(cycle, put_off, position, listing, match)
    else:
        cycle.position = position
        cycle.left = {**cycle.left, **cycle.met}


async def _store(
    cycle: Cycle,
    put_off: PutOff,
    position: str | None,
    listing: _Listing | None,
    match: Match,
) -> None:
    """Do what was put off, and store the position, in one transaction (B2)."""
    job, before = cycle.job, cycle.progress
    left = {} if listing else cycle.left
    now = replace(before, delta_link=position)
    if listing:
        now = replace(
            now,
            window_start=job.window.start,
            window_end=job.window.end,
            listed_at=job.stamp.now,
            compared_at=now.compared_at or job.stamp.now,
        )
    work = listing.compared.work() if listing and listing.compared else set()
    stored = False

    def store(connection: sa.Connection, settled: Settled) -> None:
        nonlocal stored
        pending.add(connection, [(job.profile.id, number) for number in work])
        if listing:
            oddities.release_unlisted(connection, job.profile.id, listing.nameless, job.stamp.now)
        if listing and listing.compared:
            oddities.put_rows_aside(connection, [job.profile], job.stamp.now)
        stored = not (left or cycle.met or settled.left)
        if stored:
            progress.write(connection, now)

    await _finish_off(cycle, put_off, match, store)
    cycle.left = {**left, **cycle.met}
    cycle.progress, cycle.position = now, position
    if stored and cycle.left:  # met only when the rest had been read again
        await cycle.write(lambda c: progress.write(c, before))
    elif stored:
        cycle.unsaved = 0


async def _finish_off(
    cycle: Cycle,
    put_off: PutOff,
    match: Match = no_match,
    also: Also | None = None,
    *,
    last: bool = False,
) -> None:
    """Do what was put off, now that all of it is known, or let an admin decide (B7, F8).

    What goes out to linked events is left to the end, where all that goes out is known; until then
    it is pending work.
    """
    postponed = put_off.later.numbers if put_off.later and not last else frozenset()
    put_off = replace(put_off, later=None) if postponed else put_off.whole
    if not put_off.batch and not postponed and also is None:
        return
    cycle.postponed |= postponed
    if put_off.in_consolidate:
        await cycle.certain()
    ruling = await cycle.judged(put_off)
    caution = Caution(hold_deletions=ruling.deletions, hold_mails=ruling.mails)
    cycle.rulings += [reason for reason in ruling.reasons if reason not in cycle.rulings]

    def postpone(connection: sa.Connection, settled: Settled) -> None:
        pending.add(connection, [(cycle.job.profile.id, number) for number in postponed])
        if also is not None:
            also(connection, settled)

    settled = await cycle.settle(put_off.batch, match, caution, postpone)
    await _again(cycle, settled, match, caution)


async def _take_waiting(cycle: Cycle) -> None:
    """Look again at copies that waited for their organizer's own event (F4)."""
    profile, now = cycle.job.profile.id, cycle.job.stamp.now
    synced = cycle.job.office.mailboxes.keys()
    copies = await cycle.read(waiting.read)
    over = {one.event for one in copies if one.profile == profile and one.over(now, synced)}
    if over:
        batch = replace(await cycle.gather.as_they_are(over), impatient=frozenset(over))
        await _finish_off(cycle, await _process(cycle, batch))


async def _retry_quarantined(cycle: Cycle) -> None:
    """Look again at what is due (B8)."""
    profile, now = cycle.job.profile.id, cycle.job.stamp.now
    items = await cycle.read(lambda c: quarantine.due(c, profile, now))
    if not items:
        return
    work = {item.activity: 0 for item in items if item.activity is not None}
    events = {item.event for item in items if item.event is not None}
    keys = set(filter(oddities.is_key, events))
    if any(map(oddities.is_row, keys)):
        whose = [cycle.job.profile]
        await cycle.write(lambda c: oddities.put_rows_aside(c, whose, now))
    batch = await cycle.gather.of_work(work) | await cycle.gather.as_they_are(events - keys)
    settled = await cycle.settle(batch, also=lambda c, _: quarantine.postpone(c, profile, now))
    await _finish_off(cycle, settled.put_off)


async def _send_out(cycle: Cycle) -> None:
    """Pending work, some at a time, each item once in a cycle."""
    last: ActivityId | None = None
    put_off = PutOff()
    while work := await cycle.next_work(last):
        last = list(work)[-1]
        put_off |= await _process(cycle, await cycle.gather.of_work(work))
    await _finish_off(cycle, put_off, last=True)


async def _process(cycle: Cycle, batch: Batch, match: Match = no_match) -> PutOff:
    """Settle a batch; returns what was put off."""
    if not batch:
        return PutOff()
    settled = await cycle.settle(batch, match)
    return settled.put_off | await _again(cycle, settled, match, FIRST_PASS)


async def _again(cycle: Cycle, settled: Settled, match: Match, caution: Caution) -> PutOff:
    """Settle what had to be read again, and what that makes doubtful, each event once."""
    put_off = PutOff()
    asked: frozenset[EventId] = frozenset()
    while not settled.again <= asked:
        asked |= settled.again
        fresh = await cycle.gather.unseen(asked)
        settled = await cycle.settle(fresh, match, caution)
        put_off |= settled.put_off
    return put_off
