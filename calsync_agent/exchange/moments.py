"""Points in time as Graph writes them (graph-facts 2.4, 6)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from calsync_agent.appointment import zones


def wall_clock(value: Mapping[str, Any], zone: str, *, all_day: bool) -> datetime:
    """A dateTimeTimeZone as wall-clock in `zone`.

    Of an all-day event only the date means anything: it reads midnight whatever zone was asked for.
    """
    moment = datetime.fromisoformat(value["dateTime"]).replace(tzinfo=None)
    if all_day:
        return moment.replace(hour=0, minute=0, second=0, microsecond=0)
    given_in = zones.resolve(value.get("timeZone")) or zones.UTC_ZONE
    if given_in == zone:
        return moment
    return zones.from_utc(zones.to_utc(moment, given_in), zone)


def instant(value: str | None) -> datetime | None:
    """A point in time in UTC, without offset; None for Graph's way of saying never."""
    if not value or value.startswith("0001-"):
        return None
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=None) - (moment.utcoffset() or timedelta())
