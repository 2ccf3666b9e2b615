"""The idle poll: has anything changed in any of these mailboxes? Twenty to a request (A5).

Nothing is repeated and no rest is waited for here: the next poll is the repetition, and a mailbox
that asked for a rest is not asked before it is over.
"""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypeAlias

from calsync_agent.errors import Refusal, SignInRefused
from calsync_agent.exchange.batch import LARGEST_BATCH, Prepared
from calsync_agent.exchange.health import QUICK
from calsync_agent.exchange.means import Asking, Means, Result
from calsync_agent.exchange.pace import Lane
from calsync_agent.exchange.refusals import closed, resting, slow, token_refused, unwell
from calsync_agent.exchange.requests import Answer, Lost, Outcome, Request
from calsync_agent.exchange.retry import passing, pause, told
from calsync_agent.exchange.troubles import ForeignLink, GraphTrouble, Unreachable

Polled: TypeAlias = Answer | GraphTrouble
Listener: TypeAlias = Callable[[str, Polled], object]
Member: TypeAlias = tuple[str, Prepared]

# The entry in the health records for Graph as such, when it throttles whole batches.
_GRAPH: Final = ""


@dataclass(slots=True)
class Poll:
    """One poll of many mailboxes; each result is handed out as soon as it is known."""

    means: Means
    listener: Listener | None
    results: dict[str, Polled] = field(default_factory=dict)
    unauthorized: dict[str, Answer] = field(default_factory=dict)  # with a brand-new token
    refusal: Refusal | None = None  # of the app, not of a mailbox

    async def run(self, requests: Mapping[str, Request]) -> Mapping[str, Polled]:
        """Ask all. Raises what refuses the app as such, and not one mailbox."""
        common: list[Member] = []
        alone: list[Member] = []
        for mailbox, request in requests.items():
            self._assign(mailbox, request, common, alone)
        if not (common or alone):
            return self.results
        try:
            # Before the clock of any batch starts: a slow sign-in is no mailbox's fault.
            await self.means.session.sign_in()
        except Unreachable as trouble:
            for mailbox, _ in (*common, *alone):
                self._hand_out(mailbox, trouble)
            return self.results
        async with asyncio.TaskGroup() as tasks:
            for first in range(0, len(common), LARGEST_BATCH):
                chunk = common[first : first + LARGEST_BATCH]
                if len(chunk) > 1:
                    tasks.create_task(self._together(chunk, tasks))
                else:
                    alone += chunk
            for member in alone:
                tasks.create_task(self._alone(member))
        if self.refusal is not None:
            raise self.refusal
        if self.unauthorized and len(self.unauthorized) == len(requests):
            raise SignInRefused(token_refused(next(iter(self.unauthorized.values()))))
        for mailbox, answer in self.unauthorized.items():
            self._hand_out(mailbox, GraphTrouble(token_refused(answer)))
        return self.results

    def _assign(
        self, mailbox: str, request: Request, common: list[Member], alone: list[Member]
    ) -> None:
        try:
            prepared = self.means.session.prepare(request)
        except ForeignLink as link:
            self._hand_out(mailbox, link)
            return
        records, now = self.means.records, self.means.clock.monotonic()
        well = records.well(mailbox) and prepared.relative is not None
        rest = records.rest(_GRAPH if well else mailbox, now)
        if rest > 0:
            self._hand_out(mailbox, resting(mailbox, rest))
        elif well:
            common.append((mailbox, prepared))
        else:
            alone.append((mailbox, prepared))

    async def _together(self, members: Sequence[Member], tasks: asyncio.TaskGroup) -> None:
        pace = self.means.pace
        with ExitStack() as places:
            entered: list[Member] = []
            for member in members:
                if pace.enter_now(member[0]):
                    places.callback(pace.leave, member[0])
                    entered.append(member)
                else:  # busy with work of our own: the others do not wait for that
                    tasks.create_task(self._alone(member))
            async with pace.lane(Lane.POLL):
                results = await self._batch(entered) if entered else []
        if results is None:  # too slow, or failed as a whole: find the one that is to blame
            for member in entered:
                tasks.create_task(self._alone(member))
            return
        for (mailbox, _), result in zip(entered, results, strict=True):
            self._settle(mailbox, result, took=0.0)

    async def _batch(self, members: Sequence[Member]) -> Sequence[Result] | None:
        """What became of each; None where each must be asked alone to know."""
        try:
            async with asyncio.timeout(self.means.poll_limit):
                outcomes = await self.means.session.batch([prepared for _, prepared in members])
        except TimeoutError:
            return None
        except (Unreachable, Refusal) as error:
            return [error] * len(members)
        if isinstance(outcomes, list):
            self.means.records.answered(_GRAPH, self.means.clock.monotonic(), took=0.0)
            return outcomes
        if isinstance(outcomes, Lost):
            return None
        if outcomes.status == HTTPStatus.UNAUTHORIZED:
            return [outcomes] * len(members)
        if outcomes.status == HTTPStatus.TOO_MANY_REQUESTS or outcomes.header("retry-after"):
            after = self._rest(_GRAPH, outcomes)  # it is Graph that asks all of them to wait
            return [unwell(mailbox, outcomes, after) for mailbox, _ in members]
        return None

    async def _alone(self, member: Member) -> None:
        mailbox = member[0]
        asking = self._asking(member)
        done, _ = await asyncio.wait({asking.task}, timeout=QUICK)
        if not done or asking.task.cancelled():
            self.means.records.answered(mailbox, self.means.clock.monotonic(), took=math.inf)
            self._hand_out(mailbox, slow(mailbox))
            return
        self.means.asking.pop(mailbox, None)
        result, took = asking.task.result()
        self._settle(mailbox, result, took)

    def _asking(self, member: Member) -> Asking:
        """The call that is under way since an earlier poll, or else a new one."""
        mailbox, prepared = member
        asking = self.means.asking.get(mailbox)
        if asking is not None:
            if asking.target == prepared.target:
                return asking
            asking.task.cancel()
        asking = Asking(prepared.target, asyncio.create_task(_ask(self.means, mailbox, prepared)))
        self.means.asking[mailbox] = asking
        return asking

    def _settle(self, mailbox: str, result: Result, took: float) -> None:
        if isinstance(result, Refusal):
            self.refusal = result
            self._hand_out(mailbox, GraphTrouble(result.message))
        elif isinstance(result, GraphTrouble):
            self._hand_out(mailbox, result)
        elif passing(result):
            self._hand_out(mailbox, unwell(mailbox, result, self._rest(mailbox, result)))
        elif isinstance(result, Answer):
            self.means.records.answered(mailbox, self.means.clock.monotonic(), took)
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

    def _hand_out(self, mailbox: str, result: Polled) -> None:
        self.results[mailbox] = result
        if self.listener is not None:
            self.listener(mailbox, result)


async def _ask(means: Means, mailbox: str, prepared: Prepared) -> tuple[Result, float]:
    """What a call of its own came to, and the seconds that it took."""
    result: Result
    async with means.pace.mailbox(mailbox, 1), means.pace.lane(Lane.APART):
        begun = means.clock.monotonic()
        try:
            result = await means.session.one(prepared)
        except (Unreachable, Refusal) as error:
            result = error
        return result, means.clock.monotonic() - begun
