"""Looking a mailbox up in Exchange, where the app may read users."""

from dataclasses import dataclass
from typing import Protocol

from calsync_agent.i18n import Message


@dataclass(frozen=True, slots=True)
class Found:
    """A user of the tenant."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Findings:
    """Who was found; where nobody was, `problem` says why."""

    users: tuple[Found, ...] = ()
    problem: Message | None = None


class Finder(Protocol):
    """Finds users by address. Takes its time; may be cancelled."""

    async def find(self, address: str) -> Findings:
        """Whoever has this address or principal name."""
