"""Another provider of calendars: all of it in memory, for the port that the sync speaks to.

It knows no Graph, no HTTP and no sandbox. A place in its feed is how many changes came before it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Final

from calsync_agent.appointment.merge import merged
from calsync_agent.appointment.model import (
    ActivityId,
    Appointment,
    EventId,
    ICalUid,
    Person,
    Response,
)
from calsync_agent.appointment.owner import Owner
from calsync_agent.appointment.people import Directory
from calsync_agent.appointment.span import span
from calsync_agent.domain.calendar import (
    Account,
    Changes,
    Conditions,
    Listener,
    Page,
    PositionLost,
    Traffic,
    Unchanged,
    User,
)
from calsync_agent.domain.event import Event, Read, UnreadableEvent
from calsync_agent.domain.operation import (
    Answered,
    AnswerEvent,
    ChangeEvent,
    CreateEvent,
    DeleteEvent,
    Examined,
    ExamineEvent,
    Gone,
    Operation,
    Overtaken,
    Result,
    Written,
)
from calsync_agent.errors import MailboxTrouble
from calsync_agent.i18n import message

_NUMBERS: Final = count(1)
PAGE: Final = 2
"""Changes on a page."""


@dataclass
class ToyMailbox:
    """One mailbox: what its owner does in it, and the port's `Mailbox`."""

    name: str
    people: Directory = field(default_factory=Directory)
    events: dict[EventId, Event] = field(default_factory=dict)
    made: dict[EventId, ActivityId] = field(default_factory=dict)
    feed: list[EventId] = field(default_factory=list)
    forgotten: int = 0
    operations: list[Operation] = field(default_factory=list)

    # -- its owner ----------------------------------------------------------------------------

    def create(self, appointment: Appointment, transaction_id: str | None = None) -> Event:
        """An event in the calendar."""
        number = next(_NUMBERS)
        event = Event(
            id=EventId(f"toy-{number}"),
            etag="1",
            ical_uid=ICalUid(f"{number}@toy.example"),
            transaction_id=transaction_id,
            modified_at=None,
            is_organizer=True,
            is_cancelled=False,
            is_online_meeting=False,
            response=Response.NONE,
            organizer=Person(f"{self.name}@toy.example"),
            attendees=(),
            appointment=appointment,
        )
        return self._keep(event)

    def change(self, event: Event, appointment: Appointment) -> Event:
        """The event holds something else."""
        return self._keep(replace(event, etag=f"{event.etag}+", appointment=appointment))

    def delete(self, event: Event) -> None:
        """The event is gone."""
        del self.events[event.id]
        self.feed.append(event.id)

    def forget(self) -> None:
        """Places in the feed that were given so far are known no more."""
        self.forgotten = len(self.feed) + 1
        self.feed.append(EventId("nothing"))

    def _keep(self, event: Event) -> Event:
        self.events[event.id] = event
        self.feed.append(event.id)
        return event

    # -- the port -----------------------------------------------------------------------------

    @property
    def position(self) -> str:
        """The newest place in the feed."""
        return str(len(self.feed))

    async def probe(self) -> None:
        """It can always be read."""

    async def count(self, start: datetime, end: datetime) -> int | None:
        """How many events lie in the window."""
        return len(self._within(start, end))

    async def first_page(self, start: datetime, end: datetime) -> Page:
        """All of the window on one page."""
        return self._page(self._within(start, end), position=self.position)

    async def page(self, at: str) -> Page:
        """The changes after a place, some at a time."""
        if int(at) < self.forgotten:
            raise PositionLost(MailboxTrouble(message("toy {mailbox}", mailbox=self.name)))
        end = int(at) + PAGE
        some = self.feed[int(at) : end]
        if end < len(self.feed):
            return self._page(some, next_page=str(end))
        return self._page(some, position=self.position)

    async def page_of(self, changes: Changes) -> Page:
        """A poll tells no more than where to begin."""
        assert isinstance(changes.answer, str)
        return await self.page(changes.answer)

    async def read(self, events: Collection[EventId]) -> dict[EventId, Read]:
        """The events as they are."""
        return {number: self.events.get(number) for number in events}

    async def listed(self, series: Event, spans: Sequence[tuple[datetime, datetime]]) -> Read:
        """A series always comes with its exceptions here."""
        assert spans
        return self.events.get(series.id)

    async def in_a_calendar(self, events: Collection[EventId]) -> set[EventId]:
        """What is there lies in the calendar: there is no wastebasket."""
        return set(events) & self.events.keys()

    async def made_for(self, activities: Collection[ActivityId]) -> list[Event | UnreadableEvent]:
        """The events that were made for these appointments."""
        made = {number: one for number, one in self.made.items() if one in activities}
        there = [self.events[number] for number in made.keys() & self.events.keys()]
        return [replace(event, made_for=made[event.id]) for event in there]

    async def with_uids(self, uids: Collection[ICalUid]) -> list[Event | UnreadableEvent]:
        """The events with these iCalUIds."""
        return [event for event in self.events.values() if event.ical_uid in uids]

    async def carry_out(self, operations: Sequence[Operation]) -> list[Result]:
        """Write events, each for the version that was read."""
        self.operations += operations
        return [self._done(operation) for operation in operations]

    def _done(self, operation: Operation) -> Result:
        match operation:
            case CreateEvent(activity, appointment, transaction_id):
                event = self.create(appointment, transaction_id)
                self.made[event.id] = activity
                return Written(event)
            case ChangeEvent(Event(id=number, etag=etag), wanted, fields):
                there = self.events.get(number)
                if there is None or there.etag != etag:
                    return Overtaken()
                return Written(self.change(there, merged(there.appointment, wanted, fields)))
            case DeleteEvent(number, etag):
                there = self.events.get(number)
                if there is not None and there.etag != etag:
                    return Overtaken()
                if there is not None:
                    self.delete(there)
                return Gone()
            case ExamineEvent():
                return Examined("")
            case AnswerEvent():
                return Answered()

    def _within(self, start: datetime, end: datetime) -> list[EventId]:
        spans = {number: span(event.appointment) for number, event in self.events.items()}
        return [
            n for n, (begin, last) in spans.items() if begin < end and (not last or last > start)
        ]

    def _page(
        self, some: Collection[EventId], position: str | None = None, next_page: str | None = None
    ) -> Page:
        there = [self.events[number] for number in dict.fromkeys(some) if number in self.events]
        return Page(
            events=tuple(event for event in there if event.appointment.rule is None),
            series=frozenset(event.id for event in there if event.appointment.rule),
            tombstones=frozenset(some) - self.events.keys(),
            next_page=next_page,
            position=position,
            items=len(some),
        )


class ToyConnection:
    """The port's `Connection` to all toy mailboxes."""

    def __init__(self) -> None:
        self.mailboxes: dict[str, ToyMailbox] = {}
        self.conditions = Conditions(honoured=True)
        self.traffic = Traffic()

    def mailbox(self, name: str, people: Directory) -> ToyMailbox:
        """One mailbox, which is there from the first time on that it is named."""
        found = self.mailboxes.setdefault(name, ToyMailbox(name))
        found.people = people
        return found

    async def poll(self, positions: Mapping[str, str], listener: Listener) -> None:
        """Whether anything has changed."""
        for name, position in positions.items():
            now = self.mailboxes[name].position
            listener(name, Unchanged(now) if position == now else Changes(position))

    async def owner_of(self, mailbox: str) -> Owner:
        """Each name is a mailbox of its own."""
        return Owner(user=mailbox)

    async def permissions(self) -> frozenset[str] | None:
        """Nobody is kept out."""
        return None

    @property
    def spare(self) -> bool:
        """There is nothing to sign in with."""
        return False

    async def credential_ends(self) -> datetime | None:
        """There is nothing that could end."""
        return None

    async def find_users(self, wanted: str | None) -> list[User] | None:
        """Who has a mailbox."""
        return [User(name, name, name) for name in self.mailboxes if name == wanted]

    async def users(self) -> list[Account] | None:
        """Who has a mailbox."""
        return [Account(name, name, name, name, (name,)) for name in self.mailboxes]

    async def aclose(self) -> None:
        """Nothing is open."""
