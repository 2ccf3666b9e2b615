"""Which stretches of time are looked through for the days of a series that are not as the others.

Exchange sometimes sends a master without them (GRAPH.md 3.5). Then its occurrences are listed,
in the window and wherever else Consolidate has such days: of what was not looked at, nothing is
known, and what is not told would be taken for undone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EventId, ICalUid, ProfileId
from calsync_agent.consolidate.reading import read_activities
from calsync_agent.domain.activity import Activity
from calsync_agent.domain.event import Event
from calsync_agent.domain.link import activity_of, stored_uid
from calsync_agent.plan.window import Window
from calsync_agent.state import links

MARGIN: Final = timedelta(days=2)
"""How far around a day it is looked, whatever its zone."""

LONGEST: Final = timedelta(days=1000)
"""How much is looked through at once: Graph may refuse more than 1825 days (GRAPH.md 1.1)."""

_FIRST: Final = datetime(2, 1, 1)
_LAST: Final = datetime(9998, 12, 31)


def known_days(
    connection: sa.Connection, profile: ProfileId, events: Mapping[EventId, Event]
) -> dict[EventId, list[datetime]]:
    """When these series have such days in Consolidate, by its clock; those without are left out.

    A series may have another id than when it was linked (B3).
    """
    meant = _meant(connection, profile, events)
    everybody = {each for some in meant.values() for each in some}
    read = read_activities(connection, everybody)
    days = {
        number: [moment for each in some for moment in _days(read.get(each))]
        for number, some in meant.items()
    }
    return {number: moments for number, moments in days.items() if moments}


def spans(window: Window, days: Iterable[datetime]) -> list[tuple[datetime, datetime]]:
    """The window, and stretches around the days that do not lie well inside it (UTC)."""
    inside = window.start + MARGIN, window.end - MARGIN
    found = [(window.start, window.end)]
    outside = sorted(day for day in days if not inside[0] <= day <= inside[1])
    while outside:
        first = outside[0]
        together = [day for day in outside if day - first <= LONGEST]
        found.append((max(first, _FIRST) - MARGIN, min(together[-1], _LAST) + MARGIN))
        outside = outside[len(together) :]
    return found


def _meant(
    connection: sa.Connection, profile: ProfileId, events: Mapping[EventId, Event]
) -> dict[EventId, set[ActivityId]]:
    """The appointments that these events may belong to."""
    by_event: dict[EventId, set[ActivityId]] = defaultdict(set)
    by_uid: dict[ICalUid, set[ActivityId]] = defaultdict(set)
    for link in links.by_events(connection, profile, events):
        if link.event_id is not None:
            by_event[link.event_id].add(link.activity)
    uids = [event.ical_uid for event in events.values() if event.ical_uid]
    for link in links.by_ical_uids(connection, uids):
        if link.ical_uid is not None:
            by_uid[link.ical_uid].add(link.activity)
    meant: dict[EventId, set[ActivityId]] = {}
    for number, event in events.items():
        made = {event.made_for, activity_of(event.transaction_id)}
        of_uid = by_uid[stored_uid(event.ical_uid)] if event.ical_uid else set()
        meant[number] = by_event[number] | of_uid | {each for each in made if each is not None}
    return meant


def _days(activity: object) -> Iterator[datetime]:
    if isinstance(activity, Activity):
        for each in activity.appointment.exceptions:
            moments: Sequence[datetime | None] = (each.original_start, each.start, each.end)
            yield from (moment for moment in moments if moment is not None)
