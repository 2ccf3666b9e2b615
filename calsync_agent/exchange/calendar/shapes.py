"""Which of an event's properties is not what it has to be (GRAPH.md 2.2).

Events are read as they come; this is asked only about one that could not be read.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from calsync_agent.appointment.model import Importance
from calsync_agent.exchange.calendar.datetimes import instant
from calsync_agent.exchange.calendar.patterns import read_recurrence

_SOME_DAY: Final = datetime(2000, 1, 1)


def misshapen(event: Mapping[str, Any]) -> list[str]:
    """The names of the properties that are not of their kind, in Graph's words."""
    return [name for name, sound in _SOUND.items() if not sound(event.get(name))]


def _is_time(value: object) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get("dateTime"), str):
        return False
    try:
        datetime.fromisoformat(value["dateTime"][:19])
    except ValueError:
        return False
    return isinstance(value.get("timeZone"), str | None)


def _is_object(value: object) -> bool:
    return value is None or isinstance(value, Mapping)


def _is_recipient(value: object) -> bool:
    return value is None or (isinstance(value, Mapping) and _is_object(value.get("emailAddress")))


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _are_recipients(value: object) -> bool:
    return value is None or (
        isinstance(value, list) and all(each is not None and _is_recipient(each) for each in value)
    )


def _is_recurrence(value: object) -> bool:
    if not isinstance(value, Mapping | None):
        return False
    try:
        read_recurrence(value, _SOME_DAY)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return True


def _is_instant(value: object) -> bool:
    if not isinstance(value, str | None):
        return False
    try:
        instant(value)
    except (ValueError, OverflowError):
        return False
    return True


def _is_flag(value: object) -> bool:
    return isinstance(value, bool | None)


def _is_importance(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.lower() in set(Importance))


_SOUND: Final[Mapping[str, Callable[[object], bool]]] = {
    "start": _is_time,
    "end": _is_time,
    "recurrence": _is_recurrence,
    "subject": _is_text,
    "body": _is_object,
    "location": _is_object,
    "organizer": _is_recipient,
    "attendees": _are_recipients,
    "importance": _is_importance,
    "sensitivity": _is_text,
    "showAs": _is_text,
    "responseStatus": _is_object,
    "onlineMeeting": _is_object,
    "lastModifiedDateTime": _is_instant,
    "isAllDay": _is_flag,
    "isOrganizer": _is_flag,
    "isCancelled": _is_flag,
    "isOnlineMeeting": _is_flag,
    "isReminderOn": _is_flag,
}
