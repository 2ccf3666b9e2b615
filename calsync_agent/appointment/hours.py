"""From when to when: the instants that two wall-clock times mean, and the clock that tells them.

Order is a matter of instants. In the night when clocks go back one hour is there twice, and a
wall-clock time alone means the first; what lies in the second is told by a clock that is not
turned. In the night when they go forward an hour is not there at all.
"""

from datetime import datetime
from typing import Final

from calsync_agent.appointment import zones
from calsync_agent.i18n import message

BEYOND: Final = message("it lies beyond the first or the last day of the calendar")


def instants(start: datetime, end: datetime, zone: str) -> tuple[datetime, datetime]:
    """When it begins and ends, in UTC.

    An end that would lie before its start is in the second of two hours, if that makes it later.
    """
    begin, finish = zones.to_utc(start, zone), zones.to_utc(end, zone)
    if finish < begin and zones.twice(end, zone):
        finish = max(finish, zones.to_utc(end.replace(fold=1), zone))
    return begin, finish


def by_the_clock(begin: datetime, finish: datetime, zone: str) -> tuple[datetime, datetime, str]:
    """Two instants as wall-clock times, and the zone in which these mean no others.

    That is `zone`, but for the second of two hours; then the same hours by a clock that stays as it
    was at the beginning, or UTC where no zone has such a clock.
    """
    for one in (zone, zones.unturned(begin, zone)):
        start, end = zones.from_utc(begin, one), zones.from_utc(finish, one)
        if (zones.to_utc(start, one), zones.to_utc(end, one)) == (begin, finish):
            return start, end, one
    return begin, finish, zones.UTC_ZONE


def certain(start: datetime, end: datetime, zone: str) -> bool:
    """Whether both times are there exactly once, so that everybody takes them for the same."""
    return zones.once(start, zone) and zones.once(end, zone)


def skipped(start: datetime, end: datetime, zone: str) -> bool:
    """Whether one of the times is not there, because clocks are put forward."""
    return zones.skipped(start, zone) or zones.skipped(end, zone)


def in_order(start: datetime, end: datetime, zone: str) -> bool:
    """Whether it does not end before it begins."""
    begin, finish = instants(start, end, zone)
    return begin <= finish


LONGEST_REMINDER: Final = 2_629_800
"""Exchange's limit in minutes, which is five years."""


def reminder(minutes: int) -> int:
    """As both sides can hold it: a reminder comes before the start, and not years before."""
    return max(0, min(minutes, LONGEST_REMINDER))
