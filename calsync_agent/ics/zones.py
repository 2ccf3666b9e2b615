"""The zone that a TZID means, by the names that the reader knows."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Timezone
from tzlocal.windows_tz import win_tz

_SAMPLES: Final = tuple(datetime(2024, 1, 1, 12) + timedelta(days=15 * n) for n in range(73))
_FAVOURITE: Final = "W. Europe Standard Time"


class Zones:
    """The zones of one iCalendar file.

    `known` tells by which name the reader knows a zone, Windows or IANA; None where it does not.
    """

    def __init__(self, calendar: Calendar, known: Callable[[str], str | None]) -> None:
        self._known = known
        self._definitions = {
            str(definition.get("TZID")): definition
            for definition in calendar.walk("VTIMEZONE")
            if isinstance(definition, Timezone)
        }
        self._found: dict[str, str | None] = {}

    def named(self, tzid: str) -> str | None:
        """The reader's name of the zone, or None where there is none.

        Looked for by the name itself, by the last parts of a path, by X-LIC-LOCATION, and last by
        the offsets that the file defines.
        """
        if tzid not in self._found:
            self._found[tzid] = self._search(tzid)
        return self._found[tzid]

    def _search(self, tzid: str) -> str | None:
        definition = self._definitions.get(tzid)
        for name in _names(tzid, definition):
            known = self._known(name)
            if known is not None:
                return known
        alike = None if definition is None else _by_offsets(definition)
        return None if alike is None else self._known(alike)


def _names(tzid: str, definition: Timezone | None) -> Iterator[str]:
    yield tzid
    parts = tzid.split("/")
    yield from ("/".join(parts[-n:]) for n in (2, 3) if len(parts) > n)
    if definition is not None and definition.get("X-LIC-LOCATION") is not None:
        yield str(definition["X-LIC-LOCATION"])


def _by_offsets(definition: Timezone) -> str | None:
    """The Windows zone that keeps the same time as the definition, over three years."""
    defined = definition.to_tz()
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
