"""The idle poll: has anything changed in any of these mailboxes? Twenty to a request (A5).

Nothing is repeated and no rest is waited for here: the next poll is the repetition, and a mailbox
that asked for a rest is not asked before it is over.

One mailbox that does not answer keeps a whole batch from being answered, and nothing tells which
one it is. So the batch is asked again in parts, with the next poll: those that answer are well, and
those that do not are divided further, until the one is left that is to blame. A poll never sends
more than `SPARE` requests beyond those that it takes when all are well.

Where all are slow, nobody is to blame: then it is only waited for. What counts is the time since a
request had its turn, and only as far as this loop itself was not held up.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypeAlias

from calsync_agent.domain.calendar import Waiting, slow
from calsync_agent.domain.operation import Lost
from calsync_agent.errors import (
    ForeignLink,
    MailboxTrouble,
    MailboxUnavailable,
    Refusal,
    Unreachable,
    refused_as_such,
)
from calsync_agent.exchange.transport.batch import LARGEST_BATCH, Prepared
from calsync_agent.exchange.transport.health import QUICK
from calsync_agent.exchange.transport.pace import Lane
from calsync_agent.exchange.transport.refusals import (
    closed,
    resting,
    token_refused,
    unforeseen,
    unheard,
    unheard_of,
    unwell,
)
from calsync_agent.exchange.transport.requests import Answer, Outcome, Request
from calsync_agent.exchange.transport.retry import passing, pause, throttles, told
from calsync_agent.exchange.transport.shared import Company, Family, Means, Result

SPARE: Final = 2
"""Requests beyond ⌈n/20⌉ for n mailboxes, of which any may be slow or failing."""

_FEW: Final = 3
"""Of so few common batches each may hold a slow mailbox, so that none tells of the others."""

_NOBODY: Final = 3.0
"""Times the patience after which somebody is looked for, though no batch was answered at all."""

_AT_ONCE: Final = 500
"""Mailboxes that are sorted before others have their turn in this loop."""

_SLICES: Final = 8


Answered: TypeAlias = Answer | MailboxTrouble | Waiting
Listener: TypeAlias = Callable[[str, Answered], object]
Members: TypeAlias = dict[str, Prepared]

# The entry in the health records for Graph as such, when it throttles whole batches.
_GRAPH: Final = ""


@dataclass(slots=True)
class _Sorted:
    """Whom to ask, and how: together, alone, in parts because nobody of them answers, or no more.

    `heard`: those whose answer is there already, or is to come.
    """

    common: Members = field(default_factory=dict)
    alone: Members = field(default_factory=dict)
    silent: dict[int, tuple[Company, Members]] = field(default_factory=dict)
    heard: dict[str, Company] = field(default_factory=dict)


@dataclass(slots=True)
class Poll:
    """One poll of many mailboxes; each result is handed out as soon as it is known."""

    means: Means
    listener: Listener | None
    results: dict[str, Answered] = field(default_factory=dict)
    unauthorized: dict[str, Answer] = field(default_factory=dict)  # with a brand-new token
    refusal: Refusal | None = None  # of the app, not of a mailbox
    left: int = 0  # requests that may still be sent
    begun: list[Company] = field(default_factory=list)

    async def run(self, requests: Mapping[str, Request]) -> Mapping[str, Answered]:
        """Ask all. Raises what refuses the app as such, and not one mailbox."""
        known = _Sorted()
        for number, (mailbox, request) in enumerate(requests.items(), 1):
            self._sort(mailbox, request, known)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        if len(self.results) == len(requests):
            return self.results
        try:
            # Before the clock of any batch starts: a slow sign-in is no mailbox's fault.
            await self.means.session.sign_in()
        except Unreachable as trouble:
            for mailbox in requests.keys() - self.results.keys():
                self._hand_out(mailbox, trouble)
            return self.results
        waiting = {company for company in self.means.asking.values() if not company.sent.is_set()}
        self.left = max(-(-len(requests) // LARGEST_BATCH) + SPARE - len(waiting), 0)
        try:
            await self._ask(known)
        except asyncio.CancelledError:
            await self.means.abandon(self.begun)
            raise
        for mailbox in requests.keys() - self.results.keys() - self.unauthorized.keys():
            self._hand_out(mailbox, Waiting())
        if self.refusal is not None:
            raise self.refusal
        troubles = {name: token_refused(name, answer) for name, answer in self.unauthorized.items()}
        if len(troubles) == len(requests) and (refusal := refused_as_such(troubles.values())):
            raise refusal
        for mailbox, refused in troubles.items():
            self._hand_out(mailbox, refused)
        return self.results

    def _sort(self, mailbox: str, request: Request, known: _Sorted) -> None:
        means = self.means
        try:
            prepared = means.session.prepare(request)
        except ForeignLink as link:
            self._hand_out(mailbox, link)
            return
        company = means.asking.get(mailbox)
        if company is not None and company.members[mailbox].target != prepared.target:
            del means.asking[mailbox]  # the answer to another question
            if company.alone:
                company.task.cancel()
            company = None
        now = means.clock.monotonic()
        well = means.records.well(mailbox) and means.feeds.well(mailbox)
        well = well and prepared.relative is not None
        rest = means.records.rest(_GRAPH if well else mailbox, now)
        unheard_for = means.feeds.rest(mailbox, now)
        if company is not None and _divisible(company):
            known.silent.setdefault(id(company), (company, {}))[1][mailbox] = prepared
        elif company is not None:
            known.heard[mailbox] = company
        elif rest > 0:
            self._hand_out(mailbox, resting(mailbox, rest))
        elif unheard_for > 0:
            self._hand_out(mailbox, unheard_of(mailbox, unheard_for))
        elif well:
            known.common[mailbox] = prepared
        else:
            known.alone[mailbox] = prepared

    async def _ask(self, known: _Sorted) -> None:
        means = self.means
        longest_ago = sorted(known.alone, key=means.feeds.since)
        # Who cannot be asked alone goes with the others, where they are not kept waiting for that.
        for mailbox in longest_ago[0 if known.silent else SPARE :]:
            if means.feeds.answers(mailbox) and known.alone[mailbox].relative is not None:
                known.common[mailbox] = known.alone.pop(mailbox)
        groups = [dict(some) for some in _chunks(known.common, LARGEST_BATCH)]
        self.left = max(self.left - len(groups), 0)
        side_by_side = Family(answered=len(groups) <= _FEW)
        families = [(group, side_by_side) for group in groups]
        # Some of what may be sent is for finding out who is to blame, the rest for those who are.
        kept = min(SPARE, self.left) if known.silent else 0
        alone = [mailbox for mailbox in longest_ago if mailbox in known.alone]
        for mailbox in alone[: self.left - kept]:
            self.left -= 1
            families.append(({mailbox: known.alone[mailbox]}, Family()))
        for position, (company, members) in enumerate(known.silent.values()):
            nobody = company.waited >= _NOBODY * self._patience(company)
            divisible = (company.family.answered or nobody) and self.left >= SPARE
            if divisible or _failed(company):
                share = max(SPARE, self.left // (len(known.silent) - position))
                await self.means.abandon([company])
                families += self._parts(members, share)
            else:  # none of those that were asked beside them answers either, or not now
                known.heard |= dict.fromkeys(members, company)
        async with asyncio.TaskGroup() as tasks:
            for group, family in families:
                tasks.create_task(self._begin(group, family, tasks))
            for company in set(known.heard.values()):
                asked = [name for name, one in known.heard.items() if one is company]
                tasks.create_task(self._attend(company, asked, tasks))

    def _parts(self, members: Members, share: int) -> list[tuple[Members, Family]]:
        """The members in as many parts as may be asked for; none where that is not to be."""
        count = min(share, self.left, len(members))
        if not count:
            return []
        self.left -= count
        family = Family(answered=len(members) == count)
        return [(dict(some), family) for some in _chunks(members, -(-len(members) // count))]

    async def _begin(self, members: Members, family: Family, tasks: asyncio.TaskGroup) -> None:
        """Ask some mailboxes by one request, and hand out what it comes to."""
        pace = self.means.pace
        places = ExitStack()
        entered: Members = {}
        for mailbox, prepared in members.items():
            if len(members) == 1:
                entered[mailbox] = prepared
            elif pace.enter_now(mailbox):
                places.callback(pace.leave, mailbox)
                entered[mailbox] = prepared
            else:  # busy with work of our own: the others do not wait for that
                tasks.create_task(self._begin({mailbox: prepared}, Family(), tasks))
        if not entered:
            return
        sent = asyncio.Event()
        ask = self._alone if len(members) == 1 else self._together
        company = Company(entered, family, asyncio.create_task(ask(entered, sent)), sent)
        self.begun.append(company)
        company.task.add_done_callback(lambda _task: places.close())
        self.means.asking.update(dict.fromkeys(entered, company))
        await self._attend(company, list(entered), tasks)

    async def _attend(
        self, company: Company, asked: Sequence[str], tasks: asyncio.TaskGroup
    ) -> None:
        """Wait for a company's answer as long as may be, and hand out what it is to those asked."""
        if not await _answered(company, QUICK if company.alone else self.means.poll_limit):
            if company.waited < self._patience(company):  # nobody's fault so far
                return
            company.late = True
            if company.alone:
                (mailbox,) = company.members
                self.means.feeds.answered(mailbox, self.means.clock.monotonic(), took=math.inf)
                self._hand_out(mailbox, slow(mailbox))
            return
        if company.task.cancelled():
            return
        results = company.task.result()
        company.family.answered = True
        if results is None:
            if self.left < SPARE:
                return
            members = {name: company.members[name] for name in asked}
            for part, family in self._parts(members, self.left):
                tasks.create_task(self._begin(part, family, tasks))
            return
        for mailbox, result in zip(company.members, results, strict=True):
            if mailbox in asked:
                self.means.asking.pop(mailbox, None)
                self._settle(mailbox, result, late=company.alone and company.late)

    def _patience(self, company: Company) -> float:
        """Seconds after which a company's answer is late; a little less, as sums are rounded."""
        least = QUICK if company.alone else self.means.poll_limit
        return self.means.usual.patience(least) - 0.01

    async def _together(self, members: Members, sent: asyncio.Event) -> Sequence[Result] | None:
        """What became of each; None where each must be asked apart to know."""
        means = self.means
        async with means.pace.lane(Lane.POLL):
            sent.set()
            begun = means.clock.monotonic()
            try:
                outcomes = await means.session.batch(list(members.values()), or_each=False)
            except (Unreachable, Refusal) as error:
                return [error] * len(members)
            except Exception:  # noqa: BLE001 - asked apart, it is one mailbox's trouble
                return None
        means.usual.note(means.clock.monotonic() - begun)
        if isinstance(outcomes, list):
            means.records.answered(_GRAPH, means.clock.monotonic(), took=0.0)
            return outcomes
        if isinstance(outcomes, Lost):
            return None
        if outcomes.status == HTTPStatus.UNAUTHORIZED:
            return [outcomes] * len(members)
        if outcomes.status == HTTPStatus.TOO_MANY_REQUESTS or outcomes.header("retry-after"):
            after = self._rest(_GRAPH, outcomes)  # it is Graph that asks all of them to wait
            return [unwell(mailbox, outcomes, after) for mailbox in members]
        return None

    async def _alone(self, members: Members, sent: asyncio.Event) -> Sequence[Result]:
        ((mailbox, prepared),) = members.items()
        async with self.means.pace.mailbox(mailbox, 1), self.means.pace.lane(Lane.APART):
            sent.set()
            try:
                return [await self.means.session.one(prepared)]
            except (Unreachable, Refusal) as error:
                return [error]
            except Exception as error:  # noqa: BLE001 - it is this mailbox's trouble alone (B8)
                return [unforeseen(mailbox, error)]

    def _settle(self, mailbox: str, result: Result, *, late: bool) -> None:
        now = self.means.clock.monotonic()
        if isinstance(result, Refusal):
            self.refusal = result
            self._hand_out(mailbox, MailboxUnavailable(result.message))
        elif isinstance(result, MailboxTrouble):
            self._hand_out(mailbox, result)
        elif throttles(result):
            self._hand_out(mailbox, unwell(mailbox, result, self._rest(mailbox, result)))
        elif passing(result):
            feeds = self.means.feeds
            after = pause(feeds.failures(mailbox) + 1, None, self.means.clock.random())
            feeds.failed(mailbox, now, after)
            self._hand_out(mailbox, unheard(mailbox, result, after))
        elif isinstance(result, Answer):
            self.means.records.answered(mailbox, now, took=0.0)
            self.means.feeds.answered(mailbox, now, took=math.inf if late else 0.0)
            if result.status == HTTPStatus.UNAUTHORIZED:
                self.unauthorized[mailbox] = result
            else:
                self._hand_out(mailbox, closed(mailbox, result) or result)

    def _rest(self, key: str, outcome: Outcome) -> float:
        """Note that `key` is to be left alone, and for how many seconds."""
        clock, records = self.means.clock, self.means.records
        asked = told(outcome, clock.now()) if isinstance(outcome, Answer) else None
        rest = pause(records.failures(key) + 1, asked, clock.random())
        records.failed(key, clock.monotonic(), rest)
        return rest

    def _hand_out(self, mailbox: str, result: Answered) -> None:
        self.results[mailbox] = result
        if self.listener is not None:
            self.listener(mailbox, result)


async def _answered(company: Company, seconds: float) -> bool:
    """Wait for a company's answer, but not for longer; whether it is there.

    In slices, so that a loop that was held up by something else does not pass for an answer that
    did not come: what has come meanwhile is read before the next slice.
    """
    for _ in range(_SLICES):
        done, _pending = await asyncio.wait({company.task}, timeout=seconds / _SLICES)
        if done:
            return True
        if company.sent.is_set():
            company.waited += seconds / _SLICES
    return False


def _failed(company: Company) -> bool:
    """Whether its request came back with nothing for anyone."""
    return company.task.done() and not company.task.cancelled() and company.task.result() is None


def _divisible(company: Company) -> bool:
    """Whether somebody in it keeps the others from their answers."""
    silent = company.late and not company.task.done()
    return not company.alone and (silent or _failed(company))


def _chunks(members: Members, size: int) -> Iterable[list[tuple[str, Prepared]]]:
    items = list(members.items())
    return [items[first : first + size] for first in range(0, len(items), size)]
