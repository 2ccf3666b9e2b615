"""Sends out what changed in Consolidate."""

from calsync_agent.appointment.model import ActivityId
from calsync_agent.plan.job import PutOff
from calsync_agent.sync.context import Cycle
from calsync_agent.sync.process import finish_off, process


async def send_out(cycle: Cycle) -> None:
    """Pending work, some at a time, each item once in a cycle."""
    last: ActivityId | None = None
    put_off = PutOff()
    while work := await cycle.next_work(last):
        last = list(work)[-1]
        put_off |= await process(cycle, await cycle.gather.of_work(work))
    await finish_off(cycle, put_off, last=True)
