"""The calendar side as the sync sees it: what every provider of calendars has to be able to do.

A provider is a folder beside `exchange`, with a class for `Connection` and one for `Mailbox`;
`bootstrap` alone knows which. Places in a feed are opaque texts, which only their provider reads.
What a provider cannot do is no error but a value wherever it concerns a single event (B8).
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, TypeAlias

from calsync_agent.appointment.model import ActivityId, EventId, ICalUid
from calsync_agent.appointment.owner import Owner
from calsync_agent.appointment.people import Directory
from calsync_agent.domain.event import Event, Read, UnreadableEvent
from calsync_agent.domain.operation import Operation, Result
from calsync_agent.errors import FeedTrouble, MailboxTrouble
from calsync_agent.i18n import message


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing, or of what has changed, each item once.

    `series`: masters of which something changed, to be read whole; `changed_series`: those of which
    a changed occurrence is shown; `shown`: when the occurrences of each series begin (UTC, or
    midnight), and `samples` one of them each. `tombstones`: events that left the view, whether
    deleted, moved, or never in it. `hollow`: events of which the feed says nothing but the id, or
    both that they are there and that they have left, in whatever order (GRAPH.md 1.3).
    `items`: how many the provider has listed, occurrences among them. Either `next_page` is set, or
    `position`: from where on the changes after this listing are asked for.
    """

    events: tuple[Event | UnreadableEvent, ...] = ()
    series: frozenset[EventId] = frozenset()
    changed_series: frozenset[EventId] = frozenset()
    shown: Mapping[EventId, Collection[datetime]] = field(default_factory=dict)
    samples: Mapping[EventId, EventId] = field(default_factory=dict)
    tombstones: frozenset[EventId] = frozenset()
    hollow: frozenset[EventId] = frozenset()
    next_page: str | None = None
    position: str | None = None
    items: int = 0

    @property
    def size(self) -> int:
        """How many items tell of a change."""
        others = len(self.tombstones) + len(self.hollow)
        return len(self.events) + len(self.series) + others

    @property
    def readable(self) -> frozenset[EventId]:
        """The events that can be read."""
        return frozenset(event.id for event in self.events if isinstance(event, Event))

    def doubting(self, events: Collection[EventId]) -> "Page":
        """The page, but what it says of these events counts as nothing said."""
        if not events:
            return self
        return replace(
            self,
            events=tuple(event for event in self.events if event.id not in events),
            tombstones=self.tombstones - frozenset(events),
            hollow=self.hollow | frozenset(events),
        )


class PositionLost(Exception):
    """The provider does not know the position any more; a fresh listing has to begin (B3).

    `trouble`: what its answer is, should it say so of a listing, too.
    """

    def __init__(self, trouble: MailboxTrouble) -> None:
        super().__init__(str(trouble.message))
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing has changed; `position` is the newest place."""

    position: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Something may have changed: `answer` is what `Mailbox.page_of` makes the first page of."""

    answer: object


@dataclass(frozen=True, slots=True)
class Waiting:
    """The answer is still to come, and others that were asked with it may be to blame."""


Polled: TypeAlias = Unchanged | Changes | Waiting | MailboxTrouble
Listener: TypeAlias = Callable[[str, Polled], object]


def slow(mailbox: str) -> FeedTrouble:
    """The trouble of a mailbox whose answer is still to come."""
    return FeedTrouble(
        message("mailbox {mailbox} answers slowly; its answer is waited for", mailbox=mailbox)
    )


@dataclass(slots=True)
class Conditions:
    """Whether a tenant honours If-Match; None: it is not known yet."""

    honoured: bool | None = None


@dataclass(slots=True)
class Traffic:
    """Requests so far, by how they were answered; `throttled`: those that were to come later."""

    requests: Counter[str] = field(default_factory=Counter)
    throttled: int = 0


@dataclass(frozen=True, slots=True)
class User:
    """A user of the tenant; `address` is the e-mail address, or else the principal name."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the tenant as a listing of all of them tells; None for what it does not tell.

    `principal`: the name to sign in with; `address`: the main e-mail address, empty where there is
    none; `addresses`: all of them. `enabled`: may sign in. `licensed`: has any licence.
    """

    id: str
    name: str
    principal: str
    address: str = ""
    addresses: tuple[str, ...] = ()
    guest: bool = False
    enabled: bool | None = None
    licensed: bool | None = None


@dataclass(frozen=True, slots=True)
class Grants:
    """What an administrator of the tenant gives the app, and where.

    `app`: how the provider knows it. `calendars` and `users`: what the provider calls the
    permission that the sync needs, and the one to look users up; the others are pages on the web.
    """

    app: str
    calendars: str
    users: str
    consent_page: str
    credentials_page: str
    permissions_page: str


class Mailbox(Protocol):
    """The mailbox of one profile. Every method that asks may raise MailboxTrouble, SignInRefused.

    `people` are those whom its events may name.
    """

    @property
    def name(self) -> str:
        """What the profile calls it."""

    @property
    def people(self) -> Directory:
        """Whom its events may name."""

    async def probe(self) -> None:
        """Find out whether the calendar may be read, by reading as little of it as there is."""

    async def count(self, start: datetime, end: datetime) -> int | None:
        """How many items a listing of the window (UTC) brings; None where that is not told."""

    async def first_page(self, start: datetime, end: datetime) -> Page:
        """The first page of a listing of the window (UTC). Raises PositionLost."""

    async def page(self, at: str) -> Page:
        """A page's next one, or what has changed since a position. Raises PositionLost."""

    async def page_of(self, changes: Changes) -> Page:
        """The page that a poll was answered with. Raises PositionLost."""

    async def read(self, events: Collection[EventId]) -> dict[EventId, Read]:
        """The events as they are now, series with their exceptions; None for what is gone.

        Of an occurrence it is the series that is read, in its place.
        """

    async def listed(self, series: Event, spans: Sequence[tuple[datetime, datetime]]) -> Read:
        """A series with the exceptions that its occurrences within `spans` (UTC) show."""

    async def in_a_calendar(self, events: Collection[EventId]) -> set[EventId]:
        """Those of these events that still lie in one of the mailbox's calendars."""

    async def made_for(self, activities: Collection[ActivityId]) -> list[Event | UnreadableEvent]:
        """The events that were made for these appointments, as far as they are there."""

    async def with_uids(self, uids: Collection[ICalUid]) -> list[Event | UnreadableEvent]:
        """The events with these iCalUIds, whichever calendar of the mailbox they lie in."""

    async def carry_out(self, operations: Sequence[Operation]) -> list[Result]:
        """Write events; one result for each operation, which costs itself alone (B8)."""


class Connection(Protocol):
    """The way to the calendars of one tenant, or whatever the provider calls its customers."""

    @property
    def conditions(self) -> Conditions:
        """What is known of the tenant's If-Match, shared by all its mailboxes."""

    @property
    def traffic(self) -> Traffic:
        """What was asked so far, and how it was answered."""

    def mailbox(self, name: str, people: Directory) -> Mailbox:
        """One mailbox; nothing is asked."""

    async def poll(self, positions: Mapping[str, str], listener: Listener) -> None:
        """Ask each mailbox whether anything has changed since its position (A5).

        `listener` hears of each mailbox as soon as its result is known; it must neither block nor
        raise. No mailbox keeps the others waiting (A4). Raises SignInRefused and
        ConfigurationRefused where the app itself is refused.
        """

    async def owner_of(self, mailbox: str) -> Owner:
        """Whose mailbox it is, as far as that is told (I4). Raises MailboxTrouble."""

    async def permissions(self) -> frozenset[str] | None:
        """Sign in; the permissions that the app was given, None where they cannot be told.

        Raises SignInRefused, ConfigurationRefused, Unreachable.
        """

    @property
    def spare(self) -> bool:
        """Whether the credential is refused, and the one that follows it has taken its place."""

    async def credential_ends(self) -> datetime | None:
        """When what is signed in with ends (UTC), where the provider tells (H3).

        Raises MailboxTrouble, SignInRefused, ConfigurationRefused, Unreachable.
        """

    async def find_users(self, wanted: str | None) -> list[User] | None:
        """The users with this address, principal name or object id; None where none may be read.

        Without `wanted` it only finds out whether they may. Raises MailboxTrouble, SignInRefused.
        """

    async def users(self) -> list[Account] | None:
        """All users of the tenant in one listing; None where none may be read.

        Raises MailboxTrouble, SignInRefused: a part of them is not taken for all.
        """

    async def aclose(self) -> None:
        """Close it."""
