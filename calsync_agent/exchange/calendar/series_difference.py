"""What has to be written to the occurrences of a series.

Exceptions cannot be sent with the series: each changed occurrence is a PATCH of its own, each
cancelled one a DELETE.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calsync_agent.appointment.model import Appointment
from calsync_agent.appointment.occurrences import OccurrenceChange, occurrence_difference
from calsync_agent.exchange.calendar.writes import event_body


@dataclass(frozen=True, slots=True)
class OccurrenceWrite:
    """Bring one occurrence to what is wanted: a body to be patched, or None to cancel it."""

    original_start: datetime
    body: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What to write; `restored` are cancelled in Exchange and wanted again, in vain (G9)."""

    writes: tuple[OccurrenceWrite, ...]
    restored: tuple[datetime, ...]


def difference(wanted: Appointment, actual: Appointment) -> Difference:
    """What makes the occurrences of `actual` those of `wanted`; both have the same rule."""
    found = occurrence_difference(wanted, actual)
    return Difference(tuple(map(_write, found.changes)), found.restored)


def _write(change: OccurrenceChange) -> OccurrenceWrite:
    if change.wanted is None:
        return OccurrenceWrite(change.original_start, None)
    body = event_body(change.wanted, change.fields)
    body.pop("isAllDay", None)
    return OccurrenceWrite(change.original_start, body)
