"""The meetings that our own mailboxes organize, remembered beyond their links (F1a).

Exchange delivers copies when it likes: while a profile rests, after an event was withdrawn, after
links, row and profile are gone. A copy tells no more than the meeting's iCalUId; by that it is
known as ours.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, ICalUid
from calsync_agent.database.clock import UtcNow
from calsync_agent.database.statements import chunks
from calsync_agent.domain.link import stored_uid
from calsync_agent.state import horizon
from calsync_agent.state.tables import link, meeting

KEPT: Final = timedelta(days=400)
"""How long a meeting is remembered that nothing is linked to any more."""


def note(connection: sa.Connection, made: Mapping[ICalUid, ActivityId]) -> None:
    """Remember these meetings, with their appointments, from now on."""
    wanted = {stored_uid(uid): number for uid, number in made.items()}
    if not wanted:
        return
    known = of(connection, wanted)
    for some in chunks([uid for uid, number in wanted.items() if known.get(uid) == number]):
        mine = meeting.c.ical_uid.in_(some)
        connection.execute(sa.update(meeting).where(mine).values(at=UtcNow()))
    for some in chunks([uid for uid in known if known[uid] != wanted[uid]]):
        connection.execute(sa.delete(meeting).where(meeting.c.ical_uid.in_(some)))
    new: list[dict[str, Any]] = [
        {"ical_uid": uid, "activity_id": number}
        for uid, number in wanted.items()
        if known.get(uid) != number
    ]
    if new:
        connection.execute(sa.insert(meeting), new)
        _forget_old(connection)


def of(connection: sa.Connection, uids: Collection[ICalUid]) -> dict[ICalUid, ActivityId]:
    """The appointments of those of these meetings that are ours."""
    found: dict[ICalUid, ActivityId] = {}
    for some in chunks([stored_uid(uid) for uid in uids]):
        columns = meeting.c.ical_uid, meeting.c.activity_id
        rows = connection.execute(sa.select(*columns).where(meeting.c.ical_uid.in_(some)))
        found |= {ICalUid(uid): ActivityId(number) for uid, number in rows}
    return found


def _forget_old(connection: sa.Connection) -> None:
    linked = sa.exists().where(link.c.ical_uid == meeting.c.ical_uid)
    over = horizon.certain(connection) - KEPT
    connection.execute(sa.delete(meeting).where(meeting.c.at < over, ~linked))
