"""The components that the lines of a file make up, whole ones and others.

What is whole comes out, whatever stands around it. What is not is told by where it begins: a
component that never ends, or ends without having begun, as in a file that was cut off.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from calsync_agent.i18n import Message, message
from calsync_agent.ics.lines import ContentLine

_STRUCTURE: Final = re.compile(r"\s*(BEGIN|END)\s*:\s*([A-Za-z0-9-]+)\s*\Z", re.IGNORECASE)
_CALENDAR: Final = "VCALENDAR"
_DEEPEST: Final = 10


@dataclass(slots=True)
class Block:
    """A component: its own lines, and those of its parts by their names."""

    name: str
    number: int
    calendar: int
    lines: list[ContentLine] = field(default_factory=list)
    parts: list["Block"] = field(default_factory=list)
    wrong: Message | None = None

    def walk(self) -> Iterator["Block"]:
        """Its parts and theirs."""
        left = list(self.parts)
        while left:
            one = left.pop(0)
            yield one
            left += one.parts


def blocks(lines: Iterable[ContentLine]) -> Iterator[Block]:
    """The components of all calendars in a file, in order; calendars are numbered from 1.

    A calendar that is not whole is told by a block of its own name.
    """
    reading = _Reading()
    for line in lines:
        yield from reading.take(line)
    yield from reading.end()


class _Reading:
    def __init__(self) -> None:
        self._calendar = 0
        self._within = False
        self._open: list[Block] = []
        self._stray: list[ContentLine] = []

    def take(self, line: ContentLine) -> Iterator[Block]:
        found = _STRUCTURE.match(line.text)
        if found is None:
            (self._open[-1].lines if self._open else self._stray).append(line)
        elif found[1].upper() == "BEGIN":
            yield from self._begin(found[2].upper(), line)
        else:
            yield from self._finish(found[2].upper(), line)

    def end(self) -> Iterator[Block]:
        cut = message("the file ends in the middle of it")
        yield from self._give_up(cut)
        if self._within:
            yield self._told(message("the file is cut off: END:VCALENDAR is missing"), 0)

    def _begin(self, name: str, line: ContentLine) -> Iterator[Block]:
        if name == _CALENDAR:
            yield from self._give_up(_endless("VCALENDAR"))
            if self._within:
                reason = message("a calendar is cut off: END:VCALENDAR is missing")
                yield self._told(reason, line.number)
            self._calendar += 1
            self._within = True
            self._stray.clear()
            return
        nested = len(self._open) >= _DEEPEST or any(each.name == name for each in self._open)
        if nested or name in {"VEVENT", "VTIMEZONE"}:
            yield from self._give_up(_endless(name))
        self._stray.clear()
        self._open.append(Block(name, line.number, self._calendar))

    def _finish(self, name: str, line: ContentLine) -> Iterator[Block]:
        if name == _CALENDAR:
            yield from self._give_up(message("its END is missing"))
            if not self._within:
                yield self._told(message("the beginning of a calendar is missing"), line.number)
            self._within = False
            return
        if not any(each.name == name for each in self._open):
            yield from self._orphan(name, line)
            return
        while self._open[-1].name != name:
            inner = self._open.pop()
            self._open[-1].wrong = message("a part of it has no end: {part}", part=inner.name)
        done = self._open.pop()
        if self._open:
            self._open[-1].parts.append(done)
            self._open[-1].wrong = self._open[-1].wrong or done.wrong
        else:
            yield done

    def _give_up(self, reason: Message) -> Iterator[Block]:
        """The component that is open has no end, and never will."""
        if self._open:
            self._open[0].wrong = reason
            yield self._open[0]
        self._open.clear()

    def _orphan(self, name: str, line: ContentLine) -> Iterator[Block]:
        if self._open:
            self._open[-1].wrong = message("a part of it has no beginning: {part}", part=name)
            return
        lines, self._stray = self._stray, []
        reason = message("its beginning is missing: there is only its end")
        yield Block(name, line.number, self._calendar, lines, wrong=reason)

    def _told(self, reason: Message, number: int) -> Block:
        return Block(_CALENDAR, number, self._calendar, wrong=reason)


def _endless(following: str) -> Message:
    return message("its END is missing: {name} begins in the middle of it", name=following)
