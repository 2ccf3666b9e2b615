"""The rows of `calsync_profile` as an admin's deeds in bulk find them, held until they are done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.appointment.owner import spelled
from calsync_agent.appointment.people import Employee
from calsync_agent.consolidate.reading import Staff, read_staff
from calsync_agent.database.statements import locked
from calsync_agent.database.stored import as_stored
from calsync_agent.errors import NotReady
from calsync_agent.i18n import Message, message
from calsync_agent.state import acts, profiles
from calsync_agent.state.tables import fare, mailbox, profile, profile_state


@dataclass(frozen=True, slots=True)
class Row:
    """One profile; directions are None where the provider's hold."""

    id: ProfileId
    employee: EmployeeId
    mailbox: str
    active: bool
    inbound: bool | None = None
    outbound: bool | None = None


@dataclass(slots=True)
class Profiles:
    """All profiles of the provider, and everybody who may have one. `names`: who has a mailbox."""

    provider: int
    staff: Staff
    rows: dict[EmployeeId, Row]
    names: dict[str, EmployeeId] = field(default_factory=dict)

    def owner(self, name: str) -> EmployeeId | None:
        """Who has the mailbox of this name."""
        return self.names.get(spelled(name))

    def put(self, employee: EmployeeId, name: str) -> None:
        """Let an employee have this mailbox, and no other."""
        if employee in self.rows:
            self.names = {known: who for known, who in self.names.items() if who != employee}
        self.names[spelled(name)] = employee

    def code(self, employee: EmployeeId) -> str:
        """What an employee is called."""
        known = self.staff.people.find(employee)
        return known.code if known else str(employee)

    @property
    def lacking(self) -> list[Employee]:
        """Those who may have a profile and have none, by code."""
        people = self.staff.people.employees
        found = [people[one] for one in self.staff.permitted if one not in self.rows]
        return sorted(found, key=lambda one: (one.code.casefold(), one.id))


def read(connection: sa.Connection, *, held: bool) -> Profiles:
    """All profiles; `held`: nobody changes them until the transaction ends. Raises NotReady."""
    provider = profiles.read_provider(connection)
    if provider is None:
        raise NotReady(
            message("there is no provider yet; set the Tenant ID on the page Provider first")
        )
    mine = profile.c.provider_id == provider.id
    wanted = sa.select(*as_stored(connection, profile.c)).where(mine).order_by(profile.c.id)
    wanted = locked(wanted, profile) if held else wanted
    rows = [_row(found) for found in connection.execute(wanted).mappings()]
    made = Profiles(provider.id, read_staff(connection), {row.employee: row for row in rows})
    m = mailbox.c
    known = sa.select(m.profile_id, m.spelling, m.user_id, m.address)
    by_id = {row.id: row for row in rows}
    for number, spelling, *others in connection.execute(known):
        row = by_id.get(ProfileId(number))
        if row and spelled(spelling) == spelled(row.mailbox):
            made.names |= {spelled(other): row.employee for other in others if other}
    made.names |= {spelled(row.mailbox): row.employee for row in rows}
    return made


def begun(connection: sa.Connection) -> set[ProfileId]:
    """The profiles that an agent has begun to sync at some time."""
    found = (sa.select(table.c.profile_id) for table in (profile_state, fare))
    return {ProfileId(number) for number in connection.execute(sa.union(*found)).scalars()}


def insert(connection: sa.Connection, provider: int, made: Iterable[Row]) -> None:
    """Enter new profiles; their ids are the database's."""
    values = [
        {
            "provider_id": provider,
            "employee_id": row.employee,
            "external_user_id": row.mailbox,
            "active": row.active,
            "inbound": row.inbound,
            "outbound": row.outbound,
        }
        for row in made
    ]
    if values:
        connection.execute(sa.insert(profile), values)


def tell(connection: sa.Connection, lines: Mapping[EmployeeId, Message]) -> None:
    """A line in the log for each of these employees, by the profile that it has now."""
    if not lines:
        return
    found = connection.execute(sa.select(profile.c.employee_id, profile.c.id))
    ids = {EmployeeId(employee): ProfileId(number) for employee, number in found}
    acts.note_each(connection, [(ids.get(who), text) for who, text in lines.items()])


def _row(found: sa.RowMapping) -> Row:
    return Row(
        id=ProfileId(found["id"]),
        employee=EmployeeId(found["employee_id"]),
        mailbox=str(found["external_user_id"]).strip(),
        active=bool(found["active"]),
        inbound=_flag(found["inbound"]),
        outbound=_flag(found["outbound"]),
    )


def _flag(stored: object) -> bool | None:
    return None if stored is None else bool(stored)
