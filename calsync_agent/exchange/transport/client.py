"""Microsoft Graph for one tenant: what the rest of the exchange side calls.

Requests of one mailbox go through `send`, which repeats what may be repeated and waits as it is
told; the question whether anything has changed, for many mailboxes at once, goes through `poll`.
"""

import ssl
from collections.abc import Mapping, Sequence
from typing import Final

from calsync_agent.domain.calendar import Traffic
from calsync_agent.exchange.transport.health import HealthRecords
from calsync_agent.exchange.transport.pace import Clock, Pace
from calsync_agent.exchange.transport.permissions import named_permissions
from calsync_agent.exchange.transport.poll import Answered, Listener, Poll
from calsync_agent.exchange.transport.requests import Outcome, Request
from calsync_agent.exchange.transport.send import Sending
from calsync_agent.exchange.transport.session import Session, TokenSource
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.exchange.transport.shared import Means
from calsync_agent.exchange.transport.wire import Transport, Wire

_CLOCK: Final = Clock()


class Graph:
    """Graph for one tenant. Raises ConfigurationRefused for an unusable ca_file or proxy.

    `trust` is made of ca_file (`trust.tls`), unless it is given.
    `budget` bounds the seconds that one `send` sleeps, `poll_limit` the seconds that a poll waits
    for a common batch, `at_once` the calls under way in each lane (`Pace`).
    """

    def __init__(
        self,
        settings: GraphSettings,
        tokens: TokenSource,
        *,
        transport: Transport | None = None,
        trust: ssl.SSLContext | None = None,
        clock: Clock = _CLOCK,
        at_once: int = 16,
        budget: float = 60.0,
        poll_limit: float = 4.0,
    ) -> None:
        session = Session(settings, tokens, Wire(settings, transport, trust), clock)
        self._means = Means(
            session, Pace(at_once), HealthRecords(), HealthRecords(), clock, budget, poll_limit
        )

    @property
    def traffic(self) -> Traffic:
        """What was asked so far."""
        return self._means.session.traffic

    async def permissions(self) -> frozenset[str] | None:
        """Sign in; the application permissions that the token names, None where it is unreadable.

        Raises SignInRefused, ConfigurationRefused for an unreadable credential, Unreachable.
        """
        return named_permissions(await self._means.session.sign_in())

    async def send(self, mailbox: str, requests: Sequence[Request]) -> list[Outcome]:
        """What became of each request, in order; an Answer may well be an error of that item.

        Raises MailboxTrouble where the mailbox is not to be had: its `answers` say what is known of
        each request nevertheless. Raises SignInRefused, and ConfigurationRefused for a credential
        that cannot be read; what had been sent is unknown then.
        """
        return await Sending(self._means, mailbox).run(requests)

    async def poll(
        self, requests: Mapping[str, Request], *, listener: Listener | None = None
    ) -> Mapping[str, Answered]:
        """Ask each mailbox one question: ⌈n/20⌉ HTTP requests for n mailboxes that are well.

        At most two more where some are not. `listener` hears of each mailbox as soon as its result
        is known; it must neither block nor raise. No mailbox keeps the others waiting (A4): one
        that takes longer than `QUICK` seconds when asked on its own counts as FeedTrouble this
        time, and what it answers in the end is given to the next poll that asks it the same. Of
        those that were asked together, and get no answer, each is Waiting. The returned mapping is
        complete. Raises SignInRefused and ConfigurationRefused where the app itself is refused.
        """
        return await Poll(self._means, listener).run(requests)

    async def aclose(self) -> None:
        """Close the connections, those of `tokens` too."""
        await self._means.aclose()
