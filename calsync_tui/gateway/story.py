"""All that is known of one appointment: its lines, its kept versions, how it stands now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Final

import sqlalchemy as sa

from calsync_agent import bindings
from calsync_agent.appointment.codec import from_json
from calsync_agent.appointment.model import ActivityId, Appointment, EmployeeId, ProfileId
from calsync_agent.consolidate.reading import read_activities, read_staff
from calsync_agent.domain.activity import BrokenActivity
from calsync_agent.domain.link import Role
from calsync_agent.i18n import Message
from calsync_agent.state import history, links
from calsync_agent.state.history import Version
from calsync_agent.state.tables import hold, log, quarantine
from calsync_tui.gateway.log import LogLine, line

LINES: Final = 300
"""Most lines of a story; the newest."""
VERSIONS: Final = 20
"""Most kept versions of a story; the newest."""


class Standing(Enum):
    """What Consolidate holds now."""

    THERE = "there"
    DELETED = "deleted"
    GONE = "gone"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Linked:
    """One mailbox that holds it. `unfinished`: a write of it may have been cut off."""

    profile: ProfileId
    role: Role
    made: bool
    unfinished: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Why it is not synced for now, how often it was tried, and when it is again (UTC)."""

    profile: ProfileId
    reason: Message
    attempts: int
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """`activity` is None where a line is about no appointment. Lines oldest, versions newest first.

    `now` is Consolidate's version where it can be read, `reason` why it cannot.
    """

    activity: ActivityId | None
    lines: tuple[LogLine, ...]
    versions: tuple[Version, ...] = ()
    standing: Standing = Standing.GONE
    now: Appointment | None = None
    reason: Message | None = None
    linked: tuple[Linked, ...] = ()
    refused: tuple[Refused, ...] = ()
    held: tuple[ProfileId, ...] = ()
    people: Mapping[EmployeeId, str] = field(default_factory=dict)

    @property
    def private(self) -> bool:
        """Whether any of its versions is private, so that its texts are not shown."""
        kept = (from_json(version.content).private for version in self.versions)
        return any(kept) or (self.now is not None and self.now.private)


def read(connection: sa.Connection, of: LogLine) -> Story:
    """The story of the appointment that a line is about."""
    activity = of.activity or _linked_to(connection, of)
    if activity is None:
        return Story(None, (of,))
    read = read_activities(connection, [activity]).get(activity)
    found = bindings.read(connection).shown(read)
    story = Story(
        activity=activity,
        lines=_lines(connection, activity),
        versions=tuple(history.of_activity(connection, activity, VERSIONS)),
        linked=tuple(
            Linked(link.profile, link.role, link.event_id is not None, link.unfinished)
            for link in links.by_activities(connection, [activity])
        ),
        refused=tuple(_refused(connection, activity)),
        held=tuple(_held(connection, activity)),
        people=names(connection),
    )
    if found is None:
        return story
    if isinstance(found, BrokenActivity):
        return replace(story, standing=Standing.BROKEN, reason=found.reason)
    standing = Standing.DELETED if found.deleted else Standing.THERE
    return replace(story, standing=standing, now=found.appointment)


def names(connection: sa.Connection) -> Mapping[EmployeeId, str]:
    """What employees are called."""
    people = read_staff(connection).people.employees.values()
    return {employee.id: employee.name or employee.code for employee in people}


def _linked_to(connection: sa.Connection, of: LogLine) -> ActivityId | None:
    """The appointment of an event that a line names without it."""
    if of.profile is None or of.event is None:
        return None
    found = links.by_events(connection, of.profile, [of.event])
    return found[0].activity if found else None


def _lines(connection: sa.Connection, activity: ActivityId) -> tuple[LogLine, ...]:
    mine = sa.select(*log.c).where(log.c.activity_id == activity)
    rows = connection.execute(mine.order_by(log.c.id.desc()).limit(LINES)).mappings()
    return tuple(reversed([line(row) for row in rows]))


def _refused(connection: sa.Connection, activity: ActivityId) -> Iterator[Refused]:
    mine = sa.select(*quarantine.c).where(quarantine.c.activity_id == activity)
    for row in connection.execute(mine).mappings():
        reason = Message.from_json(row["reason"])
        yield Refused(ProfileId(row["profile_id"]), reason, row["attempts"], row["next_at"])


def _held(connection: sa.Connection, activity: ActivityId) -> Iterator[ProfileId]:
    mine = sa.select(hold.c.profile_id)
    mine = mine.where(hold.c.activity_id == activity, hold.c.verdict.is_(None))
    return (ProfileId(number) for number in connection.execute(mine).scalars())
