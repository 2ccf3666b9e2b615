"""What passes by itself, or when somebody mends the mailbox.

MailboxTrouble            (errors.py)
└── GraphTrouble          throttled, slow, failing
    ├── Unreachable       the whole host: no mailbox of it can be asked
    ├── MailboxClosed     closed to the app, or not there
    │   └── TokenRefused  this mailbox does not take the app's token, which may be good for others
    ├── FeedTrouble       what has changed in it cannot be told; it may be written to nevertheless
    └── ForeignLink       a link that leads to another host
"""

from collections.abc import Sequence
from http import HTTPStatus

from calsync_agent.errors import MailboxTrouble
from calsync_agent.exchange.transport.requests import Answer, Outcome
from calsync_agent.i18n import Message


class GraphTrouble(MailboxTrouble):
    """A mailbox cannot be read or written now.

    Raised by `Graph.send`, `answers` says what became of each of its requests, in their order:
    None was certainly not carried out.
    """

    answers: Sequence[Outcome | None] = ()
    shuts_out: bool = False  # for now the mailbox is not to be asked for anything


class Unreachable(GraphTrouble):
    """Nothing was sent: the host of Graph or of the sign-in cannot be reached.

    The sentence names the host and no mailbox, so that it need be said only once.
    """

    shuts_out = True


class MailboxClosed(GraphTrouble):
    """The app may not enter the mailbox, or there is none, until an admin mends it."""

    shuts_out = True

    @property
    def lacks_permission(self) -> bool:
        """Whether the app was kept out, rather than nothing being there."""
        known = [answer for answer in self.answers if isinstance(answer, Answer)]
        return any(answer.status == HTTPStatus.FORBIDDEN for answer in known)


class TokenRefused(MailboxClosed):
    """A mailbox does not accept the app's token, not even a new one.

    `as_such` says it of the app, should no mailbox accept it.
    """

    def __init__(self, text: Message, as_such: Message) -> None:
        super().__init__(text)
        self.as_such = as_such


class FeedTrouble(GraphTrouble):
    """The mailbox's feed gives no usable answer, which says nothing of the mailbox itself (B3)."""


class ForeignLink(GraphTrouble):
    """A next or delta link leads to another host, where the token must not go."""
