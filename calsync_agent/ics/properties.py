"""One line of an iCalendar file: a name, parameters and a value, and what the value says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from calsync_agent.ics.lines import from_quoted_printable

# No part can be read in two ways, so that the cost grows with the length and no faster.
_LINE: Final = re.compile(
    r'\s*+([A-Za-z0-9-]++)[ \t]*+((?:;[^":;]*+(?:"[^"]*+"[^":;]*+)*+)*+):(.*)\Z', re.DOTALL
)
_PARAMETER: Final = re.compile(r';([^":;=]*+)(?:=([^":;]*+(?:"[^"]*+"[^":;]*+)*+))?')
_CARETS: Final = {"^n": "\n", "^'": '"', "^^": "^"}
_CARET: Final = re.compile(r"\^[n'^]")
_ESCAPES: Final = re.compile(r"\\(.)", re.DOTALL)
_COMMAS: Final = re.compile(r"((?:[^\\,]|\\.|\\\Z)*)(?:,|\Z)", re.DOTALL)
_DATE: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})\Z")
_TIME: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})(Z?)\Z")
_LENGTH: Final = re.compile(
    r"([+-]?)P(?:([0-9]{1,7})W)?(?:([0-9]{1,7})D)?"
    r"(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?\Z"
)
_TIMES: Final = frozenset(["DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"])
_SHORTEST_LENGTH: Final = 3
_LEAP: Final = 60


@dataclass(frozen=True, slots=True)
class Property:
    """A line by its parts; the names are in upper case."""

    name: str
    value: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        """The TZID, empty where there is none."""
        return self.parameters.get("TZID", "").strip()

    @property
    def text(self) -> str:
        """The value as text, with what is escaped in it."""
        return unescaped(self.value)

    @property
    def texts(self) -> list[str]:
        """The values of a list of texts."""
        found = [unescaped(each).strip() for each in _COMMAS.findall(self.value)]
        return [each for each in found if each]


@dataclass(frozen=True, slots=True)
class Length:
    """A duration: days by the calendar, and the exact time beyond them."""

    days: int
    rest: timedelta

    @property
    def whole(self) -> timedelta:
        """Its length where no clock is turned."""
        return timedelta(days=self.days) + self.rest


def read_property(line: str) -> Property | None:
    """The parts of a content line; None for what is none."""
    found = _LINE.match(line)
    if found is None:
        return None
    parameters: dict[str, str] = {}
    for name, value in _PARAMETER.findall(found[2]):
        plain = _CARET.sub(lambda caret: _CARETS[caret[0]], value.strip().replace('"', ""))
        parameters.setdefault(name.strip().upper(), plain)
    value = found[3]
    encoding = parameters.get("ENCODING", "").upper()
    if encoding == "QUOTED-PRINTABLE" or "QUOTED-PRINTABLE" in parameters:
        value = from_quoted_printable(value, parameters.get("CHARSET", ""))
    name = found[1].upper()
    if name in _TIMES and ":" in value:
        # Outlook's zones have colons in their names, and some programs leave out the quotes.
        zone, _, rest = value.rpartition(":")
        if "TZID" in parameters and moment(rest.partition(",")[0]) is not None:
            parameters["TZID"] += f":{zone}"
            value = rest
    return Property(name, value, parameters)


def unescaped(value: str) -> str:
    """TEXT as it is meant."""
    if "\\" not in value:
        return value
    return _ESCAPES.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def moment(value: str) -> datetime | date | None:
    """A date or a time, aware where it is in UTC; None for what is neither."""
    plain = value.strip().upper()
    try:
        if found := _DATE.match(plain):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _TIME.match(plain):
            *numbers, second = (int(found[n]) for n in range(1, 7))
            year, month, day, hour, minute = numbers
            last = _LEAP - 1 if second == _LEAP else second
            zone = UTC if found[7] else None
            return datetime(year, month, day, hour, minute, last, tzinfo=zone)
    except ValueError:
        return None
    return None


def length(value: str) -> Length | None:
    """A duration; None for what is none."""
    plain = value.strip().upper()
    found = _LENGTH.match(plain)
    if found is None or len(plain.lstrip("+-")) < _SHORTEST_LENGTH or plain.endswith("T"):
        return None
    weeks, days, hours, minutes, seconds = (int(found[n] or 0) for n in range(2, 7))
    sign = -1 if found[1] == "-" else 1
    rest = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return Length(sign * (7 * weeks + days), sign * rest)
