"""Organizers without address, guests named twice, employees who share an address (A6, B13, F4)."""

from dataclasses import replace
from typing import Final

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.model.content import Address, Attendee
from calsync_agent.sandbox.model.content import Response as Answer
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

X500: Final = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=1-erna"
LONG: Final = "x" * 388 + "@far.example"


async def settled(world: World) -> None:
    """All is in step, and a further sync changes nothing on either side."""
    assert all(outcome.in_step for outcome in await world.sync())
    before = everything(world)
    assert all(line["level"] in {"info", "debug"} for line in before["calsync_log"])
    world.tenant.reset_counters()
    await world.sync()
    assert world.tenant.counters.writes == 0
    assert everything(world) == before


def everything(world: World) -> dict[str, list[dict[str, object]]]:
    shown = (*tables.CONSOLIDATE_TABLES, *state.PLUGIN_TABLES)
    return {t.name: world.lasting(t) for t in shown if t not in {state.agent, state.lease}}


def received(anna: Person, organizer: Address, *attendees: Attendee) -> str:
    """A meeting in an attendee's mailbox, as somebody outside organizes it."""
    made = anna.create("Einladung", SOON, SOON.replace(hour=10))
    with anna.world.lock:
        item = anna.item(made)
        item.is_organizer, item.organizer = False, organizer
        invited = (Attendee(Address("Anna", anna.upn)), *attendees)
        item.content = replace(item.content, attendees=invited)
    return made


@pytest.mark.parametrize(
    ("organizer", "email", "name"),
    [
        (Address(None, None), None, "?"),
        (Address("", ""), None, "?"),
        (Address("  ", "  "), None, "?"),
        (Address("Erna Extern", None), None, "Erna Extern"),
        (Address("Erna Extern", ""), None, "Erna Extern"),
        (Address("Erna Extern", " "), None, "Erna Extern"),
        (Address("Erna", "erna"), "erna", "Erna"),
        (Address("Erna", X500), X500, "Erna"),
        (Address("Erna", " Erna@Far.example "), "Erna@Far.example", "Erna"),
        (Address("E" * 400, LONG), LONG[:319] + "…", "E" * 199 + "…"),
        (Address("ß" * 400, "ß" * 400 + "@far.example"), "ß" * 319 + "…", "ß" * 199 + "…"),
    ],
)
async def test_b13_a_meeting_whose_organizer_is_hardly_known_comes_in_once(
    world: World, organizer: Address, email: str | None, name: str
) -> None:
    anna = world.hire("ANNA")
    received(anna, organizer)
    await settled(world)
    (row,) = world.activities()
    assert (row["organizer_email"], row["organizer_name"]) == (email, name)
    assert row["note"].count("\n") == 0


@pytest.mark.parametrize(
    "organizer", [Address(None, None), Address("Erna", ""), Address("E", X500)]
)
async def test_f6_a_meeting_of_hardly_anybody_that_is_deleted_in_outlook_is_declined(
    world: World, organizer: Address
) -> None:
    anna = world.hire("ANNA")
    made = received(anna, organizer)
    await settled(world)
    anna.delete(made)
    await settled(world)
    assert anna.events() == []
    (row,) = world.activities()
    assert row["subject"] == "Einladung"


@pytest.mark.parametrize(
    ("guests", "kept"),
    [
        ([("Eva", "eva@far.example"), ("Eva", "eva@far.example")], 1),
        ([("Eva", "eva@far.example"), ("E. Fern", "EVA@far.example ")], 1),
        ([("Eva", None), ("Otto", None)], 2),
        ([("Eva", ""), ("Eva", "")], 1),
        ([(None, None), ("", "")], 0),
        ([(None, None), ("Eva", "eva@far.example")], 1),
        ([("E" * 400, LONG)], 1),
        ([("E" * 400, LONG), ("E" * 400, LONG.upper())], 1),
        ([("E" * 400, None), ("E" * 401, None)], 1),
        ([("Erna", X500), ("Otto", X500.replace("erna", "otto"))], 2),
        ([("Ärger", "ß@far.example"), ("Ärger", "SS@far.example")], 1),
    ],
)
async def test_a6_guests_however_they_are_named_are_there_once(
    world: World, guests: list[tuple[str | None, str | None]], kept: int
) -> None:
    anna = world.hire("ANNA")
    invited = [Attendee(Address(*guest)) for guest in guests]
    received(anna, Address("Fern", "fern@far.example"), *invited)
    await settled(world)
    rows = [r for r in world.rows(tables.activity_participant) if r["employee_id"] is None]
    assert len(rows) == kept


async def test_a6_the_answer_counts_of_a_guest_who_is_there_twice(world: World) -> None:
    anna = world.hire("ANNA")
    twice = Attendee(Address("Eva", "eva@far.example"))
    answered = replace(twice, status=Answer("accepted"))
    received(anna, Address("Fern", "fern@far.example"), twice, answered)
    await settled(world)
    rows = [r for r in world.rows(tables.activity_participant) if r["employee_id"] is None]
    assert [row["response"] for row in rows] == ["accepted"]


def _share(world: World, *codes: str) -> str:
    """These employees have one main address."""
    address = "office@contoso.example"
    world.tenant.add_mailbox("office")
    with world.database.writing() as connection:
        for code in codes:
            mine = tables.employee.c.id == world.employees[code]
            connection.execute(sa.update(tables.employee).where(mine).values(email=address))
    return address


@pytest.mark.parametrize("invited", [("BERT", "CARL"), ("BERT",), ("CARL",)])
async def test_i4_employees_who_share_an_address_are_invited_by_it_once(
    world: World, invited: tuple[str, ...]
) -> None:
    anna = world.hire("ANNA")
    world.hire("BERT", profile=False)
    world.hire("CARL", profile=False)
    address = _share(world, "BERT", "CARL")
    number = world.enter("ANNA", "Sitzung", SOON)
    world.invite(number, *invited)
    await settled(world)
    (event,) = anna.events()
    assert [a["emailAddress"]["address"] for a in event["attendees"]] == [address]
    assert [mail.recipient for mail in world.tenant.outbox] == [address]
    assert set(world.answers(number)) == set(invited)
    world.edit(number, subject="Sitzung, verschoben")
    await settled(world)
    assert [mail.recipient for mail in world.tenant.outbox] == [address] * 2
    assert set(world.answers(number)) == set(invited)


async def test_i4_whoever_shares_the_organizers_address_is_not_invited_by_it(world: World) -> None:
    anna = world.hire("ANNA")
    world.hire("BERT", profile=False)
    with world.database.writing() as connection:
        mine = tables.employee.c.id == world.employees["BERT"]
        connection.execute(sa.update(tables.employee).where(mine).values(email=anna.upn))
    number = world.enter("ANNA", "Sitzung", SOON)
    world.invite(number, "BERT")
    await settled(world)
    (event,) = anna.events()
    assert event["attendees"] == []
    assert not world.tenant.outbox


async def test_f7_an_employee_invited_by_two_addresses_stays_so(world: World) -> None:
    anna = world.hire("ANNA")
    bert = world.hire("BERT", "b@contoso.example", profile=False)
    carl = world.hire("CARL", profile=False)
    both = [bert.upn, "b@contoso.example"]
    made = anna.create("Sitzung", SOON, SOON.replace(hour=10), attendees=both)
    await settled(world)
    (row,) = world.activities()
    world.invite(row["id"], "CARL")
    mailed = len(world.tenant.outbox)
    await settled(world)
    shown = {a["emailAddress"]["address"] for a in anna.event(made)["attendees"]}
    assert shown == {*both, carl.upn}
    assert [mail.recipient for mail in world.tenant.outbox[mailed:]] == [carl.upn]
