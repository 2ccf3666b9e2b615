"""An appointment as JSON and back: the form in which versions are kept (B6)."""

import json
import sys
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

from calsync_agent.appointment import rrule
from calsync_agent.appointment.model import (
    Appointment,
    ChangedOccurrence,
    EmployeeId,
    Importance,
    Participant,
    Person,
    Response,
    ShowAs,
    Unsyncable,
)
from calsync_agent.appointment.rule import Rule


def to_json(appointment: Appointment) -> str:
    """The appointment as a JSON object with the names of `Appointment`; times are wall-clock."""
    return json.dumps(_plain(appointment))  # in ASCII, which every database can hold


def from_json(text: str) -> Appointment:
    """What `to_json` wrote. Raises ValueError or KeyError where it is something else."""
    stored: Mapping[str, Any] = json.loads(text)
    start = datetime.fromisoformat(stored["start"])
    return Appointment(
        subject=stored["subject"],
        start=start,
        end=datetime.fromisoformat(stored["end"]),
        zone=stored["zone"],
        all_day=stored["all_day"],
        body=stored["body"],
        location=stored["location"],
        importance=Importance(stored["importance"]),
        private=stored["private"],
        show_as=ShowAs(stored["show_as"]),
        reminder_minutes=stored["reminder_minutes"],
        rule=_rule(stored, start),
        exceptions=tuple(_exception(part) for part in stored["exceptions"]),
        participants=tuple(
            Participant(EmployeeId(part["employee"]), Response(part["response"]))
            for part in stored["participants"]
        ),
        organizer=_person(stored["organizer"]) if stored["organizer"] else None,
        guests=tuple(_person(part) for part in stored["guests"]),
        join_url=stored["join_url"],
    )


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


def _rule(stored: Mapping[str, Any], start: datetime) -> Rule | None:
    if not stored["rule"]:
        return None
    rule = rrule.read(
        stored["rule"], start, stored["zone"], all_day=stored["all_day"], most=sys.maxsize
    )
    if isinstance(rule, Unsyncable):
        raise ValueError(str(rule.reason))
    return rule


def _exception(stored: Mapping[str, Any]) -> ChangedOccurrence:
    return ChangedOccurrence(
        original_start=datetime.fromisoformat(stored["original_start"]),
        cancelled=stored["cancelled"],
        subject=stored["subject"],
        body=stored["body"],
        location=stored["location"],
        start=_moment(stored["start"]),
        end=_moment(stored["end"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _person(stored: Mapping[str, Any]) -> Person:
    return Person(stored["address"], stored["name"], Response(stored["response"]))
