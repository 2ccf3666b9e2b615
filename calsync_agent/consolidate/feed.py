"""The change feed: which activities somebody touched.

An outbox, not a position: entries become visible when their transaction commits, however late, and
leave when they were read and removed in one transaction that keeps what was learnt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.consolidate.tables import feed
from calsync_agent.database.statements import PASSING, PASSING_ROWS, chunks, skipping_locked

FeedId = NewType("FeedId", int)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One touch of one activity, or of its exceptions or participants."""

    id: FeedId
    activity_id: UUID


def read_feed(connection: sa.Connection, limit: int) -> list[FeedEntry]:
    """At most `limit` entries, oldest first, held until the transaction ends.

    Entries of transactions that have not committed, and those that another agent is reading, are
    passed over. The same activity may be named several times.
    """
    oldest = sa.select(feed.c.id, feed.c.activity_id).order_by(feed.c.id).limit(limit)
    rows = connection.execute(skipping_locked(oldest, feed))
    return [FeedEntry(FeedId(number), activity_id) for number, activity_id in rows]


def has_entries(connection: sa.Connection) -> bool:
    """Whether anything was touched; asks nobody to wait."""
    any_entry = sa.select(feed.c.id).limit(1).with_hint(feed, PASSING, "mssql")
    return connection.execute(any_entry).first() is not None


def touched(connection: sa.Connection) -> set[UUID]:
    """All activities that the feed names, without taking them off."""
    names = sa.select(feed.c.activity_id).distinct().with_hint(feed, PASSING, "mssql")
    return set(connection.execute(names).scalars())


def touch(connection: sa.Connection, activity_id: UUID) -> None:
    """Enter an activity as if somebody had changed it."""
    connection.execute(sa.insert(feed).values(activity_id=activity_id))


def remove(connection: sa.Connection, ids: Sequence[FeedId]) -> None:
    """Take these entries off the feed; in the transaction that keeps what follows from them."""
    for part in chunks(ids):
        _delete(connection, feed.c.id.in_(part))


def withdraw(connection: sa.Connection, activities: Sequence[UUID]) -> None:
    """Take off what the triggers report of activities that no other transaction has seen."""
    for part in chunks(activities):
        _delete(connection, feed.c.activity_id.in_(part))


def _delete(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    connection.execute(sa.delete(feed).where(which).with_hint(PASSING_ROWS, feed, "mssql"))
