"""Cycles of several profiles at once, in an order that a test chooses: one goes on at each await.

A step is a request to Graph or a transaction; what happens between two of them happens at a stroke.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from random import Random
from typing import Any, Final, TypeAlias

from calsync_agent.logs import logs
from tests.support.rig import Agent, Rig

Choose: TypeAlias = Callable[[int, Sequence[str]], str]
"""Which profile goes on, of those that wait, at the step of this number; by employee code."""

INTERLEAVED: Final = 3
"""How many rounds in a row are interleaved: what one cycle writes is news for the others."""

_AT_REST: Final = 3
"""How often nothing must be ready to run until nothing goes on by itself."""


@dataclass
class Turnstile:
    """Lets one profile's cycle through at a time. `taken`: who went on, step by step."""

    choose: Choose
    taken: list[str] = field(default_factory=list)
    _waiting: dict[str, list[asyncio.Future[None]]] = field(default_factory=dict)

    async def pass_through(self, _line: str = "") -> None:
        """Wait for one's turn; what belongs to no cycle does not."""
        who = logs._PROFILE.get()
        if who is not None:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(who, []).append(turn)
            await turn

    async def run(self, agent: Agent, after_step: Callable[[], None]) -> None:
        """One round of an agent, step by step."""

        async def in_turn(call: Callable[[], Any]) -> Any:
            await self.pass_through()
            return call()

        agent.database._in_thread = in_turn  # type: ignore[method-assign] - as the rig does
        agent.points.before = self.pass_through
        whole = asyncio.create_task(agent.round())
        while not whole.done():
            await _rest()
            if self._waiting:
                who = self.choose(len(self.taken), sorted(self._waiting))
                self.taken.append(who)
                turns = self._waiting[who]
                turns.pop(0).set_result(None)
                if not turns:
                    del self._waiting[who]
                await _rest()
                after_step()
        await whole


async def _rest() -> None:
    """Return when nothing can go on any more by itself."""
    loop: Any = asyncio.get_running_loop()
    quiet = 0
    while quiet < _AT_REST:
        await asyncio.sleep(0)
        quiet = 0 if loop._ready else quiet + 1


def one_after_the_other(codes: Sequence[str]) -> Iterator[Choose]:
    """Every order in which mailboxes may be read."""
    return (switched(order) for order in permutations(codes))


def one_switch(codes: Sequence[str], steps: int, stride: int = 1) -> Iterator[Choose]:
    """Every order, interrupted at each of `steps` awaits by the one that would have come last.

    With a `stride`, each order is interrupted at every so many of them, and all together at each.
    """
    for number, order in enumerate(permutations(codes)):
        for at in range(1 + number % stride, steps, stride):
            yield switched(order, at, order[::-1])


def at_random(seed: int) -> Choose:
    """Any of those that wait, at each step; the same for the same seed."""
    dice = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    return lambda _step, waiting: dice.choice(list(waiting))


def switched(first: Sequence[str], at: int = 10**9, second: Sequence[str] = ()) -> Choose:
    """The earliest in `first` goes on; from step `at` on, the earliest in `second`."""
    return lambda step, waiting: min(waiting, key=(first if step < at else second).index)


def interleaved(rig: Rig, choose: Choose, after_step: Callable[[], None]) -> list[str]:
    """Some rounds in the order that is chosen, then more until all is quiet; who went on when."""
    turnstile = Turnstile(choose)

    async def both() -> None:
        agent = rig.agent()
        try:
            for _ in range(INTERLEAVED):
                await turnstile.run(agent, after_step)
                rig.wait(seconds=5)
        finally:
            agent.points.before = _at_once
            await agent.stop()
        await rig.until_quiet()

    asyncio.run(both())
    return turnstile.taken


async def _at_once(_line: str) -> None:
    pass
