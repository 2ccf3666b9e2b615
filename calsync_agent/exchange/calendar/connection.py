"""The calendars of one tenant of Exchange 365, as the sync sees them (`domain.calendar`)."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

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
from calsync_agent.exchange.calendar import delta, owners, registration, users
from calsync_agent.exchange.calendar.mailbox import Mailbox
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.poll import Answered
from calsync_agent.exchange.transport.requests import Answer
from calsync_agent.fence import guarded


class SignedIn(Protocol):
    """The app as it signs in."""

    @property
    def app(self) -> str:
        """Its client id."""

    @property
    def spare(self) -> bool:
        """Whether the next secret has taken the place of the present one."""

    def secrets(self) -> tuple[str, ...]:
        """Those that it may sign in with now; none where it does so by certificate. Blocking."""


class Exchange:
    """One tenant, by way of Graph; `signed_in`: the app, where more of it is to be known."""

    def __init__(self, graph: Graph, signed_in: SignedIn | None = None) -> None:
        self.conditions = Conditions()
        self._graph = graph
        self._signed_in = signed_in

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

    @property
    def spare(self) -> bool:
        """Whether the next secret has taken the place of the present one."""
        return self._signed_in is not None and self._signed_in.spare

    async def credential_ends(self) -> datetime | None:
        """When the secret ends, where the app may read its own registration; asked only then."""
        signed_in = self._signed_in
        if signed_in is None:
            return None
        named = await self._graph.permissions()
        if named is not None and not named & registration.READING:
            return None
        secrets = await asyncio.to_thread(signed_in.secrets)
        if not secrets:
            return None
        now = datetime.now(UTC).replace(tzinfo=None)
        return await registration.secret_ends(self._graph, signed_in.app, secrets, now)

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
