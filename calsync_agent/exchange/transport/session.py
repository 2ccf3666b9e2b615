"""Signed-in calls to Graph, singly or twenty in one: what goes out, and how answers are read.

A 401 is answered here, once, with a new token; every other outcome is for `retry.py` to judge.
"""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, Protocol
from uuid import uuid4

from calsync_agent.domain.calendar import Traffic
from calsync_agent.domain.operation import Lost
from calsync_agent.exchange.transport.batch import Prepared, answer_of, decode, encode, prepare
from calsync_agent.exchange.transport.pace import Clock
from calsync_agent.exchange.transport.parsing import parsed
from calsync_agent.exchange.transport.requests import Answer, Outcome, Request
from calsync_agent.exchange.transport.retry import THROTTLED, passing
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.exchange.transport.wire import Reply, Wire
from calsync_agent.i18n import message

_log = logging.getLogger(__name__)


class TokenSource(Protocol):
    """Where access tokens come from."""

    async def token(self, *, force: bool = False) -> str:
        """A token that is good now; `force`: the last one is not accepted, get another.

        Raises SignInRefused, ConfigurationRefused, Unreachable.
        """

    async def aclose(self) -> None:
        """Close what it holds open."""


class Session:
    """Calls to one tenant's Graph. Raises what `TokenSource` raises, and Unreachable."""

    def __init__(
        self, settings: GraphSettings, tokens: TokenSource, wire: Wire, clock: Clock
    ) -> None:
        self.traffic = Traffic()
        self._page_size = settings.page_size
        self._tokens = tokens
        self._wire = wire
        self._clock = clock

    def prepare(self, request: Request) -> Prepared:
        """`request` ready to be sent. Raises ForeignLink."""
        return prepare(request, self._wire.root, self._page_size)

    async def sign_in(self) -> str:
        """A token that is good now."""
        return await self._tokens.token()

    async def one(self, prepared: Prepared) -> Outcome:
        """The outcome of a call of its own."""
        token = await self._tokens.token()
        outcome = await self._direct(prepared, token)
        if _unauthorized(outcome):
            outcome = await self._direct(prepared, await self._renewed(token))
        return outcome

    async def batch(
        self, prepared: Sequence[Prepared], *, or_each: bool = True
    ) -> list[Outcome] | Outcome:
        """The outcome of each in one `$batch`; a single one where the batch failed as a whole.

        `or_each`: where it is refused as a batch, carry them out one by one.
        """
        token = await self._tokens.token()
        outcomes = await self._batch(prepared, token, or_each=or_each)
        if not isinstance(outcomes, list):
            if _unauthorized(outcomes):
                renewed = await self._renewed(token)
                outcomes = await self._batch(prepared, renewed, or_each=or_each)
            return outcomes
        refused = [at for at, outcome in enumerate(outcomes) if _unauthorized(outcome)]
        if refused:
            again = [prepared[at] for at in refused]
            renewed = await self._renewed(token)
            answers = spread(await self._batch(again, renewed, or_each=or_each), len(again))
            for at, outcome in zip(refused, answers, strict=True):
                outcomes[at] = outcome
        return outcomes

    async def exchange(self, prepared: Sequence[Prepared]) -> list[Outcome]:
        """The outcome of each, by the shortest way: one directly, several as a batch."""
        if len(prepared) == 1:
            return [await self.one(prepared[0])]
        return spread(await self.batch(prepared), len(prepared))

    async def aclose(self) -> None:
        """Close the connections, the sign-in's too."""
        await self._wire.aclose()
        await self._tokens.aclose()

    async def _renewed(self, refused: str) -> str:
        # Another call may have got a new token while this one was under way.
        token = await self._tokens.token()
        return await self._tokens.token(force=True) if token == refused else token

    async def _direct(self, prepared: Prepared, token: str) -> Outcome:
        content = None if prepared.body is None else prepared.body.encode("ascii")
        reply = await self._call(
            prepared.request.method, prepared.target, prepared.headers, content, token
        )
        if isinstance(reply, Lost):
            return reply
        return await _answer(reply)

    async def _batch(
        self, prepared: Sequence[Prepared], token: str, *, or_each: bool
    ) -> list[Outcome] | Outcome:
        outer = self.prepare(_OUTER)
        content = encode(prepared)
        headers = {**outer.headers, "Content-Type": "application/json"}
        reply = await self._call("POST", outer.target, headers, content, token)
        if isinstance(reply, Lost):
            return reply
        answer = await _answer(reply)
        if isinstance(answer, Lost):
            return answer
        if answer.ok:
            outcomes = decode(answer.body, len(prepared), answer.request_id)
            if isinstance(outcomes, list):
                self.traffic.throttled += sum(map(_throttled, outcomes))
            return outcomes
        if _unauthorized(answer) or passing(answer) or not or_each:
            return answer
        # Refused as a batch, and nothing carried out: none of the requests is to blame for it.
        return [await self._direct(each, token) for each in prepared]

    async def _call(
        self, method: str, target: str, headers: dict[str, str], content: bytes | None, token: str
    ) -> Reply | Lost:
        own = {
            **headers,
            "Authorization": f"Bearer {token}",
            "client-request-id": str(uuid4()),
        }
        begun = self._clock.monotonic()
        reply = await self._wire.call(method, target, own, content)
        self.traffic.requests["none" if isinstance(reply, Lost) else str(reply.status)] += 1
        if isinstance(reply, Reply) and reply.status in THROTTLED:
            self.traffic.throttled += 1
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug(
                "%s %s: %s after %.0f ms, request-id %s",
                method,
                target.partition("?")[0],
                "no answer" if isinstance(reply, Lost) else reply.status,
                (self._clock.monotonic() - begun) * 1000,
                "" if isinstance(reply, Lost) else reply.headers.get("request-id", ""),
            )
        if (
            isinstance(reply, Reply)
            and HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST
        ):
            raise self._wire.led_astray(reply)
        return reply


_OUTER: Final = Request("POST", "/$batch")


def spread(outcomes: list[Outcome] | Outcome, count: int) -> list[Outcome]:
    """One outcome for each of `count` requests, where a batch may have failed as a whole."""
    return outcomes if isinstance(outcomes, list) else [outcomes] * count


def _throttled(outcome: Outcome) -> bool:
    return isinstance(outcome, Answer) and outcome.status in THROTTLED


def _unauthorized(outcome: Outcome) -> bool:
    return isinstance(outcome, Answer) and outcome.status == HTTPStatus.UNAUTHORIZED


async def _answer(reply: Reply) -> Outcome:
    try:
        body = await parsed(reply.content) if reply.content else None
    except ValueError:  # cut off, or a page of something else's
        body = None
        if reply.status < HTTPStatus.BAD_REQUEST or _reason_cut_off(reply):
            return Lost(
                message(
                    "Graph's answer ({status}, request-id {request_id}) is cut off or no JSON",
                    status=reply.status,
                    request_id=reply.headers.get("request-id", ""),
                )
            )
    return answer_of(reply.status, reply.headers, body)


def _reason_cut_off(reply: Reply) -> bool:
    """Whether what was refused cannot be told, because the code in the answer did not arrive.

    A 404 without its code would pass for a refusal of an item that has merely been deleted.
    """
    telling_by_itself = {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}
    refused = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return refused and reply.status not in telling_by_itself and reply.content.startswith(b"{")
