"""Calls to one mailbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from calsync_agent.domain.operation import Lost
from calsync_agent.errors import MailboxTrouble, MailboxUnavailable
from calsync_agent.exchange.transport.requests import Answer, Outcome, Request
from calsync_agent.i18n import message


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
                raise MailboxUnavailable(outcome.reason)
            answers.append(outcome)
        return answers

    async def items(self, requests: Sequence[Request]) -> list[list[dict[str, Any]]]:
        """What each request lists; raises MailboxTrouble where an answer lists nothing at all.

        An answer that says nothing is not taken for an empty list (B5).
        """
        listed = []
        for answer in await self.ask(requests):
            found = items_of(answer)
            if found is None:
                raise unread(self.mailbox, answer)
            listed.append(found)
        return listed


def items_of(answer: Answer) -> list[dict[str, Any]] | None:
    """What an answer lists; None where it is no list of objects."""
    found = (answer.body or {}).get("value") if answer.ok else None
    whole = isinstance(found, list) and all(isinstance(each, dict) for each in found)
    return found if isinstance(found, list) and whole else None


def unread(mailbox: str, answer: Answer) -> MailboxTrouble:
    """An answer of which nothing can be taken."""
    return MailboxTrouble(
        message(
            "the mailbox {mailbox} cannot be read: {code}: {text}"
            " (status {status}, request-id {request_id})",
            mailbox=mailbox,
            code=answer.code or "-",
            text=answer.error_message,
            status=answer.status,
            request_id=answer.request_id,
        )
    )
