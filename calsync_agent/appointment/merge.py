"""Takes some fields of one version of an appointment into another."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from calsync_agent.appointment.content import Field
from calsync_agent.appointment.model import Appointment

_ATTRIBUTES: Final[dict[Field, tuple[str, ...]]] = {
    Field.SUBJECT: ("subject",),
    Field.BODY: ("body",),
    Field.LOCATION: ("location",),
    Field.TIME: ("start", "end", "zone", "all_day"),
    Field.IMPORTANCE: ("importance",),
    Field.PRIVATE: ("private",),
    Field.SHOW_AS: ("show_as",),
    Field.REMINDER: ("reminder_minutes",),
    Field.RECURRENCE: ("rule",),
    Field.EXCEPTIONS: ("exceptions",),
    Field.PARTICIPANTS: ("participants",),
    Field.RESPONSES: ("participants",),
    Field.ORGANIZER: ("organizer",),
    Field.GUESTS: ("guests",),
    Field.JOIN_URL: ("join_url",),
}


def merged(base: Appointment, taken: Appointment, fields: Collection[Field]) -> Appointment:
    """`base`, with `fields` as `taken` has them."""
    names = {name for field in fields for name in _ATTRIBUTES[field]}
    values: dict[str, Any] = {name: getattr(taken, name) for name in names}
    return replace(base, **values)
