"""The feed without triggers: what Consolidate holds is compared with what was seen last (B14).

`calsync_seen` keeps a digest of each activity with all that belongs to it. Where today's is another
one, or there is none, or no activity any more, the feed gets an entry in the transaction that keeps
the new digest. From there on all is as with triggers.

- Only what is committed is compared, so that nothing depends on clocks, on `modified_at`, or on how
  late somebody commits. What somebody is at work on keeps its digest until it can be read.
- Something may change and change back between two comparisons, while the agent acts upon what was
  in between, or wrote that itself. So whoever decides upon rows that are not as they were seen
  last, or writes them, forgets their digests (`recall`, `forget`), and they get an entry again.
- A row in `calsync_seen`, the mark, tells that the digests are complete. Where it is gone, because
  the table was emptied or there were triggers meanwhile, all is compared anew (`begin`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId
from calsync_agent.consolidate import feed as feeding
from calsync_agent.consolidate.broken import odd_rows, raw_value
from calsync_agent.consolidate.reading import Held, Rows, hold_rows, see_rows, understood
from calsync_agent.consolidate.tables import (
    activity,
    activity_exception,
    activity_participant,
    feed,
    seen,
)
from calsync_agent.database.catalogue import scans
from calsync_agent.database.statements import PASSING, chunks, in_order
from calsync_agent.domain.activity import BrokenActivity

PIECE: Final = 2000
"""So many activities are compared in one transaction."""

_ACTIVITIES: Final = 1
_OURS: Final = 0
_MARK: Final = UUID(int=0)
_ODD: Final = UUID(int=1)
_CHILDREN: Final = (activity_exception, activity_participant)

_Found = Mapping[ActivityId, Rows | BrokenActivity]


@dataclass(frozen=True, slots=True)
class Piece:
    """What a comparison has found.

    `changed`: activities with their digest of today, None where they are gone. `odd`: the digest of
    the rows whose id is none, where it has changed. `last`: after which id the next piece begins;
    None after the last one.
    """

    changed: Mapping[ActivityId, str | None]
    last: ActivityId | None
    odd: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing has changed."""
        return not self.changed and self.odd is None


def begun(connection: sa.Connection) -> bool:
    """Whether the digests can be relied upon."""
    return _own(connection, _MARK) is not None


def begin(connection: sa.Connection, remembered: sa.Select[tuple[UUID]]) -> None:
    """Forget all digests, so that everything gets an entry as it is compared.

    What is in `remembered` and deleted in Consolidate no comparison would find: it is entered here.
    """
    connection.execute(sa.delete(seen))
    try:
        with connection.begin_nested():
            _keep_own(connection, _MARK, "")
    except sa.exc.IntegrityError:  # another agent was quicker, and enters everything
        return
    known = remembered.distinct().subquery()
    there = sa.select(activity.c.id).with_hint(activity, PASSING, "mssql")
    gone = sa.select(known.c.activity_id).where(
        sa.not_(there.where(activity.c.id == known.c.activity_id).exists())
    )
    connection.execute(sa.insert(feed).from_select(["activity_id"], gone))
    feeding.trust(connection)


def end(connection: sa.Connection) -> None:
    """There are triggers: the digests are not kept up any more."""
    connection.execute(sa.delete(seen).where(seen.c.part == _OURS))


def compare(connection: sa.Connection, after: ActivityId | None) -> Piece:
    """The next piece: at most PIECE activities, in the database's own order of ids."""
    ids = _ids(connection, after)
    last = ids[-1] if len(ids) == PIECE else None
    known = _known(connection, after, last)
    rows, busy = see_rows(connection, ids)
    today = digests(connection, rows)
    changed = {
        number: today.get(number)
        for number in ids
        if number not in busy and today.get(number) != known.get(number)
    }
    return Piece(changed, last, _odd_news(connection) if after is None else None)


def enter(connection: sa.Connection, piece: Piece) -> bool:
    """Keep what a comparison has found, with an entry for each; False if another agent did."""
    try:
        with connection.begin_nested():
            _keep(connection, piece)
    except sa.exc.IntegrityError:
        return False
    return True


def touched(connection: sa.Connection) -> set[UUID]:
    """All activities that the feed would get entries for; nothing is kept."""
    found: set[UUID] = set()
    after: ActivityId | None = None
    while True:
        piece = compare(connection, after)
        found |= piece.changed.keys()
        after = piece.last
        if after is None:
            return found


def see(connection: sa.Connection, ids: Collection[ActivityId]) -> Held:
    """As `reading.see_activities`, for whoever decides upon what it returns."""
    return _decided_upon(connection, ids, see_rows(connection, ids))


def hold(connection: sa.Connection, ids: Collection[ActivityId]) -> Held:
    """As `reading.hold_activities`, for whoever decides upon what it returns."""
    return _decided_upon(connection, ids, hold_rows(connection, ids))


def forget(connection: sa.Connection, ids: Iterable[ActivityId]) -> None:
    """Have these activities entered with the next comparison: they are being written."""
    if scans(connection):
        for some in chunks(in_order(ids)):
            connection.execute(_digest_of(some))


def digests(connection: sa.Connection, found: _Found) -> dict[ActivityId, str]:
    """What tells whether an activity, or anything that belongs to it, is another than before."""
    return {
        number: _of_rows(one) if isinstance(one, Rows) else _of_broken(connection, number)
        for number, one in found.items()
    }


def _decided_upon(
    connection: sa.Connection,
    ids: Collection[ActivityId],
    read: tuple[_Found, frozenset[ActivityId]],
) -> Held:
    rows, busy = read
    if scans(connection):
        today = digests(connection, rows)
        known: dict[ActivityId, str] = {}
        for some in chunks(in_order(set(ids) - busy)):
            where = seen.c.part == _ACTIVITIES, seen.c.activity_id.in_(some)
            known |= _pairs(connection, sa.select(seen.c.activity_id, seen.c.digest).where(*where))
        forget(connection, [n for n, digest in known.items() if today.get(n) != digest])
    return Held(understood(rows), busy)


def _ids(connection: sa.Connection, after: ActivityId | None) -> list[ActivityId]:
    """The next ids of activities that are there or were seen."""
    there = sa.select(activity.c.id.label("id")).with_hint(activity, PASSING, "mssql")
    if connection.dialect.name == "sqlite":
        there = there.where(_proper(activity.c.id))
    were = sa.select(seen.c.activity_id.label("id")).where(seen.c.part == _ACTIVITIES)
    both = sa.union(_some(there, activity.c.id, after), _some(were, seen.c.activity_id, after))
    ids = both.subquery()
    found = connection.execute(sa.select(ids.c.id).order_by(ids.c.id).limit(PIECE))
    return [ActivityId(number) for number in found.scalars()]


def _some(
    wanted: sa.Select[Any], number: sa.Column[Any], after: ActivityId | None
) -> sa.Select[Any]:
    if after is not None:
        wanted = wanted.where(number > after)
    part = wanted.order_by(number).limit(PIECE).subquery()
    return sa.select(part.c.id)


def _proper(number: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Whether SQLite's column holds an id as it is written (`broken.proper_id`)."""
    text = sa.type_coerce(number, sa.String)
    whole = sa.func.length(sa.cast(number, sa.LargeBinary))
    return sa.and_(
        sa.func.typeof(text) == "text",
        sa.func.length(text) == _LETTERS,
        whole == _LETTERS,  # which counts behind a zero, too
        text.op("NOT GLOB")("*[^0-9a-f]*"),
    )


_LETTERS: Final = 32


def _known(
    connection: sa.Connection, after: ActivityId | None, last: ActivityId | None
) -> dict[ActivityId, str]:
    wanted = sa.select(seen.c.activity_id, seen.c.digest).where(seen.c.part == _ACTIVITIES)
    if after is not None:
        wanted = wanted.where(seen.c.activity_id > after)
    if last is not None:
        wanted = wanted.where(seen.c.activity_id <= last)
    return _pairs(connection, wanted)


def _pairs(connection: sa.Connection, wanted: sa.Select[Any]) -> dict[ActivityId, str]:
    return {ActivityId(number): digest for number, digest in connection.execute(wanted)}


def _keep(connection: sa.Connection, piece: Piece) -> None:
    for some in chunks(sorted(piece.changed)):
        connection.execute(_digest_of(some))
        new = [
            {"part": _ACTIVITIES, "activity_id": number, "digest": digest}
            for number in some
            if (digest := piece.changed[number]) is not None
        ]
        if new:
            connection.execute(sa.insert(seen), new)
        connection.execute(sa.insert(feed), [{"activity_id": number} for number in some])
    if piece.odd is not None:
        connection.execute(sa.delete(seen).where(_is_own(_ODD)))
        _keep_own(connection, _ODD, piece.odd)
        nobody: Any = sa.literal_column("'-'")  # an id that is none, as theirs are
        connection.execute(sa.insert(feed).values(activity_id=nobody))


def _digest_of(ids: Collection[ActivityId]) -> sa.Delete:
    return sa.delete(seen).where(seen.c.part == _ACTIVITIES, seen.c.activity_id.in_(ids))


def _odd_news(connection: sa.Connection) -> str | None:
    rows = odd_rows(connection)
    today = _digest(sorted((row.key, row.responsible) for row in rows)) if rows else ""
    return today if today != (_own(connection, _ODD) or "") else None


def _own(connection: sa.Connection, number: UUID) -> str | None:
    found: str | None = connection.execute(sa.select(seen.c.digest).where(_is_own(number))).scalar()
    return found


def _is_own(number: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(seen.c.part == _OURS, seen.c.activity_id == number)


def _keep_own(connection: sa.Connection, number: UUID, digest: str) -> None:
    values = {"part": _OURS, "activity_id": number, "digest": digest}
    connection.execute(sa.insert(seen).values(values))


def _of_rows(found: Rows) -> str:
    children = [
        [tuple(row.values()) for row in rows] for rows in (found.exceptions, found.participants)
    ]
    return _digest((tuple(found.row.values()), children))


def _of_broken(connection: sa.Connection, number: ActivityId) -> str:
    """Of a row that cannot be read: what its columns hold, which nothing tries to understand."""
    own = sa.select(*(raw_value(connection, column) for column in activity.c))
    parts = [connection.execute(own.where(activity.c.id == number)).all()]
    for table in _CHILDREN:
        wanted = sa.select(*(raw_value(connection, column) for column in table.c))
        below = wanted.where(table.c.activity_id == number).order_by(table.c.id)
        parts.append(connection.execute(below).all())
    return _digest([[tuple(row) for row in rows] for rows in parts])


def _digest(value: object) -> str:
    # Half a character, which SQLite may hold, is one more value.
    return blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
