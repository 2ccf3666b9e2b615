"""Time zones by Windows and by IANA name, and wall-clock times in them (D3).

Both naming schemes are understood. Two zones are the same when they have the same Windows name:
that is all Exchange keeps of a zone. The mapping is tzlocal's, which holds both ways.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import tz_win, win_tz

UTC_ZONE: Final = "UTC"
_WINDOWS_BY_LOWER_NAME: Final = {name.lower(): iana for name, iana in win_tz.items()}


@lru_cache(maxsize=1024)
def resolve(name: str | None) -> str | None:
    """The IANA name of the zone that `name` means, Windows or IANA; None where it means none."""
    if not name:
        return None
    if name.lower() in {"utc", "tzone://microsoft/utc", "etc/utc", "gmt", "z"}:
        return UTC_ZONE
    iana = _WINDOWS_BY_LOWER_NAME.get(name.lower(), name)
    return iana if _known(iana) else None


@lru_cache(maxsize=1024)
def windows_name(iana: str) -> str | None:
    """The Windows name of an IANA zone; None where Windows has no such zone."""
    return tz_win.get(iana)


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

    A time that exists twice is its first; one that a clock skips is read by the offset before.
    """
    aware = wall_clock.replace(tzinfo=zone_info(iana))
    return aware.astimezone(UTC).replace(tzinfo=None)


def from_utc(instant: datetime, iana: str) -> datetime:
    """What clocks in the zone show at a UTC instant (given and returned without offset)."""
    aware = instant.replace(tzinfo=UTC).astimezone(zone_info(iana))
    return aware.replace(tzinfo=None, fold=0)


def _known(iana: str) -> bool:
    try:
        zone_info(iana)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # zoneinfo raises OSError for names that are folders or too long, ValueError for paths.
        return False
    return True
