"""Dates and times as people write them, in the language spoken now."""

from datetime import datetime, timedelta
from typing import Final

from calsync_agent.i18n import _, counted, marked, message

_WEEKDAYS: Final = (
    marked("Mon"),
    marked("Tue"),
    marked("Wed"),
    marked("Thu"),
    marked("Fri"),
    marked("Sat"),
    marked("Sun"),
)
_MONTHS: Final = (
    marked("Jan"),
    marked("Feb"),
    marked("Mar"),
    marked("Apr"),
    marked("May"),
    marked("Jun"),
    marked("Jul"),
    marked("Aug"),
    marked("Sep"),
    marked("Oct"),
    marked("Nov"),
    marked("Dec"),
)


def day(moment: datetime, *, weekday: bool) -> str:
    """The day, as in `Mon 30 Nov`, always as wide as that; without the weekday `30 Nov`."""
    number, month = f"{moment.day:>2}", _(_MONTHS[moment.month - 1])
    if not weekday:
        return str(message("{day} {month}", day=number, month=month))
    name = _(_WEEKDAYS[moment.weekday()])
    return str(message("{weekday} {day} {month}", weekday=name, day=number, month=month))


def clock(start: datetime, end: datetime, *, all_day: bool) -> str:
    """When it begins; how many days it takes where it is all-day."""
    if all_day:
        return str(counted("{count} day", "{count} days", (end - start) // timedelta(1)))
    return f"{start:%H:%M}"


def in_full(start: datetime, end: datetime, *, all_day: bool) -> str:
    """Both together, for a sentence."""
    time = clock(start, end, all_day=all_day)
    return (
        f"{day(start, weekday=True)}, {time}" if all_day else f"{day(start, weekday=True)} {time}"
    )
