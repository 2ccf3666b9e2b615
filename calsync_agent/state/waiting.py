"""Copies of meetings that wait for their organizer's own event, so that it speaks first (F4).

They wait until the meeting is known, for as long as the organizer's mailbox is synced and not for
ever: a mailbox that cannot be read must not hide other people's meetings (A4). Where a
meeting is handed over, they wait until their owner's former event is gone (G10).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.appointment.model import EmployeeId, EventId, ICalUid, ProfileId
from calsync_agent.database.statements import chunks
from calsync_agent.domain.link import Role, stored_uid
from calsync_agent.state.tables import link, profile, waiting

PATIENCE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A copy that waits, for whom, and since when (UTC).

    `known`: its meeting is linked by now. `intended`: an event was about to be made for its
    organizer, and whether it was is not known yet; it may be this meeting (F1a). `served`: the
    copy's owner has another event of the appointment that the meeting is linked to, or is about to.
    """

    profile: ProfileId
    event: EventId
    uid: ICalUid
    organizer: EmployeeId
    since: datetime
    known: bool = False
    intended: bool = False
    served: bool = False

    def over(self, now: datetime, synced: Collection[EmployeeId]) -> bool:
        """Whether it has waited long enough, or for nobody."""
        if self.known or self.intended:
            return self.known and not self.served
        return self.organizer not in synced or abs(now - self.since) >= PATIENCE


def read(connection: sa.Connection) -> list[Waiting]:
    """All copies that wait."""
    return [
        Waiting(
            profile=ProfileId(row["profile_id"]),
            event=EventId(row["event_id"]),
            uid=ICalUid(row["ical_uid"]),
            organizer=EmployeeId(row["organizer_id"]),
            since=row["since"],
            known=bool(row["known"]),
            intended=bool(row["intended"]),
            served=bool(row["served"]),
        )
        for row in connection.execute(_all()).mappings()
    ]


@cache
def _all() -> sa.Select[Any]:
    linked = sa.exists().where(link.c.ical_uid == waiting.c.ical_uid)
    known = sa.case((linked, 1), else_=0).label("known")
    about = sa.exists().where(*_intents(waiting.c.organizer_id))
    intended = sa.case((about, 1), else_=0).label("intended")
    served = sa.case((_served(), 1), else_=0).label("served")
    return sa.select(*waiting.c, known, intended, served)


def intending(connection: sa.Connection) -> set[EmployeeId]:
    """The employees for whom an event was about to be made, whether or not they are synced now."""
    about = sa.select(profile.c.employee_id).distinct().where(*_intents(profile.c.employee_id))
    return {EmployeeId(number) for number in connection.execute(about).scalars()}


def _intents(employee: sa.ColumnElement[int]) -> tuple[sa.ColumnElement[bool], ...]:
    organized = link.c.event_id.is_(None), link.c.role == Role.ORGANIZER.value
    return (profile.c.id == link.c.profile_id, profile.c.employee_id == employee, *organized)


def _served() -> sa.Exists:
    own, same = link.alias("own"), link.alias("same")
    meeting = same.c.ical_uid == waiting.c.ical_uid, same.c.activity_id == own.c.activity_id
    another = sa.or_(own.c.ical_uid.is_(None), own.c.ical_uid != waiting.c.ical_uid)
    return sa.exists().where(own.c.profile_id == waiting.c.profile_id, another, *meeting)


def put(connection: sa.Connection, copies: Iterable[Waiting]) -> None:
    """Let copies wait; those that do already go on as before."""
    wanted = {(one.profile, one.event): one for one in copies}
    if not wanted:
        return
    known = {(one.profile, one.event) for one in read(connection)}
    new = [
        {
            "profile_id": one.profile,
            "event_id": one.event,
            "ical_uid": stored_uid(one.uid),
            "organizer_id": one.organizer,
            "since": one.since,
        }
        for key, one in wanted.items()
        if key not in known
    ]
    if new:
        connection.execute(sa.insert(waiting), new)


def release(connection: sa.Connection, number: ProfileId, events: Collection[EventId]) -> None:
    """Copies that wait no longer."""
    for some in chunks(list(events)):
        mine = waiting.c.profile_id == number, waiting.c.event_id.in_(some)
        connection.execute(sa.delete(waiting).where(*mine))
