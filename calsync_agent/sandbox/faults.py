"""Faults on demand: rules that say at which request the server misbehaves, and how."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from calsync_agent.sandbox.graph.requests import GraphReply
from calsync_agent.sandbox.model.refusals import GraphRefusal


class Dropped(Exception):
    """The connection is to be cut without an answer."""


@dataclass(frozen=True, slots=True)
class Target:
    """A request as rules see it. `mailbox`: the names of the user it is about, in lower case."""

    scope: str
    method: str
    path: str
    mailbox: frozenset[str] = frozenset()


class Rule(BaseModel):
    """Which requests are met, and what happens to them.

    A rule meets the requests that fit `method`, `path` (a regular expression, searched for in the
    decoded path below the version, or in the path of the token endpoint) and `mailbox` (object id
    or user principal name). `scope` `call` looks at single calls, in batches or not; `http` at
    whole HTTP requests, where a batch is `POST /$batch`. Of the requests met, it acts on `times`
    ones (None: all) from the `nth` on.

    `when` `before`: the request has no effect; `after`: it has, but the client does not learn it.
    Actions: `drop` cuts the connection; `status` answers an error; `hang` waits until released,
    then cuts; `truncate` sends half of the answer's JSON; `empty` empties the list in the answer;
    `delay` waits `seconds`.
    """

    model_config = ConfigDict(extra="forbid")

    action: Literal["drop", "status", "hang", "truncate", "empty", "delay"]
    when: Literal["before", "after"] = "before"
    scope: Literal["call", "http"] = "call"
    method: str | None = None
    path: str | None = None
    mailbox: str | None = None
    nth: int = Field(default=1, ge=1)
    times: int | None = Field(default=1, ge=1)
    status: int = 503
    code: str = "ServiceUnavailable"
    message: str = "The service is temporarily unavailable."
    retry_after: float | None = None
    seconds: float = Field(default=0, ge=0)
    met: int = 0
    acted: int = 0

    def meets(self, target: Target) -> bool:
        """Whether the rule is about such a request."""
        return (
            self.scope == target.scope
            and (self.method is None or self.method.upper() == target.method)
            and (self.path is None or re.search(self.path, target.path) is not None)
            and (self.mailbox is None or self.mailbox.lower() in target.mailbox)
        )


class Faults:
    """The rules in force, in the order in which they were set.

    `patient`: whether rules may make a request wait; a server that stops says no.
    """

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.patient = True
        self._hanging: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def add(self, rule: Rule) -> Rule:
        """Put a rule in force."""
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Behave well from now on, and let go of what hangs."""
        self.rules.clear()
        self.release()

    @property
    def hanging(self) -> int:
        """How many requests hang, or are delayed, now."""
        return len(self._hanging)

    def release(self) -> None:
        """Let go of what hangs. Any thread may call it."""
        hanging, self._hanging = self._hanging, []
        for loop, event in hanging:
            loop.call_soon_threadsafe(event.set)

    async def through(
        self, target: Target, proceed: Callable[[], Awaitable[GraphReply]]
    ) -> GraphReply:
        """The answer of `proceed`, or what a rule makes of it. Raises `Dropped`."""
        rule = self._acting(target)
        if rule is None:
            return await proceed()
        match rule.action:
            case "truncate":
                return replace(await proceed(), truncated=True)
            case "empty":
                answer = await proceed()
                return replace(answer, body={**(answer.body or {}), "value": []})
            case "delay" if rule.when == "before":
                await self.wait(rule.seconds)
                return await proceed()
        if rule.when == "before":
            return await self._act(rule, None)
        return await self._act(rule, await proceed())

    async def _act(self, rule: Rule, answer: GraphReply | None) -> GraphReply:
        if rule.action == "status":
            raise GraphRefusal(rule.status, rule.code, rule.message, retry_after=rule.retry_after)
        if rule.action == "delay" and answer is not None:
            await self.wait(rule.seconds)
            return answer
        if rule.action == "hang":
            await self.wait(None)
        raise Dropped

    async def wait(self, seconds: float | None) -> None:
        """Wait so long, or until released; not at all while the server stops."""
        if not self.patient:
            return
        waiting = (asyncio.get_running_loop(), asyncio.Event())
        self._hanging.append(waiting)
        with suppress(TimeoutError):
            await asyncio.wait_for(waiting[1].wait(), seconds)
        if waiting in self._hanging:
            self._hanging.remove(waiting)

    def _acting(self, target: Target) -> Rule | None:
        """The first rule that acts on this request; every rule that meets it counts it."""
        chosen = None
        for rule in self.rules:
            if not rule.meets(target):
                continue
            rule.met += 1
            due = rule.met >= rule.nth and (rule.times is None or rule.acted < rule.times)
            if due and chosen is None:
                rule.acted += 1
                chosen = rule
        return chosen
