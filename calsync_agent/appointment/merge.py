"""Takes some fields of one version of an appointment into another."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from calsync_agent.appointment.fields import FIELDS, Field
from calsync_agent.appointment.model import Appointment


def merged(base: Appointment, taken: Appointment, fields: Collection[Field]) -> Appointment:
    """`base`, with `fields` as `taken` has them."""
    names = {name for field in fields for name in FIELDS[field].attributes}
    values: dict[str, Any] = {name: getattr(taken, name) for name in names}
    return replace(base, **values)
