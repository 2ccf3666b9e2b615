"""Links: which appointment is which event, and what both sides held when last in step."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.content import LONGEST_PRINT, Fingerprint
from calsync_agent.appointment.model import ActivityId, EventId, ICalUid, LinkId, ProfileId
from calsync_agent.database.statements import chunks
from calsync_agent.domain.link import Link, Role, stored_uid
from calsync_agent.state.tables import PRINT_LENGTH, event_key, link

_COLUMNS: Final = (
    link.c.id,
    link.c.profile_id,
    link.c.activity_id,
    link.c.event_id,
    link.c.ical_uid,
    link.c.role,
    link.c.consolidate_print,
    link.c.exchange_print,
    link.c.exchange_modified_at,
    link.c.starts_at,
    link.c.ends_at,
    link.c.unfinished,
    link.c.guests,
    link.c.carried,
)
"""What is read of a link, in the order in which `_link` takes it."""
SOME: Final = 500
_IDS: Final[sa.BindParameter[Any]] = sa.bindparam("ids", expanding=True)
# Put together once, as they are asked for every batch.
_BY_EVENTS: Final = sa.select(*_COLUMNS).where(link.c.event_id.in_(_IDS))
_BY_EVENTS_OF_ONE: Final = _BY_EVENTS.where(link.c.profile_id == sa.bindparam("profile"))
_BY_ACTIVITIES: Final = sa.select(*_COLUMNS).where(link.c.activity_id.in_(_IDS))
_BY_UIDS: Final = sa.select(*_COLUMNS).where(link.c.ical_uid.in_(_IDS))

if LONGEST_PRINT > PRINT_LENGTH:
    raise TypeError("what is remembered of all fields does not fit its columns")


def by_events(
    connection: sa.Connection, profile: ProfileId, events: Collection[EventId]
) -> list[Link]:
    """The links of one profile to any of these events."""
    return _read(connection, _BY_EVENTS_OF_ONE, events, profile=profile)


def by_events_anywhere(connection: sa.Connection, events: Collection[EventId]) -> list[Link]:
    """The links of any profile to any of these events."""
    return _read(connection, _BY_EVENTS, events)


def by_activities(connection: sa.Connection, activities: Collection[ActivityId]) -> list[Link]:
    """The links of any profile to any of these appointments."""
    return _read(connection, _BY_ACTIVITIES, activities)


def by_ical_uids(connection: sa.Connection, uids: Collection[ICalUid]) -> list[Link]:
    """The links of any profile to any of these meetings."""
    return _read(connection, _BY_UIDS, [stored_uid(uid) for uid in uids])


def intended(connection: sa.Connection, profile: ProfileId) -> list[Link]:
    """The links of a profile whose events may or may not have been made."""
    found = sa.select(*_COLUMNS).where(link.c.profile_id == profile, link.c.event_id.is_(None))
    return [_link(row) for row in connection.execute(found)]


def count(connection: sa.Connection, profile: ProfileId) -> int:
    """How many appointments are linked to a profile's mailbox."""
    found = sa.select(sa.func.count()).select_from(link).where(link.c.profile_id == profile)
    return int(connection.execute(found).scalar_one())


def activities_of(connection: sa.Connection, profile: ProfileId) -> set[ActivityId]:
    """All appointments that are linked to a profile's mailbox."""
    found = sa.select(link.c.activity_id).where(link.c.profile_id == profile)
    return {ActivityId(number) for number in connection.execute(found).scalars()}


def linked_activities() -> sa.Select[tuple[UUID]]:
    """All appointments that are linked to any mailbox, as a query."""
    return sa.select(link.c.activity_id)


def events_between(
    connection: sa.Connection, profile: ProfileId, start: datetime, end: datetime
) -> set[EventId]:
    """The events of a profile that a listing from `start` to `end` (UTC) has to show."""
    found = sa.select(link.c.event_id).where(
        link.c.profile_id == profile,
        link.c.event_id.is_not(None),
        link.c.starts_at < end,
        sa.or_(link.c.ends_at.is_(None), link.c.ends_at > start),
    )
    return {EventId(event) for event in connection.execute(found).scalars()}


_UPDATE: Final = (
    sa.update(link)
    .where(link.c.id == sa.bindparam("link_id"))
    .values({c.name: sa.bindparam(c.name) for c in link.c if c is not link.c.id})
)


def insert(connection: sa.Connection, links: Iterable[Link]) -> None:
    """Remember new links."""
    rows = [_row(new) for new in links]
    if rows:
        connection.execute(sa.insert(link), rows)


def update(connection: sa.Connection, links: Iterable[Link]) -> None:
    """Store all that may change of known links."""
    rows = [{"link_id": row.pop("id"), **row} for row in map(_row, links)]
    if rows:
        connection.execute(_UPDATE, rows)


def delete(connection: sa.Connection, links: Iterable[LinkId]) -> None:
    """Forget links."""
    for some in chunks(list(links)):
        connection.execute(sa.delete(link).where(link.c.id.in_(some)))


def _read(
    connection: sa.Connection, wanted: sa.Select[Any], ids: Collection[Any], **others: object
) -> list[Link]:
    found: list[Link] = []
    for some in chunks(list(ids), SOME):
        found += [_link(row) for row in connection.execute(wanted, {"ids": some, **others})]
    return found


def _link(row: Iterable[Any]) -> Link:
    (
        number,
        profile,
        activity,
        event_id,
        ical_uid,
        role,
        consolidate,
        exchange,
        modified_at,
        starts_at,
        ends_at,
        unfinished,
        guests,
        carried,
    ) = row
    return Link(
        id=LinkId(number),
        profile=ProfileId(profile),
        activity=ActivityId(activity),
        event_id=None if event_id is None else EventId(event_id),
        ical_uid=None if ical_uid is None else ICalUid(ical_uid),
        role=Role(role),
        consolidate=Fingerprint(consolidate),
        exchange=Fingerprint(exchange),
        modified_at=modified_at,
        starts_at=starts_at,
        ends_at=ends_at,
        unfinished=bool(unfinished),
        guests=frozenset(guests.split()) if guests else _NOBODY,
        carried=carried,
    )


_NOBODY: Final = frozenset[str]()


def _row(known: Link) -> dict[str, Any]:
    return {
        "id": known.id,
        "profile_id": known.profile,
        "activity_id": known.activity,
        "event_id": known.event_id,
        "event_key": event_key(known.id, known.event_id),
        "ical_uid": None if known.ical_uid is None else stored_uid(known.ical_uid),
        "role": known.role.value,
        "consolidate_print": known.consolidate,
        "exchange_print": known.exchange,
        "exchange_modified_at": known.modified_at,
        "starts_at": known.starts_at,
        "ends_at": known.ends_at,
        "unfinished": known.unfinished,
        "guests": " ".join(sorted(known.guests)) or None,
        "carried": known.carried,
    }
