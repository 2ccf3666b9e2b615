"""Rules that hold between the properties of an event, as Exchange enforces them."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Final

from calsync_agent.sandbox.model.content import Content
from calsync_agent.sandbox.model.expansion import aligned, last_day, shortest_gap
from calsync_agent.sandbox.model.moments import Moment
from calsync_agent.sandbox.model.recurrence import Recurrence
from calsync_agent.sandbox.model.refusals import GraphRefusal, invalid_request
from calsync_agent.sandbox.model.zones import zone

_MIDNIGHT: Final = time()
_DAY: Final = timedelta(days=1)


def checked(content: Content) -> Content:
    """The content as Exchange would keep it; 400 where it would refuse it."""
    if content.all_day:
        _check_all_day(content)
    elif _backwards(content):
        raise GraphRefusal(
            400,
            "ErrorCalendarEndDateIsEarlierThanStartDate",
            "The end date is earlier than the start date.",
        )
    if content.recurrence is None:
        return content
    return _checked_series(content, content.recurrence)


def _backwards(content: Content) -> bool:
    """Times on one clock are compared as they stand.

    So those that begin while clocks are put forward may be taken, and read back reversed.
    """
    start, end = content.start, content.end
    if start.zone == end.zone:
        return end.local < start.local
    return end.instant < start.instant


def _check_all_day(content: Content) -> None:
    for name, moment in (("Start", content.start), ("End", content.end)):
        if moment.local.time() != _MIDNIGHT:
            raise invalid_request(
                f"The Event.{name} property for an all-day event needs to be set to midnight."
            )
    if zone(content.start.zone) != zone(content.end.zone):
        raise invalid_request(
            "The Event.Start and Event.End properties of an all-day event need the same time zone."
        )
    if content.end.local - content.start.local < _DAY:
        raise invalid_request("The duration of an all-day event must be at least 24 hours.")


def _checked_series(content: Content, recurrence: Recurrence) -> Content:
    """A series begins on its first occurrence, which may be later than the day it was given."""
    start, end = content.on_series_clock(recurrence)
    if recurrence.start != start.local.date():
        raise invalid_request(
            "The recurrence range's startDate must be the date of the event's start."
        )
    fitting = aligned(recurrence)
    last_day(fitting)
    if end.local - start.local > shortest_gap(fitting):
        raise GraphRefusal(
            400,
            "ErrorOccurrenceTimeSpanTooBig",
            "Duration of an occurrence must be shorter than how frequently it occurs.",
        )
    later = fitting.start - recurrence.start
    return replace(
        content,
        recurrence=fitting,
        start=_later(content.start, later),
        end=_later(content.end, later),
    )


def _later(moment: Moment, by: timedelta) -> Moment:
    return replace(moment, local=moment.local + by) if by else moment
