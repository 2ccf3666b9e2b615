"""Faults on demand: rules that say at which request the server misbehaves, and how."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from calsync_agent.sandbox.graph.requests import Answer
from calsync_agent.sandbox.model.refusals import GraphRefusal


class Dropped(Exception):
    """The connection is to be cut without an answer."""


class Rule(BaseModel):
    """Which requests are met, and what happens to them.

    A rule meets the requests that fit `method`, `path` (a regular expression, searched for in the
    decoded path below the version, or in the path of the token endpoint) and `mailbox` (as
    written in the path). `scope` `call` looks at single calls, in batches or not; `http` at whole
    HTTP requests, where a batch is `POST /$batch`. Of the requests met, it acts on `times` ones
    (None: all) from the `nth` on.

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

    def meets(self, scope: str, method: str, path: str) -> bool:
        """Whether the rule is about such a request."""
        return (
            scope == self.scope
            and (self.method is None or self.method.upper() == method)
            and (self.path is None or re.search(self.path, path) is not None)
            and (self.mailbox is None or path.lower().startswith(f"/users/{self.mailbox.lower()}/"))
        )


class Faults:
    """The rules in force, in the order in which they were set."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
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
        """How many requests hang now."""
        return len(self._hanging)

    def release(self) -> None:
        """Let go of what hangs. Any thread may call it."""
        hanging, self._hanging = self._hanging, []
        for loop, event in hanging:
            loop.call_soon_threadsafe(event.set)

    async def through(
        self, scope: str, method: str, path: str, proceed: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """The answer of `proceed`, or what a rule makes of it. Raises `Dropped`."""
        rule = self._acting(scope, method, path)
        if rule is None:
            return await proceed()
        match rule.action:
            case "truncate":
                return replace(await proceed(), truncated=True)
            case "empty":
                answer = await proceed()
                return replace(answer, body={**(answer.body or {}), "value": []})
            case "delay" if rule.when == "before":
                await asyncio.sleep(rule.seconds)
                return await proceed()
        if rule.when == "before":
            return await self._act(rule, None)
        return await self._act(rule, await proceed())

    async def _act(self, rule: Rule, answer: Answer | None) -> Answer:
        if rule.action == "status":
            raise GraphRefusal(rule.status, rule.code, rule.message, retry_after=rule.retry_after)
        if rule.action == "delay" and answer is not None:
            await asyncio.sleep(rule.seconds)
            return answer
        if rule.action == "hang":
            event = asyncio.Event()
            self._hanging.append((asyncio.get_running_loop(), event))
            await event.wait()
        raise Dropped

    def _acting(self, scope: str, method: str, path: str) -> Rule | None:
        """The first rule that acts on this request; every rule that meets it counts it."""
        chosen = None
        for rule in self.rules:
            if not rule.meets(scope, method, path):
                continue
            rule.met += 1
            due = rule.met >= rule.nth and (rule.times is None or rule.acted < rule.times)
            if due and chosen is None:
                rule.acted += 1
                chosen = rule
        return chosen
