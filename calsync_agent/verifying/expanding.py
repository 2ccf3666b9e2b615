"""The occurrences of Consolidate's series, by a library that the sync does not use."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEK: Final = 7


def starts(
    rule: str, first: datetime, zone: ZoneInfo, low: datetime, high: datetime, *, all_day: bool
) -> Iterator[datetime]:
    """The wall-clock starts between two wall-clock times. Raises ValueError for no rule at all."""
    begin: date | datetime = first.date() if all_day else first.replace(tzinfo=zone)
    event = icalendar.Event()
    event.add("uid", "series")
    event.add("dtstart", begin)
    event.add("dtend", begin + (timedelta(days=1) if all_day else timedelta(minutes=1)))
    read: dict[str, Any] = icalendar.vRecur.from_ical(rule)
    event["rrule"] = read
    if not _fits(read, first):
        event.add("exdate", begin)  # it begins at the first occurrence that the rule gives (G8)
    calendar = icalendar.Calendar()
    calendar.add_component(event)
    for found in recurring_ical_events.of(calendar).between(
        low.replace(tzinfo=zone), high.replace(tzinfo=zone)
    ):
        at = found["DTSTART"].dt
        wall = at.replace(tzinfo=None) if isinstance(at, datetime) else _midnight(at)
        yield wall


def _fits(rule: dict[str, Any], first: datetime) -> bool:
    """Whether the first day is one of those that the rule names."""
    months, days, names = (rule.get(key) or [] for key in ("BYMONTH", "BYMONTHDAY", "BYDAY"))
    if months and first.month not in map(int, months):
        return False
    last = _midnight((first.replace(day=28) + timedelta(days=4)).replace(day=1)) - timedelta(days=1)
    if days and not {first.day, first.day - last.day - 1} & set(map(int, days)):
        return False
    from_front = (first.day - 1) // _WEEK + 1
    from_back = -((last.day - first.day) // _WEEK + 1)
    name = _DAYS[first.weekday()]
    in_month = {name, f"{from_front}{name}", f"+{from_front}{name}", f"{from_back}{name}"}
    return not names or bool(in_month & {str(each).upper() for each in names})


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
