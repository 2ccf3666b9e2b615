"""iCalendar files, taken apart into the events that belong together.

A file is taken apart whatever it holds: what cannot be read in it is an outcome beside the others,
told by its name, and all the rest is taken.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.fence import guarded, reason
from calsync_agent.i18n import Message, Value, message
from calsync_agent.ics.blocks import Block, blocks
from calsync_agent.ics.events import Event, read_event
from calsync_agent.ics.lines import lines
from calsync_agent.ics.properties import read_property
from calsync_agent.platform import TooLarge, read_file

LARGEST: Final = 100_000_000
"""Bytes of a file; a mailbox of 50,000 events has a third of that."""

_NO_APPOINTMENTS: Final = {
    "VTODO": message("a task is no appointment"),
    "VJOURNAL": message("a journal entry is no appointment"),
}


class NotHeld(Exception):
    """Where this is to go it cannot be held; `reason` says what of it."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


def why_not(error: Exception) -> Message:
    """Why something is not taken, foreseen or not: what a fence around it is given."""
    return error.reason if isinstance(error, NotHeld) else reason(error)


@dataclass(frozen=True, slots=True)
class NotImported:
    """What of the file was left out, and why. `line` is where it begins."""

    uid: str
    subject: str
    reason: Message
    line: int = 0

    @property
    def named(self) -> Value:
        """How people find it in the file."""
        if self.uid:
            return f"{self.subject} ({self.uid})"
        if self.subject:
            return message("{subject} (line {line})", subject=self.subject, line=self.line)
        return message("line {line}", line=self.line) if self.line else message("at its end")


@dataclass(frozen=True, slots=True)
class Group:
    """What belongs to one UID: what stands for itself or for a series, and its changed days.

    `key` is the same for the same event in whatever file; where there is no UID, it stands for
    what the event says. `wrong` is why none of it can be taken.
    """

    uid: str
    key: str
    master: Event | None
    days: tuple[Event, ...] = ()
    wrong: Message | None = None
    subject: str = ""
    line: int = 0

    def left_out(self, why: Message) -> NotImported:
        """The group as what was left out."""
        return NotImported(self.uid, self.subject, why, self.line)

    @property
    def lost(self) -> list[NotImported]:
        """What of it is missing though the rest is taken."""
        events = [*([self.master] if self.master else []), *self.days]
        return [self.left_out(each) for event in events for each in event.lost]


@dataclass(slots=True)
class Contents:
    """A file taken apart: its groups in order, and its definitions of zones by calendar and id."""

    groups: list[Group] = field(default_factory=list)
    zones: dict[tuple[int, str], Block] = field(default_factory=dict)


def contents(path: Path) -> Contents:
    """What is in a file. Raises ConfigurationRefused for one that cannot be read."""
    try:
        content = read_file(path, LARGEST)
    except TooLarge as error:
        size = message("it is larger than {count} MB", count=LARGEST // 1_000_000)
        raise _refused(path, size) from error
    except OSError as error:
        raise _refused(path, str(error)) from error
    found = list(blocks(lines(content)))
    empty = not any(each.calendar or each.name == "VEVENT" for each in found)
    if empty and b"VCALENDAR" not in content.replace(b"\0", b"").upper():
        raise _refused(path, message("there is no calendar in it"))
    return take_apart(found)


def _refused(path: Path, why: Value) -> ConfigurationRefused:
    return ConfigurationRefused(
        message("{path}: cannot be read as iCalendar: {reason}", path=str(path), reason=why)
    )


def take_apart(found: Iterable[Block]) -> Contents:
    """The events of some blocks, those of a UID together, and what is none."""
    taken = Contents()
    events: dict[str, list[Event]] = {}
    said = Counter[str]()
    for block in found:
        if block.name == "VTIMEZONE" and block.wrong is None:
            taken.zones[block.calendar, _first(block, "TZID").strip()] = block
        elif block.name == "VEVENT":
            event = guarded(partial(read_event, block), partial(_fallen, block))
            events.setdefault(event.uid or _said(event, said), []).append(event)
        elif block.wrong is not None or block.name in _NO_APPOINTMENTS:
            taken.groups.append(_nothing(block))
    groups = [each for key, some in events.items() for each in _grouped(key, some)]
    taken.groups = sorted([*taken.groups, *groups], key=lambda group: group.line or LARGEST)
    return taken


def _fallen(block: Block, error: Exception) -> Event:
    return Event(block.number, block.calendar, wrong=reason(error))


def _said(event: Event, known: Counter[str]) -> str:
    """What stands for the UID of an event that has none: the same for what says the same."""
    text = "\n".join(sorted(event.content))
    key = sha256(text.encode(errors="replace")).hexdigest()
    known[key] += 1
    return f"without UID, {key}/{known[key]}"


def _nothing(block: Block) -> Group:
    why = block.wrong or _NO_APPOINTMENTS[block.name]
    uid = _first(block, "UID").strip()
    return Group(uid, uid, None, (), why, _first(block, "SUMMARY"), block.number)


def _first(block: Block, name: str) -> str:
    """The first such property of a block that may be broken; empty where there is none."""
    read = (read_property(line.text) for line in block.lines)
    return next((each.text for each in read if each and each.name == name), "")


def _grouped(key: str, events: Sequence[Event]) -> list[Group]:
    """The newest of what stands for a series, with its newest days; and what is not whole."""
    masters = [each for each in events if "RECURRENCE-ID" not in each]
    good = newest([each for each in masters if each.wrong is None])
    if len(good) > 1:
        twice = message("there are two of this UID, and neither is the newer (SEQUENCE)")
        return [_group(key, each, [], each.wrong or twice) for each in masters]
    chosen = good or masters[:1]
    apart = [each for each in masters if each.wrong is not None and each not in chosen]
    written: dict[tuple[str, str], list[Event]] = {}
    for each in events:
        if (named := each.get("RECURRENCE-ID")) and each.cut:
            apart.append(each)
        elif named:
            written.setdefault((named.value.strip().upper(), named.zone), []).append(each)
    days = [day for some in written.values() for day in newest(some)]
    whole = [*chosen, *days]
    groups = [_group(key, each, [], each.wrong) for each in apart]
    if whole:
        wrong = next((each.wrong for each in whole if each.wrong), None)
        groups.append(_group(key, chosen[0] if chosen else None, days, wrong))
    return groups


def newest(events: Sequence[Event]) -> list[Event]:
    """Of several versions of an event the newest; several where none is. Copies count once."""
    last = max((each.sequence for each in events), default=0)
    found = {each.content: each for each in reversed(events) if each.sequence == last}
    return list(reversed(found.values()))


def without_rule(days: Sequence[Event]) -> None:
    """Raises NotHeld where there are changed days of what is no series."""
    if days:
        raise NotHeld(message("there are changed days, but no rule"))


def _group(key: str, master: Event | None, days: Sequence[Event], wrong: Message | None) -> Group:
    whole = [*([master] if master else []), *days]
    named = next((each.text("SUMMARY") for each in whole if "SUMMARY" in each), "")
    return Group(
        uid=whole[0].uid,
        key=key,
        master=master,
        days=tuple(days),
        wrong=wrong,
        subject=" ".join(named.split()),
        line=min(each.number for each in whole),
    )
