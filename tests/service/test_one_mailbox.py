"""Two active profiles on one mailbox (I4): the later is refused, and the healthy one goes on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.sandbox.faults import Rule
from calsync_agent.sandbox.people import Person
from calsync_agent.service.once import Outcome
from calsync_agent.state import tables as state
from tests.support.service import serving, until
from tests.support.world import SOON, World

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)]

HOUR = timedelta(hours=1)

SPELLINGS: dict[str, Callable[[Person], str]] = {
    "principal name": lambda person: person.upn,
    "other case": lambda person: person.upn.upper(),
    "blank behind": lambda person: person.upn + " ",
    "blank before the id": lambda person: " " + person.id,
    "object id in capitals": lambda person: person.id.upper(),
}


def enrol(world: World, code: str, spelling: str, **values: Any) -> None:
    with world.database.writing() as connection:
        row = {
            "provider_id": 1,
            "employee_id": world.employees[code],
            "external_user_id": spelling,
            **values,
        }
        connection.execute(sa.insert(state.profile).values(row))


def respell(world: World, number: int, **values: Any) -> None:
    with world.database.writing() as connection:
        mine = state.profile.c.id == number
        connection.execute(sa.update(state.profile).where(mine).values(values))


def company(world: World) -> tuple[Person, Person]:
    """Anna, in step, with appointments on both sides; Bob, who has a mailbox and no profile yet."""
    anna, bob = world.hire("ANNA", profile=False), world.hire("BOB", profile=False)
    for number in range(4):
        world.enter("ANNA", f"Anna {number}", SOON + number * HOUR)
        anna.create(f"Outlook {number}", SOON + (5 + number) * HOUR, SOON + (6 + number) * HOUR)
    for number in range(3):
        world.enter("BOB", f"Bob {number}", SOON + number * HOUR)
    return anna, bob


def subjects(person: Person) -> list[str]:
    return sorted(str(event["subject"]) for event in person.events())


def refused(outcomes: list[Outcome]) -> list[str]:
    return [str(one.line) for one in outcomes if not one.in_step]


ANNAS = sorted([f"Anna {n}" for n in range(4)] + [f"Outlook {n}" for n in range(4)])


def assert_nobody_is_harmed(world: World, anna: Person) -> None:
    assert subjects(anna) == ANNAS
    assert world.activities(deleted=True) == []
    assert sorted(row["subject"] for row in world.activities()) == sorted(
        [*ANNAS, "Bob 0", "Bob 1", "Bob 2"]
    )


@pytest.mark.parametrize("roles", ["all", "calendars alone"])
@pytest.mark.parametrize("number", [1, 9], ids=["lower number", "higher number"])
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
async def test_i4_the_later_profile_on_a_mailbox_is_refused_whatever_its_spelling_and_number(
    world: World, spelling: Callable[[Person], str], number: int, roles: str
) -> None:
    if roles != "all":
        world.tenant.settings.roles = ["Calendars.ReadWrite"]
    anna, bob = company(world)
    enrol(world, "ANNA", anna.id, id=5)
    assert refused(await world.sync()) == []
    enrol(world, "BOB", spelling(anna), id=number)
    anna.create("Outlook 4", SOON + 9 * HOUR, SOON + 10 * HOUR)
    world.enter("ANNA", "Anna 4", SOON + 4 * HOUR)
    (line,) = refused(await world.sync())
    assert f"calsync_profile {number} of BOB names the mailbox {spelling(anna).strip()}" in line
    assert f"profile 5 of ANNA has as {anna.id}" in line
    assert subjects(anna) == sorted([*ANNAS, "Anna 4", "Outlook 4"])
    assert world.activities(deleted=True) == []
    assert len(world.activities()) == len(ANNAS) + 2 + 3
    respell(world, number, external_user_id=bob.upn)
    assert refused(await world.sync()) == []
    assert subjects(bob) == ["Bob 0", "Bob 1", "Bob 2"]
    assert subjects(anna) == sorted([*ANNAS, "Anna 4", "Outlook 4"])


@pytest.mark.parametrize("roles", ["all", "calendars alone"])
async def test_i4_of_two_that_are_new_at_once_the_lower_number_has_the_mailbox(
    world: World, roles: str
) -> None:
    if roles != "all":
        world.tenant.settings.roles = ["Calendars.ReadWrite"]
    anna, _ = company(world)
    enrol(world, "ANNA", anna.id)
    enrol(world, "BOB", anna.upn)
    (line,) = refused(await world.sync())
    assert "calsync_profile 2 of BOB" in line
    assert_nobody_is_harmed(world, anna)


async def test_i4_a_profile_that_is_edited_onto_anothers_mailbox_is_the_later_one(
    world: World,
) -> None:
    anna, bob = company(world)
    enrol(world, "BOB", bob.id)
    enrol(world, "ANNA", anna.id)
    assert refused(await world.sync()) == []
    respell(world, 1, external_user_id=anna.upn)
    (line,) = refused(await world.sync())
    assert "calsync_profile 1 of BOB" in line
    assert_nobody_is_harmed(world, anna)
    assert subjects(bob) == ["Bob 0", "Bob 1", "Bob 2"]
    links = len(world.rows(state.link))
    respell(world, 1, external_user_id=bob.upn)
    assert refused(await world.sync()) == []
    assert_nobody_is_harmed(world, anna)
    assert subjects(bob) == ["Bob 0", "Bob 1", "Bob 2"]
    assert len(world.rows(state.link)) == links


async def test_i4_a_mailbox_is_free_while_its_profile_rests_and_then_belongs_to_the_other(
    world: World,
) -> None:
    anna, _ = company(world)
    enrol(world, "ANNA", anna.id)
    enrol(world, "BOB", anna.upn, active=False)
    await world.sync()
    respell(world, 1, active=False)
    respell(world, 2, active=True)
    assert refused(await world.sync()) == []
    respell(world, 1, active=True)
    (line,) = refused(await world.sync())
    assert "calsync_profile 1 of ANNA" in line
    assert world.activities(deleted=True) == []


@pytest.mark.parametrize("corrected_first", [True, False])
async def test_g10_what_a_wrong_mailbox_was_given_moves_to_the_right_one(
    world: World, *, corrected_first: bool
) -> None:
    anna, bob = company(world)
    enrol(world, "BOB", anna.upn)
    assert refused(await world.sync()) == []
    respell(world, 1, external_user_id=bob.id)
    if corrected_first:
        assert refused(await world.sync()) == []
    enrol(world, "ANNA", anna.id)
    assert refused(await world.sync()) == []
    assert refused(await world.sync()) == []
    assert subjects(anna) == ANNAS
    outlook = [f"Outlook {n}" for n in range(4)]  # came in while the mailbox was thought to be his
    assert subjects(bob) == [*(f"Bob {n}" for n in range(3)), *outlook]
    assert world.activities(deleted=True) == []
    assert len(world.rows(state.link)) == len(world.activities()) == len(ANNAS) + 3 + len(outlook)


async def test_i4_who_has_left_a_mailbox_does_not_count_as_sharing_it(world: World) -> None:
    anna, bob = company(world)
    enrol(world, "BOB", anna.upn)
    assert refused(await world.sync()) == []
    # His new mailbox cannot be asked whose it is before hers is listed.
    away = Rule(action="status", status=503, mailbox=bob.id, times=None)
    world.tenant.fault(away)
    respell(world, 1, external_user_id=bob.upn)
    enrol(world, "ANNA", anna.id)
    with world.agent() as rounds:
        await rounds.begin()
        await rounds.finished()
        failed = {one.name: one.error for one in rounds.standings.values()}
        await rounds.close(5)
    assert failed["BOB"] is not None
    assert "names another mailbox now" in str(failed["ANNA"])
    world.tenant.clear_faults()
    assert refused(await world.sync()) == []
    assert refused(await world.sync()) == []
    assert subjects(bob) == [*(f"Bob {n}" for n in range(3)), *(f"Outlook {n}" for n in range(4))]
    assert subjects(anna) == ANNAS


async def test_i4_a_running_agent_refuses_the_later_and_begins_it_once_put_right(
    world: World,
) -> None:
    anna, bob = company(world)
    world.provider(interval_seconds=1)
    enrol(world, "ANNA", anna.id)
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        enrol(world, "BOB", anna.upn)
        await until(lambda: service.lines("of BOB names the mailbox"))
        world.enter("ANNA", "Anna 4", SOON)
        await until(lambda: "Anna 4" in subjects(anna))
        respell(world, 1, active=False)
        await until(lambda: service.in_step("BOB"))
        respell(world, 1, active=True)
        await until(lambda: service.lines("of ANNA names the mailbox"))
        respell(world, 2, external_user_id=bob.id)
        await until(lambda: service.in_step("ANNA") and len(subjects(bob)) >= 3)
    assert world.activities(deleted=True) == []


async def test_b5_a_mailbox_under_another_name_keeps_its_links(world: World) -> None:
    anna, _ = company(world)
    enrol(world, "ANNA", anna.id)
    await world.sync()
    before = {row["id"] for row in world.rows(state.link)}
    respell(world, 1, external_user_id=anna.upn)
    assert refused(await world.sync()) == []
    assert {row["id"] for row in world.rows(state.link)} == before
    assert_nobody_is_harmed(world, anna)


@pytest.mark.parametrize("way", ["row", "name"])
async def test_b5_what_is_gone_from_another_mailbox_is_not_deleted(world: World, way: str) -> None:
    """The row names another mailbox, or the name in it leads to another one by now."""
    anna, bob = company(world)
    enrol(world, "ANNA", anna.upn)
    await world.sync()
    if way == "row":
        respell(world, 1, external_user_id=bob.upn)
    else:
        world.tenant.world._names[anna.upn.lower()] = bob.id
    assert refused(await world.sync()) == []
    assert world.activities(deleted=True) == []
    assert subjects(anna) == ANNAS
    assert subjects(bob) == ANNAS
