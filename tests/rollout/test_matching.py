"""I1: which mailbox belongs to which employee is decided by addresses, and doubt is shown."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.appointment.model import EmployeeId
from calsync_agent.appointment.people import Employee
from calsync_agent.domain.calendar import Account
from calsync_agent.rollout.matching import By, Match, Verdict, match

ANNA = Employee(EmployeeId(1), "ANNA", "Anna", "anna@a.example", ("berger@a.example",))


def account(
    name: str, address: str | None = None, *proxies: str, guest: bool = False, **told: bool | None
) -> Account:
    mail = f"{name}@a.example" if address is None else address
    found = Account(
        f"id-{name}", name, f"{name}@a.example", mail, (mail, *proxies) if mail else proxies, guest
    )
    return replace(found, **{"enabled": True, "licensed": True, **told})


def only(*accounts: Account, taken: tuple[str, ...] = ()) -> Match:
    (found,) = match([ANNA], accounts, taken)
    return found


@pytest.mark.parametrize(
    ("there", "by"),
    [
        (account("anna"), By.MAIN),
        (account("x", "ANNA@A.example "), By.MAIN),
        (account("x", "x@a.example", "anna@a.example"), By.MAIN),
        (account("x", "Berger@a.example"), By.ALIAS),
        (account("x", "x@a.example", "berger@a.example"), By.ALIAS),
        (account("anna", "other@a.example"), By.PRINCIPAL),
        (account("berger", "other@a.example"), By.PRINCIPAL),
        (account("anna", enabled=None, licensed=None), By.MAIN),
    ],
)
def test_i1_one_user_with_one_of_the_addresses_is_clear(there: Account, by: By) -> None:
    found = only(account("somebody"), there)
    assert (found.verdict, found.by, found.mailbox) == (Verdict.CLEAR, by, there.principal)
    assert found.why is None


@pytest.mark.parametrize(
    ("there", "verdict"),
    [
        ([], Verdict.NO_MAILBOX),
        ([account("x")], Verdict.NO_MAILBOX),
        ([account("anna", "")], Verdict.NO_MAILBOX),
        ([account("anna", "", licensed=False)], Verdict.UNLICENSED),
        ([account("anna", licensed=False)], Verdict.UNLICENSED),
        ([account("anna", licensed=False, enabled=False)], Verdict.SHARED),
        ([account("anna", enabled=False)], Verdict.SHARED),
        ([account("anna", guest=True)], Verdict.GUEST),
        ([account("anna", guest=True, licensed=False, enabled=False)], Verdict.GUEST),
        ([account("anna"), account("berger")], Verdict.AMBIGUOUS),
        ([account("anna"), account("office", enabled=False), account("berger")], Verdict.AMBIGUOUS),
        ([account("anna"), account("x", "berger@a.example")], Verdict.AMBIGUOUS),
    ],
)
def test_i1_what_is_not_clear_is_named_with_its_reason(
    there: list[Account], verdict: Verdict
) -> None:
    found = only(*there)
    assert found.verdict is verdict
    assert found.why is not None


@pytest.mark.parametrize("name", ["anna@a.example", " ANNA@a.example", "id-anna", "b@a.example"])
def test_i4_a_mailbox_that_a_profile_has_is_taken_by_whatever_name(name: str) -> None:
    found = only(account("anna", "anna@a.example", "b@a.example"), taken=(name,))
    assert found.verdict is Verdict.TAKEN


def test_i1_two_employees_with_one_main_address_are_both_ambiguous() -> None:
    twin = replace(ANNA, id=EmployeeId(2), code="TWIN", aliases=())
    assert [one.verdict for one in match([ANNA, twin], [account("anna")])] == [
        Verdict.AMBIGUOUS,
        Verdict.AMBIGUOUS,
    ]


def test_i1_a_main_address_wins_over_an_alias_that_somebody_else_has_too() -> None:
    other = Employee(EmployeeId(2), "BERND", "Bernd", "bernd@a.example", ("anna@a.example",))
    found = match([ANNA, other], [account("anna"), account("bernd")])
    assert [one.verdict for one in found] == [Verdict.CLEAR, Verdict.AMBIGUOUS]


def test_i1_an_employee_without_address_has_none() -> None:
    nobody = replace(ANNA, address="  ", aliases=("",))
    (found,) = match([nobody], [account("x", ""), Account("y", "", "", "", ("",))])
    assert found.verdict is Verdict.NO_MAILBOX


NAMES = st.sampled_from(["a@x", "b@x", "c@x", "A@X", "", " "])


@given(
    st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=2)), max_size=5),
    st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=2), st.booleans()), max_size=5),
    st.lists(NAMES, max_size=2),
)
def test_i1_no_two_employees_are_clearly_matched_with_one_mailbox(
    people: list[tuple[str, list[str]]],
    users: list[tuple[str, list[str], bool]],
    taken: list[str],
) -> None:
    employees = [
        Employee(EmployeeId(n), str(n), "", main, tuple(more))
        for n, (main, more) in enumerate(people)
    ]
    accounts = [
        Account(f"id{n}", "", name, name.strip(), tuple(more), guest)
        for n, (name, more, guest) in enumerate(users)
    ]
    found = match(employees, accounts, taken)
    assert [one.employee for one in found] == employees
    clear = [one for one in found if one.verdict is Verdict.CLEAR]
    chosen = [one.account.id for one in clear if one.account]
    assert len(chosen) == len(clear) == len(set(chosen))
    for one in clear:
        assert one.account is not None
        assert not one.account.guest
        theirs = {each.strip().casefold() for each in (one.employee.address, *one.employee.aliases)}
        named = {one.account.principal, *one.account.addresses}
        assert theirs & {each.strip().casefold() for each in named} - {""}
    assert all((one.why is None) == (one.verdict is Verdict.CLEAR) for one in found)
