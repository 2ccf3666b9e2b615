"""What has to be written to the occurrences of a series: a difference of two values.

Exceptions cannot be sent with the series: each changed occurrence is a PATCH of its own, each
cancelled one a DELETE. What is cancelled stays cancelled: Graph cannot bring it back (G9).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calsync_agent.appointment.content import Field, differing
from calsync_agent.appointment.model import Appointment, ChangedOccurrence
from calsync_agent.appointment.series import occurrence
from calsync_agent.exchange.writes import event_body

OWN_FIELDS = frozenset({Field.SUBJECT, Field.BODY, Field.LOCATION, Field.TIME})
"""What an occurrence may have of its own in Consolidate."""


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
    mine = {e.original_start: e for e in wanted.exceptions}
    theirs = {e.original_start: e for e in actual.exceptions}
    cancelled = {moment for moment, e in theirs.items() if e.cancelled}
    wanted_away = {moment for moment, e in mine.items() if e.cancelled}
    writes = [OccurrenceWrite(moment, None) for moment in sorted(wanted_away - cancelled)]
    for moment in sorted((mine.keys() | theirs.keys()) - cancelled - wanted_away):
        body = _body(wanted, mine.get(moment), actual, theirs.get(moment), moment)
        if body:
            writes.append(OccurrenceWrite(moment, body))
    return Difference(tuple(writes), tuple(sorted(cancelled - wanted_away)))


def present_text(series: Appointment, moment: datetime) -> str:
    """The text that an occurrence has now, its own or the series'."""
    theirs = next((e for e in series.exceptions if e.original_start == moment), None)
    return occurrence(series, theirs or ChangedOccurrence(moment)).body


def _body(
    wanted: Appointment,
    want: ChangedOccurrence | None,
    actual: Appointment,
    have: ChangedOccurrence | None,
    moment: datetime,
) -> dict[str, Any]:
    target = occurrence(wanted, want or ChangedOccurrence(moment))
    present = occurrence(actual, have or ChangedOccurrence(moment))
    fields = differing(target, present) & OWN_FIELDS
    body = event_body(target, fields)
    body.pop("isAllDay", None)
    return body
