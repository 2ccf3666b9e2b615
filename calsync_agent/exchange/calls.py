"""Calls to one mailbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from calsync_agent.exchange.requests import Answer, Lost, Outcome, Request
from calsync_agent.exchange.troubles import GraphTrouble


class Sender(Protocol):
    """What carries requests to Graph (`client.Graph`)."""

    async def send(self, mailbox: str, requests: Sequence[Request]) -> list[Outcome]:
        """The outcome of each request, after all retries. Raises MailboxTrouble."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The way to one mailbox. Both methods may raise MailboxTrouble."""

    graph: Sender
    mailbox: str

    async def send(self, requests: Sequence[Request]) -> list[Outcome]:
        """The outcome of each request; of some nobody may know whether they were carried out."""
        return await self.graph.send(self.mailbox, requests) if requests else []

    async def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """The answer to each request, all of which may be repeated safely."""
        answers = []
        for outcome in await self.send(requests):
            if isinstance(outcome, Lost):
                raise GraphTrouble(outcome.reason)
            answers.append(outcome)
        return answers
