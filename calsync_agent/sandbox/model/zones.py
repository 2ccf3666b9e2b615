"""Time zones by the names that Graph takes: Windows names and the documented IANA ones.

Source of the IANA list: Graph's page on dateTimeTimeZone. Europe/Vienna is not on it.
"""

from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from calsync_agent.sandbox.model.refusals import zone_not_supported

_DOCUMENTED: Final = """
Etc/GMT+12 Etc/GMT+11 Pacific/Honolulu America/Anchorage America/Santa_Isabel America/Los_Angeles
America/Phoenix America/Chihuahua America/Denver America/Guatemala America/Chicago
America/Mexico_City America/Regina America/Bogota America/New_York America/Indiana/Indianapolis
America/Caracas America/Asuncion America/Halifax America/Cuiaba America/La_Paz America/Santiago
America/St_Johns America/Sao_Paulo America/Argentina/Buenos_Aires America/Cayenne America/Godthab
America/Montevideo America/Bahia Etc/GMT+2 Atlantic/Azores Atlantic/Cape_Verde Africa/Casablanca
Etc/GMT Europe/London Atlantic/Reykjavik Europe/Berlin Europe/Budapest Europe/Paris Europe/Warsaw
Africa/Lagos Africa/Windhoek Europe/Bucharest Asia/Beirut Africa/Cairo Asia/Damascus
Africa/Johannesburg Europe/Kyiv Europe/Kiev Europe/Istanbul Asia/Jerusalem Asia/Amman Asia/Baghdad
Europe/Kaliningrad Asia/Riyadh Africa/Nairobi Asia/Tehran Asia/Dubai Asia/Baku Europe/Moscow
Indian/Mauritius Asia/Tbilisi Asia/Yerevan Asia/Kabul Asia/Karachi Asia/Tashkent Asia/Kolkata
Asia/Colombo Asia/Kathmandu Asia/Almaty Asia/Dhaka Asia/Yekaterinburg Asia/Yangon Asia/Rangoon
Asia/Bangkok Asia/Novosibirsk Asia/Shanghai Asia/Krasnoyarsk Asia/Singapore Australia/Perth
Asia/Taipei Asia/Ulaanbaatar Asia/Irkutsk Asia/Tokyo Asia/Seoul Australia/Adelaide
Australia/Darwin Australia/Brisbane Australia/Sydney Pacific/Port_Moresby Australia/Hobart
Asia/Yakutsk Pacific/Guadalcanal Asia/Vladivostok Pacific/Auckland Etc/GMT-12 Pacific/Fiji
Asia/Magadan Pacific/Tongatapu Pacific/Apia Pacific/Kiritimati
"""

WINDOWS_NAMES: Final[tuple[str, ...]] = tuple(sorted(win_tz))
IANA_NAMES: Final[tuple[str, ...]] = tuple(_DOCUMENTED.split())

_KEYS: Final[dict[str, str]] = {
    **{name.lower(): name for name in IANA_NAMES},
    **{windows.lower(): iana for windows, iana in win_tz.items()},
    "tzone://microsoft/utc": "Etc/UTC",
}


@cache
def zone(name: str) -> tzinfo:
    """The zone that Exchange knows by `name`; 400 TimeZoneNotSupportedException otherwise."""
    key = _KEYS.get(name.lower())
    if key is None:
        raise zone_not_supported(name)
    return UTC if key == "Etc/UTC" else ZoneInfo(key)


def instant(local: datetime, zone_name: str) -> datetime:
    """The UTC instant of a wall-clock time; the first of two, the later of none (PEP 495)."""
    return local.replace(tzinfo=zone(zone_name)).astimezone(UTC)


def local_time(moment: datetime, zone_name: str) -> datetime:
    """The wall-clock time, without zone, that an instant has in a zone."""
    return moment.astimezone(zone(zone_name)).replace(tzinfo=None)
