"""Who has written which content over which, for the hour in which that is asked (B13)."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NewType, TypeAlias

import sqlalchemy as sa

from calsync_agent.appointment.content import Fingerprint
from calsync_agent.appointment.model import ActivityId
from calsync_agent.database.statements import chunks
from calsync_agent.state.tables import turn

Contents = NewType("Contents", str)
"""Two contents of one appointment, whichever was written over the other."""
Turn: TypeAlias = tuple[ActivityId, Contents]


def contents(one: Fingerprint, other: Fingerprint) -> Contents:
    """What both sides held when one was written over the other."""
    both = "|".join(sorted((one, other)))
    return Contents(hashlib.blake2b(both.encode(), digest_size=12).hexdigest())


def add(
    connection: sa.Connection, turns: Collection[Turn], now: datetime, forgotten: datetime
) -> None:
    """Remember writes that were done at `now`; of these appointments, forget those before."""
    if not turns:
        return
    for some in chunks(sorted({activity for activity, _ in turns})):
        old = turn.c.activity_id.in_(some), turn.c.at < forgotten
        connection.execute(sa.delete(turn).where(*old))
    rows = [{"at": now, "activity_id": number, "contents": what} for number, what in turns]
    connection.execute(sa.insert(turn), rows)


def count(
    connection: sa.Connection, activities: Iterable[ActivityId], since: datetime
) -> Counter[Turn]:
    """How often each two contents of these appointments were written over each other since then."""
    found: Counter[Turn] = Counter()
    columns = turn.c.activity_id, turn.c.contents, sa.func.count()
    for some in chunks(list(activities)):
        wanted = sa.select(*columns).where(turn.c.activity_id.in_(some), turn.c.at >= since)
        rows = connection.execute(wanted.group_by(turn.c.activity_id, turn.c.contents))
        for number, what, times in rows:
            found[ActivityId(number), Contents(what)] += times
    return found


def prune(connection: sa.Connection, before: datetime) -> int:
    """Forget what was written before (UTC); returns how much."""
    return connection.execute(sa.delete(turn).where(turn.c.at < before)).rowcount
