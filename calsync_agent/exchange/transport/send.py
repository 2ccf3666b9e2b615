"""Requests of one mailbox, carried out as far as that can be done now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from calsync_agent.domain.operation import Lost
from calsync_agent.errors import MailboxTrouble
from calsync_agent.exchange.transport.batch import LARGEST_BATCH, Prepared, split
from calsync_agent.exchange.transport.pace import PLACES, Lane
from calsync_agent.exchange.transport.refusals import closed, resting, token_refused, unwell
from calsync_agent.exchange.transport.requests import Answer, Outcome, Request
from calsync_agent.exchange.transport.retry import (
    THROTTLED,
    Again,
    Attempt,
    Decision,
    Done,
    Refused,
    Unknown,
    Unwell,
    decide,
    perhaps_done,
    throttles,
    told,
)
from calsync_agent.exchange.transport.shared import Means
from calsync_agent.i18n import message


@dataclass(slots=True)
class Sending:
    """One call of `Graph.send`, and what has become of its requests so far."""

    means: Means
    mailbox: str
    prepared: list[Prepared] = field(default_factory=list)
    answers: list[Outcome | None] = field(default_factory=list)  # None: not carried out
    waited: float = 0.0  # seconds
    trouble: MailboxTrouble | None = None

    async def run(self, requests: Sequence[Request]) -> list[Outcome]:
        """What became of each request. Raises MailboxTrouble, with `answers`."""
        self.answers = [None] * len(requests)
        try:
            self.prepared = [self.means.session.prepare(request) for request in requests]
            for chunk in split(self.prepared, self._most):
                await self._carry_out(chunk)
        except MailboxTrouble as trouble:
            trouble.answers = self.answers
            raise
        return [answer for answer in self.answers if answer is not None]

    def _most(self) -> int:
        """How many may go together now, so that sending need not wait for a poll (B3, B9)."""
        return LARGEST_BATCH if self.mailbox not in self.means.asking else PLACES - 1

    async def _carry_out(self, chunk: Sequence[int]) -> None:
        number = 0
        while chunk:
            await self._rest()
            number += 1
            outcomes = await self._exchange(chunk)
            after = {
                at: seconds
                for at, outcome in zip(chunk, outcomes, strict=True)
                if (seconds := self._judge(at, outcome, number)) is not None
            }
            self._check()
            if after:
                await self._sleep(max(after.values()))
            chunk = list(after)

    async def _exchange(self, chunk: Sequence[int]) -> list[Outcome]:
        means = self.means
        places = min(len(chunk), PLACES)  # a batch is worked off four at a time
        well = means.records.well(self.mailbox) and means.feeds.well(self.mailbox)
        lane = Lane.WORK if well else Lane.APART
        async with means.pace.mailbox(self.mailbox, places), means.pace.lane(lane):
            return await means.session.exchange([self.prepared[at] for at in chunk])

    def _judge(self, at: int, outcome: Outcome, number: int) -> float | None:
        """Note what became of a request; seconds until it is to be repeated, or None."""
        if isinstance(outcome, Answer) and outcome.ok:  # nearly always: without more ado
            self.answers[at] = outcome
            return None
        request = self.prepared[at].request
        if perhaps_done(outcome) and request.method != "GET":
            self.answers[at] = _lost(outcome)  # until more is known
        decision = self._decision(request, outcome, number)
        match decision:
            case Done(answer):
                self.answers[at] = answer
            case Unknown():
                self.answers[at] = _lost(outcome)
                self._note(outcome, self._told(outcome))
            case Again(after):
                self._note(outcome, after)
                return after
            case Unwell(after):
                self._note(outcome, after)
                self.trouble = unwell(self.mailbox, outcome, after)
            case Refused(answer):
                self.trouble = token_refused(self.mailbox, answer)
            case _:
                assert_never(decision)
        return None

    def _decision(self, request: Request, outcome: Outcome, number: int) -> Decision:
        clock = self.means.clock
        return decide(
            outcome,
            Attempt(
                number=number,
                method=request.method,
                conditional=any(name.lower() == "if-match" for name in request.headers),
                waited=self.waited,
                budget=self.means.budget,
                chance=clock.random(),
                now=clock.now(),
            ),
        )

    def _told(self, outcome: Outcome) -> float:
        asked = told(outcome, self.means.clock.now()) if isinstance(outcome, Answer) else None
        return asked or 0.0

    def _note(self, outcome: Outcome, after: float) -> None:
        """A mailbox that throttles is left alone by everybody; one that fails is polled alone."""
        now = self.means.clock.monotonic()
        if throttles(outcome):
            self.means.records.failed(self.mailbox, now, after)
        elif isinstance(outcome, Lost) or outcome.status in THROTTLED:
            self.means.feeds.failed(self.mailbox, now, 0.0)

    def _check(self) -> None:
        """Raise what stands against going on with the mailbox."""
        if self.trouble is not None:
            raise self.trouble
        answers = [answer for answer in self.answers if isinstance(answer, Answer)]
        if any(answer.ok for answer in answers):
            return  # it is open, so that a refusal concerns an item
        for answer in answers:
            trouble = closed(self.mailbox, answer)
            if trouble is not None:
                raise trouble

    async def _rest(self) -> None:
        """Wait until the mailbox may be asked, whoever of us was told to leave it alone."""
        rest = self.means.records.rest(self.mailbox, self.means.clock.monotonic())
        if self.waited + rest > self.means.budget:
            raise resting(self.mailbox, rest)
        await self._sleep(rest)

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.waited += seconds
            await self.means.clock.sleep(seconds)


def _lost(outcome: Outcome) -> Lost:
    if isinstance(outcome, Lost):
        return outcome
    return Lost(
        message(
            "Graph answered {status} {code} (request-id {request_id}), which leaves open whether "
            "the request was carried out",
            status=outcome.status,
            code=outcome.code,
            request_id=outcome.request_id,
        )
    )
