"""What a calendar shows: single events, masters, occurrences and exceptions, each as one entry."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeAlias

from calsync_agent.sandbox.model.content import Content
from calsync_agent.sandbox.model.expansion import days_between, occurs_on
from calsync_agent.sandbox.model.items import Item, effective
from calsync_agent.sandbox.model.moments import Moment
from calsync_agent.sandbox.model.recurrence import Recurrence
from calsync_agent.sandbox.model.refusals import item_not_found
from calsync_agent.sandbox.model.zones import local_time

EntryType: TypeAlias = Literal["singleInstance", "seriesMaster", "occurrence", "exception"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time, from `low` up to but not including `high` (aware)."""

    low: datetime
    high: datetime

    def meets(self, start: datetime, end: datetime) -> bool:
        """Whether something from `start` to `end` reaches into it."""
        return start < self.high and (end > self.low or start >= self.low)


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """An item, or one day of a series (`day`, as the pattern has it)."""

    item: Item
    type: EntryType
    day: date | None = None

    @property
    def content(self) -> Content:
        """What it says: an exception's own words over the series'."""
        plain = self.item.content
        if self.day is None:
            return plain
        start, end = occurrence_times(plain, self.day)
        occurrence = replace(plain, start=start, end=end, recurrence=None)
        exception = self.item.exceptions.get(self.day)
        return effective(exception, occurrence) if exception else occurrence

    @property
    def times(self) -> tuple[Moment, Moment]:
        """Start and end."""
        if self.type == "occurrence" and self.day is not None:
            return occurrence_times(self.item.content, self.day)
        content = self.content
        return content.start, content.end

    @property
    def original_start(self) -> datetime | None:
        """When an occurrence would start by the pattern, in UTC."""
        if self.day is None:
            return None
        return occurrence_times(self.item.content, self.day)[0].instant


def occurrence_times(content: Content, day: date) -> tuple[Moment, Moment]:
    """Start and end of the occurrence of `day`: the series' clock times, whatever summer time."""
    recurrence = recurrence_of(content)
    start, end = content.on_series_clock(recurrence)
    moved = day - start.local.date()
    return replace(start, local=start.local + moved), replace(end, local=end.local + moved)


def recurrence_of(content: Content) -> Recurrence:
    """The recurrence of what is known to be a series."""
    if content.recurrence is None:
        raise item_not_found()
    return content.recurrence


def entry_of(item: Item, day: date | None) -> CalendarEntry:
    """The item itself, or the occurrence of a day. 404 for a day that has none."""
    if day is None:
        single = item.content.recurrence is None
        return CalendarEntry(item, "singleInstance" if single else "seriesMaster")
    if day in item.exceptions:
        return CalendarEntry(item, "exception", day)
    if day in item.removed or not occurs_on(recurrence_of(item.content), day):
        raise item_not_found()
    return CalendarEntry(item, "occurrence", day)


def entries_within(item: Item, window: Window) -> list[CalendarEntry]:
    """What of an item reaches into the window: itself, or its occurrences and exceptions.

    Occurrences come in the order of their days. The master is not among them.
    """
    content = item.content
    if content.recurrence is None:
        if window.meets(content.start.instant, content.end.instant):
            return [entry_of(item, None)]
        return []
    days = {day for day in item.exceptions if _meets(CalendarEntry(item, "exception", day), window)}
    plain = (
        day
        for day in _candidates(content, content.recurrence, window)
        if day not in item.exceptions and day not in item.removed
    )
    days.update(day for day in plain if _meets(CalendarEntry(item, "occurrence", day), window))
    return [entry_of(item, day) for day in sorted(days)]


def days_of(item: Item) -> Iterator[CalendarEntry]:
    """Every occurrence and exception of a series from its beginning, for ever if it has no end."""
    recurrence = recurrence_of(item.content)
    for day in days_between(recurrence, recurrence.start, date.max):
        if day not in item.removed:
            yield entry_of(item, day)


def _meets(entry: CalendarEntry, window: Window) -> bool:
    start, end = entry.times
    return window.meets(start.instant, end.instant)


def _candidates(content: Content, recurrence: Recurrence, window: Window) -> Iterator[date]:
    """The days whose occurrence may reach into the window, and a few around them."""
    start, end = content.on_series_clock(recurrence)
    length = end.local - datetime.combine(start.local.date(), time())
    low = local_time(window.low, start.zone).date() - length - _DAY
    high = local_time(window.high, start.zone).date() + _DAY
    return days_between(recurrence, low, high)
