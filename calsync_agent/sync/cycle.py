"""One cycle of one profile: the way of an appointment from the feeds to the commit.

First what an earlier cycle left open is cleared up, then Exchange's changes are taken in, then
Consolidate's go out. Whatever stops it in between, the next cycle finds its way from what is
committed. Deletions come last in each direction, when all of them are known.
"""

from dataclasses import replace

from calsync_agent.appointment.model import ActivityId, Appointment, EventId
from calsync_agent.database.statements import chunks
from calsync_agent.domain.calendar import Changes
from calsync_agent.errors import FeedTrouble, MailboxTrouble
from calsync_agent.plan.guard import waiting_for
from calsync_agent.plan.job import PutOff
from calsync_agent.state import holds, links, progress, quarantine, waiting
from calsync_agent.sync import oddities
from calsync_agent.sync.context import AT_ONCE, Cycle
from calsync_agent.sync.first_sync import compare
from calsync_agent.sync.inbound import list_window, move_window, outdated, taken_in
from calsync_agent.sync.outbound import send_out
from calsync_agent.sync.process import finish_off, process


async def run(cycle: Cycle, changes: Changes | None = None) -> None:
    """Do all there is to do for one profile.

    `changes`: what came of asking at `position`, where that was done already. Raises MailboxTrouble
    and DatabaseTrouble; what was done until then is done. FeedTrouble: all but taking in.
    """
    await _recover(cycle)
    await _carry_verdicts_out(cycle)
    silent: MailboxTrouble | None = None
    if cycle.progress.compared_at is None:
        cycle.compared = await cycle.read(lambda c: compare(c, cycle.job))
        await list_window(cycle, cycle.compared)
    else:
        await _look_again(cycle)
        if outdated(cycle.progress, cycle.job.window):
            await move_window(cycle)
        if cycle.job.policy.inbound and not cycle.deaf:
            silent = await taken_in(cycle, changes)
    await _take_waiting(cycle)
    await _retry_quarantined(cycle)
    if cycle.job.policy.outbound:
        await send_out(cycle)
    if silent is not None:
        raise FeedTrouble(silent.message, silent.retry_after)


async def _recover(cycle: Cycle) -> None:
    """Find the events whose creation was never answered, before anything else meets them (B2)."""
    profile = cycle.job.profile.id
    intended = await cycle.read(lambda c: links.intended(c, profile))
    if intended:
        made = await cycle.gather.made_for({link.activity for link in intended})
        await finish_off(cycle, await process(cycle, made))


async def _carry_verdicts_out(cycle: Cycle) -> None:
    """Do, or leave, what an admin has decided about (B7)."""
    profile = cycle.job.profile.id
    held = await cycle.read(lambda c: holds.read(c, profile))
    cycle.job = replace(cycle.job, held={one.activity: one for one in held})
    cycle.stopped = waiting_for({one.kind for one in held if one.verdict is None})
    answered = {one.activity: 0 for one in held if one.verdict is not None}
    for some in chunks(sorted(answered), AT_ONCE):
        work = {number: answered[number] for number in some}
        await process(cycle, await cycle.gather.of_work(work))


async def _look_again(cycle: Cycle) -> None:
    """Look again at what somebody was at work on, and let the position pass it when it is done."""
    if not cycle.left:
        return
    left, cycle.met = cycle.left, {}
    put_off = PutOff()

    def match(event: EventId, _appointment: Appointment) -> ActivityId | None:
        return left.get(event)  # what it was found to be like, on first contact

    for some in chunks(sorted(left), AT_ONCE):
        put_off |= await process(cycle, await cycle.gather.unseen(some), match)
    await finish_off(cycle, put_off, match)
    cycle.left = cycle.met
    if not cycle.left and cycle.position is not None:
        now = replace(cycle.progress, delta_link=cycle.position)
        await cycle.write(lambda c: progress.write(c, now))
        cycle.progress, cycle.unsaved = now, 0


async def _take_waiting(cycle: Cycle) -> None:
    """Look again at copies that waited for their organizer's own event (F4)."""
    profile, now = cycle.job.profile.id, cycle.job.stamp.now
    synced = cycle.job.office.mailboxes.keys()
    copies = await cycle.read(waiting.read)
    over = {one.event for one in copies if one.profile == profile and one.over(now, synced)}
    if over:
        batch = replace(await cycle.gather.as_they_are(over), impatient=frozenset(over))
        await finish_off(cycle, await process(cycle, batch))


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
    await finish_off(cycle, settled.put_off)
