"""RRULE as its parts, each of them valid by RFC 5545, or refused by the part that is not."""

import re
from collections.abc import Mapping
from typing import Final

from calsync_agent.i18n import message
from calsync_agent.ics.events import shown
from calsync_agent.ics.files import NotHeld
from calsync_agent.ics.properties import moment

_FREQUENCIES: Final = frozenset(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
_TOO_OFTEN: Final = frozenset(["SECONDLY", "MINUTELY", "HOURLY"])
_DAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)\Z")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}\Z")
# The least and the most that a number may be; where `True`, it may be negative as well.
_RANGES: Final = {
    "INTERVAL": (1, 999_999_999, False),
    "COUNT": (1, 999_999_999, False),
    "BYSECOND": (0, 60, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
_ORDER: Final = (
    *("RSCALE", "FREQ", "UNTIL", "COUNT", "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY"),
    *("BYWEEKDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST", "SKIP"),
)
_LISTS: Final = frozenset(name for name in _ORDER if name.startswith("BY"))


def rule_parts(text: str) -> Mapping[str, tuple[str, ...]]:
    """The parts of a rule, nothing twice in any. Raises NotHeld."""
    parts: dict[str, tuple[str, ...]] = {}
    for piece in text.upper().split(";"):
        if not piece.strip():
            continue
        name, equals, written = (each.strip() for each in piece.partition("="))
        values = tuple(dict.fromkeys(each.strip() for each in written.split(",")))
        if not equals or name in parts or not all(_valid(name, each) for each in values):
            raise _unreadable(piece)
        if len(values) > 1 and name not in _LISTS:
            raise _unreadable(piece)
        parts[name] = values
    frequency = next(iter(parts.get("FREQ", ())), "")
    if frequency in _TOO_OFTEN:
        raise NotHeld(message("the frequency {freq} has no counterpart", freq=frequency))
    if not frequency:
        raise _unreadable(text)
    if "COUNT" in parts and "UNTIL" in parts:
        raise _unreadable(f"COUNT={parts['COUNT'][0]};UNTIL={parts['UNTIL'][0]}")
    return parts


def rule_text(parts: Mapping[str, tuple[str, ...]]) -> str:
    """A rule in the order in which programs write one."""
    names = sorted(parts, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    return ";".join(f"{name}={','.join(parts[name])}" for name in names)


def _valid(name: str, value: str) -> bool:
    if name == "FREQ":
        return value in _FREQUENCIES | _TOO_OFTEN
    if name == "UNTIL":
        return moment(value) is not None
    if name in {"BYDAY", "WKST"}:
        found = _DAY.match(value)
        ordinal = found is not None and found[1] is not None
        return found is not None and not (ordinal and (name == "WKST" or int(found[1]) == 0))
    if name in _RANGES:
        least, most, negative = _RANGES[name]
        if not _NUMBER.match(value):
            return False
        number = int(value)
        return least <= (abs(number) if negative else number) <= most
    return bool(value)


def _unreadable(piece: str) -> NotHeld:
    return NotHeld(message("{part} cannot be read: {value}", part="RRULE", value=shown(piece)))
