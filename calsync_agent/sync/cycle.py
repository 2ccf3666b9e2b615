"""One cycle of one profile: the way of an appointment from the feeds to the commit.

First what an earlier cycle left open is cleared up, then Exchange's changes are taken in, then
Consolidate's go out. Whatever stops it in between, the next cycle finds its way from what is
committed.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, Appointment, EventId
from calsync_agent.database.engine import Database
from calsync_agent.errors import MailboxTrouble
from calsync_agent.exchange import delta
from calsync_agent.exchange.delta import Page
from calsync_agent.exchange.events import Event, UnreadableEvent
from calsync_agent.exchange.mailbox import Mailbox, PositionLost
from calsync_agent.exchange.requests import Answer
from calsync_agent.i18n import message
from calsync_agent.state import links, pending, progress, quarantine
from calsync_agent.state.links import Link
from calsync_agent.state.progress import Progress
from calsync_agent.sync import compare
from calsync_agent.sync.carry import record
from calsync_agent.sync.job import Batch, Count, Job, Settled
from calsync_agent.sync.match import Candidates
from calsync_agent.sync.settle import settle

AT_ONCE = 100
"""How many appointments are taken out of pending work at a time."""


@dataclass(slots=True)
class Cycle:
    """One cycle under way. `position` is the newest place in Exchange's feed, stored or not."""

    job: Job
    mailbox: Mailbox
    database: Database
    progress: Progress
    position: str | None
    report: Callable[[str, int], None] = lambda _what, _count: None
    counts: Counter[Count] = field(default_factory=Counter)


async def run(cycle: Cycle, polled: Answer | None = None) -> None:
    """Do all there is to do for one profile.

    `polled`: the answer to asking at `position`, where that was done already. Raises MailboxTrouble
    and DatabaseTrouble; what was done until then is done.
    """
    await _recover(cycle)
    if cycle.progress.compared_at is None:
        await _first_sync(cycle)
    elif cycle.job.policy.inbound:
        await _take_in(cycle, polled)
    await _retry_quarantined(cycle)
    if cycle.job.policy.outbound:
        await _send_out(cycle)


async def _recover(cycle: Cycle) -> None:
    """Find the events whose creation was never answered, before anything else can meet them."""
    profile = cycle.job.profile.id
    intended = await cycle.database.read(lambda c: links.intended(c, profile))
    if intended:
        made = await cycle.mailbox.made_for({link.activity for link in intended})
        await _process(cycle, Batch(events=tuple(made.values())))


async def _first_sync(cycle: Cycle) -> None:
    """Pair what both sides have already, take in the rest, and leave the other rest to be sent."""
    compared = await cycle.database.read(lambda c: compare.compare(c, cycle.job))
    cycle.report("compared", len(compared.candidates))
    await _list(cycle, compared)


async def _take_in(cycle: Cycle, polled: Answer | None) -> None:
    """What changed in Exchange since `position`; a fresh listing where that is of no use."""
    known = cycle.progress.window_start
    if cycle.position is None or known is None or cycle.job.window.moved_from(known):
        await _list(cycle, None)
        return
    try:
        if polled is not None:
            page = cycle.mailbox.read_page(polled)
        else:
            page = await cycle.mailbox.page(delta.following(cycle.position))
        await _follow(cycle, page, expected={}, compared=None)
    except PositionLost:
        await _list(cycle, None)


async def _list(cycle: Cycle, compared: compare.Compared | None) -> None:
    """Read the whole window and reconcile by difference (B3)."""
    job = cycle.job
    window = job.window
    expected = await cycle.database.read(
        lambda c: links.in_window(c, job.profile.id, window.start, window.end)
    )
    try:
        page = await cycle.mailbox.page(
            delta.first(cycle.mailbox.name, window.start, window.end)
        )
        await _follow(cycle, page, expected, compared)
    except PositionLost:
        raise MailboxTrouble(
            message("Exchange gives no position in the changes of {mailbox}", mailbox=job.profile.mailbox)
        ) from None
