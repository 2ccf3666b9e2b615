"""What was carried in the last hour, how near the guards are, and what came last."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.domain.hold import HoldKind
from calsync_agent.health.overview import Pulse
from calsync_agent.state import quarantine
from calsync_agent.state.log import Kind, Level
from calsync_agent.state.tables import deed, log
from calsync_tui.gateway.log import LogLine, Whose, line, profiles
from calsync_tui.gateway.minutes import MinutesAfter

MINUTES: Final = 60
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
LATEST: Final = 60
"""Most lines of the log that are shown beside the profiles."""

_CARRIED: Final = tuple(
    kind.value for kind in (Kind.CREATED, Kind.CHANGED, Kind.DELETED, Kind.LINKED)
)
# Stored templates are English; a brace is nothing that LIKE takes for a wildcard.
OUTWARDS: Final = "in Exchange: {subject}"
INWARDS: Final = "in Consolidate: {subject}"
_WAY: Final = sa.case(
    (log.c.content.like(f"%{OUTWARDS}%"), 1), (log.c.content.like(f"%{INWARDS}%"), 2), else_=0
).label("way")


@dataclass(frozen=True, slots=True)
class Carried:
    """Changes of the last hour: by the minute, the oldest first, and by profile.

    `others`: on both sides at once, or it is not known whither.
    """

    outwards: tuple[int, ...] = (0,) * MINUTES
    inwards: tuple[int, ...] = (0,) * MINUTES
    others: tuple[int, ...] = (0,) * MINUTES
    profiles: Mapping[ProfileId, tuple[int, int]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.outwards) + sum(self.inwards) + sum(self.others)


@dataclass(frozen=True, slots=True)
class Used:
    """The most that any one profile has deleted and mailed lately, and whose that is."""

    deleted_in_hour: tuple[int, ProfileId | None] = (0, None)
    deleted_in_day: tuple[int, ProfileId | None] = (0, None)
    mailed_in_hour: tuple[int, ProfileId | None] = (0, None)
    mailed_in_day: tuple[int, ProfileId | None] = (0, None)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is read again only when something was logged. As of `at`, up to the line `upto`."""

    at: datetime
    upto: int
    carried: Carried
    used: Used
    latest: tuple[LogLine, ...]
    whose: Mapping[ProfileId, Whose]


def figures(pulse: Pulse) -> Callable[[sa.Connection], Figures]:
    """Work that reads what the status shows beside the situation."""
    return lambda connection: Figures(
        at=pulse.now,
        upto=pulse.last_log_id,
        carried=carried(pulse.now)(connection),
        used=used(pulse.now)(connection),
        latest=latest()(connection),
        whose=profiles(connection),
    )


def carried(now: datetime, profile: ProfileId | None = None) -> Callable[[sa.Connection], Carried]:
    """Work that counts what was carried in each of the last 60 minutes, of all or of one."""
    start = now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    minute = MinutesAfter(sa.literal(start, sa.DateTime()), log.c.at).label("minute")
    mine = [log.c.at >= start, log.c.kind.in_(_CARRIED)]
    if profile is not None:
        mine.append(log.c.profile_id == profile)

    def work(connection: sa.Connection) -> Carried:
        lines = sa.select(minute, log.c.profile_id, _WAY).where(*mine).subquery()
        by_minute = sa.select(lines.c.minute, lines.c.way, sa.func.count())
        curves: dict[int, dict[int, int]] = defaultdict(dict)
        for at, way, count in connection.execute(by_minute.group_by(lines.c.minute, lines.c.way)):
            curves[way][at] = count
        by_profile = sa.select(lines.c.profile_id, lines.c.way, sa.func.count())
        of: dict[ProfileId, list[int]] = defaultdict(lambda: [0, 0, 0])
        grouped = by_profile.group_by(lines.c.profile_id, lines.c.way)
        for number, way, count in connection.execute(grouped):
            if number is not None:
                of[ProfileId(number)][way] += count
        others, outwards, inwards = (
            tuple(curves[way].get(at, 0) for at in range(MINUTES)) for way in range(3)
        )
        known = {number: (counts[1], counts[2]) for number, counts in of.items()}
        return Carried(outwards, inwards, others, known)

    return work


def used(now: datetime) -> Callable[[sa.Connection], Used]:
    """Work that tells how much of what the guards allow is used up (B7, F8)."""
    deletes = [HoldKind.DELETE_IN_CONSOLIDATE.value, HoldKind.DELETE_IN_EXCHANGE.value]
    deleted = deed.c.kind.in_(deletes), sa.func.count()
    mailed = deed.c.kind == HoldKind.MAIL.value, sa.func.sum(deed.c.inside + deed.c.outside)

    def most(
        connection: sa.Connection,
        what: tuple[sa.ColumnElement[bool], sa.ColumnElement[int]],
        span: timedelta,
    ) -> tuple[int, ProfileId | None]:
        those, amount = what
        counted = sa.select(deed.c.profile_id, amount.label("amount")).where(
            those, deed.c.at > now - span
        )
        grouped = counted.group_by(deed.c.profile_id, deed.c.kind).subquery()
        ordered = sa.select(grouped).order_by(grouped.c.amount.desc()).limit(1)
        first = connection.execute(ordered).first()
        return (0, None) if first is None else (int(first[1] or 0), ProfileId(first[0]))

    return lambda connection: Used(
        most(connection, deleted, HOUR),
        most(connection, deleted, DAY),
        most(connection, mailed, HOUR),
        most(connection, mailed, DAY),
    )


def latest(profile: ProfileId | None = None) -> Callable[[sa.Connection], tuple[LogLine, ...]]:
    """Work that reads the newest lines of the log, the newest first, but no details."""
    mine = sa.select(*log.c).order_by(log.c.id.desc()).limit(LATEST)
    if profile is not None:
        mine = mine.where(log.c.profile_id == profile)

    def work(connection: sa.Connection) -> tuple[LogLine, ...]:
        rows = map(line, connection.execute(mine).mappings())
        return tuple(row for row in rows if row.level != Level.DEBUG)

    return work


def retry(item: int) -> Callable[[sa.Connection], bool]:
    """Work that lets an item be tried again at once; False where it is no longer there."""
    return lambda connection: quarantine.hurry(connection, [item]) > 0
