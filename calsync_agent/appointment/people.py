"""Who is who: employees by any of their addresses, and everybody else, whatever the spelling."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from calsync_agent.appointment.model import EmployeeId, Person, Response
from calsync_agent.appointment.text import cut, one_line

NAME_LIMIT: Final = 200
"""Consolidate's limit for a name, in UTF-16 units."""
ADDRESS_LIMIT: Final = 320
"""Consolidate's limit for an address, in UTF-16 units."""
NAMELESS: Final = Person("", "?")
"""Somebody from outside of whom nothing is known but that they are there."""


@lru_cache(maxsize=4096)  # asked for every guest at every comparison
def known_as(person: Person) -> tuple[str, str]:
    """What makes somebody the same on both sides: the address, or without one the name.

    Both are empty for somebody of whom nothing is known.
    """
    address = cut(one_line(person.address), ADDRESS_LIMIT).casefold()
    return address, "" if address else cut(one_line(person.name), NAME_LIMIT)


def remembered_as(person: Person) -> str:
    """The address without blanks, which old addresses of Exchange have; empty where none is."""
    return "".join(known_as(person)[0].split())


def each_once(people: Iterable[Person]) -> tuple[Person, ...]:
    """Everybody once, with the first answer they gave; who has neither address nor name is nobody.

    Neither side tells two of them apart.
    """
    found: dict[tuple[str, str], Person] = {}
    people = tuple(people)
    if not people:
        return people
    for person in people:
        before = found.get(known_as(person))
        if before is None or (before.response is Response.NONE is not person.response):
            found[known_as(person)] = person
    found.pop(("", ""), None)
    return tuple(found.values())


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
    """All employees, found by id or by any address.

    `home` is the time zone in which they are, where that is known.
    """

    employees: dict[EmployeeId, Employee] = field(default_factory=dict)
    _by_address: dict[str, EmployeeId] = field(default_factory=dict)
    _domains: frozenset[str] = frozenset()
    home: str | None = None

    def employee(self, address: str | None) -> EmployeeId | None:
        """Whose address this is; None for somebody from outside."""
        return self._by_address.get((address or "").strip().casefold())

    def reached(self, employee: EmployeeId) -> EmployeeId | None:
        """Who is found by an employee's address; None where they have none.

        Of several who share an address, one stands for all of them.
        """
        known = self.employees.get(employee)
        return self.employee(known.address) if known is not None else None

    def inside(self, address: str) -> bool:
        """Whether mail to this address stays in the company: an employee's, or of their domain."""
        return self.employee(address) is not None or _domain(address) in self._domains

    def find(self, employee: EmployeeId) -> Employee | None:
        """The employee with this id."""
        return self.employees.get(employee)

    def code(self, employee: EmployeeId) -> str:
        """The employee's code; empty where they have none, or are not known."""
        known = self.employees.get(employee)
        return known.code if known is not None else ""


def directory(
    employees: Iterable[Employee], preferred: Collection[EmployeeId] = frozenset()
) -> Directory:
    """A directory; a main address wins over an alias that somebody else has too.

    Of those who share a main address, the `preferred` are found by it, and the longest known.
    """
    known = {employee.id: employee for employee in employees}
    order = sorted(known.values(), key=lambda one: (one.id not in preferred, one.id))
    by_address: dict[str, EmployeeId] = {}
    for employee in order:
        by_address.setdefault(employee.address.strip().casefold(), employee.id)
    for employee in order:
        for alias in employee.aliases:
            by_address.setdefault(alias.strip().casefold(), employee.id)
    by_address.pop("", None)
    domains = {_domain(employee.address) for employee in known.values()} - {""}
    return Directory(known, by_address, frozenset(domains))


def _domain(address: str) -> str:
    return address.strip().casefold().rpartition("@")[2]
