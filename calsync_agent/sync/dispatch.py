"""Hands what the feed reports to the profiles that it concerns, as pending work."""

from collections.abc import Iterator, Mapping
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EmployeeId, ProfileId
from calsync_agent.consolidate import feed
from calsync_agent.consolidate.reading import read_activities
from calsync_agent.consolidate.rows import Activity, BrokenActivity
from calsync_agent.state import links, pending
from calsync_agent.state.links import Link
from calsync_agent.sync.plan import Pair, State, consolidate_state

AT_ONCE: Final = 500


def dispatch(connection: sa.Connection, profiles: Mapping[EmployeeId, ProfileId]) -> int:
    """Turn the oldest entries of the feed into pending work; returns how many were taken.

    `profiles`: of each employee who has one, active or not, so that what happens while a profile
    is not synced is waiting for it (C5). What is our own doing is recognised by content (A5).
    """
    entries = feed.read_feed(connection, AT_ONCE)
    touched = {ActivityId(entry.activity_id) for entry in entries}
    activities = read_activities(connection, touched)
    linked: dict[ActivityId, list[Link]] = {number: [] for number in touched}
    for link in links.by_activities(connection, touched):
        linked[link.activity].append(link)
    pending.add(
        connection,
        [
            (profile, number)
            for number in touched
            for profile in _concerned(activities.get(number), linked[number], profiles)
        ],
    )
    feed.remove(connection, [entry.id for entry in entries])
    return len(entries)


def _concerned(
    activity: Activity | BrokenActivity | None,
    known: list[Link],
    profiles: Mapping[EmployeeId, ProfileId],
) -> Iterator[ProfileId]:
    for link in known:
        if consolidate_state(Pair(link, activity, None), link) is not State.SAME:
            yield link.profile
    if activity is not None and not activity.deleted:
        own = profiles.get(activity.responsible)
        if own is not None and own not in {link.profile for link in known}:
            yield own
