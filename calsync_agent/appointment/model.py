"""The appointment as a value, the same whichever side it was read from.

Times are wall-clock (no offset) in the IANA zone beside them. All-day appointments run from
midnight to an exclusive midnight, and their zone has no meaning.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from calsync_agent.appointment.rule import Rule
from calsync_agent.i18n import Message, marked

ActivityId = NewType("ActivityId", UUID)
EmployeeId = NewType("EmployeeId", int)
ProfileId = NewType("ProfileId", int)
LinkId = NewType("LinkId", UUID)
EventId = NewType("EventId", str)
"""Graph's immutable id of an event in one mailbox; differs by case."""
ICalUid = NewType("ICalUid", str)
"""The same in every mailbox that holds a copy of one meeting."""


class Importance(StrEnum):
    """Graph's words, which Consolidate shares."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class ShowAs(StrEnum):
    """Graph's words, which Consolidate shares."""

    FREE = "free"
    TENTATIVE = "tentative"
    BUSY = "busy"
    OUT_OF_OFFICE = "oof"
    WORKING_ELSEWHERE = "workingElsewhere"


class Response(StrEnum):
    """What a participant answered, in Consolidate's words."""

    NONE = marked("none")
    TENTATIVE = marked("tentative")
    ACCEPTED = marked("accepted")
    DECLINED = marked("declined")


@dataclass(frozen=True, slots=True)
class Participant:
    """An employee who takes part, besides the one who is responsible."""

    employee: EmployeeId
    response: Response = Response.NONE


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody from outside: the organizer of a meeting, or a guest."""

    address: str
    name: str = ""
    response: Response = Response.NONE


@dataclass(frozen=True, slots=True)
class ChangedOccurrence:
    """One occurrence that differs from its series; None means: as in the series.

    `original_start` is the wall-clock start that the rule gives it, in the series' zone.
    """

    original_start: datetime
    cancelled: bool = False
    subject: str | None = None
    body: str | None = None
    location: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Appointment:
    """All that both sides know of an appointment; for a series, with all its exceptions.

    `organizer`, `guests` and `join_url` travel inbound only (D). `categories`: in Consolidate that
    of its type, if it has one (I2); `online`: its type asks for an online meeting (I3).
    """

    subject: str
    start: datetime
    end: datetime
    zone: str
    all_day: bool = False
    body: str = ""
    location: str = ""
    importance: Importance = Importance.NORMAL
    private: bool = False
    show_as: ShowAs = ShowAs.BUSY
    reminder_minutes: int | None = None
    rule: Rule | None = None
    exceptions: tuple[ChangedOccurrence, ...] = ()
    participants: tuple[Participant, ...] = ()
    organizer: Person | None = None
    guests: tuple[Person, ...] = ()
    join_url: str | None = None
    categories: tuple[str, ...] = ()
    online: bool = False


@dataclass(frozen=True, slots=True)
class Unsyncable:
    """An item that cannot be synced as it is (B8), and why."""

    reason: Message
