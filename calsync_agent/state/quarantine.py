"""Items that cannot be synced for now, with the reason, retried less and less often (B8)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EventId, ProfileId
from calsync_agent.appointment.naming import appointment_name, event_name
from calsync_agent.database.encoding import holdable
from calsync_agent.database.statements import chunks
from calsync_agent.i18n import Message, Value
from calsync_agent.state.tables import quarantine

PAUSES: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 6 * 60, 12 * 60, 24 * 60)
)

NEVER: Final = datetime(9999, 1, 1)


@dataclass(frozen=True, slots=True)
class Item:
    """What is quarantined: an appointment, or an event that has none."""

    activity: ActivityId | None
    event: EventId | None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A quarantined item, since when and until when (UTC).

    `name`: how people know it, by its subject or, where that cannot be read, by date and id.
    """

    id: int
    item: Item
    reason: Message
    attempts: int
    since: datetime
    next_at: datetime
    name: "Value | None" = None

    @property
    def known_as(self) -> "Value":
        """The name, or the id where an older version put it aside, which noted none."""
        if self.name is not None:
            return self.name
        if self.item.activity is None:
            return event_name(None, None, self.item.event, private=True)
        return appointment_name(None, None, self.item.activity, private=True)


def read(connection: sa.Connection, profile: ProfileId) -> list[Quarantined]:
    """All items of a profile."""
    return [
        _quarantined(row) for row in connection.execute(_OF_ONE, {"profile": profile}).mappings()
    ]


_OF_ONE: Final = sa.select(*quarantine.c).where(quarantine.c.profile_id == sa.bindparam("profile"))


def is_due(next_at: datetime, now: datetime) -> bool:
    """Whether an item's time has come.

    No pause is longer than the longest: what is to wait for longer was noted by a clock ahead.
    """
    return next_at <= now or now + PAUSES[-1] < next_at != NEVER


def due(connection: sa.Connection, profile: ProfileId, now: datetime) -> list[Item]:
    """The items of a profile whose time has come."""
    return [one.item for one in read(connection, profile) if is_due(one.next_at, now)]


def due_profiles(connection: sa.Connection, now: datetime) -> set[ProfileId]:
    """The profiles that have items whose time has come."""
    return set(map(ProfileId, connection.execute(with_due(now)).scalars()))


def with_due(now: datetime) -> sa.Select[Any]:
    """The same, to be asked for together with others."""
    at = quarantine.c.next_at
    noted_ahead = sa.and_(at > now + PAUSES[-1], at != NEVER)
    return sa.select(quarantine.c.profile_id).where(sa.or_(at <= now, noted_ahead))


def on(
    connection: sa.Connection, activities: Collection[ActivityId]
) -> set[tuple[ProfileId, ActivityId]]:
    """Who has any of these appointments in quarantine."""
    found: set[tuple[ProfileId, ActivityId]] = set()
    for some in chunks(list(activities)):
        wanted = sa.select(quarantine.c.profile_id, quarantine.c.activity_id)
        rows = connection.execute(wanted.where(quarantine.c.activity_id.in_(some)))
        found.update((ProfileId(profile), ActivityId(activity)) for profile, activity in rows)
    return found


def postpone(connection: sa.Connection, profile: ProfileId, now: datetime) -> None:
    """Put off what is due, so that an attempt that leads nowhere is not repeated at once."""
    for one in read(connection, profile):
        if is_due(one.next_at, now):
            mine = sa.update(quarantine).where(quarantine.c.id == one.id)
            connection.execute(mine.values(next_at=now + _pause(one.attempts)))


def hurry(connection: sa.Connection, numbers: Collection[int]) -> int:
    """Let items be tried again at once, also those refused for good; returns how many there are.

    They count as due since they came here, which no agent's clock takes for the future.
    """
    found = 0
    for some in chunks(sorted(numbers)):
        mine = sa.update(quarantine).where(quarantine.c.id.in_(some))
        found += connection.execute(mine.values(next_at=quarantine.c.since)).rowcount
    return found


def update(
    connection: sa.Connection,
    profile: ProfileId,
    refused: Mapping[Item, Message],
    settled: Iterable[Item],
    now: datetime,
    *,
    never: Collection[Item] = (),
    names: Mapping[Item, Value] = MappingProxyType({}),
) -> list[Item]:
    """Quarantine what is refused and let go what is settled.

    What is refused for good is `never` retried unless it changes. Returns the items that are new
    here, or refused for a new reason.
    """
    known = {quarantined.item: quarantined for quarantined in read(connection, profile)}
    if known:  # seldom: nothing need be gathered otherwise
        _release(connection, {known[item].id for item in settled if item in known})
    for item, reason in refused.items():
        again = known.get(item)
        attempts = again.attempts + 1 if again else 1
        values = {
            "name": _stored(connection, names.get(item)),
            "reason": holdable(connection, reason.to_json()),
            "attempts": attempts,
            "next_at": NEVER if item in never else now + _pause(attempts),
        }
        if again:
            mine = quarantine.c.id == again.id
            connection.execute(sa.update(quarantine).where(mine).values(values))
        else:
            new = {"profile_id": profile, "activity_id": item.activity, "event_id": item.event}
            connection.execute(sa.insert(quarantine).values(since=now, **new, **values))
    return [
        item
        for item, reason in refused.items()
        if item not in known or known[item].reason != reason
    ]


def _stored(connection: sa.Connection, name: "Value | None") -> str | None:
    if name is None:
        return None
    return holdable(connection, Message("{name}", {"name": name}).to_json())


def _pause(attempts: int) -> timedelta:
    return PAUSES[min(attempts, len(PAUSES)) - 1]


def _release(connection: sa.Connection, numbers: Collection[int]) -> None:
    if numbers:
        connection.execute(
            sa.delete(quarantine).where(quarantine.c.id == sa.bindparam("number")),
            [{"number": number} for number in numbers],
        )


def _quarantined(row: sa.RowMapping) -> Quarantined:
    activity, event = row["activity_id"], row["event_id"]
    return Quarantined(
        id=row["id"],
        item=Item(
            None if activity is None else ActivityId(activity),
            None if event is None else EventId(event),
        ),
        reason=Message.from_json(row["reason"]),
        attempts=row["attempts"],
        since=row["since"],
        next_at=row["next_at"],
        name=None if row["name"] is None else Message.from_json(row["name"]).fields["name"],
    )
