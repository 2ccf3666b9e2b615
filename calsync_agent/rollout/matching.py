"""Which mailbox belongs to which employee (I1). Pure.

An employee and a user belong together where they share an address: the employee's main address or
an alias on one side, the user's e-mail addresses or principal name on the other. A main address
wins over an alias that somebody else has, too; whatever else leaves a choice is ambiguous.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from calsync_agent.appointment.owner import spelled
from calsync_agent.appointment.people import Employee
from calsync_agent.domain.calendar import Account
from calsync_agent.i18n import Message, marked, message


class Verdict(StrEnum):
    """What is to be said of an employee."""

    CLEAR = marked("clear")
    AMBIGUOUS = marked("ambiguous")
    TAKEN = marked("taken")
    GUEST = marked("guest")
    SHARED = marked("shared mailbox")
    UNLICENSED = marked("without licence")
    NO_MAILBOX = marked("without mailbox")


class By(StrEnum):
    """By what an employee and a user belong together, the surest first."""

    MAIN = marked("main address")
    ALIAS = marked("alias")
    PRINCIPAL = marked("principal name")


@dataclass(frozen=True, slots=True)
class Match:
    """What was found for an employee; `account` and `by` where it is exactly one."""

    employee: Employee
    verdict: Verdict
    candidates: tuple[Account, ...] = ()
    by: By | None = None
    why: Message | None = None

    @property
    def account(self) -> Account | None:
        """The one that was found."""
        return self.candidates[0] if len(self.candidates) == 1 else None

    @property
    def mailbox(self) -> str:
        """What its profile calls the mailbox: the principal name, else the object id."""
        account = self.account
        return "" if account is None else account.principal or account.id


_SURE: Final = 0
_LESS: Final = 1


def match(
    employees: Iterable[Employee], accounts: Iterable[Account], taken: Collection[str] = ()
) -> list[Match]:
    """What each employee is matched with; `taken`: what profiles call their mailboxes already."""
    employees, owned = list(employees), {spelled(name) for name in taken}
    known = _by_name(accounts)
    found = {one.id: _candidates(one, known) for one in employees}
    wanted: dict[str, list[int]] = defaultdict(list)
    for candidates in found.values():
        for account, rank in candidates.values():
            wanted[account.id].append(rank)
    return [_judged(one, found[one.id], wanted, owned) for one in employees]


def _by_name(accounts: Iterable[Account]) -> Mapping[str, list[Account]]:
    known: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        for name in {spelled(each) for each in (*account.addresses, account.principal)} - {""}:
            known[name].append(account)
    return known


def _candidates(
    employee: Employee, known: Mapping[str, list[Account]]
) -> dict[str, tuple[Account, int]]:
    """The users that share an address with an employee, by id, each with how sure that is."""
    found: dict[str, tuple[Account, int]] = {}
    for name in (employee.address, *employee.aliases):
        rank = _SURE if name == employee.address else _LESS
        for account in known.get(spelled(name), ()):
            found.setdefault(account.id, (account, rank))
    return found


def _judged(
    employee: Employee,
    candidates: Mapping[str, tuple[Account, int]],
    wanted: Mapping[str, list[int]],
    owned: Collection[str],
) -> Match:
    accounts = tuple(account for account, _rank in candidates.values())
    if not accounts:
        return Match(employee, Verdict.NO_MAILBOX, why=_nobody(employee))
    if len(accounts) > 1:
        why = message(
            "several users have an address of this employee: {users}",
            users=", ".join(account.principal or account.id for account in accounts),
        )
        return Match(employee, Verdict.AMBIGUOUS, accounts, why=why)
    ((account, rank),) = candidates.values()
    by = _by(employee, account)
    verdict, why_not = _of_one(account, owned)
    if verdict is Verdict.CLEAR and sum(other <= rank for other in wanted[account.id]) > 1:
        verdict = Verdict.AMBIGUOUS
        why_not = message(
            "several employees have an address of {user}", user=account.principal or account.id
        )
    return Match(employee, verdict, accounts, by, why_not)


def _of_one(account: Account, owned: Collection[str]) -> tuple[Verdict, Message | None]:
    user = account.principal or account.id
    names = {spelled(each) for each in (account.id, account.principal, *account.addresses)}
    if names & set(owned):
        return Verdict.TAKEN, message("another profile has the mailbox of {user}", user=user)
    if account.guest:
        return Verdict.GUEST, message("{user} is a guest in the tenant", user=user)
    if account.enabled is False and (account.address or account.licensed):
        return Verdict.SHARED, message(
            "{user} may not sign in: a shared mailbox, a room, or somebody who has left, which"
            " Exchange's list of users does not tell apart",
            user=user,
        )
    if account.licensed is False:
        return Verdict.UNLICENSED, message("{user} has no licence", user=user)
    if not account.address:
        return Verdict.NO_MAILBOX, message("{user} has no e-mail address", user=user)
    return Verdict.CLEAR, None


def _by(employee: Employee, account: Account) -> By:
    theirs = {spelled(each) for each in account.addresses}
    if spelled(employee.address) in theirs - {""}:
        return By.MAIN
    return By.ALIAS if theirs & {spelled(each) for each in employee.aliases} else By.PRINCIPAL


def _nobody(employee: Employee) -> Message:
    if not any(each.strip() for each in (employee.address, *employee.aliases)):
        return message("Consolidate knows no address of this employee")
    return message("no user of the tenant has an address of this employee")
