"""An appointment as JSON and back: the form in which versions are kept (B6)."""

import dataclasses
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from calsync_agent.appointment import rrule
from calsync_agent.appointment.model import (
    Appointment,
    ChangedOccurrence,
    Participant,
    Person,
    Unsyncable,
)
from calsync_agent.appointment.rule import Rule


def to_json(appointment: Appointment) -> str:
    """The appointment as a JSON object with the names of `Appointment`; times are wall-clock."""
    return json.dumps(_plain(appointment))  # in ASCII, which every database can hold


def from_json(text: str) -> Appointment:
    """What `to_json` wrote; what an older version did not know is as it is by default.

    Raises ValueError or KeyError where it is something else.
    """
    stored: Mapping[str, Any] = json.loads(text)
    plain: Appointment = _built(Appointment, {**stored, "rule": None})
    return replace(plain, rule=_rule(stored["rule"], plain)) if stored["rule"] else plain


def _plain(value: object) -> object:
    match value:
        case Rule():
            return rrule.write(value, None)
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(part) for part in value]
        case Appointment() | ChangedOccurrence() | Participant() | Person():
            return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
        case _:
            return value


def _built(kind: Any, stored: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a dataclass
    values = {
        each.name: _read(each.type, stored[each.name])
        for each in dataclasses.fields(kind)
        if each.name in stored or each.default is dataclasses.MISSING
    }
    return kind(**values)


def _read(kind: Any, stored: Any) -> Any:  # noqa: ANN401 - JSON, and a type that it is for
    """The value of an attribute of this type."""
    if isinstance(kind, UnionType):  # or nothing
        [kind] = [each for each in get_args(kind) if each is not NoneType]
        return None if stored is None else _read(kind, stored)
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], each) for each in stored)
    if dataclasses.is_dataclass(kind):
        return _built(kind, stored)
    if kind is datetime:
        return datetime.fromisoformat(stored)
    return kind(stored) if isinstance(kind, type) and issubclass(kind, Enum) else stored


def _rule(text: str, plain: Appointment) -> Rule:
    rule = rrule.read(text, plain.start, plain.zone, all_day=plain.all_day, most=sys.maxsize)
    if isinstance(rule, Unsyncable):
        raise ValueError(str(rule.reason))
    return rule
