"""One cycle of one profile: the way of an appointment from the feeds to the commit.

First what an earlier cycle left open is cleared up, then Exchange's changes are taken in, then
Consolidate's go out. Whatever stops it in between, the next cycle finds its way from what is
committed. Deletions come last in each direction, when all of them are known.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EventId, ProfileId
from calsync_agent.database.engine import Database
from calsync_agent.database.statements import chunks
from calsync_agent.errors import MailboxTrouble
from calsync_agent.exchange import delta
from calsync_agent.exchange.delta import Page
from calsync_agent.exchange.mailbox import Mailbox, PositionLost
from calsync_agent.exchange.requests import Answer
from calsync_agent.i18n import message
from calsync_agent.state import agents, links, pending, progress, quarantine
from calsync_agent.state.profiles import Policy
from calsync_agent.state.progress import Progress
from calsync_agent.sync.carry import record
from calsync_agent.sync.compare import Compared, compare
from calsync_agent.sync.gather import Gatherer, SeriesSeen
from calsync_agent.sync.job import Batch, Count, Job, Settled
from calsync_agent.sync.match import Match, no_match
from calsync_agent.sync.settle import settle
from calsync_agent.sync.window import Window

_T = TypeVar("_T")

AT_ONCE: Final = 100
"""How many appointments are taken out of pending work at a time."""

SERIES_AT_ONCE: Final = 20
"""How many series are read at a time, with all their exceptions."""


@dataclass(slots=True)
class Cycle:
    """One cycle under way, by the agent that has leased the profile.

    `position` is the newest place in Exchange's feed, stored or not.
    """

    job: Job
    mailbox: Mailbox
    database: Database
    lease: UUID
    progress: Progress
    position: str | None
    unsaved: int = 0
    permit: Callable[[], None] = lambda: None
    wrote: bool = False
    counts: Counter[Count] = field(default_factory=Counter)

    async def read(self, work: Callable[[sa.Connection], _T]) -> _T:
        """What `work` returns in a reading transaction."""
        return await self.database.read(work)

    async def write(self, work: Callable[[sa.Connection], _T]) -> _T:
        """What `work` returns in a writing transaction; raises LeaseLost where it may not (B11)."""
        self.permit()

        def leased(connection: sa.Connection) -> _T:
            agents.hold(connection, self.lease, self.job.profile.id)
            return work(connection)

        return await self.database.write(leased)

    @property
    def gather(self) -> Gatherer:
        """What reads events for this cycle."""
        return Gatherer(self.job, self.mailbox, self.database)


@dataclass(slots=True)
class _Listing:
    """A complete listing under way: the events that it still has to show, and who waits for one."""

    expected: set[EventId]
    compared: Compared | None


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
    and DatabaseTrouble; what was done until then is done.
    """
    await _recover(cycle)
    if cycle.progress.compared_at is None:
        compared = await cycle.read(lambda c: compare(c, cycle.job))
        await _list(cycle, compared)
    elif cycle.job.policy.inbound:
        await _take_in(cycle, polled)
    await _retry_quarantined(cycle)
    if cycle.job.policy.outbound:
        await _send_out(cycle)


async def _recover(cycle: Cycle) -> None:
    """Find the events whose creation was never answered, before anything else meets them (B2)."""
    profile = cycle.job.profile.id
    intended = await cycle.read(lambda c: links.intended(c, profile))
    if intended:
        made = await cycle.mailbox.made_for({link.activity for link in intended})
        await _process(cycle, Batch(events=tuple(made)))


async def _take_in(cycle: Cycle, polled: Answer | None) -> None:
    """What changed in Exchange since `position`; a fresh listing where that is of no use."""
    if cycle.position is None or _outdated(cycle.progress, cycle.job.window):
        await _list(cycle, None)
        return
    try:
        await _follow(cycle, await _first_page(cycle, cycle.position, polled))
    except PositionLost:
        await _list(cycle, None)


async def _first_page(cycle: Cycle, position: str, polled: Answer | None) -> Page:
    if polled is not None:
        return cycle.mailbox.read_page(polled)
    return await cycle.mailbox.page(delta.following(position))


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
    except PositionLost:
        raise MailboxTrouble(
            message("Exchange loses its place while listing {mailbox}", mailbox=profile.mailbox)
        ) from None


async def _follow(cycle: Cycle, page: Page, listing: _Listing | None = None) -> None:
    """Process page after page, then the deletions together with the new position."""
    match = listing.compared.candidates.take if listing and listing.compared else no_match
    deletions = Batch()
    series = SeriesSeen()
    cycle.wrote = False
    while True:
        cycle.unsaved += page.size
        series.note(page)
        if listing:
            listing.expected.difference_update(event.id for event in page.events)
        deletions |= await _process(cycle, await cycle.gather.of_page(page), match)
        if page.next_link is None:
            break
        page = await cycle.mailbox.page(delta.following(page.next_link))
    for some in chunks(sorted(series.masters), SERIES_AT_ONCE):
        deletions |= await _process(cycle, await cycle.gather.of_series(some, series), match)
    if listing:
        listing.expected -= series.masters
        deletions |= await _process(cycle, await cycle.gather.unseen(listing.expected))
    # What was listed but not taken in has to be listed again (A2).
    position = page.delta_link if cycle.job.policy.inbound else None
    if listing or cycle.wrote or deletions:
        await _finish(cycle, deletions, position, listing)
    else:
        cycle.position = position


async def _finish(
    cycle: Cycle, deletions: Batch, position: str | None, listing: _Listing | None
) -> None:
    """Delete what is certain to be gone and store the position, in one transaction (B2)."""
    job, now = cycle.job, replace(cycle.progress, delta_link=position)
    if listing:
        now = replace(
            now,
            window_start=job.window.start,
            window_end=job.window.end,
            listed_at=job.stamp.now,
            compared_at=now.compared_at or job.stamp.now,
        )
    work = listing.compared.work() if listing and listing.compared else set()

    def finish(connection: sa.Connection) -> Settled:
        settled = settle(connection, job, deletions, delete=True)
        pending.add(connection, [(job.profile.id, number) for number in work])
        progress.write(connection, now)
        return settled

    settled = await cycle.write(finish)
    cycle.progress, cycle.position, cycle.unsaved = now, position, 0
    await _carry_out(cycle, settled)


async def _retry_quarantined(cycle: Cycle) -> None:
    """Look again at what is due (B8)."""
    profile, now = cycle.job.profile.id, cycle.job.stamp.now
    items = await cycle.read(lambda c: quarantine.due(c, profile, now))
    if not items:
        return
    activities = {item.activity for item in items if item.activity is not None}

    def take(connection: sa.Connection) -> set[EventId]:
        pending.add(connection, [(profile, number) for number in activities])
        quarantine.postpone(connection, profile, now)
        known = links.by_activities(connection, activities)
        return {link.event_id for link in known if link.profile == profile and link.event_id}

    events = await cycle.write(take)
    events |= {item.event for item in items if item.event is not None}
    await _process(cycle, await cycle.gather.as_they_are(events))


async def _send_out(cycle: Cycle) -> None:
    """Pending work, some at a time, each item once in a cycle."""
    profile = cycle.job.profile.id
    last: ActivityId | None = None
    deletions = Batch()
    while work := await cycle.read(_next_work(profile, last)):
        last = list(work)[-1]
        deletions |= await _process(cycle, await cycle.gather.of_work(work))
    await _process(cycle, deletions, delete=True)


def _next_work(
    profile: ProfileId, last: ActivityId | None
) -> Callable[[sa.Connection], dict[ActivityId, int]]:
    return lambda connection: pending.read(connection, profile, AT_ONCE, after=last)


async def _process(
    cycle: Cycle, batch: Batch, match: Match = no_match, *, delete: bool = False
) -> Batch:
    """Settle a batch and carry out what follows; returns the deletions that were put off."""
    if not batch:
        return batch
    settled = await cycle.write(lambda c: settle(c, cycle.job, batch, match=match, delete=delete))
    await _carry_out(cycle, settled)
    fresh = await cycle.gather.as_they_are(settled.stale)
    return settled.deletions | await _process(cycle, fresh, delete=delete)


async def _carry_out(cycle: Cycle, settled: Settled) -> None:
    cycle.counts += settled.counts
    cycle.wrote = cycle.wrote or settled.wrote
    intents = settled.intents
    if intents:
        cycle.permit()
        results = await cycle.mailbox.carry_out([i.outgoing.operation for i in intents])
        pairs = list(zip(intents, results, strict=True))
        cycle.counts += await cycle.write(lambda c: record(c, cycle.job, pairs))
