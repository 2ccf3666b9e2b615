"""Points in time as Graph writes them (GRAPH.md 2.4, 6)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from calsync_agent.appointment import zones

Written: TypeAlias = Mapping[str, Any]
_DAY: Final = timedelta(days=1)


class UnknownZone(ValueError):
    """Times are told in a zone of which nobody knows what it means."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def wall_clock(value: Written, zone: str) -> datetime:
    """A dateTimeTimeZone as wall-clock in `zone`. Raises UnknownZone."""
    return zones.from_utc(point(value), zone)


def point(value: Written) -> datetime:
    """A dateTimeTimeZone in UTC, without offset. Raises UnknownZone."""
    moment, name = datetime.fromisoformat(value["dateTime"]), value.get("timeZone")
    if moment.tzinfo is not None:
        return moment.astimezone(UTC).replace(tzinfo=None)
    given_in = zones.resolve(name) if name else zones.UTC_ZONE
    if given_in is None:
        raise UnknownZone(str(name))
    return zones.to_utc(moment, given_in)


def days(start: Written, end: Written, zone: str) -> tuple[datetime, datetime]:
    """The days of an all-day event, from midnight to an exclusive midnight.

    Of these only the dates mean anything: they read midnight whatever zone was asked for. What
    reads otherwise is midnight in the event's own zone, or else reaches from the day in which it
    begins to the one in which it ends. No event is shorter than a day.
    """
    first, last = _date(start, zone), _date(end, zone)
    end_of_day = last if last == _midnight(last) else _midnight(last) + _DAY
    begin = _midnight(first)
    return begin, begin + _DAY if end_of_day == begin else end_of_day


def day(value: Written, zone: str) -> datetime:
    """The midnight with which an all-day event begins."""
    return _midnight(_date(value, zone))


def instant(value: str | None) -> datetime | None:
    """A point in time in UTC, without offset; None for Graph's way of saying never."""
    if not value or value.startswith("0001-"):
        return None
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=None) - (moment.utcoffset() or timedelta())


def _date(value: Written, zone: str) -> datetime:
    moment = datetime.fromisoformat(value["dateTime"]).replace(tzinfo=None)
    if moment == _midnight(moment):
        return moment
    local = wall_clock(value, zone)
    return local if local == _midnight(local) else moment


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
