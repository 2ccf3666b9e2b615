"""The way of a request to Graph: faults, token, permissions, limits, and then the call itself."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Final

from calsync_agent.sandbox.adverse.adversity import Adversity
from calsync_agent.sandbox.counters import Counters
from calsync_agent.sandbox.faults import Faults, Target
from calsync_agent.sandbox.graph.batch import answer_batch
from calsync_agent.sandbox.graph.calls import answer_call
from calsync_agent.sandbox.graph.registrations import list_applications
from calsync_agent.sandbox.graph.requests import GraphReply, Request, refusal_answer
from calsync_agent.sandbox.graph.throttle import Throttle
from calsync_agent.sandbox.model.refusals import GraphRefusal, access_denied
from calsync_agent.sandbox.model.world import World
from calsync_agent.sandbox.signin.registration import Registration
from calsync_agent.sandbox.signin.tokens import Tokens

_READ: Final = frozenset({"Calendars.Read", "Calendars.ReadWrite"})
_WRITE: Final = frozenset({"Calendars.ReadWrite"})


class Gateway:
    """Answers the app's requests, alone or in batches."""

    def __init__(
        self,
        world: World,
        registration: Registration,
        tokens: Tokens,
        faults: Faults,
        adversity: Adversity,
    ) -> None:
        self.counters = Counters()
        self.throttle = Throttle(world, self.counters)
        self._world = world
        self._registration = registration
        self._tokens = tokens
        self._faults = faults
        self._adversity = adversity

    async def answer(self, request: Request) -> GraphReply:
        """The answer to an HTTP request. Raises `Dropped` where a fault cuts the connection."""
        with self._world.lock:
            self.counters.http += 1

        async def proceed() -> GraphReply:
            self._check_token(request.headers)
            if request.segments == ("$batch",) and request.method == "POST":
                with self._world.lock:
                    self.counters.batches += 1
                return await answer_batch(request, self._answer_one)
            return await self._answer_one(request)

        async def adverse() -> GraphReply:
            return await self._adversity.http(request, self._mailbox(request), proceed)

        target = self._target("http", request)
        return await self._caught(request, self._faults.through(target, adverse))

    async def _answer_one(self, request: Request) -> GraphReply:
        """The answer to one call, alone or out of a batch."""

        async def proceed() -> GraphReply:
            return await self._run(request)

        async def adverse() -> GraphReply:
            return await self._adversity.call(request, self._mailbox(request), proceed)

        target = self._target("call", request)
        return await self._caught(request, self._faults.through(target, adverse))

    def _mailbox(self, request: Request) -> str | None:
        with self._world.lock:
            return self._world.id_of(request.mailbox) if request.mailbox else None

    def _target(self, scope: str, request: Request) -> Target:
        with self._world.lock:
            id_ = self._world.id_of(request.mailbox) if request.mailbox else None
            names = {id_, self._world.stored.mailboxes[id_].upn.lower()} if id_ else set()
        return Target(scope, request.method, request.path, frozenset(names))

    async def _run(self, request: Request) -> GraphReply:
        world = self._world
        with world.lock:
            mailbox = world.id_of(request.mailbox) if request.mailbox else None
            self.counters.count_call(request, mailbox)
            _check_roles(world, request)
            if mailbox is not None:
                self.throttle.enter(mailbox)
        try:
            await asyncio.sleep(world.settings.latency)
            with world.lock:
                world.settle()
                if request.segments == ("applications",):
                    return list_applications(world, self._registration, request)
                return answer_call(world, request, "app")
        finally:
            if mailbox is not None:
                with world.lock:
                    self.throttle.leave(mailbox)

    async def _caught(self, request: Request, answering: Awaitable[GraphReply]) -> GraphReply:
        try:
            answer = await answering
        except GraphRefusal as refusal:
            with self._world.lock:
                self.counters.refused += 1
                now = self._world.clock.now()
            answer = refusal_answer(refusal, self._ids(request.headers), now)
        return replace(answer, headers={**self._ids(request.headers), **answer.headers})

    def _check_token(self, headers: Mapping[str, str]) -> None:
        with self._world.lock:
            self._tokens.check(headers.get("authorization"))

    def _ids(self, headers: Mapping[str, str]) -> dict[str, str]:
        with self._world.lock:
            own = self._world.ids.guid("request", self.counters.http, self.counters.calls)
        return {"request-id": own, "client-request-id": headers.get("client-request-id", own)}


def _check_roles(world: World, request: Request) -> None:
    """Calendars need a calendar permission; users are checked where they are read."""
    if request.mailbox is None:
        return
    needed = _READ if request.method == "GET" else _WRITE
    if not needed & set(world.settings.roles):
        raise access_denied()
