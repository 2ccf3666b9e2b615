"""Time zones by Windows and by IANA name, and wall-clock times in them (D3).

Both naming schemes are understood. Two zones are the same when they have the same Windows name:
that is all Exchange keeps of a zone. The mapping is tzlocal's, which holds both ways.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import tz_win, win_tz

from calsync_agent.appointment import zone_names

UTC_ZONE: Final = "UTC"
LONGEST_NAME: Final = 300
"""Display texts have up to a hundred characters; what is much longer names no zone."""
# Names that tzlocal does not map: CLDR's windowsZones had them all once.
_FURTHER: Final = {
    "CST6CDT": "Central Standard Time",
    "EST5EDT": "Eastern Standard Time",
    "MST7MDT": "Mountain Standard Time",
    "PST8PDT": "Pacific Standard Time",
    "US/East-Indiana": "US Eastern Standard Time",
    "Europe/Uzhgorod": "FLE Standard Time",
    "Europe/Zaporozhye": "FLE Standard Time",
}
# Files of the zone database that are no zones: another one on each host, one that is unset, and
# zones that count leap seconds.
_NO_ZONES: Final = re.compile(r"(localtime|posixrules|Factory|(right|posix)/.*)\Z")
_COMPARED_FROM: Final = datetime(2025, 1, 1)
_COMPARED_DAYS: Final = 5 * 366
_MOMENTS: Final = 4096
"""Moments of which it is kept what they are elsewhere: one appointment asks for its own often."""
_WINDOWS_BY_LOWER_NAME: Final = {name.lower(): iana for name, iana in win_tz.items()}


@lru_cache(maxsize=1024)
def resolve(name: str | None) -> str | None:
    """The IANA name of the zone that `name` means, whoever named it; None where it means none."""
    if not name or len(name) > LONGEST_NAME:
        return None
    if name.strip().lower() in {"utc", "tzone://microsoft/utc", "etc/utc", "gmt", "z"}:
        return UTC_ZONE
    for spelt in zone_names.windows_names(name):
        if iana := _WINDOWS_BY_LOWER_NAME.get(spelt):
            return iana
    if _known(name):
        return name
    other = zone_names.meant(name)
    if other in {"Etc/UTC", "UTC"}:
        return UTC_ZONE
    return other if other is not None and _known(other) else None


@lru_cache(maxsize=1024)
def windows_name(iana: str) -> str | None:
    """The Windows name of an IANA zone; None where Windows has no zone that keeps its time.

    Where a zone has left the group that the mapping still puts it into (America/Scoresbysund in
    2024), its Windows name would mean other instants.
    """
    name = tz_win.get(iana) or _FURTHER.get(iana)
    return name if name is not None and _same_time(iana, win_tz[name]) else None


@lru_cache(maxsize=1024)
def identity(iana: str) -> str:
    """What makes two zones the same: the Windows name, or the IANA name where there is none."""
    return windows_name(iana) or iana


@lru_cache(maxsize=1024)
def zone_info(iana: str) -> ZoneInfo:
    """The zone itself. Raises ZoneInfoNotFoundError for a name that `resolve` does not give."""
    return ZoneInfo(iana)


def to_utc(wall_clock: datetime, iana: str) -> datetime:
    """The UTC instant, without offset, at which clocks in the zone show `wall_clock`.

    A time that exists twice is its first; one that a clock skips is read by the offset before. At
    the ends of time, where empty dates lie, it is the nearest instant that there is.
    """
    return _to_utc(wall_clock, iana, wall_clock.fold)


@lru_cache(maxsize=_MOMENTS)
def _to_utc(wall_clock: datetime, iana: str, fold: int) -> datetime:
    """The same; `fold` is named because two times that differ in nothing else count as equal."""
    aware = wall_clock.replace(tzinfo=zone_info(iana), fold=fold)
    try:
        return aware.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return wall_clock


@lru_cache(maxsize=_MOMENTS)
def from_utc(instant: datetime, iana: str) -> datetime:
    """What clocks in the zone show at a UTC instant (given and returned without offset)."""
    try:
        aware = instant.replace(tzinfo=UTC).astimezone(zone_info(iana))
    except OverflowError:
        return instant
    return aware.replace(tzinfo=None, fold=0)


def existing(wall_clock: datetime, iana: str) -> datetime:
    """What clocks in the zone show at the instant of `wall_clock`: another time only in a gap."""
    return from_utc(to_utc(wall_clock, iana), iana)


def once(wall_clock: datetime, iana: str) -> bool:
    """Whether clocks in the zone show this time exactly once."""
    first, second = _offsets(wall_clock, iana)
    return first == second


def twice(wall_clock: datetime, iana: str) -> bool:
    """Whether clocks in the zone show this time twice, because they are put back."""
    first, second = _offsets(wall_clock, iana)
    return first > second


def skipped(wall_clock: datetime, iana: str) -> bool:
    """Whether clocks in the zone never show this time, because they are put forward."""
    first, second = _offsets(wall_clock, iana)
    return first < second


def unturned(instant: datetime, iana: str) -> str:
    """A zone whose clocks are never turned, and show at a UTC instant what they do in `iana`.

    UTC where there is none, because the difference is no whole hour.
    """
    ahead = from_utc(instant, iana) - instant
    hours, rest = divmod(ahead, timedelta(hours=1))
    name = f"Etc/GMT{-hours:+d}" if hours else UTC_ZONE  # POSIX counts the other way
    return UTC_ZONE if rest or not _known(name) else name


@lru_cache(maxsize=_MOMENTS)
def _offsets(wall_clock: datetime, iana: str) -> tuple[timedelta, timedelta]:
    """How far the zone is ahead of UTC at the first and at the second of two such times."""
    zone = zone_info(iana)
    first, second = (zone.utcoffset(wall_clock.replace(fold=fold)) for fold in (0, 1))
    return first or timedelta(), second or timedelta()


def _same_time(iana: str, other: str) -> bool:
    """Whether clocks in two zones show the same, in the years that appointments lie in."""
    if iana == other:
        return True
    mine, theirs = zone_info(iana), zone_info(other)
    days = (_COMPARED_FROM + timedelta(days=n) for n in range(_COMPARED_DAYS))
    return all(mine.utcoffset(day) == theirs.utcoffset(day) for day in days)


def _known(iana: str) -> bool:
    if _NO_ZONES.match(iana):
        return False
    try:
        zone_info(iana)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # zoneinfo raises OSError for names that are folders or too long, ValueError for paths.
        return False
    return True
