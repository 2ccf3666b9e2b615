"""How the occurrences of a series differ from what is wanted: a difference of two values.

What is cancelled stays cancelled: Exchange cannot bring it back (G9).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from calsync_agent.appointment.content import differing
from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import Appointment, ChangedOccurrence
from calsync_agent.appointment.series import occurrence

OWN_FIELDS: Final = frozenset({Field.SUBJECT, Field.BODY, Field.LOCATION, Field.TIME})
"""What an occurrence may have of its own in Consolidate."""


@dataclass(frozen=True, slots=True)
class OccurrenceChange:
    """Bring `fields` of one occurrence to what `wanted` holds; None: cancel it."""

    original_start: datetime
    wanted: Appointment | None
    fields: frozenset[Field] = frozenset()


@dataclass(frozen=True, slots=True)
class OccurrenceDifference:
    """What to do; `restored` are cancelled in Exchange and wanted again, in vain (G9)."""

    changes: tuple[OccurrenceChange, ...]
    restored: tuple[datetime, ...]


def occurrence_difference(wanted: Appointment, actual: Appointment) -> OccurrenceDifference:
    """What makes the occurrences of `actual` those of `wanted`; both have the same rule."""
    mine = {e.original_start: e for e in wanted.exceptions}
    theirs = {e.original_start: e for e in actual.exceptions}
    cancelled = {moment for moment, e in theirs.items() if e.cancelled}
    wanted_away = {moment for moment, e in mine.items() if e.cancelled}
    changes = [OccurrenceChange(moment, None) for moment in sorted(wanted_away - cancelled)]
    for moment in sorted((mine.keys() | theirs.keys()) - cancelled - wanted_away):
        target = occurrence(wanted, mine.get(moment) or ChangedOccurrence(moment))
        present = occurrence(actual, theirs.get(moment) or ChangedOccurrence(moment))
        fields = differing(target, present) & OWN_FIELDS
        if fields:
            changes.append(OccurrenceChange(moment, target, fields))
    return OccurrenceDifference(tuple(changes), tuple(sorted(cancelled - wanted_away)))


def present_text(series: Appointment, moment: datetime) -> str:
    """The text that an occurrence has now, its own or the series'."""
    theirs = next((e for e in series.exceptions if e.original_start == moment), None)
    return occurrence(series, theirs or ChangedOccurrence(moment)).body
