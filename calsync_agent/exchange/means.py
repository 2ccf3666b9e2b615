"""What sending and polling work with; it lasts as long as the client."""

import asyncio
from dataclasses import dataclass, field
from typing import TypeAlias

from calsync_agent.errors import Refusal
from calsync_agent.exchange.health import HealthRecords
from calsync_agent.exchange.pace import Clock, Pace
from calsync_agent.exchange.requests import Outcome
from calsync_agent.exchange.session import Session
from calsync_agent.exchange.troubles import GraphTrouble

# What a call came to; the refusal is one of the app as such.
Result: TypeAlias = Outcome | GraphTrouble | Refusal


@dataclass(frozen=True, slots=True)
class Asking:
    """A mailbox that is being asked on its own, perhaps for longer than one poll lasts."""

    target: str
    task: asyncio.Task[tuple[Result, float]]  # and the seconds that it took


@dataclass(frozen=True, slots=True)
class Means:
    """The session, and what is shared by all who use it."""

    session: Session
    pace: Pace
    records: HealthRecords
    clock: Clock
    budget: float  # seconds that one `send` may sleep
    poll_limit: float  # seconds that a common batch of a poll may take
    asking: dict[str, Asking] = field(default_factory=dict)  # by mailbox

    async def aclose(self) -> None:
        """End what goes on, and close the connections."""
        tasks = [asking.task for asking in self.asking.values()]
        self.asking.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.session.aclose()
