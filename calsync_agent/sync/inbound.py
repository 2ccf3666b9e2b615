"""Takes in what changed in Exchange: a page after a page, then what was put off."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.model import EventId
from calsync_agent.database.statements import chunks
from calsync_agent.domain.calendar import Changes, Page, PositionLost
from calsync_agent.domain.event import nameless
from calsync_agent.domain.policy import Policy
from calsync_agent.errors import ForeignLink, MailboxTrouble
from calsync_agent.i18n import message
from calsync_agent.plan.job import PutOff, Settled
from calsync_agent.plan.pairing import Match, no_match
from calsync_agent.plan.window import RENEWED_AFTER, Window
from calsync_agent.state import links, pending, progress
from calsync_agent.state.progress import Progress
from calsync_agent.sync import oddities
from calsync_agent.sync.context import Cycle
from calsync_agent.sync.first_sync import Compared
from calsync_agent.sync.pages import Pages
from calsync_agent.sync.process import finish_off, process
from calsync_agent.sync.read_events import SeriesSeen

PATIENCE: Final = 15.0
"""Seconds that sending waits for the answer to what has changed."""

SERIES_AT_ONCE: Final = 20
"""How many series are read at a time, with all their exceptions."""


@dataclass(slots=True)
class _Listing:
    """A complete listing under way: the events that it still has to show, and who waits for one."""

    expected: set[EventId]
    compared: Compared | None
    nameless: set[EventId] = field(default_factory=set)

    def note(self, page: Page) -> None:
        """What a page shows need not be looked for any more."""
        self.expected.difference_update(event.id for event in page.events)
        self.nameless.update(event.id for event in page.events if nameless(event.id))


def wanted(progress: Progress, position: str | None, policy: Policy, window: Window) -> bool:
    """Whether a cycle has to run even where neither side reports a change: a listing is due."""
    if progress.compared_at is None:
        return True
    return outdated(progress, window) or (policy.inbound and position is None)


def outdated(progress: Progress, window: Window) -> bool:
    """Whether the window has moved so far that a listing is due (C2)."""
    start, end = progress.window_start, progress.window_end
    return start is None or end is None or window.moved_from(start, end)


def widened(progress: Progress, window: Window, now: datetime) -> Progress:
    """Progress with all of Consolidate's side to be compared anew where the window was widened.

    By itself it only moves on; what comes into sight otherwise is met as on first contact (B4).
    """
    start, end, since = progress.window_start, progress.window_end, progress.listed_at
    earlier = start is not None and start - window.start >= RENEWED_AFTER
    ahead = None if end is None or since is None else end - since
    later = ahead is not None and (window.end - now) - ahead >= RENEWED_AFTER
    return replace(progress, compared_at=None) if earlier or later else progress


async def move_window(cycle: Cycle) -> None:
    """Have it known how far the window reaches now, before anything is left for being outside it.

    What was left is met again once the window is widened, whether a listing went through in between
    or not (C3, A7). The position belongs to the window of before.
    """
    window = cycle.job.window
    await cycle.remember(
        replace(
            cycle.progress,
            delta_link=None,
            window_start=window.start,
            window_end=window.end,
            listed_at=cycle.job.stamp.now,
        )
    )


async def taken_in(cycle: Cycle, changes: Changes | None) -> MailboxTrouble | None:
    """What kept Exchange's changes from being taken in; sending goes on meanwhile (B3).

    Raises what keeps that from going on, too.
    """
    try:
        await take_in(cycle, changes)
    except MailboxTrouble as trouble:
        if trouble.shuts_out:
            raise
        return trouble
    return None


async def take_in(cycle: Cycle, changes: Changes | None) -> None:
    """What changed in Exchange since `position`; a fresh listing where that is of no use."""
    profile, now = cycle.job.profile.id, cycle.job.stamp.now
    unseen = await cycle.read(lambda c: oddities.listing_due(c, profile, now))
    if cycle.position is None or unseen:
        await list_window(cycle, None)
        return
    try:
        await _follow(cycle, await _first_page(cycle, cycle.position, changes))
    except PositionLost:
        await list_window(cycle, None)


async def _first_page(cycle: Cycle, position: str, changes: Changes | None) -> Page:
    if changes is not None:
        return await cycle.mailbox.page_of(changes)
    try:
        async with asyncio.timeout(PATIENCE):
            return await cycle.mailbox.page(position)
    except ForeignLink as link:  # the provider is asked at another address now
        raise PositionLost(link) from None
    except TimeoutError:
        name = cycle.mailbox.name
        raise MailboxTrouble(
            message("mailbox {mailbox} is slow to say what has changed in it", mailbox=name)
        ) from None


async def list_window(cycle: Cycle, compared: Compared | None) -> None:
    """Read the whole window and reconcile by difference (B3, B4)."""
    profile, window = cycle.job.profile, cycle.job.window
    expected = await cycle.read(
        lambda c: links.events_between(c, profile.id, window.start, window.end)
    )
    try:
        page = await cycle.mailbox.first_page(window.start, window.end)
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
        cycle.listed += page.items
        series.note(page)
        if listing:
            listing.note(page)
        put_off |= await process(cycle, await cycle.gather.of_page(pages.newest(page)), match)
        following = await pages.after(page)
        if following is None:
            break
        page = following
    for some in chunks(sorted(series.masters), SERIES_AT_ONCE):
        put_off |= await process(cycle, await cycle.gather.of_series(some, series), match)
    if listing:
        listing.expected -= series.masters
        put_off |= await process(cycle, await cycle.gather.unseen(listing.expected))
    # What was listed but not taken in has to be listed again (A2).
    position = page.position if cycle.job.policy.inbound else None
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

    await finish_off(cycle, put_off, match, store)
    cycle.left = {**left, **cycle.met}
    cycle.progress, cycle.position = now, position
    if stored and cycle.left:  # met only when the rest had been read again
        await cycle.write(lambda c: progress.write(c, before))
    elif stored:
        cycle.unsaved = 0
