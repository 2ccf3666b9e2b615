"""What sending and polling work with; it lasts as long as the client."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from calsync_agent.errors import MailboxTrouble, Refusal
from calsync_agent.exchange.transport.batch import Prepared
from calsync_agent.exchange.transport.health import HealthRecords, Usual
from calsync_agent.exchange.transport.pace import Clock, Pace
from calsync_agent.exchange.transport.requests import Outcome
from calsync_agent.exchange.transport.session import Session

# What a call came to; the refusal is one of the app as such.
Result: TypeAlias = Outcome | MailboxTrouble | Refusal


@dataclass(slots=True)
class Family:
    """Companies that were one before, or were asked side by side.

    `answered`: any of them was, so that the rest is to blame.
    """

    answered: bool = False


@dataclass(slots=True, eq=False)
class Company:
    """Mailboxes that are polled by one request, perhaps for longer than one poll lasts.

    The task's result tells what became of each; None: the request failed as a whole. `sent`: it
    has had its turn. `waited`: for so many seconds since then its answer was waited for by a loop
    that had time to take it in. `late`: in vain, for as long as one is.
    """

    members: Mapping[str, Prepared]
    family: Family
    task: asyncio.Task[Sequence[Result] | None]
    sent: asyncio.Event
    waited: float = 0.0
    late: bool = False

    @property
    def alone(self) -> bool:
        """Whether it is one mailbox."""
        return len(self.members) == 1


@dataclass(frozen=True, slots=True)
class Means:
    """The session, and what is shared by all who use it.

    `records`: which mailboxes are to be left alone; `feeds`: which are slow or fail to say what has
    changed in them, and are polled alone; `asking`: by mailbox, with whom it is being polled;
    `usual`: how long common polls take to be answered.
    """

    session: Session
    pace: Pace
    records: HealthRecords
    feeds: HealthRecords
    clock: Clock
    budget: float  # seconds that one `send` may sleep
    poll_limit: float  # seconds that a poll waits for a common batch
    asking: dict[str, Company] = field(default_factory=dict)
    usual: Usual = field(default_factory=Usual)

    async def abandon(self, companies: Sequence[Company]) -> None:
        """Wait no longer for their answers; their places are free when this returns."""
        for company in companies:
            company.task.cancel()
            for mailbox in company.members:
                if self.asking.get(mailbox) is company:
                    del self.asking[mailbox]
        await asyncio.gather(*(company.task for company in companies), return_exceptions=True)

    async def aclose(self) -> None:
        """End what goes on, and close the connections."""
        await self.abandon(list(self.asking.values()))
        await self.session.aclose()
