"""Mailboxes, calendars and the items in them, with the log that delta reads."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from calsync_agent.sandbox.model.content import UNANSWERED, Address, Changes, Content, Response


@dataclass(slots=True, kw_only=True)
class ChangedOccurrence:
    """One occurrence that differs from its series: only what it owns is kept."""

    changes: Changes
    modified: datetime
    response: Response = UNANSWERED
    cancelled: bool = False


@dataclass(slots=True, kw_only=True)
class Item:
    """A single event or a whole series in one mailbox.

    `exceptions` and `removed` go by the day the occurrence had in the pattern. `odd`: properties
    that it shows instead of its own until somebody writes them, as JSON; of objects, members.
    `attachments`: the names of files.
    """

    key: int
    calendar: str
    uid: str
    content: Content
    organizer: Address
    is_organizer: bool
    created: datetime
    modified: datetime
    moves: int = 0
    version: int = 1
    response: Response = UNANSWERED
    cancelled: bool = False
    transaction: str | None = None
    sent: str | None = None  # checksum of the create request
    exceptions: dict[date, ChangedOccurrence] = field(default_factory=dict)
    removed: set[date] = field(default_factory=set)
    odd: dict[str, str] = field(default_factory=dict)
    attachments: list[str] = field(default_factory=list)

    @property
    def is_meeting(self) -> bool:
        """Whether somebody else is concerned."""
        return bool(self.content.attendees) or not self.is_organizer


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a calendar's log: an item was written, or left the calendar.

    `previous` is the place of the line about the same item before it, or -1. `day` names the
    occurrence where only one was meant.
    """

    key: int
    moves: int
    at: datetime
    previous: int
    day: date | None = None


@dataclass(slots=True, kw_only=True)
class SyncState:
    """The generations of one window: each is a place in the calendar's log."""

    generations: dict[int, int] = field(default_factory=dict)
    highest: int = 0


@dataclass(slots=True, kw_only=True)
class Calendar:
    """A calendar: the log of what happened in it, and what delta rounds remember of it."""

    id: str
    name: str
    log: list[Change] = field(default_factory=list)
    states: dict[str, SyncState] = field(default_factory=dict)


class CalendarIndex:
    """What can be computed from a calendar and its items, kept so that nothing is ever scanned."""

    def __init__(self) -> None:
        self.keys: list[int] = []  # in order
        self.latest: dict[tuple[int, int], int] = {}  # (key, moves) -> place of the last line


@dataclass(slots=True, kw_only=True)
class Mailbox:
    """A user and their mailbox.

    `hidden`: of somebody outside the tenant, for whose meetings there must be an original.
    `licensed`: has a mailbox at all. `open`: the app may use it. `server`: how often it was moved
    to another server, which gives every item in it a new id. `imported`: what of files has been put
    there, by its key, whatever became of it. `kind`: `user`; `shared`, a mailbox that nobody signs
    in to and that needs no licence; `guest`, somebody of another tenant.
    """

    id: str
    upn: str
    name: str
    addresses: list[str]
    hidden: bool = False
    licensed: bool = True
    open: bool = True
    default_calendar: str
    calendars: dict[str, Calendar] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    last_key: int = 0
    server: int = 0
    imported: set[str] = field(default_factory=set)
    kind: str = "user"

    @property
    def address(self) -> Address:
        """The name and main address."""
        return Address(self.name, self.addresses[0])

    def answers_to(self, address: str) -> bool:
        """Whether that is one of the mailbox's addresses."""
        return address.strip().lower() in {each.lower() for each in self.addresses}


class MailboxIndex:
    """Look-ups within a mailbox, computed from its items."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.by_uid: dict[str, int] = {}
        self.by_transaction: dict[str, int] = {}
        self.calendars = {id_: CalendarIndex() for id_ in mailbox.calendars}
        for item in mailbox.items.values():
            self.add(item)
        for id_, calendar in mailbox.calendars.items():
            for place, change in enumerate(calendar.log):
                self.calendars[id_].latest[change.key, change.moves] = place

    def add(self, item: Item) -> None:
        """Take an item up."""
        self.by_uid[item.uid] = item.key
        if item.transaction is not None:
            self.by_transaction[item.transaction] = item.key
        insort(self.calendars[item.calendar].keys, item.key)

    def drop(self, item: Item) -> None:
        """Forget an item."""
        for names, name in ((self.by_uid, item.uid), (self.by_transaction, item.transaction)):
            if name is not None and names.get(name) == item.key:  # else a copy's
                del names[name]
        keys = self.calendars[item.calendar].keys
        del keys[bisect_left(keys, item.key)]

    def record(self, item: Item, at: datetime, day: date | None = None) -> None:
        """Write a line about the item into its calendar's log."""
        calendar = self.mailbox.calendars[item.calendar]
        latest = self.calendars[item.calendar].latest
        previous = latest.get((item.key, item.moves), -1)
        latest[item.key, item.moves] = len(calendar.log)
        calendar.log.append(Change(item.key, item.moves, at, previous, day))

    def items_of(self, calendar: str) -> Iterator[Item]:
        """The calendar's items in the order in which they were made."""
        items = self.mailbox.items
        return (items[key] for key in self.calendars[calendar].keys)


def effective(exception: ChangedOccurrence, plain: Content) -> Content:
    """An exception's content: the occurrence's with what the exception owns put over it."""
    return replace(plain, **exception.changes) if exception.changes else plain
