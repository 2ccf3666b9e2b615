"""iCalendar files, taken apart into the events that belong together."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from icalendar import Calendar, Event

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import Message, message
from calsync_agent.platform import read_file

LARGEST: Final = 100_000_000
"""Bytes of a file; a mailbox of 50,000 events has a third of that."""


class NotHeld(Exception):
    """Where this is to go it cannot be held; `reason` says what of it."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class NotImported:
    """An event of the file that was left out, and why."""

    uid: str
    subject: str
    reason: Message


def calendars(path: Path) -> list[Calendar]:
    """The calendars in a file. Raises ConfigurationRefused for one that cannot be read."""
    try:
        read = Calendar.from_ical(read_file(path, LARGEST), multiple=True)
    except (OSError, ValueError) as error:
        refusal = message(
            "{path}: cannot be read as iCalendar: {reason}", path=str(path), reason=str(error)
        )
        raise ConfigurationRefused(refusal) from error
    return list(read)


def by_uid(calendar: Calendar) -> dict[str, list[Event]]:
    """The events and their changed days together."""
    found: dict[str, list[Event]] = {}
    for number, component in enumerate(calendar.walk("VEVENT")):
        if isinstance(component, Event):
            uid = text(component, "UID") or f"without UID, number {number + 1}"
            found.setdefault(uid, []).append(component)
    return found


def parted(components: Iterable[Event]) -> tuple[list[Event], list[Event]]:
    """What stands for itself or for a series, and the changed days of the series."""
    known = list(components)
    masters = [each for each in known if "RECURRENCE-ID" not in each]
    return masters, [each for each in known if "RECURRENCE-ID" in each]


def subject(components: Iterable[Event]) -> str:
    """What people know them by."""
    return next((text(each, "SUMMARY") for each in components if "SUMMARY" in each), "")


def text(event: Event, name: str) -> str:
    """A property's text; empty where there is none."""
    value = event.get(name)
    return "" if value is None else str(value)
