"""What can be done to events, and what may come of it."""

from dataclasses import dataclass
from typing import TypeAlias

from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import ActivityId, Appointment, EventId, Response
from calsync_agent.domain.event import Attendee, Event
from calsync_agent.i18n import Message


@dataclass(frozen=True, slots=True)
class CreateEvent:
    """Make an event for an appointment, a series with its exceptions.

    `carried`: what is to be set again of the event that it takes the place of (`recreation`).
    """

    activity: ActivityId
    appointment: Appointment
    transaction_id: str
    attendees: tuple[Attendee, ...] = ()
    carried: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """Bring some fields of an event to what the appointment holds.

    `attendees`: the whole list, where participants are among the fields. `carried`: what would be
    set again on an event made in its place, where that has been found out (`recreation`).
    `categories`: all of them, where the category is among the fields (I2).
    """

    event: Event
    appointment: Appointment
    fields: frozenset[Field]
    attendees: tuple[Attendee, ...] | None = None
    carried: str | None = None
    categories: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ExamineEvent:
    """Find out what an event made in its place, in another mailbox, would lose (D6, G10)."""

    event: Event


@dataclass(frozen=True, slots=True)
class DeleteEvent:
    """Delete an event, a series as a whole; `attendees` are told by Exchange."""

    event_id: EventId
    etag: str
    attendees: tuple[Attendee, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerEvent:
    """Answer an invitation for the owner of a copy, so that the organizer sees it (G13)."""

    event: Event
    response: Response


Operation: TypeAlias = CreateEvent | ChangeEvent | ExamineEvent | DeleteEvent | AnswerEvent


@dataclass(frozen=True, slots=True)
class Written:
    """The provider took the write; this is the event now.

    `put_back`: whom somebody invited in that very moment, so that they were uninvited and invited
    again (F3); they have been mailed twice. `without`: why it is no online meeting though one was
    asked for, where the provider said so (I3).
    """

    event: Event
    put_back: tuple[str, ...] = ()
    without: Message | None = None


@dataclass(frozen=True, slots=True)
class WrittenUnread:
    """The provider took the write, but what it says of the event now cannot be understood (B2a).

    `event_id` is None where not even that could be read.
    """

    event_id: EventId | None
    reason: Message


@dataclass(frozen=True, slots=True)
class Partly:
    """The provider took the write, but for some `fields`; this is the event now."""

    event: Event
    reason: Message
    fields: frozenset[Field] = frozenset({Field.EXCEPTIONS})


@dataclass(frozen=True, slots=True)
class Examined:
    """Another event may take its place, on which this is set again."""

    carried: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The event was deleted, because only a new one can become what is wanted (G9)."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will not take this write as it is, or was not asked to (B8).

    `fields`: what is still to be written of it, whatever happens to the others meanwhile.
    """

    reason: Message
    fields: frozenset[Field] = frozenset()


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Somebody changed or removed the event meanwhile: read it again and decide anew."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The event is there no more, as was wanted."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer was taken."""


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer is known: the request may have been carried out or not.

    `again`: whether it is worth while to ask once more at once.
    """

    reason: Message
    again: bool = True


Result: TypeAlias = (
    Written
    | WrittenUnread
    | Partly
    | Removed
    | Examined
    | Refused
    | Overtaken
    | Gone
    | Answered
    | Lost
)
