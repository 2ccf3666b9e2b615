"""The change feed: which activities somebody touched.

An outbox, not a position: entries become visible when their transaction commits, however late, and
leave when they were read and removed in one transaction that keeps what was learnt. They have no
order.

One row, the mark, is ours and stays. Where somebody emptied the table or made it anew, the mark is
gone, and entries may be gone with it; where a trigger could not write to it, `calsync_gap` has a
row. Then everything is entered as if it had been touched (`refill`), and what did not change is
recognised by content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NewType
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.consolidate.broken import proper_id, raw_id
from calsync_agent.consolidate.tables import activity, feed, gap
from calsync_agent.database.statements import PASSING, PASSING_ROWS, chunks, skipping_locked

FeedId = NewType("FeedId", str)

MARK: Final = "mark"
_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One touch of one activity, or of its exceptions or participants.

    `activity_id` is None where the row has an id that is none.
    """

    id: FeedId
    activity_id: UUID | None


def read_feed(connection: sa.Connection, limit: int) -> list[FeedEntry]:
    """At most `limit` entries, held until the transaction ends.

    Entries of transactions that have not committed, and those that another agent is reading, are
    passed over. The same activity may be named several times.
    """
    return _entries(connection, _all(connection).limit(limit))


def read_more(connection: sa.Connection, read: Sequence[FeedEntry]) -> list[FeedEntry]:
    """The other entries of the activities that those name which were read, held like them."""
    known = {entry.id for entry in read}
    whose = {entry.activity_id for entry in read if entry.activity_id is not None}
    found: list[FeedEntry] = []
    for part in chunks(sorted(whose)):
        theirs = _all(connection).where(feed.c.activity_id.in_(part))
        found += [one for one in _entries(connection, theirs) if one.id not in known]
    return found


def _all(connection: sa.Connection) -> sa.Select[Any]:
    named = raw_id(connection, feed.c.activity_id)
    return sa.select(feed.c.entry, named).where(feed.c.entry != MARK)


def _entries(connection: sa.Connection, wanted: sa.Select[Any]) -> list[FeedEntry]:
    rows = connection.execute(skipping_locked(wanted, feed))
    return [FeedEntry(FeedId(entry), proper_id(activity_id)) for entry, activity_id in rows]


def has_news(connection: sa.Connection) -> bool:
    """Whether anything was touched, or may have been without an entry; asks nobody to wait."""
    return bool(connection.execute(sa.select(news())).scalar_one())


def news() -> sa.ColumnElement[int]:
    """The same, to be asked for together with something else; 1 for yes."""
    entries = sa.select(feed.c.entry).with_hint(feed, PASSING, "mssql")
    gaps = sa.select(gap.c.entry).with_hint(gap, PASSING, "mssql")
    touched = entries.where(feed.c.entry != MARK).exists()
    whole = sa.and_(entries.where(feed.c.entry == MARK).exists(), sa.not_(gaps.exists()))
    return sa.case((sa.or_(touched, sa.not_(whole)), 1), else_=0)


def mend(connection: sa.Connection, remembered: sa.Select[tuple[UUID]]) -> bool:
    """Where entries may be missing, enter all activities and those in `remembered`; did it?

    In the transaction that reads the feed. What is deleted in Consolidate is in `remembered` alone.
    """
    missed = connection.execute(sa.delete(gap)).rowcount if _any(connection, gap) else 0
    if not (_marked(connection) or missed):
        return False
    there = sa.select(activity.c.id).with_hint(activity, PASSING, "mssql")
    connection.execute(sa.insert(feed).from_select(["activity_id"], sa.union(there, remembered)))
    return True


def trust(connection: sa.Connection) -> None:
    """Nothing that is missing in the feed so far need be looked for: it is entered otherwise."""
    connection.execute(sa.delete(gap))
    _marked(connection)


def distrust(connection: sa.Connection) -> None:
    """Have everything entered with the next reading."""
    connection.execute(sa.delete(feed).where(feed.c.entry == MARK))


def _any(connection: sa.Connection, table: sa.Table) -> bool:
    return connection.execute(sa.select(table.c.entry).limit(1)).first() is not None


def _marked(connection: sa.Connection) -> bool:
    """Put the mark in its place; whether it was not there."""
    known = sa.select(feed.c.entry).where(feed.c.entry == MARK)
    if connection.execute(known).first() is not None:
        return False
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(feed).values(entry=MARK, activity_id=_NOBODY))
    except sa.exc.IntegrityError:  # another agent was quicker, and enters everything
        return False
    return True


def touched(connection: sa.Connection) -> set[UUID]:
    """All activities that the feed names, without taking them off."""
    names = (
        sa.select(raw_id(connection, feed.c.activity_id))
        .select_from(feed)
        .distinct()
        .where(feed.c.entry != MARK)
        .with_hint(feed, PASSING, "mssql")
    )
    found = map(proper_id, connection.execute(names).scalars())
    return {number for number in found if number is not None}


def touch(connection: sa.Connection, activity_id: UUID) -> None:
    """Enter an activity as if somebody had changed it."""
    connection.execute(sa.insert(feed).values(activity_id=activity_id))


def remove(connection: sa.Connection, ids: Sequence[FeedId]) -> None:
    """Take these entries off the feed; in the transaction that keeps what follows from them."""
    for part in chunks(ids):
        _delete(connection, feed.c.entry.in_(part))


def withdraw(connection: sa.Connection, activities: Sequence[UUID]) -> None:
    """Take off what the triggers report of activities that no other transaction has seen."""
    for part in chunks(activities):
        _delete(connection, feed.c.activity_id.in_(part))


def _delete(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    connection.execute(sa.delete(feed).where(which).with_hint(PASSING_ROWS, feed, "mssql"))
