"""What the names of time zones mean that neither Windows nor the zone database has (D3).

Outlook and its connectors also write display texts in some language, zones that Windows has had
once, names of summer time, and numbers appended to names. A text that lists cities is known by the
first that the zone database has and whose clocks are as far ahead as the text says.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

_NAMES: Final = {
    "armenian standard time": "Asia/Yerevan",
    "cest": "Europe/Berlin",
    "central european summer time": "Europe/Berlin",
    "central european time": "Europe/Berlin",
    "coordinated universal time": "Etc/UTC",
    "kamchatka standard time": "Asia/Kamchatka",
    "koordinierte weltzeit": "Etc/UTC",
    "malay peninsula standard time": "Asia/Singapore",
    "mesz": "Europe/Berlin",
    "mexico standard time": "America/Mexico_City",
    "mexico standard time 2": "America/Mazatlan",
    "mez": "Europe/Berlin",
    "mid-atlantic standard time": "Etc/GMT+2",
    "mitteleuropäische normalzeit": "Europe/Berlin",
    "mitteleuropäische sommerzeit": "Europe/Berlin",
    "mitteleuropäische zeit": "Europe/Berlin",
    "osteuropäische sommerzeit": "Europe/Helsinki",
    "osteuropäische zeit": "Europe/Helsinki",
    "westeuropäische sommerzeit": "Europe/London",
    "westeuropäische zeit": "Europe/London",
}
_PLACES: Final = {
    "abu dhabi": "Asia/Dubai",
    "athen": "Europe/Athens",
    "atlantic time": "America/Halifax",
    "beijing": "Asia/Shanghai",
    "belgrad": "Europe/Belgrade",
    "bern": "Europe/Zurich",
    "brasilia": "America/Sao_Paulo",
    "brüssel": "Europe/Brussels",
    "bukarest": "Europe/Bucharest",
    "central america": "America/Guatemala",
    "central time": "America/Chicago",
    "chennai": "Asia/Kolkata",
    "coordinated universal time": "Etc/UTC",
    "eastern time": "America/New_York",
    "edinburgh": "Europe/London",
    "ekaterinburg": "Asia/Yekaterinburg",
    "greenland": "America/Nuuk",
    "indiana": "America/Indiana/Indianapolis",
    "international date line west": "Etc/GMT+12",
    "islamabad": "Asia/Karachi",
    "kiew": "Europe/Kyiv",
    "koordinierte weltzeit": "Etc/UTC",
    "kopenhagen": "Europe/Copenhagen",
    "lissabon": "Europe/Lisbon",
    "marshall": "Pacific/Majuro",
    "mid-atlantic": "Etc/GMT+2",
    "moskau": "Europe/Moscow",
    "mountain time": "America/Denver",
    "mumbai": "Asia/Kolkata",
    "new delhi": "Asia/Kolkata",
    "nuku'alofa": "Pacific/Tongatapu",
    "osaka": "Asia/Tokyo",
    "pacific time": "America/Los_Angeles",
    "petropavlovsk-kamchatsky": "Asia/Kamchatka",
    "rom": "Europe/Rome",
    "samoa": "Pacific/Apia",
    "sapporo": "Asia/Tokyo",
    "solomon": "Pacific/Guadalcanal",
    "st. petersburg": "Europe/Moscow",
    "warschau": "Europe/Warsaw",
    "wellington": "Pacific/Auckland",
    "west central africa": "Africa/Lagos",
    "wien": "Europe/Vienna",
}
_NUMBERED: Final = re.compile(r"(.+ time) \d{1,3}\Z")
_DISPLAYED: Final = re.compile(r"\((?:utc|gmt)([+-]\d{1,2}:\d{2})?\) ?(.*)\Z")
_OFFSET: Final = re.compile(r"\(?(?:utc|gmt)? ?([+-]) ?(\d{1,2}):?(\d{2})?(?![\d:])")
_BESIDE: Final = re.compile(r" ?\([^()]{0,100}\)| is\.")


def meant(name: str) -> str | None:
    """The IANA name of the zone that a name means; None where it means none for certain."""
    plain = " ".join(name.split()).casefold()
    for spelt in (plain, *_shorter(plain)):
        if found := _NAMES.get(spelt) or _iana().get(spelt):
            return found
    displayed = _DISPLAYED.match(plain)
    return _place(displayed[2], offset(plain)) if displayed else None


def windows_names(name: str) -> Iterator[str]:
    """The name as Windows may have it, the likeliest first, in small letters."""
    plain = " ".join(name.split()).casefold()
    yield plain
    yield from _shorter(plain)


def offset(name: str | None) -> timedelta | None:
    """How far ahead of UTC a name says that its standard time is; None where it does not say."""
    plain = " ".join((name or "").split()).casefold()
    if plain.startswith(("(utc)", "(gmt)")):
        return timedelta()
    found = _OFFSET.match(plain)
    if not found:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -ahead if found[1] == "-" else ahead


def standard(iana: str) -> timedelta:
    """How far ahead of UTC a zone is while its clocks are not put forward."""
    zone = ZoneInfo(iana)
    ahead = [zone.utcoffset(datetime(2026, month, 1)) for month in (1, 7)]
    return min(each or timedelta() for each in ahead)


def _shorter(plain: str) -> Iterator[str]:
    """Without a number at the end, and with standard time for summer time."""
    numbered = _NUMBERED.match(plain)
    short = numbered[1] if numbered else plain
    for summer in ("daylight time", "summer time"):
        short = short.replace(summer, "standard time")
    if short != plain:
        yield short


def _place(text: str, ahead: timedelta | None) -> str | None:
    places = [_BESIDE.sub("", place).strip(" \"'*-") for place in text.split(",")]
    for place in places:
        found = _PLACES.get(place) or _cities().get(place)
        if found and (ahead is None or standard(found) == ahead):
            return found
    return None


@cache
def _iana() -> dict[str, str]:
    return {name.casefold(): name for name in sorted(available_timezones())}


@cache
def _cities() -> dict[str, str]:
    """Zones by the last part of their names, those of a continent before links of old."""
    names = sorted(available_timezones(), key=lambda name: (name.startswith(("US/", "Etc/")), name))
    found: dict[str, str] = {}
    for name in names:
        if "/" in name:
            found.setdefault(name.rpartition("/")[2].replace("_", " ").casefold(), name)
    return found
