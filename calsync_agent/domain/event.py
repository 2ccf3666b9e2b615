"""An event of one mailbox as it lies there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from calsync_agent.appointment.model import (
    ActivityId,
    Appointment,
    EventId,
    ICalUid,
    Person,
    Response,
)
from calsync_agent.i18n import Message, Value


@dataclass(frozen=True, slots=True)
class Instance:
    """An occurrence as an item of the mailbox: the id by which it is written, and its version."""

    id: EventId
    etag: str


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody who is invited to an event.

    `original`: all that the provider told of them, in its own form, in which it goes back (F3);
    None for somebody who is to be invited.
    """

    address: str
    name: str = ""
    original: object = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one mailbox; a series with its exceptions is one event.

    `etag` guards writes. `modified_at` and `created_at` are UTC. `is_organizer` tells whether this
    mailbox's owner organizes it. `instances` are the changed occurrences as items, by original
    start.
    """

    id: EventId
    etag: str
    ical_uid: ICalUid | None
    transaction_id: str | None
    modified_at: datetime | None
    is_organizer: bool
    is_cancelled: bool
    is_online_meeting: bool
    response: Response
    organizer: Person
    attendees: tuple[Attendee, ...]
    appointment: Appointment
    warnings: tuple[Message, ...] = ()
    instances: Mapping[datetime, Instance] = field(default_factory=dict)
    made_for: ActivityId | None = None
    created_at: datetime | None = None

    @property
    def own_link(self) -> str | None:
        """The join link that tells what of its text is generated; None where nothing is (D7)."""
        return self.appointment.join_url if self.is_online_meeting else None

    @property
    def meeting(self) -> bool:
        """Whether others may hold a copy of it."""
        return bool(self.attendees) or not self.is_organizer


@dataclass(frozen=True, slots=True)
class UnreadableEvent:
    """An event that cannot be synced as it is, and how people know it (B8).

    `id` is empty where it has none that could be remembered.
    """

    id: EventId
    reason: Message
    name: Value = ""


Read: TypeAlias = Event | UnreadableEvent | None
"""An event as it is now; None where it is gone."""

NAMELESS: Final = "calsync:nameless:"
"""What begins the key of an item that was shown without an id of its own."""


def nameless(event: EventId) -> bool:
    """Whether the feed showed an item without an id, so that only a listing shows it again."""
    return event.startswith(NAMELESS)
