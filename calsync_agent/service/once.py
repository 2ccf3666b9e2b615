"""`calsync-agent once`: rounds until nothing is left to do, then what became of each profile."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from calsync_agent.database.engine import Database
from calsync_agent.errors import Refusal
from calsync_agent.i18n import Message, Value, message
from calsync_agent.service.rounds import Rounds
from calsync_agent.service.standing import Standing
from calsync_agent.state import quarantine
from calsync_agent.state.agents import SILENCE, Holder
from calsync_agent.sync.job import Count

_TAKEN_OVER_WITHIN: Final = SILENCE + timedelta(seconds=10)
_MOST_ROUNDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one profile: one line, and whether it is in step."""

    line: Message
    in_step: bool


async def once(rounds: Rounds, database: Database) -> list[Outcome]:
    """Bring all active profiles in step; one outcome each.

    Raises Refusal where nothing may be synced, or the sign-in is refused.
    """
    loop = asyncio.get_running_loop()
    patience = loop.time() + _TAKEN_OVER_WITHIN.total_seconds()
    for _ in range(_MOST_ROUNDS):
        await rounds.begin()
        begun = rounds.under_way
        await rounds.finished()
        for standing in rounds.standings.values():
            if isinstance(standing.error, Refusal):
                raise standing.error
        if rounds.leases.elsewhere and loop.time() < patience:
            await asyncio.sleep(1)  # the other agent may be dead; then its leases run out
        elif not any(_did_something(standing) for standing in begun):
            break
    return await _outcomes(rounds, database)


def _did_something(standing: Standing) -> bool:
    return standing.error is None and any(
        amount for what, amount in standing.last.items() if what is not Count.QUARANTINED
    )


async def _outcomes(rounds: Rounds, database: Database) -> list[Outcome]:
    found = [await _outcome(standing, database) for standing in rounds.standings.values()]
    return found + [_held_elsewhere(holder) for holder in rounds.leases.elsewhere]


async def _outcome(standing: Standing, database: Database) -> Outcome:
    number, mailbox = standing.profile.id, standing.profile.mailbox
    if standing.error is not None:
        line = message(
            "profile {profile} ({mailbox}): failed: {reason}",
            profile=number,
            mailbox=mailbox,
            reason=standing.error.message,
        )
        return Outcome(line, in_step=False)
    waiting = await database.read(lambda c: quarantine.read(c, number))
    line = message(
        "profile {profile} ({mailbox}): {done}; quarantined: {quarantined}",
        profile=number,
        mailbox=mailbox,
        done=_done(standing),
        quarantined=len(waiting),
    )
    return Outcome(line, in_step=not waiting)


def _done(standing: Standing) -> Value:
    done: Value = ""
    for what in Count:
        amount = standing.counts[what]
        if amount and what in _SHOWN:
            one = message("{what}: {amount}", what=message(what.value), amount=amount)
            done = message("{some}, {more}", some=done, more=one) if done else one
    return done or message("in step, nothing to do")


_SHOWN: Final = frozenset(Count) - {Count.QUARANTINED, Count.OVERTAKEN, Count.UNANSWERED}


def _held_elsewhere(holder: Holder) -> Outcome:
    line = message(
        "profile {profile}: not synced, because the agent on {host} (process {pid}) has it",
        profile=holder.profile,
        host=holder.host,
        pid=holder.pid,
    )
    return Outcome(line, in_step=False)
