"""Batches on their way: settled, read again, put off, done in the end."""

from dataclasses import replace

import sqlalchemy as sa

from calsync_agent.appointment.model import EventId
from calsync_agent.plan.job import Batch, Caution, PutOff, Settled
from calsync_agent.plan.pairing import Match, no_match
from calsync_agent.state import pending
from calsync_agent.sync.context import Also, Cycle
from calsync_agent.sync.settle import FIRST_PASS


async def finish_off(
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
    await settle_again(cycle, settled, match, caution)


async def process(cycle: Cycle, batch: Batch, match: Match = no_match) -> PutOff:
    """Settle a batch; returns what was put off."""
    if not batch:
        return PutOff()
    settled = await cycle.settle(batch, match)
    return settled.put_off | await settle_again(cycle, settled, match, FIRST_PASS)


async def settle_again(cycle: Cycle, settled: Settled, match: Match, caution: Caution) -> PutOff:
    """Settle what had to be read again, and what that makes doubtful, each event once."""
    put_off = PutOff()
    asked: frozenset[EventId] = frozenset()
    while not settled.again <= asked:
        asked |= settled.again
        fresh = await cycle.gather.unseen(asked)
        settled = await cycle.settle(fresh, match, caution)
        put_off |= settled.put_off
    return put_off
