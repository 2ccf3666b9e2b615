"""An appointment of Consolidate as it lies there, and what is to be written of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import ActivityId, Appointment, EmployeeId
from calsync_agent.i18n import Message, Value


class Sending(StrEnum):
    """What the activity's type says about Exchange (C4)."""

    NORMAL = "normal"
    PRIVATE = "private"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Activity:
    """An appointment of Consolidate with what the sync has to know beside its content.

    `time_zone` is the row's own name of the zone. `from_outside` tells that somebody outside
    organizes it, so that it belongs to the mailboxes that hold a copy. `warnings` say what of the
    row is left out.
    """

    id: ActivityId
    responsible: EmployeeId
    type_id: int
    sending: Sending
    open: bool
    deleted: bool
    from_outside: bool
    note: str | None
    time_zone: str
    appointment: Appointment
    warnings: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokenActivity:
    """A row that cannot be synced as it is, why, and how people know it."""

    id: ActivityId
    responsible: EmployeeId
    deleted: bool
    reason: Message
    name: Value = ""


NOTE_SOURCE: Final = "Exchange 365"


@dataclass(frozen=True, slots=True)
class NewActivity:
    """An appointment to be created, as it came from Exchange (C6)."""

    id: ActivityId
    responsible: EmployeeId
    type_id: int
    appointment: Appointment


@dataclass(frozen=True, slots=True)
class ChangedActivity:
    """New content for `fields` of an activity that is held; a deleted one is brought back.

    `what` names the changes for the note, in the words of rule D. `responsible`: who is responsible
    from now on, if not who was; `type_id`: its type from now on, if not the one that it has.
    """

    before: Activity
    appointment: Appointment
    fields: Collection[Field]
    what: Sequence[str]
    responsible: EmployeeId | None = None
    type_id: int | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something is written: in UTC for columns, and as local time for the note (G7)."""

    now: datetime
    local: datetime

    def note(self, note: str | None, what: str) -> str:
        """`note` with one more line."""
        line = f"{self.local:%Y-%m-%d %H:%M} {NOTE_SOURCE}: {what}"
        return f"{note.rstrip()}\n{line}" if note and note.strip() else line
