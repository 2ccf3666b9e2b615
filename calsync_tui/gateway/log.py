"""Reads `calsync_log` in stretches: each look is bounded, however many rows there are.

A look goes along one index (or, for several levels, along one after the other), reads at most
`PAGE` lines and lets the database pass at most `LOOK` others; where that was not enough it says how
far it came, and the next look goes on from there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EventId, ProfileId
from calsync_agent.collation import natural
from calsync_agent.consolidate.tables import employee
from calsync_agent.state.log import Level
from calsync_agent.state.tables import log, profile
from calsync_agent.visible import visible
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.explanations import Asked
from calsync_tui.gateway.searching import Search, request_ids, rule, said, subject

PAGE: Final = 200
"""Most lines that a look returns."""
READ: Final = 2_000
"""Most lines whose words are looked at in one look."""
LOOK: Final = 20_000
"""Most rows that the database passes in one look."""

_Conditions: TypeAlias = Sequence[sa.ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One row. `at` is UTC; `kind` and `level` may be words that this program does not know."""

    place: int
    at: datetime
    level: str
    profile: ProfileId | None
    kind: str
    message: str
    content: str | None
    activity: ActivityId | None
    event: EventId | None

    @property
    def text(self) -> str:
        """The sentence in the language spoken now."""
        return said(self.message, self.content)

    @property
    def subject(self) -> str:
        """The appointment that it is about, as the sentence names it; or nothing."""
        return subject(self.content)

    @property
    def asked(self) -> Asked:
        """The appointment or event that it is about, for `explain`."""
        number = self.activity or self.event
        if number is None:
            return Asked()
        return Asked(self.subject or str(number), str(number), self.profile)

    @property
    def rule(self) -> str:
        """What was decided and by which rule, in the language spoken now; or nothing."""
        return rule(self.content)

    @property
    def request_ids(self) -> tuple[str, ...]:
        """By which Microsoft finds the requests that the line tells of."""
        return request_ids(self.content)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines are wanted; no `levels`: all of them."""

    profile: ProfileId | None = None
    levels: frozenset[Level] = frozenset()
    kind: str | None = None
    search: Search = field(default_factory=lambda: Search(""))

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        narrowed = self.profile is not None or self.kind is not None
        return narrowed or bool(self.levels) or bool(self.search)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a look found, oldest first, and the id up to which it looked; None: to the end."""

    rows: tuple[LogLine, ...]
    reached: int | None


@dataclass(frozen=True, slots=True)
class Ends:
    """The first and the last id; both 0 where the log is empty."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Whose:
    """A profile, as people call it."""

    code: str
    name: str


def ends(connection: sa.Connection) -> Ends:
    """Where the log begins and ends now."""
    # Apart, because SQLite finds only one of them at a time by the index.
    first = sa.select(sa.func.min(log.c.id)).scalar_subquery()
    last = sa.select(sa.func.max(log.c.id)).scalar_subquery()
    found = connection.execute(sa.select(first, last)).one()
    return Ends(found[0] or 0, found[1] or 0)


def look(connection: sa.Connection, wanted: Filter, beyond: int, *, forward: bool) -> Stretch:
    """The wanted lines next to the id `beyond`, which is not one of them."""
    ways = [_along(connection, wanted, way, beyond, forward=forward) for way in _ways(wanted)]
    reached = [way.reached for way in ways if way.reached is not None]
    rows = [line for way in ways for line in way.rows]
    nearest: int | None = None
    if reached:
        nearest = min(reached) if forward else max(reached)
        rows = [r for r in rows if (r.place <= nearest if forward else r.place >= nearest)]
    rows.sort(key=lambda line: line.place)
    return Stretch(tuple(rows), nearest)


class LogSource:
    """The lines that a filter leaves, as a list to scroll in (`reel.Source`)."""

    def __init__(self, gateway: Gateway, wanted: Filter) -> None:
        self.wanted = wanted
        self._gateway = gateway

    async def look(self, beyond: int, *, forward: bool) -> Stretch:
        """The wanted lines next to an id. Raises CalsyncError."""
        return await self._gateway.read(lambda c: look(c, self.wanted, beyond, forward=forward))

    async def ends(self) -> tuple[int, int]:
        """The first and the last id. Raises CalsyncError."""
        found = await self._gateway.read(ends)
        return found.first, found.last


def profiles(connection: sa.Connection) -> Mapping[ProfileId, Whose]:
    """What people call each profile."""
    found = sa.select(profile.c.id, employee.c.code, employee.c.name)
    rows = connection.execute(found.join_from(profile, employee))
    known = sorted(rows, key=lambda row: natural(row[1]))
    return {ProfileId(number): Whose(visible(code), visible(name)) for number, code, name in known}


def line(row: sa.RowMapping) -> LogLine:
    """One row as a value."""
    number, activity, event = row["profile_id"], row["activity_id"], row["event_id"]
    return LogLine(
        place=row["id"],
        at=row["at"],
        level=row["level"],
        profile=None if number is None else ProfileId(number),
        kind=row["kind"],
        message=row["message"],
        content=row["content"],
        activity=None if activity is None else ActivityId(activity),
        event=None if event is None else EventId(event),
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """What an index leads along, and what it passes over."""

    along: _Conditions
    passing: _Conditions


def _ways(wanted: Filter) -> list[_Way]:
    kind = [] if wanted.kind is None else [log.c.kind == wanted.kind]
    if wanted.profile is not None:
        levels = [log.c.level.in_(sorted(wanted.levels))] if wanted.levels else []
        return [_Way([log.c.profile_id == wanted.profile], [*kind, *levels])]
    if wanted.levels:
        return [_Way([log.c.level == level.value], kind) for level in sorted(wanted.levels)]
    return [_Way([], kind)]


def _along(
    connection: sa.Connection, wanted: Filter, way: _Way, beyond: int, *, forward: bool
) -> Stretch:
    column = log.c.id
    order = column.asc() if forward else column.desc()
    ahead = [*way.along, column > beyond if forward else column < beyond]
    edge: int | None = None
    if way.passing:
        last = sa.select(column).where(*ahead).order_by(order).offset(LOOK - 1).limit(1)
        edge = connection.execute(last).scalar()
        if edge is not None:
            ahead.append(column <= edge if forward else column >= edge)
    if wanted.search:
        return _searched(connection, wanted.search, [*ahead, *way.passing], order, edge)
    found = sa.select(*log.c).where(*ahead, *way.passing).order_by(order).limit(PAGE)
    rows = connection.execute(found).mappings().all()
    reached = rows[-1]["id"] if len(rows) == PAGE else edge
    return Stretch(tuple(line(row) for row in rows), reached)


def _searched(
    connection: sa.Connection,
    search: Search,
    conditions: _Conditions,
    order: sa.UnaryExpression[int],
    edge: int | None,
) -> Stretch:
    """Those that show the words; only of these more is read than their words."""
    words = sa.select(log.c.id, log.c.message, log.c.content).where(*conditions)
    rows = connection.execute(words.order_by(order).limit(READ)).all()
    reached: int | None = rows[-1][0] if len(rows) == READ else edge
    found: list[int] = []
    for number, message, content in rows:
        if search.finds(message, content):
            found.append(number)
            if len(found) == PAGE:
                reached = number
                break
    if not found:
        return Stretch((), reached)
    whole = sa.select(*log.c).where(log.c.id.in_(found))
    return Stretch(tuple(line(row) for row in connection.execute(whole).mappings()), reached)
