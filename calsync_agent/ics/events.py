"""A VEVENT by its properties, with what of it cannot be read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from calsync_agent.i18n import Message, message
from calsync_agent.ics.blocks import Block
from calsync_agent.ics.lines import ContentLine
from calsync_agent.ics.properties import Property, read_property

_SHOWN: Final = 60
_TIMES: Final = """
DTSTART DTEND DURATION RRULE EXRULE RDATE EXDATE RECURRENCE-ID
"""
_WORDS: Final = """
SUMMARY DESCRIPTION LOCATION TRANSP PRIORITY ORGANIZER SEQUENCE X-MICROSOFT-CDO-BUSYSTATUS
"""
_OTHERS: Final = """
AALARM ACKNOWLEDGED ACTION ATTACH CALENDAR-ADDRESS COLOR COMMENT COMPLETED CONCEPT CONFERENCE
CONTACT CREATED DALARM DCREATED DTSTAMP DUE FREEBUSY GEO IMAGE LAST-MODIFIED LINK LOCATION-TYPE
MALARM NAME PALARM PARTICIPANT-TYPE PERCENT-COMPLETE PROXIMITY REFID RELATED-TO REPEAT
REQUEST-STATUS RESOURCE-TYPE RESOURCES RNUM SOURCE STRUCTURED-DATA STYLED-DESCRIPTION TRIGGER TZID
TZNAME URL
"""
# Without one of these an event would be at another time, or be seen by others than it was.
_VITAL: Final = frozenset([*_TIMES.split(), "UID", "CLASS", "STATUS"])
_SEVERAL: Final = frozenset(["RRULE", "EXRULE", "RDATE", "EXDATE", "ATTENDEE", "CATEGORIES"])
_READ: Final = _VITAL | _SEVERAL | frozenset(_WORDS.split())
# What calsync has no use for. It may be written in any letters; nothing else may.
_UNUSED: Final = frozenset(_OTHERS.split())
_STAMPS: Final = frozenset(["DTSTAMP", "LAST-MODIFIED", "CREATED"])


@dataclass(frozen=True, slots=True)
class Alarm:
    """A VALARM, as far as it is read."""

    trigger: Property
    action: str


@dataclass(slots=True, eq=False)
class Event:
    """The properties of a VEVENT by their names, in the file's order.

    `wrong` is why nothing of it can be taken, `lost` what is missing where the rest is. `cut`
    tells that it is not there whole.
    """

    number: int
    calendar: int
    properties: dict[str, list[Property]] = field(default_factory=dict)
    alarms: list[Alarm] = field(default_factory=list)
    wrong: Message | None = None
    cut: bool = False
    lost: list[Message] = field(default_factory=list)
    content: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        return name in self.properties

    def get(self, name: str) -> Property | None:
        """The first of that name."""
        found = self.properties.get(name)
        return found[0] if found else None

    def all(self, name: str) -> list[Property]:
        """All of that name."""
        return self.properties.get(name, [])

    def text(self, name: str) -> str:
        """A property's text; empty where there is none."""
        found = self.get(name)
        return found.text if found else ""

    @property
    def uid(self) -> str:
        """The UID; empty where there is none."""
        return self.text("UID").strip()

    @property
    def sequence(self) -> int:
        """How often it has been revised, as far as it says."""
        written = self.text("SEQUENCE").strip()
        return int(written) if written.isdecimal() and len(written) < _SHOWN else 0


def read_event(block: Block) -> Event:
    """The event in a VEVENT's block."""
    event = Event(block.number, block.calendar, wrong=block.wrong, cut=block.wrong is not None)
    content = []
    for line in block.lines:
        read = read_property(line.text)
        if read is None or _is_text(line):
            _unreadable(event, line)
            continue
        if read.name in _READ:
            _take(event, read)
        if read.name not in _STAMPS:
            content.append(line.text)
    event.alarms.extend(_alarms(block, event))
    parts = [line.text for part in block.walk() for line in part.lines]
    event.content = frozenset(content + parts)
    return event


def refuse(event: Event, reason: Message) -> None:
    """Nothing of the event can be taken; the first reason is the one that is told."""
    event.wrong = event.wrong or reason


def shown(text: str) -> str:
    """So much of a text as a message has room for."""
    plain = text.strip()
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 1] + "…"


def _is_text(line: ContentLine) -> bool:
    """Whether what looks like a property is the rest of a text that has lost its fold."""
    name = line.text.lstrip().partition(":")[0].partition(";")[0].strip()
    known = name.upper() in _READ | _UNUSED or name.upper().startswith("X-")
    return not known and name != name.upper()


def _unreadable(event: Event, line: ContentLine) -> None:
    name = line.text.lstrip().partition(":")[0].partition(";")[0].strip().upper()
    if name in _VITAL:
        refuse(event, message("{part} cannot be read: {value}", part=name, value=shown(line.text)))
    elif name not in _UNUSED and not name.startswith("X-"):
        reason = message(
            "line {number} cannot be read, and is missing: {text}",
            number=line.number,
            text=shown(line.text),
        )
        event.lost.append(reason)


def _take(event: Event, read: Property) -> None:
    known = event.properties.setdefault(read.name, [])
    if not known or (read.name in _SEVERAL and read not in known):
        known.append(read)
    elif read in known:
        return
    elif read.name in _VITAL:
        refuse(event, message("{part} is there twice", part=read.name))
    else:
        event.lost.append(
            message(
                "{part} is there twice; this one is missing: {value}",
                part=read.name,
                value=shown(read.text),
            )
        )


def _alarms(block: Block, event: Event) -> Iterator[Alarm]:
    for part in block.parts:
        if part.name != "VALARM":
            continue
        known = {read.name: read for line in part.lines if (read := read_property(line.text))}
        action = known["ACTION"].text.strip().upper() if "ACTION" in known else ""
        if action == "NONE":
            continue
        if "TRIGGER" in known:
            yield Alarm(known["TRIGGER"], action)
        else:
            event.lost.append(message("its alarm does not say when it is"))
