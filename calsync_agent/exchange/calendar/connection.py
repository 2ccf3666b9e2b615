"""The calendars of one tenant of Exchange 365, as the sync sees them (`domain.calendar`)."""

from collections.abc import Mapping

from calsync_agent.appointment.owner import Owner
from calsync_agent.appointment.people import Directory
from calsync_agent.domain.calendar import (
    Account,
    Changes,
    Conditions,
    Listener,
    Polled,
    Traffic,
    Unchanged,
    User,
)
from calsync_agent.exchange.calendar import delta, owners, users
from calsync_agent.exchange.calendar.mailbox import Mailbox
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.poll import Answered
from calsync_agent.exchange.transport.requests import Answer
from calsync_agent.fence import guarded


class Exchange:
    """One tenant, by way of Graph."""

    def __init__(self, graph: Graph) -> None:
        self.conditions = Conditions()
        self._graph = graph

    @property
    def traffic(self) -> Traffic:
        """What was asked so far."""
        return self._graph.traffic

    def mailbox(self, name: str, people: Directory) -> Mailbox:
        """One mailbox; nothing is asked."""
        return Mailbox(self._graph, name, people, self.conditions)

    async def poll(self, positions: Mapping[str, str], listener: Listener) -> None:
        """Ask each mailbox whether anything has changed: twenty to a request (A5)."""

        def hear(mailbox: str, answered: Answered) -> None:
            listener(mailbox, _polled(answered))

        requests = {mailbox: delta.following(link) for mailbox, link in positions.items()}
        await self._graph.poll(requests, listener=hear)

    async def owner_of(self, mailbox: str) -> Owner:
        """Whose mailbox it is, as far as Exchange tells."""
        return await owners.owner_of(self._graph, mailbox)

    async def permissions(self) -> frozenset[str] | None:
        """Sign in; what the token names."""
        return await self._graph.permissions()

    async def find_users(self, wanted: str | None) -> list[User] | None:
        """Users of the tenant; None where the app may not read them."""
        return await users.find_users(self._graph, wanted)

    async def users(self) -> list[Account] | None:
        """All users of the tenant; None where the app may not read them."""
        return await users.all_users(self._graph)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._graph.aclose()


def _polled(answered: Answered) -> Polled:
    if not isinstance(answered, Answer):
        return answered
    # What cannot be looked through is met by the mailbox's own cycle, and costs it alone (B8).
    position = guarded(lambda: delta.unchanged(answered), lambda _error: None)
    return Changes(answered) if position is None else Unchanged(position)
