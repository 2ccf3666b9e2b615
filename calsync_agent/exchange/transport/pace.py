"""Time, and turns: how many requests are under way at once, to one mailbox and in all."""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final

# Exchange takes four requests at once from one app to one mailbox, and works off four of a
# batch's requests at a time (GRAPH.md 7, 8).
PLACES: Final = 4


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance as the client takes them; tests bring their own."""

    monotonic: Callable[[], float] = time.monotonic  # seconds, only ever forward
    now: Callable[[], datetime] = _now  # aware
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    random: Callable[[], float] = random.SystemRandom().random  # 0 <= chance < 1


class Gate:
    """A mailbox's places; whoever comes first goes first, however many places it needs."""

    def __init__(self) -> None:
        self._free = PLACES
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def idle(self) -> bool:
        """Whether nobody is inside or waiting."""
        return self._free == PLACES and not self._waiting

    def take_now(self, places: int) -> bool:
        """Take the places if they are free and nobody waits."""
        if self._waiting or self._free < places:
            return False
        self._free -= places
        return True

    async def take(self, places: int) -> None:
        """Take the places when their turn has come."""
        if self.take_now(places):
            return
        turn = asyncio.get_running_loop().create_future()
        entry = (places, turn)
        self._waiting.append(entry)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(places)  # the turn came in the same moment
            else:
                self._waiting.remove(entry)
                self._admit()
            raise

    def give_back(self, places: int) -> None:
        """Free the places, and let in who waits for them."""
        self._free += places
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            places, turn = self._waiting.popleft()
            self._free -= places
            turn.set_result(None)


class Lane(Enum):
    """What a call is for. Each lane has its own bound, so that none keeps another waiting (A4)."""

    WORK = "reading and writing of mailboxes that are well"
    POLL = "common polls"
    APART = "mailboxes that are ailing, or not known to be well"


class Pace:
    """At most four requests at once to a mailbox, and `at_once` in each lane."""

    def __init__(self, at_once: int = 16) -> None:
        self._gates: dict[str, Gate] = {}
        self._lanes = {lane: asyncio.Semaphore(at_once) for lane in Lane}

    def lane(self, lane: Lane) -> asyncio.Semaphore:
        """To be held while a call is under way."""
        return self._lanes[lane]

    @asynccontextmanager
    async def mailbox(self, mailbox: str, places: int) -> AsyncIterator[None]:
        """Hold `places` of the mailbox's four."""
        gate = self._gates.setdefault(mailbox, Gate())
        await gate.take(places)
        try:
            yield
        finally:
            gate.give_back(places)
            self._tidy(mailbox, gate)

    def enter_now(self, mailbox: str) -> bool:
        """Take one place of the mailbox if it is free at once; `leave` gives it back."""
        return self._gates.setdefault(mailbox, Gate()).take_now(1)

    def leave(self, mailbox: str) -> None:
        """Give back what `enter_now` took."""
        gate = self._gates[mailbox]
        gate.give_back(1)
        self._tidy(mailbox, gate)

    def _tidy(self, mailbox: str, gate: Gate) -> None:
        if gate.idle:
            self._gates.pop(mailbox, None)
