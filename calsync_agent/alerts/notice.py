"""What is told of problems, and what a channel is."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from calsync_agent.errors import Trouble

State: TypeAlias = Literal["begun", "ended"]


class Undelivered(Trouble):
    """A message did not get through; the sentence names no address that holds a secret."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message. `since` is UTC; `profile` an employee's code where it is about one alone."""

    title: str
    text: str
    kind: str
    state: State
    since: datetime | None = None
    profile: str | None = None

    def to_json(self) -> str:
        """As programs get it (contract 2)."""
        since = None if self.since is None else f"{self.since.isoformat(timespec='seconds')}Z"
        told = {
            "title": self.title,
            "text": self.text,
            "kind": self.kind,
            "state": self.state,
            "since": since,
            "profile": self.profile,
        }
        return json.dumps(told, ensure_ascii=False)


class Channel(Protocol):
    """A way to somebody. Two that are equal lead to the same.

    `label` names it for people without anything secret, and tells it from the others.
    """

    @property
    def label(self) -> str:
        """What it is called."""

    async def send(self, notice: Notice) -> None:
        """Deliver; takes any time. Raises Undelivered."""
