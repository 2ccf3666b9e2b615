"""The profiles as an admin sees them: their rows, and how each fares.

`read` is a handful of small queries, so that it may be asked each second; counting the links goes
through many rows and stands apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.collation import Key, natural
from calsync_agent.consolidate.tables import employee
from calsync_agent.database.stored import as_stored
from calsync_agent.i18n import Message
from calsync_agent.state import profile_status
from calsync_agent.state.agents import SILENCE
from calsync_agent.state.profile_status import Condition, Fare
from calsync_agent.state.profiles import KIND
from calsync_agent.state.tables import agent, hold, lease, link, profile, provider, quarantine
from calsync_agent.visible import visible


class State(StrEnum):
    """What is to be said of a profile in one word; the first that holds."""

    PAUSED = "paused"
    NOT_PERMITTED = "not permitted"
    NO_MAILBOX = "no mailbox"
    DOUBLE = "double"
    HELD = "held"
    NO_AGENT = "no agent"
    FAILING = "failing"
    THROTTLED = "throttled"
    FIRST_SYNC = "first sync"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `calsync_profile`, exactly as it was read."""

    id: ProfileId
    provider: int
    employee: EmployeeId
    mailbox: str
    active: bool
    inbound: object = None
    outbound: object = None
    past_months: object = None
    future_months: object = None


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who has a profile or may have one; `address` is empty where none is known."""

    id: EmployeeId
    code: str
    name: str
    address: str
    permitted: bool = True

    @property
    def title(self) -> str:
        """How lists name them."""
        return self.name if self.name == self.code else f"{self.code} {self.name}"


@dataclass(frozen=True, slots=True)
class ProfileLine:
    """One profile and how it fares. `synced_at` is UTC; `held` counts what waits for an admin."""

    row: Row
    employee: Employee
    state: State
    fare: Fare | None = None
    synced_at: datetime | None = None
    held: int = 0
    held_since: datetime | None = None
    answered: int = 0
    quarantined: int = 0
    quarantined_since: datetime | None = None

    @property
    def name(self) -> str:
        """Whose profile it is."""
        return self.employee.name

    @property
    def syncing(self) -> bool:
        """Whether it is to be synced at all (C5)."""
        return self.row.active and self.employee.permitted

    @property
    def error(self) -> Message | None:
        """What went wrong last, as long as it does."""
        return self.fare.error if self.fare and self.row.active else None


@dataclass(frozen=True, slots=True)
class Listing:
    """All profiles of the provider, by employee; `provider` is None where there is no row yet."""

    provider: int | None = None
    lines: tuple[ProfileLine, ...] = ()
    by_id: Mapping[ProfileId, ProfileLine] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {line.row.id: line for line in self.lines})


@dataclass(frozen=True, slots=True)
class _Waiting:
    """How many of a profile wait, and since when the first of them does (UTC)."""

    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Counts:
    held: Mapping[ProfileId, _Waiting]
    answered: Mapping[ProfileId, _Waiting]
    quarantined: Mapping[ProfileId, _Waiting]
    rounds: Mapping[ProfileId, datetime | None]
    attended: bool


def _listed(connection: sa.Connection) -> sa.Select[Any]:
    return (
        sa.select(
            *as_stored(connection, profile.c),
            employee.c.code,
            employee.c.name,
            employee.c.email,
            employee.c.active.label("employee_active"),
            employee.c.calendarsync_allowed,
        )
        .join_from(profile, employee, employee.c.id == profile.c.employee_id)
        .order_by(profile.c.id)
    )


def read(connection: sa.Connection, now: datetime) -> Listing:
    """All profiles, and how each fares; `now` is the database's clock (UTC)."""
    number = provider_id(connection)
    if number is None:
        return Listing()
    mine = _listed(connection).where(profile.c.provider_id == number)
    rows = connection.execute(mine).mappings().all()
    told, counts = profile_status.read(connection), _counts(connection, now)
    first: dict[str, ProfileId] = {}
    none = _Waiting()
    lines = []
    for found in rows:
        row, who = row_of(found), _employee(found)
        owner = row.id
        if row.active and who.permitted:
            owner = first.setdefault(same(row.mailbox), row.id)
        fare = told.get(row.id)
        lines.append(
            ProfileLine(
                row=row,
                employee=who,
                state=next(_states(row, who, owner, fare, counts)),
                fare=fare,
                synced_at=_synced_at(row.id, fare, counts),
                held=counts.held.get(row.id, none).count,
                held_since=counts.held.get(row.id, none).since,
                answered=counts.answered.get(row.id, none).count,
                quarantined=counts.quarantined.get(row.id, none).count,
                quarantined_since=counts.quarantined.get(row.id, none).since,
            )
        )
    return Listing(number, tuple(sorted(lines, key=order)))


def order(line: ProfileLine) -> tuple[Key, int]:
    """Where a profile stands in the list."""
    return natural(line.employee.title), line.row.id


def read_linked(connection: sa.Connection) -> Mapping[ProfileId, int]:
    """How many appointments of each profile are linked to an event."""
    there = link.c.event_id.is_not(None)
    return _by_profile(connection, link, there)


def read_candidates(connection: sa.Connection) -> tuple[Employee, ...]:
    """The employees who may have a profile and have none, by code."""
    taken = sa.select(profile.c.employee_id).where(profile.c.provider_id == provider_id(connection))
    found = sa.select(
        employee.c.id.label("employee_id"),
        employee.c.code,
        employee.c.name,
        employee.c.email,
        employee.c.active.label("employee_active"),
        employee.c.calendarsync_allowed,
    ).where(
        employee.c.active == sa.true(),
        employee.c.calendarsync_allowed == sa.true(),
        employee.c.id.not_in(taken),
    )
    people = map(_employee, connection.execute(found).mappings())
    return tuple(sorted(people, key=lambda one: (natural(one.title), one.id)))


def provider_id(connection: sa.Connection) -> int | None:
    """The provider that profiles belong to."""
    found = sa.select(provider.c.id).where(provider.c.kind == KIND)
    number: int | None = connection.execute(found).scalars().first()
    return number


def row_of(found: sa.RowMapping) -> Row:
    """A row of `calsync_profile` as a value, whatever stands in it (`as_stored`)."""
    return Row(
        id=ProfileId(found["id"]),
        provider=found["provider_id"],
        employee=EmployeeId(found["employee_id"]),
        mailbox=str(found["external_user_id"]),
        active=bool(found["active"]),
        inbound=_flag(found["inbound"]),
        outbound=_flag(found["outbound"]),
        past_months=found["past_months"],
        future_months=found["future_months"],
    )


def _flag(stored: object) -> object:
    return bool(stored) if isinstance(stored, int) and stored in {0, 1} else stored


def same(mailbox: str) -> str:
    """What is equal for two spellings of one mailbox, as the agent compares them."""
    return mailbox.strip().casefold()


def _employee(found: sa.RowMapping) -> Employee:
    return Employee(
        id=EmployeeId(found["employee_id"]),
        code=visible(found["code"]),
        name=visible((found["name"] or "").strip() or found["code"]),
        address=visible((found["email"] or "").strip()),
        permitted=bool(found["employee_active"] and found["calendarsync_allowed"]),
    )


def _counts(connection: sa.Connection, now: datetime) -> _Counts:
    rounds = sa.select(lease.c.profile_id, agent.c.round_at).join_from(
        lease, agent, agent.c.id == lease.c.agent_id
    )
    seen = connection.execute(sa.select(agent.c.seen_at)).scalars()
    return _Counts(
        held=_waiting(connection, hold, hold.c.verdict.is_(None)),
        answered=_waiting(connection, hold, hold.c.verdict.is_not(None)),
        quarantined=_waiting(connection, quarantine),
        rounds={ProfileId(number): at for number, at in connection.execute(rounds)},
        attended=any(now - moment <= SILENCE for moment in seen),
    )


def _waiting(
    connection: sa.Connection, table: sa.Table, *those: sa.ColumnElement[bool]
) -> dict[ProfileId, _Waiting]:
    column, first = table.c.profile_id, sa.func.min(table.c.since)
    found = sa.select(column, sa.func.count(), first).where(*those).group_by(column)
    rows = connection.execute(found)
    return {ProfileId(number): _Waiting(count, since) for number, count, since in rows}


def _by_profile(
    connection: sa.Connection, table: sa.Table, *those: sa.ColumnElement[bool]
) -> dict[ProfileId, int]:
    column = table.c.profile_id
    found = sa.select(column, sa.func.count()).where(*those).group_by(column)
    return {ProfileId(number): count for number, count in connection.execute(found)}


def _states(
    row: Row, who: Employee, owner: ProfileId, fare: Fare | None, counts: _Counts
) -> Iterator[State]:
    """All that hold, the most important first."""
    if not row.active:
        yield State.PAUSED
    if not who.permitted:
        yield State.NOT_PERMITTED
    if not row.mailbox.strip():
        yield State.NO_MAILBOX
    if owner != row.id:
        yield State.DOUBLE
    if row.id in counts.held:
        yield State.HELD
    if not counts.attended:
        yield State.NO_AGENT
    match fare and fare.condition:
        case None:
            yield State.FIRST_SYNC
        case Condition.FAILING:
            yield State.FAILING
        case Condition.THROTTLED:
            yield State.THROTTLED
        case Condition.WELL:
            yield State.WELL


def _synced_at(number: ProfileId, fare: Fare | None, counts: _Counts) -> datetime | None:
    """Of one that is well, its agent's last round tells; of the others what was noted."""
    if fare is None:
        return None
    asked = counts.rounds.get(number) if fare.condition is Condition.WELL else None
    return max(filter(None, (asked, fare.synced_at)), default=None)
