"""Work that one profile still has to do on an appointment: durable, so that a kill loses nothing.

A row is put in when the feed reports a change, and when a request to Exchange is intended (B2); it
is taken out with the result, unless somebody touched the appointment in between.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.database.statements import chunks, in_order, locked
from calsync_agent.state.tables import pending

_PAIRS: Final = 500
"""Two parameters each, well below what a statement may have."""


def add(connection: sa.Connection, wanted: Iterable[tuple[ProfileId, ActivityId]]) -> None:
    """Put work in; where it is there already, mark it as touched again."""
    by_profile: dict[ProfileId, set[ActivityId]] = {}
    for profile, activity in wanted:
        by_profile.setdefault(profile, set()).add(activity)
    new: list[dict[str, object]] = []
    for profile, activities in by_profile.items():
        known = _touch(connection, profile, activities)
        new += [{"profile_id": profile, "activity_id": a} for a in activities - known]
    if new:
        connection.execute(sa.insert(pending), new)


def read(
    connection: sa.Connection, profile: ProfileId, limit: int, after: ActivityId | None = None
) -> dict[ActivityId, int]:
    """The next of a profile's work: appointments, with the version to give back to `done`."""
    found = (
        sa.select(pending.c.activity_id, pending.c.version)
        .where(pending.c.profile_id == profile)
        .order_by(pending.c.activity_id)
        .limit(limit)
    )
    if after is not None:
        found = found.where(pending.c.activity_id > after)
    return {ActivityId(activity): version for activity, version in connection.execute(found)}


def count(connection: sa.Connection, profile: ProfileId) -> int:
    """How much work a profile has."""
    found = sa.select(sa.func.count()).select_from(pending).where(pending.c.profile_id == profile)
    return int(connection.execute(found).scalar_one())


def with_work() -> sa.Select[Any]:
    """The profiles that have work."""
    return sa.select(pending.c.profile_id)


def on(
    connection: sa.Connection, activities: Collection[ActivityId]
) -> set[tuple[ProfileId, ActivityId]]:
    """Who has work on any of these appointments."""
    found: set[tuple[ProfileId, ActivityId]] = set()
    for some in chunks(list(activities)):
        wanted = sa.select(pending.c.profile_id, pending.c.activity_id)
        rows = connection.execute(wanted.where(pending.c.activity_id.in_(some)))
        found.update((ProfileId(profile), ActivityId(activity)) for profile, activity in rows)
    return found


def done(connection: sa.Connection, profile: ProfileId, finished: Mapping[ActivityId, int]) -> None:
    """Take work out, as far as nobody has touched it since it was read with that version."""
    by_version: dict[int, list[ActivityId]] = {}
    for activity, version in finished.items():
        by_version.setdefault(version, []).append(activity)
    for version, activities in by_version.items():
        for some in chunks(in_order(activities), _PAIRS):
            mine = pending.c.profile_id == profile, pending.c.version == version
            connection.execute(sa.delete(pending).where(*mine, pending.c.activity_id.in_(some)))


def versions(
    connection: sa.Connection, profile: ProfileId, activities: Collection[ActivityId]
) -> dict[ActivityId, int]:
    """The present versions of a profile's work on these appointments."""
    found: dict[ActivityId, int] = {}
    for some in chunks(list(activities)):
        rows = connection.execute(
            sa.select(pending.c.activity_id, pending.c.version).where(
                pending.c.profile_id == profile, pending.c.activity_id.in_(some)
            )
        )
        found.update((ActivityId(activity), version) for activity, version in rows)
    return found


def _touch(
    connection: sa.Connection, profile: ProfileId, activities: set[ActivityId]
) -> set[ActivityId]:
    """Mark what is there as touched again, and return it.

    The rows are held first: what somebody is about to take out counts as gone once they have.
    """
    known: set[ActivityId] = set()
    for some in chunks(in_order(activities)):
        there = pending.c.profile_id == profile, pending.c.activity_id.in_(some)
        held = locked(sa.select(pending.c.activity_id).where(*there), pending)
        found = set(map(ActivityId, connection.execute(held).scalars()))
        if found:
            again = sa.update(pending).where(*there).values(version=pending.c.version + 1)
            connection.execute(again)
        known |= found
    return known
