"""What an admin does to profiles. Nothing that somebody else changed meanwhile is overwritten.

Each change names the rows as the admin saw them. They are read again, held until the transaction
ends, and compared here, because SQL Server takes texts for equal that differ by case.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum

import sqlalchemy as sa

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.consolidate.tables import employee
from calsync_agent.database.statements import chunks, locked
from calsync_agent.database.stored import as_stored
from calsync_agent.errors import Refusal
from calsync_agent.health.profiles import Row, provider_id, row_of, same
from calsync_agent.i18n import Message, message
from calsync_agent.platform.account import account
from calsync_agent.state import acts
from calsync_agent.state.tables import mailbox as known
from calsync_agent.state.tables import profile


class Field(StrEnum):
    """Where a refusal is to be said."""

    EMPLOYEE = "employee"
    MAILBOX = "mailbox"


class Clash(Refusal):
    """What was entered cannot be, because of what others have or were given."""

    def __init__(self, message: Message, field: Field) -> None:
        super().__init__(message)
        self.field = field


class Overtaken(Refusal):
    """Somebody else has changed the rows since they were seen; nothing was written.

    `now` tells how they stand; None: the row is gone.
    """

    def __init__(self, now: Mapping[ProfileId, Row | None]) -> None:
        super().__init__(message("somebody else has changed it meanwhile; nothing was saved"))
        self.now = now


@dataclass(frozen=True, slots=True)
class Ways:
    """Directions and months of the window of a profile; None: as provider and settings say (A7)."""

    inbound: bool | None = None
    outbound: bool | None = None
    past: int | None = None
    future: int | None = None

    @classmethod
    def of(cls, row: Row) -> "Ways":
        """Those of a row; what cannot be used counts as not given."""
        flags = (one if isinstance(one, bool) else None for one in (row.inbound, row.outbound))
        months = (
            one if isinstance(one, int) else None for one in (row.past_months, row.future_months)
        )
        return cls(*flags, *months)

    def columns(self) -> dict[str, bool | int | None]:
        """By the names of the columns."""
        return {
            "inbound": self.inbound,
            "outbound": self.outbound,
            "past_months": self.past,
            "future_months": self.future,
        }


def add(connection: sa.Connection, who: EmployeeId, mailbox: str, *, active: bool) -> Row:
    """A new profile. Raises Clash."""
    number = provider_id(connection)
    if number is None:
        raise Clash(
            message("there is no provider yet; set the Tenant ID on the page Provider first"),
            Field.EMPLOYEE,
        )
    _check_employee(connection, number, who)
    _check_mailbox(connection, number, mailbox)
    values = {"employee_id": who, "external_user_id": mailbox, "active": active}
    with _first_come():
        connection.execute(sa.insert(profile).values(provider_id=number, **values))
    mine = profile.c.provider_id == number, profile.c.employee_id == who
    found = connection.execute(sa.select(*as_stored(connection, profile.c)).where(*mine))
    made = row_of(found.mappings().one())
    text = message(
        "{account} has added profile {profile}, active: {active}",
        account=account(),
        profile=made.id,
        active=int(active),
    )
    acts.note(connection, text, made.id)
    return made


def change(connection: sa.Connection, seen: Row, mailbox: str, *, active: bool) -> Row:
    """Give a profile another mailbox, or pause or resume it. Raises Clash, Overtaken."""
    now = _held(connection, [seen.id]).get(seen.id)
    if now != seen:
        raise Overtaken({seen.id: now})
    if same(mailbox) != same(seen.mailbox):
        _check_mailbox(connection, seen.provider, mailbox, but=seen.id)
    mine = sa.update(profile).where(profile.c.id == seen.id)
    with _first_come():
        connection.execute(mine.values(external_user_id=mailbox, active=active))
    after = {"external_user_id": mailbox, "active": active}
    _note_changes(connection, [seen], after)
    return replace(seen, mailbox=mailbox, active=active)


def set_active(connection: sa.Connection, seen: Collection[Row], *, active: bool) -> int:
    """Pause or resume profiles; returns how many were not so already. Raises Overtaken."""
    _check_seen(connection, seen)
    numbers = [row.id for row in seen if row.active is not active]
    done = 0
    for some in chunks(numbers):
        mine = sa.update(profile).where(profile.c.id.in_(some))
        done += connection.execute(mine.values(active=active)).rowcount
    _note_changes(connection, seen, {"active": active})
    return done


def set_ways(connection: sa.Connection, seen: Collection[Row], ways: Ways) -> int:
    """Give profiles directions and a window; returns how many there are. Raises Overtaken."""
    _check_seen(connection, seen)
    done = 0
    for some in chunks([row.id for row in seen]):
        mine = sa.update(profile).where(profile.c.id.in_(some))
        done += connection.execute(mine.values(ways.columns())).rowcount
    _note_changes(connection, seen, ways.columns())
    return done


def remove(connection: sa.Connection, seen: Collection[Row]) -> int:
    """Delete profiles with all that the plugin remembers of them; appointments stay everywhere.

    Returns how many were still there. Raises Overtaken.
    """
    there = _check_seen(connection, seen)
    for some in chunks(there):
        connection.execute(sa.delete(profile).where(profile.c.id.in_(some)))
    texts = [
        (n, message("{account} has deleted profile {profile}", account=account(), profile=n))
        for n in there
    ]
    acts.note_each(connection, texts)
    return len(there)


def _note_changes(
    connection: sa.Connection, seen: Iterable[Row], after: Mapping[str, object]
) -> None:
    texts = []
    for row in seen:
        if changed := acts.changes(_columns(row), after):
            text = message(
                "{account} has changed profile {profile}: {changes}",
                account=account(),
                profile=row.id,
                changes=changed,
            )
            texts.append((row.id, text))
    acts.note_each(connection, texts)


def _columns(row: Row) -> dict[str, object]:
    return {
        "external_user_id": row.mailbox,
        "active": row.active,
        "inbound": row.inbound,
        "outbound": row.outbound,
        "past_months": row.past_months,
        "future_months": row.future_months,
    }


def _check_seen(connection: sa.Connection, seen: Collection[Row]) -> list[ProfileId]:
    """Which of them are there still; what is gone is nobody's loss.

    Raises Overtaken where rows are other than seen.
    """
    now = _held(connection, [row.id for row in seen])
    changed = {row.id: now[row.id] for row in seen if now.get(row.id, row) != row}
    if changed:
        raise Overtaken(changed)
    return sorted(now)


def _held(connection: sa.Connection, numbers: Collection[ProfileId]) -> dict[ProfileId, Row]:
    """The rows as they are, and stay until the transaction ends."""
    found: dict[ProfileId, Row] = {}
    for some in chunks(sorted(numbers)):
        wanted = (
            sa.select(*as_stored(connection, profile.c))
            .where(profile.c.id.in_(some))
            .order_by(profile.c.id)
        )
        for row in connection.execute(locked(wanted, profile)).mappings():
            found[ProfileId(row["id"])] = row_of(row)
    return found


def _check_employee(connection: sa.Connection, number: int, who: EmployeeId) -> None:
    found = sa.select(employee.c.active, employee.c.calendarsync_allowed)
    row = connection.execute(found.where(employee.c.id == who)).first()
    if row is None or not (row.active and row.calendarsync_allowed):
        raise Clash(
            message("this employee is not permitted to sync their calendar any more"),
            Field.EMPLOYEE,
        )
    theirs = profile.c.provider_id == number, profile.c.employee_id == who
    if connection.execute(sa.select(profile.c.id).where(*theirs)).first() is not None:
        raise Clash(message("this employee has a profile by now"), Field.EMPLOYEE)


def _check_mailbox(
    connection: sa.Connection, number: int, mailbox: str, but: ProfileId | None = None
) -> None:
    """Raise Clash where another profile has this mailbox, by any name that is known of it (I4)."""
    found = sa.select(
        profile.c.id,
        profile.c.external_user_id,
        known.c.spelling,
        known.c.user_id,
        known.c.address,
        employee.c.code,
        employee.c.name,
    )
    joined = profile.join(employee, employee.c.id == profile.c.employee_id)
    joined = joined.outerjoin(known, known.c.profile_id == profile.c.id)
    mine = found.select_from(joined).where(profile.c.provider_id == number)
    for row in connection.execute(mine):
        names = {row.external_user_id}
        if row.spelling is not None and same(row.spelling) == same(row.external_user_id):
            names |= {row.user_id, row.address}
        if row.id != but and same(mailbox) in {same(name) for name in names if name}:
            raise Clash(taken(row.code, row.name), Field.MAILBOX)


def taken(code: str, name: str) -> Message:
    """That a mailbox belongs to somebody already."""
    return message("the profile of {code} ({name}) has this mailbox already", code=code, name=name)


@contextmanager
def _first_come() -> Iterator[None]:
    """Raise Clash where somebody entered the same in this very moment."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        raise Clash(
            message("somebody has just entered this employee or this mailbox"), Field.MAILBOX
        ) from error
