"""Versions that are about to be lost (B6)."""

from dataclasses import dataclass
from enum import StrEnum

from calsync_agent.appointment.model import ActivityId, Appointment, EmployeeId, EventId, ProfileId


class Side(StrEnum):
    """Whose version was lost."""

    CONSOLIDATE = "consolidate"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class Kept:
    """A version about to be lost, by which rule, and what replaces it (None: a deletion).

    `responsible` and `type_id` are the appointment's, should its row be gone when it is restored.
    """

    profile: ProfileId
    side: Side
    activity: ActivityId
    event: EventId | None
    rule: str
    lost: Appointment
    replaced_by: Appointment | None
    responsible: EmployeeId
    type_id: int | None
