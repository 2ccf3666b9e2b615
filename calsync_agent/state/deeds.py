"""What was deleted and mailed lately: the guards' memory (B7, F8).

By the database's clock, so that neither a restart nor another agent forgets or ages it; what is
removed for good is so old by the horizon, too. What an admin has confirmed is not in it.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.database.clock import UtcNow
from calsync_agent.database.statements import chunks
from calsync_agent.domain.deed import Deed, Mailed, Past
from calsync_agent.domain.hold import HoldKind
from calsync_agent.state import horizon
from calsync_agent.state.tables import deed, link

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

_DELETIONS: Final = (HoldKind.DELETE_IN_CONSOLIDATE, HoldKind.DELETE_IN_EXCHANGE)


def past(connection: sa.Connection, profile: ProfileId) -> Past:
    """What is remembered."""
    now = _now(connection)
    mine = sa.select(*deed.c).where(deed.c.profile_id == profile, deed.c.at > now - DAY)
    rows = connection.execute(mine).mappings().all()
    lately = [row for row in rows if row["at"] > now - HOUR]
    in_hour = deed.c.at > now - HOUR, deed.c.kind.in_([kind.value for kind in _DELETIONS])
    counted = sa.select(deed.c.kind, sa.func.count()).where(*in_hour).group_by(deed.c.kind)
    all_hour = {HoldKind(kind): int(count) for kind, count in connection.execute(counted)}
    links, all_links = _count(connection, link, profile)
    linked = link.c.profile_id == deed.c.profile_id, link.c.activity_id == deed.c.activity_id
    gone, all_gone = _count(connection, deed, profile, *in_hour, ~sa.exists().where(*linked))
    return Past(
        hour=_deleted(lately),
        day=_deleted(rows),
        all_hour=all_hour,
        links=links + gone,
        all_links=all_links + all_gone,
        mailed_in_hour=_mailed(lately),
        mailed_in_day=_mailed(rows),
    )


def remember(connection: sa.Connection, profile: ProfileId, done: Collection[Deed]) -> None:
    """Count what is done in this transaction, or intended by it; a repetition counts once."""
    if not done:
        return
    now = _now(connection)
    over = horizon.certain(connection) - DAY - HOUR
    connection.execute(sa.delete(deed).where(deed.c.at <= over))
    known = set()
    for some in chunks(sorted({one.activity for one in done})):
        again = sa.or_(deed.c.kind != HoldKind.MAIL.value, deed.c.unsure == sa.true())
        mine = deed.c.profile_id == profile, deed.c.activity_id.in_(some), again
        found = sa.select(deed.c.activity_id, deed.c.kind).where(*mine, deed.c.at > now - DAY)
        known |= {(ActivityId(a), HoldKind(kind)) for a, kind in connection.execute(found)}
    new: list[dict[str, Any]] = [
        {
            "profile_id": profile,
            "activity_id": one.activity,
            "kind": one.kind.value,
            "inside": one.inside,
            "outside": one.outside,
        }
        for one in done
        if (one.activity, one.kind) not in known
    ]
    if new:
        connection.execute(sa.insert(deed), new)


def certain(
    connection: sa.Connection, profile: ProfileId, activities: Collection[ActivityId]
) -> None:
    """Exchange has carried it out."""
    for some in chunks(list(activities)):
        connection.execute(sa.update(deed).where(*_unsure(profile, some)).values(unsure=False))


def undone(
    connection: sa.Connection, profile: ProfileId, activities: Collection[ActivityId]
) -> None:
    """Exchange has not done it, and nobody was mailed."""
    outward = (HoldKind.MAIL.value, HoldKind.DELETE_IN_EXCHANGE.value)
    for some in chunks(list(activities)):
        mine = (*_unsure(profile, some), deed.c.kind.in_(outward))
        connection.execute(sa.delete(deed).where(*mine))


def _count(
    connection: sa.Connection,
    table: sa.Table,
    profile: ProfileId,
    *conditions: sa.ColumnElement[bool],
) -> tuple[int, int]:
    """How many rows are a profile's, and how many there are."""
    mine = sa.case((table.c.profile_id == profile, 1))
    found = sa.select(sa.func.count(mine), sa.func.count()).select_from(table).where(*conditions)
    of_profile, of_all = connection.execute(found).one()
    return int(of_profile), int(of_all)


def _unsure(
    profile: ProfileId, activities: Collection[ActivityId]
) -> tuple[sa.ColumnElement[bool], ...]:
    mine = deed.c.profile_id == profile, deed.c.activity_id.in_(activities)
    return (*mine, deed.c.unsure == sa.true())


def _now(connection: sa.Connection) -> datetime:
    now: datetime = connection.execute(sa.select(UtcNow())).scalar_one()
    return now


def _deleted(rows: Iterable[sa.RowMapping]) -> dict[HoldKind, frozenset[ActivityId]]:
    found: dict[HoldKind, set[ActivityId]] = {kind: set() for kind in _DELETIONS}
    for row in rows:
        kind = HoldKind(row["kind"])
        if kind in found:
            found[kind].add(ActivityId(row["activity_id"]))
    return {kind: frozenset(numbers) for kind, numbers in found.items()}


def _mailed(rows: Iterable[sa.RowMapping]) -> Mailed:
    mails = [row for row in rows if row["kind"] == HoldKind.MAIL.value]
    unsure = {
        ActivityId(row["activity_id"]): row["inside"] + row["outside"]
        for row in mails
        if row["unsure"]
    }
    sure = sum(row["inside"] + row["outside"] for row in mails if not row["unsure"])
    return Mailed(int(sure), unsure)
