"""The zone that a TZID means, by the names that the reader knows."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Timezone
from tzlocal.windows_tz import win_tz

from calsync_agent.fence import guarded
from calsync_agent.ics.blocks import Block
from calsync_agent.ics.properties import moment, read_property
from calsync_agent.ics.zone_names import spellings

_log: Final = logging.getLogger(__name__)
_SAMPLES: Final = tuple(datetime(2024, 1, 1, 12) + timedelta(days=15 * n) for n in range(73))
_FAVOURITE: Final = "W. Europe Standard Time"
# What the turning of clocks is told by; other rules may be endless to work out.
_RULE_PARTS: Final = frozenset(
    ["FREQ", "INTERVAL", "BYMONTH", "BYDAY", "BYMONTHDAY", "UNTIL", "COUNT", "WKST", "BYSETPOS"]
)
_MOST_LINES: Final = 2000
_EARLIEST: Final = 1500


class Zones:
    """The zones of one iCalendar file, by the calendar in it and their id.

    `known` tells by which name the reader knows a zone, Windows or IANA; None where it does not.
    """

    def __init__(
        self, definitions: Mapping[tuple[int, str], Block], known: Callable[[str], str | None]
    ) -> None:
        self._definitions = definitions
        self._known = known
        self._found: dict[tuple[int, str], str | None] = {}
        self._made: dict[tuple[int, str], tzinfo | None] = {}

    def named(self, calendar: int, tzid: str) -> str | None:
        """The reader's name of the zone, or None where there is none.

        Looked for by the name itself, by the last parts of a path, by X-LIC-LOCATION, by what a
        display text says, and last by the offsets that the file defines.
        """
        key = (calendar, tzid)
        if key not in self._found:
            self._found[key] = self._search(*key)
        return self._found[key]

    def defined(self, calendar: int, tzid: str) -> tzinfo | None:
        """The zone as the file defines it; None where it does not, or not in a way to be used."""
        key = (calendar, tzid)
        if key not in self._made:
            block = self._definitions.get(key)
            # What is wrong in a definition costs the events that need it, each with its name.
            self._made[key] = None if block is None else guarded(lambda: _made(block), _nothing)
        return self._made[key]

    def _search(self, calendar: int, tzid: str) -> str | None:
        for name in self._names(calendar, tzid):
            known = self._known(name)
            if known is not None:
                return known
        defined = self.defined(calendar, tzid)
        alike = None if defined is None else _by_offsets(defined)
        return None if alike is None else self._known(alike)

    def _names(self, calendar: int, tzid: str) -> Iterator[str]:
        yield from spellings(tzid)
        block = self._definitions.get((calendar, tzid))
        read = [read_property(line.text) for line in block.lines] if block else []
        yield from (each.text for each in read if each and each.name == "X-LIC-LOCATION")


def _nothing(error: Exception) -> None:
    _log.debug("a definition of a time zone cannot be read", exc_info=error)


def _made(block: Block) -> tzinfo | None:
    if not _bounded(block):
        return None
    text = ["BEGIN:VTIMEZONE", *_plain(block)]
    for part in block.parts:
        text += [f"BEGIN:{part.name}", *_plain(part), f"END:{part.name}"]
    read = Timezone.from_ical("\r\n".join([*text, "END:VTIMEZONE"]))
    made = read.to_tz(lookup_tzid=False) if isinstance(read, Timezone) else None
    return made if isinstance(made, tzinfo) else None


def _plain(block: Block) -> Iterator[str]:
    """The lines that tell when clocks are turned."""
    used = {"TZID", "DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE", "TZNAME"}
    for line in block.lines:
        read = read_property(line.text)
        if read is not None and read.name in used:
            yield f"{read.name}:{read.value}"


def _bounded(block: Block) -> bool:
    """Whether it takes a bounded time to work out when the clocks are turned."""
    lines = [line for part in block.parts for line in part.lines]
    if len(lines) > _MOST_LINES:
        return False
    read = [each for line in lines if (each := read_property(line.text))]
    starts = [moment(each.value) for each in read if each.name == "DTSTART"]
    rules = [each.value for each in read if each.name == "RRULE"]
    early = any(each is None or each.year < _EARLIEST for each in starts)
    return not early and all(_turns(rule) for rule in rules)


def _turns(rule: str) -> bool:
    parts = dict(piece.strip().upper().partition("=")[::2] for piece in rule.split(";") if piece)
    return (
        parts.get("FREQ") == "YEARLY"
        and set(parts) <= _RULE_PARTS
        and parts.get("INTERVAL", "1").strip("0123456789") == ""
        and int(parts.get("INTERVAL", "1")[:9] or 0) > 0
    )


def _by_offsets(defined: tzinfo) -> str | None:
    """The Windows zone that keeps the same time as the definition, over three years."""
    offsets = tuple(sample.replace(tzinfo=defined).utcoffset() for sample in _SAMPLES)
    fitting = [name for name, kept in _kept_offsets().items() if kept == offsets]
    if _FAVOURITE in fitting:
        return _FAVOURITE
    return min(fitting, default=None)


@cache
def _kept_offsets() -> dict[str, tuple[timedelta | None, ...]]:
    zones = {name: UTC if iana == "Etc/UTC" else ZoneInfo(iana) for name, iana in win_tz.items()}
    return {
        name: tuple(sample.replace(tzinfo=tz).utcoffset() for sample in _SAMPLES)
        for name, tz in zones.items()
    }
