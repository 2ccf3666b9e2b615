"""`calsync-agent once`: rounds until nothing is left to do, then what became of each profile."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from calsync_agent.database.engine import Database
from calsync_agent.domain.calendar import slow
from calsync_agent.domain.hold import Held
from calsync_agent.domain.policy import Profile
from calsync_agent.errors import (
    DatabaseTrouble,
    MailboxClosed,
    MailboxTrouble,
    Refusal,
    Unreachable,
    refused_as_such,
)
from calsync_agent.i18n import Message, message
from calsync_agent.plan.job import Count
from calsync_agent.service.leases import Silent
from calsync_agent.service.profile_run import Standing
from calsync_agent.service.rounds import Rounds
from calsync_agent.service.summary import aside_line, in_use_line, summary, waiting
from calsync_agent.state import holds, pending, quarantine
from calsync_agent.state.agents import Holder

_MOST_ROUNDS: Final = 200
"""People may be editing all the time."""

_TRIES: Final = 3
"""How often what passes by itself is tried in a row before it counts as failed."""

_PATIENCE: Final = 60.0
"""Seconds in all that are waited for it, or for an agent that may be dead."""

_ANSWER_COMES: Final = 1.0
"""Seconds after which an answer that is still to come is looked for again."""

_UNCERTAIN: Final = frozenset({Count.OVERTAKEN, Count.UNANSWERED})
_NO_PROGRESS: Final = _UNCERTAIN | {Count.QUARANTINED, Count.HELD}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one profile: one line, and whether it is in step.

    `aside`: a line for each of its items in quarantine, with the reason.
    """

    line: Message
    in_step: bool
    aside: tuple[Message, ...] = ()


@dataclass(slots=True)
class _Patience:
    """What has been waited for so far."""

    until: float
    uncertain: int = 0
    troubles: int = 0
    in_use: int = 0
    seen: dict[tuple[str, int], datetime] = field(default_factory=dict)


async def once(rounds: Rounds, database: Database) -> list[Outcome]:
    """Bring all active profiles in step; one outcome each.

    Raises Refusal where nothing may be synced, or the sign-in is refused; DatabaseTrouble where the
    database stays away.
    """
    rounds.attend()
    patience = _Patience(asyncio.get_running_loop().time() + _PATIENCE)
    for _ in range(_MOST_ROUNDS):
        if await _begun(rounds, patience):
            await _settled(rounds)
        for standing in rounds.standings.values():
            if isinstance(standing.error, Refusal):
                raise standing.error
        pause = _pause(rounds, patience)
        if pause is None:
            break
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await rounds.news.wait()
    await rounds.finished()
    refusal = refused_as_such([standing.error for standing in rounds.standings.values()])
    if refusal is not None:
        raise refusal
    return await _outcomes(rounds, database)


async def _begun(rounds: Rounds, patience: _Patience) -> bool:
    """Whether a round could begin; raises DatabaseTrouble when it could not for too long."""
    try:
        await rounds.begin()
    except DatabaseTrouble as trouble:
        rounds.troubles.met(trouble)
        patience.troubles += 1
        if patience.troubles > _TRIES or _left(patience) <= 0:
            raise
        return False
    patience.troubles = 0
    return True


async def _settled(rounds: Rounds) -> None:
    """Wait until all cycles have ended, or settings have changed meanwhile."""
    finished = asyncio.create_task(rounds.finished())
    changed = asyncio.create_task(rounds.news.wait())
    try:
        await asyncio.wait({finished, changed}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        changed.cancel()
        if not finished.done():
            finished.cancel()
        await asyncio.gather(finished, changed, return_exceptions=True)
    if not finished.cancelled():
        finished.result()  # whatever it fell over is no reason to go on


def _pause(rounds: Rounds, patience: _Patience) -> float | None:
    """Seconds until another round is worth while; None where nothing is left to do."""
    standings = rounds.standings.values()
    if patience.troubles:
        return 2.0
    if any(standing.busy for standing in standings) or any(map(_did_something, standings)):
        patience.uncertain = patience.in_use = 0
        return 0.0
    if any(standing.last[count] for standing in standings for count in _UNCERTAIN):
        patience.uncertain += 1
        if patience.uncertain < _TRIES:
            return 0.0
    if any(standing.in_use for standing in standings):
        patience.in_use += 1
        if patience.in_use < _TRIES:
            return 1.0
    pauses = [*_until_better(standings, rounds.monotonic()), *_until_clear(rounds, patience)]
    worthwhile = [pause for pause in pauses if pause <= _left(patience)]
    return min(worthwhile, default=None)


def _did_something(standing: Standing) -> bool:
    return standing.error is None and any(
        amount for what, amount in standing.last.items() if what not in _NO_PROGRESS
    )


def _until_better(standings: Iterable[Standing], at: float) -> Iterator[float]:
    """Seconds until each profile whose trouble may pass can be tried again."""
    for standing in standings:
        passing = isinstance(standing.error, MailboxTrouble | DatabaseTrouble | Silent)
        lasting = isinstance(standing.error, MailboxClosed | Unreachable)
        if standing.waiting:
            yield _ANSWER_COMES
        elif passing and not lasting and standing.failures <= _TRIES:
            yield standing.pause(at)


def _until_clear(rounds: Rounds, patience: _Patience) -> Iterator[float]:
    """Seconds until to look again for an agent which may be dead: it has shown no life so far."""
    for holder in rounds.leases.elsewhere:
        first = patience.seen.setdefault((holder.host, holder.pid), holder.seen_at)
        if holder.seen_at == first:
            yield 1.0


def _left(patience: _Patience) -> float:
    return patience.until - asyncio.get_running_loop().time()


async def _outcomes(rounds: Rounds, database: Database) -> list[Outcome]:
    view = rounds.view
    mine = [
        await _outcome(
            standing,
            database,
            outbound=view is not None and standing.profile.policy(view.provider.policy).outbound,
        )
        for standing in rounds.standings.values()
    ]
    return [
        *mine,
        *(_held_elsewhere(holder) for holder in rounds.leases.elsewhere),
        *(_not_permitted(profile) for profile in (view.roster.not_permitted if view else ())),
    ]


async def _outcome(standing: Standing, database: Database, *, outbound: bool) -> Outcome:
    number, mailbox = standing.profile.id, standing.profile.mailbox
    try:
        aside = await database.read(lambda c: quarantine.read(c, number))
    except DatabaseTrouble:
        if standing.error is None:
            raise
        aside = []  # what the profile failed of is said in any case
    told = tuple(aside_line(standing.profile, one) for one in sorted(aside, key=lambda one: one.id))
    problem = await _problem(standing, database, outbound=outbound)
    if problem is not None:
        return Outcome(problem, in_step=False, aside=told)
    line = message(
        "profile {profile} ({mailbox}): {done}; quarantined: {quarantined}",
        profile=number,
        mailbox=mailbox,
        done=summary(standing.counts, without=_NO_PROGRESS),
        quarantined=len(aside),
    )
    return Outcome(line, in_step=not aside, aside=told)


async def _problem(standing: Standing, database: Database, *, outbound: bool) -> Message | None:
    """What keeps the profile as such from being in step."""
    number, mailbox = standing.profile.id, standing.profile.mailbox
    if standing.error is not None:
        return _failed(number, mailbox, standing.error.message)
    if standing.waiting:
        return _failed(number, mailbox, slow(mailbox).message)
    held = [one for one in await database.read(lambda c: holds.read(c, number)) if not one.verdict]
    if held:
        return _held(number, mailbox, held)
    if standing.in_use:
        return _failed(number, mailbox, in_use_line(standing.in_use))
    left = await database.read(lambda c: pending.count(c, number)) if outbound else 0
    if left:
        reason = message("{left} appointments are still to be sent", left=left)
        return _failed(number, mailbox, reason)
    return None


def _held(number: int, mailbox: str, held: Sequence[Held]) -> Message:
    return message(
        "profile {profile} ({mailbox}): held: {what}; an administrator decides: calsync-agent"
        " confirm {profile} carries it out, calsync-agent discard {profile} drops it",
        profile=number,
        mailbox=mailbox,
        what=waiting(held),
    )


def _failed(number: int, mailbox: str, reason: Message) -> Message:
    return message(
        "profile {profile} ({mailbox}): failed: {reason}",
        profile=number,
        mailbox=mailbox,
        reason=reason,
    )


def _held_elsewhere(holder: Holder) -> Outcome:
    line = message(
        "profile {profile}: not synced, because the agent on {host} (process {pid}) has it",
        profile=holder.profile,
        host=holder.host,
        pid=holder.pid,
    )
    return Outcome(line, in_step=False)


def _not_permitted(profile: Profile) -> Outcome:
    line = message(
        "profile {profile} ({mailbox}): not synced, because its employee is inactive or not"
        " permitted (employee.calendarsync_allowed)",
        profile=profile.id,
        mailbox=profile.mailbox,
    )
    return Outcome(line, in_step=True)
