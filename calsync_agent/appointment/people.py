"""Who is who: employees by any of their addresses, whatever the spelling."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from calsync_agent.appointment.model import EmployeeId


@dataclass(frozen=True, slots=True)
class Employee:
    """An employee as far as calendars care; `address` is empty where none is known."""

    id: EmployeeId
    code: str
    name: str
    address: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """All employees, found by id or by any address."""

    employees: dict[EmployeeId, Employee] = field(default_factory=dict)
    _by_address: dict[str, EmployeeId] = field(default_factory=dict)
    _domains: frozenset[str] = frozenset()

    def employee(self, address: str | None) -> EmployeeId | None:
        """Whose address this is; None for somebody from outside."""
        return self._by_address.get((address or "").strip().casefold())

    def inside(self, address: str) -> bool:
        """Whether mail to this address stays in the company: an employee's, or of their domain."""
        return self.employee(address) is not None or _domain(address) in self._domains

    def find(self, employee: EmployeeId) -> Employee | None:
        """The employee with this id."""
        return self.employees.get(employee)


def directory(employees: Iterable[Employee]) -> Directory:
    """A directory; a main address wins over an alias that somebody else has too."""
    known = {employee.id: employee for employee in employees}
    by_address: dict[str, EmployeeId] = {}
    for employee in known.values():
        for alias in employee.aliases:
            by_address.setdefault(alias.strip().casefold(), employee.id)
    for employee in known.values():
        by_address[employee.address.strip().casefold()] = employee.id
    by_address.pop("", None)
    domains = {_domain(employee.address) for employee in known.values()} - {""}
    return Directory(known, by_address, frozenset(domains))


def _domain(address: str) -> str:
    return address.strip().casefold().rpartition("@")[2]
