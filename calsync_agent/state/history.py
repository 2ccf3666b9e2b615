"""Versions that the sync overwrote or deleted, kept to be looked at and restored (B6)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from calsync_agent.appointment.codec import to_json
from calsync_agent.appointment.model import ActivityId, EmployeeId, EventId, ProfileId
from calsync_agent.database.encoding import holdable
from calsync_agent.database.statements import chunks
from calsync_agent.domain.version import Kept, Side
from calsync_agent.state import horizon
from calsync_agent.state.tables import history


@dataclass(frozen=True, slots=True)
class Version:
    """A kept version, as it is stored. `at` is UTC; `content` and `replaced_by` are JSON."""

    id: int
    at: datetime
    profile: ProfileId
    side: Side
    activity: ActivityId
    event: EventId | None
    subject: str
    rule: str
    content: str
    replaced_by: str | None
    responsible: EmployeeId
    type_id: int | None


def keep(connection: sa.Connection, versions: Iterable[Kept], now: datetime) -> None:
    """Store versions, all at `now` (UTC), or at the horizon where that clock is behind it.

    What is tried again, because nobody knows whether it was done, was kept the first time: that
    version is only kept for longer.
    """
    versions = list(versions)
    if not versions:
        return
    (now,) = horizon.noted([now], horizon.read(connection))
    last = _last(connection, {version.activity for version in versions})
    rows = [
        {
            "at": now,
            "profile_id": version.profile,
            "side": version.side.value,
            "activity_id": version.activity,
            "event_id": version.event,
            "subject": holdable(connection, version.lost.subject[:255]),
            "rule": version.rule,
            "content": to_json(version.lost),
            "replaced_by": version.replaced_by and to_json(version.replaced_by),
            "responsible_id": version.responsible,
            "type_id": version.type_id,
        }
        for version in versions
    ]
    again = [last[_what(row)] for row in rows if _what(row) in last]
    for some in chunks(again):
        connection.execute(sa.update(history).where(history.c.id.in_(some)).values(at=now))
    new = [row for row in rows if _what(row) not in last]
    if new:
        connection.execute(sa.insert(history), new)


def _last(
    connection: sa.Connection, activities: Collection[ActivityId]
) -> dict[tuple[object, ...], int]:
    """What was kept last of each of these appointments, and its id."""
    found: dict[tuple[object, ...], int] = {}
    for some in chunks(list(activities)):
        newest = sa.select(sa.func.max(history.c.id)).where(history.c.activity_id.in_(some))
        rows = sa.select(*history.c).where(history.c.id.in_(newest.group_by(history.c.activity_id)))
        found.update((_what(row), row["id"]) for row in connection.execute(rows).mappings())
    return found


def _what(row: Mapping[Any, Any]) -> tuple[object, ...]:
    return row["activity_id"], row["side"], row["content"], row["replaced_by"]


def read(
    connection: sa.Connection,
    profile: ProfileId | None = None,
    limit: int | None = None,
    *,
    before: int | None = None,
    after: int | None = None,
) -> list[Version]:
    """The kept versions, newest first, of one profile or of all.

    `before`, `after`: those next to that id on the older or on the newer side.
    """
    number = history.c.id
    found = sa.select(*history.c).order_by(number.desc() if after is None else number.asc())
    if profile is not None:
        found = found.where(history.c.profile_id == profile)
    if before is not None:
        found = found.where(number < before)
    if after is not None:
        found = found.where(number > after)
    if limit is not None:
        found = found.limit(limit)
    versions = [_version(row) for row in connection.execute(found).mappings()]
    return versions if after is None else versions[::-1]


def first_since(
    connection: sa.Connection,
    since: datetime,
    profile: ProfileId | None = None,
    *,
    but: str,
) -> list[Version]:
    """Of each appointment the oldest version kept since then (UTC), of one profile or of all.

    `but`: those kept by this rule do not count.
    """
    oldest = sa.select(sa.func.min(history.c.id)).where(
        history.c.at >= since, history.c.rule != but
    )
    if profile is not None:
        oldest = oldest.where(history.c.profile_id == profile)
    wanted = history.c.id.in_(oldest.group_by(history.c.activity_id))
    rows = connection.execute(sa.select(*history.c).where(wanted).order_by(history.c.id))
    return [_version(row) for row in rows.mappings()]


def first_of(connection: sa.Connection, numbers: Iterable[int]) -> list[Version]:
    """Of each appointment the oldest of these versions, as far as they are still kept."""
    found: dict[ActivityId, Version] = {}
    for some in chunks(sorted(set(numbers))):
        rows = connection.execute(sa.select(*history.c).where(history.c.id.in_(some)))
        for version in map(_version, rows.mappings()):
            before = found.get(version.activity)
            if before is None or version.id < before.id:
                found[version.activity] = version
    return sorted(found.values(), key=lambda one: one.id)


def ends(connection: sa.Connection) -> tuple[int, int]:
    """The oldest and the newest id; both 0 where nothing was kept."""
    # Apart, because SQLite finds only one of them at a time by the index.
    oldest = sa.select(sa.func.min(history.c.id)).scalar_subquery()
    newest = sa.select(sa.func.max(history.c.id)).scalar_subquery()
    found = connection.execute(sa.select(oldest, newest)).one()
    return found[0] or 0, found[1] or 0


def of_activity(connection: sa.Connection, activity: ActivityId, limit: int) -> list[Version]:
    """The kept versions of one appointment, newest first."""
    found = sa.select(*history.c).where(history.c.activity_id == activity)
    rows = connection.execute(found.order_by(history.c.id.desc()).limit(limit))
    return [_version(row) for row in rows.mappings()]


def find(connection: sa.Connection, number: int) -> Version | None:
    """One kept version."""
    found = sa.select(*history.c).where(history.c.id == number)
    row = connection.execute(found).mappings().first()
    return _version(row) if row is not None else None


def forget(connection: sa.Connection, activity: ActivityId, event: EventId, rule: str) -> None:
    """Remove what was kept of an event by a rule, because nothing happened to it after all."""
    where = history.c.activity_id == activity, history.c.event_id == event, history.c.rule == rule
    connection.execute(sa.delete(history).where(*where))


def prune(connection: sa.Connection, before: datetime) -> int:
    """Remove versions older than `before` (UTC); returns how many."""
    return connection.execute(sa.delete(history).where(history.c.at < before)).rowcount


def _version(row: sa.RowMapping) -> Version:
    event, type_id = row["event_id"], row["type_id"]
    return Version(
        id=row["id"],
        at=row["at"],
        profile=ProfileId(row["profile_id"]),
        side=Side(row["side"]),
        activity=ActivityId(row["activity_id"]),
        event=None if event is None else EventId(event),
        subject=row["subject"],
        rule=row["rule"],
        content=row["content"],
        replaced_by=row["replaced_by"],
        responsible=EmployeeId(row["responsible_id"]),
        type_id=type_id,
    )
