"""What the names of zones in iCalendar files mean that are in no list of zones.

Paths and addresses before a name (Mozilla's, Microsoft's), and Outlook's display texts: of those
the first city that the zone database has, and whose clocks are as far ahead as the text says.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

_UTC_NAMES: Final = frozenset(["utc", "gmt", "z", "zulu", "uct", "etc/utc", "etc/gmt", "utc+00:00"])
_LONGEST: Final = 300
_DISPLAYED: Final = re.compile(r"\((?:UTC|GMT)([+-]\d{1,2}:\d{2})?\) ?(.*)\Z", re.IGNORECASE)
_CITIES: Final = {
    "athen": "Europe/Athens",
    "belgrad": "Europe/Belgrade",
    "bern": "Europe/Zurich",
    "brüssel": "Europe/Brussels",
    "bukarest": "Europe/Bucharest",
    "kiew": "Europe/Kyiv",
    "kopenhagen": "Europe/Copenhagen",
    "lissabon": "Europe/Lisbon",
    "moskau": "Europe/Moscow",
    "rom": "Europe/Rome",
    "warschau": "Europe/Warsaw",
    "wien": "Europe/Vienna",
    "edinburgh": "Europe/London",
    "eastern time": "America/New_York",
    "central time": "America/Chicago",
    "mountain time": "America/Denver",
    "pacific time": "America/Los_Angeles",
    "mumbai": "Asia/Kolkata",
    "beijing": "Asia/Shanghai",
    "osaka": "Asia/Tokyo",
}


def spellings(tzid: str) -> Iterator[str]:
    """What a TZID may mean, the likeliest first: the name itself comes first of all."""
    plain = " ".join(tzid.replace("\\", "").split())
    yield plain
    if len(plain) > _LONGEST:
        return
    parts = [part for part in plain.split("/") if part]
    if plain.casefold() in _UTC_NAMES or (parts and parts[-1].casefold() in _UTC_NAMES):
        yield "UTC"
    yield from ("/".join(parts[-n:]) for n in (2, 3) if len(parts) >= n)
    if known := _by_small_letters().get(plain.casefold()):
        yield known
    if shown := _displayed(plain):
        yield shown


def _displayed(text: str) -> str | None:
    found = _DISPLAYED.match(text)
    if not found:
        return None
    if not found[1] and "coordinated" in found[2].lower():
        return "UTC"
    for place in found[2].split(","):
        plain = re.sub(r" ?\([^()]{0,100}\)", "", place).strip(" \"'*-").casefold()
        city = _CITIES.get(plain) or _by_city().get(plain)
        if city and _standard(city) == _ahead(found[1]):
            return city
    return None


def _ahead(written: str | None) -> timedelta:
    if not written:
        return timedelta()
    hours, _, minutes = written[1:].partition(":")
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    return -ahead if written[0] == "-" else ahead


def _standard(iana: str) -> timedelta:
    zone = ZoneInfo(iana)
    return min(zone.utcoffset(datetime(2026, month, 1)) or timedelta() for month in (1, 7))


@cache
def _by_small_letters() -> dict[str, str]:
    return {name.casefold(): name for name in sorted(available_timezones())}


@cache
def _by_city() -> dict[str, str]:
    names = sorted(available_timezones(), key=lambda name: (name.startswith(("US/", "Etc/")), name))
    found: dict[str, str] = {}
    for name in names:
        if "/" in name:
            found.setdefault(name.rpartition("/")[2].replace("_", " ").casefold(), name)
    return found
