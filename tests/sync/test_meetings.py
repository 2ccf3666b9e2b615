"""Meetings: one appointment, however many mailboxes hold it (F1-F8, G10-G13)."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.state import tables as state
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


async def settled(world: World, *, in_step: bool = True) -> None:
    """Sync until in step, and see that a further run does nothing (A5)."""
    outcomes = await world.sync()
    assert all(outcome.in_step for outcome in outcomes) is in_step, [str(o.line) for o in outcomes]
    world.tenant.reset_counters()
    before = [world.lasting(table) for table in _OURS]
    mails = len(world.tenant.outbox)
    await world.sync()
    assert world.tenant.counters.writes == 0
    assert [world.lasting(table) for table in _OURS] == before
    assert len(world.tenant.outbox) == mails


_OURS = (
    tables.activity,
    tables.activity_exception,
    tables.activity_participant,
    state.link,
    state.pending,
    state.quarantine,
    state.waiting,
)


def roles(world: World) -> dict[int, str]:
    return {row["profile_id"]: row["role"] for row in world.rows(state.link)}


def three(world: World) -> tuple[Any, Any, Any]:
    return world.hire("ANNA"), world.hire("BERND"), world.hire("CLARA")


async def test_f1_a_meeting_goes_out_with_its_participants_and_is_never_imported(
    world: World,
) -> None:
    anna, bernd, clara = three(world)
    number = world.enter("ANNA", "Projektstart", SOON)
    world.invite(number, "BERND", "CLARA")
    await settled(world)
    (event,) = anna.events()
    assert {a["emailAddress"]["address"] for a in event["attendees"]} == {bernd.upn, clara.upn}
    assert len(bernd.events()) == len(clara.events()) == len(world.activities()) == 1
    assert roles(world) == {1: "organizer", 2: "copy", 3: "copy"}
    assert {mail.kind for mail in world.tenant.outbox} == {"invitation"}


@pytest.mark.parametrize("order", list(permutations(("ANNA", "BERND", "CLARA"))))
async def test_f4_three_copies_are_one_appointment_whichever_is_read_first(
    world: World, order: tuple[str, ...]
) -> None:
    people = {code: world.hire(code, profile=False) for code in ("ANNA", "BERND", "CLARA")}
    people["ANNA"].create(
        "Besprechung", SOON, SOON + HOUR, attendees=[people["BERND"].upn, people["CLARA"].upn]
    )
    for code in order:
        world.enrol(code, people[code])
        await world.sync()
    await settled(world)
    (row,) = world.activities()
    assert row["responsible_id"] == world.employees["ANNA"]
    assert row["organizer_email"] is None
    assert world.answers(row["id"]) == {"BERND": "none", "CLARA": "none"}
    assert len(world.rows(state.link)) == 3


async def test_f4_three_copies_read_at_once_are_one_appointment(world: World) -> None:
    anna, bernd, clara = three(world)
    for n in range(5):
        anna.create(f"Besprechung {n}", SOON, SOON + HOUR, attendees=[bernd.upn, clara.upn])
    await settled(world)
    assert len(world.activities()) == 5
    assert len(world.rows(state.link)) == 15


async def test_f4_an_organizer_without_profile_is_responsible_nevertheless(world: World) -> None:
    boss = world.hire("BOSS", profile=False)
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    boss.create("Von oben", SOON, SOON + HOUR, attendees=[anna.upn, bernd.upn])
    await settled(world)
    (row,) = world.activities()
    assert row["responsible_id"] == world.employees["BOSS"]
    assert world.answers(row["id"]) == {"ANNA": "none", "BERND": "none"}
    assert set(roles(world).values()) == {"copy"}


async def test_f4_who_had_answered_before_the_first_sync_does_not_become_responsible(
    world: World,
) -> None:
    boss = world.hire("BOSS", profile=False)
    anna, bernd, clara = three(world)
    boss.create("Von oben", SOON, SOON + HOUR, attendees=[anna.upn, bernd.upn, clara.upn])
    clara.respond(clara.events()[0]["id"], "accepted")
    await settled(world)
    (row,) = world.activities()
    assert row["responsible_id"] == world.employees["BOSS"]
    assert world.answers(row["id"]) == {"ANNA": "none", "BERND": "none", "CLARA": "accepted"}


async def test_f4_an_organizer_from_outside_is_named(world: World) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    guest = world.tenant.outsider("chef@kunde.example", "Chefin Kunde")
    guest.create(
        "Beim Kunden", SOON, SOON + HOUR, attendees=[anna.upn, bernd.upn, "x@kunde.example"]
    )
    await settled(world)
    (row,) = world.activities()
    assert (row["organizer_email"], row["organizer_name"]) == ("chef@kunde.example", "Chefin Kunde")
    assert world.answers(row["id"]) == {"ANNA": "none", "BERND": "none", "x@kunde.example": "none"}


async def test_f4_alias_addresses_are_the_same_person(world: World) -> None:
    anna = world.hire("ANNA")
    bernd = world.hire("BERND", "b.huber@firma.example")
    anna.create("Besprechung", SOON, SOON + HOUR, attendees=["B.Huber@firma.example"])
    await settled(world)
    (row,) = world.activities()
    assert world.answers(row["id"]) == {"BERND": "none"}
    assert len(bernd.events()) == 1


async def test_f2_without_a_profile_of_the_responsible_each_participant_gets_a_plain_event(
    world: World,
) -> None:
    world.hire("BOSS", profile=False)
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    number = world.enter("BOSS", "Klausur", SOON)
    world.invite(number, "ANNA", "BERND")
    await settled(world)
    assert [e["attendees"] for e in (*anna.events(), *bernd.events())] == [[], []]
    assert world.tenant.outbox == []
    anna.change(anna.events()[0]["id"], location={"displayName": "Seminarhotel"})
    await settled(world)
    assert bernd.events()[0]["location"]["displayName"] == "Seminarhotel"
    bernd.delete(bernd.events()[0]["id"])  # F6: declining
    await settled(world)
    assert world.answers(number) == {"ANNA": "none", "BERND": "declined"}
    assert world.activity(number)["deleted_at"] is None
    assert (len(anna.events()), len(bernd.events())) == (1, 0)
    world.respond(number, "BERND", "accepted")  # G13: that person answers again
    await settled(world)
    assert len(bernd.events()) == 1


async def test_f3_guests_stay_and_are_never_invited_by_us(world: World) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    number = world.enter("ANNA", "Beratung", SOON)
    world.invite(number, "BERND")
    row = {"id": number, "activity_id": number, "email": "eigener@gast.example", "name": "Gast"}
    with world.database.writing() as connection:
        connection.execute(sa.insert(tables.activity_participant).values(row))
    await settled(world)
    assert [m.recipient for m in world.tenant.outbox] == [bernd.upn]
    event = anna.events()[0]["id"]
    anna.change(event, attendees=[bernd.upn, "kunde@kunde.example"])
    await settled(world)
    assert set(world.answers(number)) == {"BERND", "eigener@gast.example", "kunde@kunde.example"}
    world.hire("CLARA")
    world.invite(number, "CLARA")
    world.edit(number, subject="Beratung (neu)")
    await settled(world)
    invited = {a["emailAddress"]["address"] for a in anna.events()[0]["attendees"]}
    assert invited == {bernd.upn, "clara@contoso.example", "kunde@kunde.example"}


async def test_f5_only_the_organizers_copy_is_written(world: World) -> None:
    anna, bernd, _ = three(world)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "BERND", "CLARA")
    await settled(world)
    world.tenant.reset_counters()
    world.edit(number, location="Saal")
    await world.sync()
    assert world.tenant.counters.writes == 1
    assert bernd.events()[0]["location"]["displayName"] == "Saal"


@pytest.mark.parametrize("priority", ["outbound_first", "inbound_first"])
async def test_f5_a_change_to_a_meeting_from_outside_is_put_back_and_kept(
    world: World, priority: str
) -> None:
    anna = world.hire("ANNA")
    world.provider(priority=priority)
    guest = world.tenant.outsider("chef@kunde.example", "Chefin")
    guest.create("Beim Kunden", SOON, SOON + HOUR, attendees=[anna.upn])
    await settled(world)
    (row,) = world.activities()
    world.edit(row["id"], subject="Umbenannt")
    await settled(world)
    assert world.activity(row["id"])["subject"] == "Beim Kunden"
    (kept,) = world.rows(state.history)
    assert (kept["side"], kept["subject"]) == ("consolidate", "Umbenannt")
    world.tenant.clear_outbox()
    world.remove(row["id"])
    await settled(world)
    assert anna.events() == []
    assert world.tenant.outbox == []


@pytest.mark.parametrize("answer", ["accepted", "tentativelyAccepted"])
async def test_f6_answers_given_in_outlook_come_in(world: World, answer: Any) -> None:
    anna, bernd, _ = three(world)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "BERND", "CLARA")
    await settled(world)
    bernd.respond(bernd.events()[0]["id"], answer)
    await settled(world)
    expected = {"accepted": "accepted", "tentativelyAccepted": "tentative"}[answer]
    assert world.answers(number) == {"BERND": expected, "CLARA": "none"}
    assert world.activity(number)["note"] is None  # G7: responses make none


@pytest.mark.parametrize("answer", ["accepted", "tentative", "declined"])
async def test_f6_g13_answers_given_in_consolidate_are_sent(world: World, answer: str) -> None:
    anna, bernd, _ = three(world)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "BERND", "CLARA")
    await settled(world)
    world.tenant.clear_outbox()
    world.respond(number, "BERND", answer)
    await settled(world)
    assert [(m.kind, m.recipient) for m in world.tenant.outbox] == [("response", anna.upn)]
    assert world.answers(number)["BERND"] == answer
    assert len(bernd.events()) == (0 if answer == "declined" else 1)


async def test_f6_deleting_a_copy_is_declining_and_the_meeting_stays(world: World) -> None:
    anna, bernd, _ = three(world)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "BERND", "CLARA")
    await settled(world)
    bernd.delete(bernd.events()[0]["id"])
    await settled(world)
    assert world.answers(number) == {"BERND": "declined", "CLARA": "none"}
    assert world.activity(number)["deleted_at"] is None
    assert len(anna.events()) == 1


async def test_g13_whoever_declined_by_deleting_stays_declined_when_others_answer(
    world: World,
) -> None:
    anna, bernd, clara = three(world)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "BERND", "CLARA")
    await settled(world)
    clara.delete(clara.events()[0]["id"])
    await settled(world)
    bernd.respond(bernd.events()[0]["id"], "accepted")
    await settled(world)
    assert world.answers(number) == {"BERND": "accepted", "CLARA": "declined"}
    # An update of the meeting brings Clara's copy back, as Exchange does; now she answers.
    anna.change(anna.events()[0]["id"], location={"displayName": "Saal"})
    await settled(world)
    assert world.answers(number)["CLARA"] == "declined"
    clara.respond(clara.events()[0]["id"], "accepted")
    await settled(world)
    assert world.answers(number) == {"BERND": "accepted", "CLARA": "accepted"}


@pytest.mark.parametrize("outside", [False, True])
async def test_f6_the_organizer_deleting_deletes_the_appointment(
    world: World, outside: bool
) -> None:
    anna, bernd, _ = three(world)
    organizer = world.tenant.outsider("chef@kunde.example", "Chefin") if outside else anna
    event = organizer.create(
        "Besprechung", SOON, SOON + HOUR, attendees=[bernd.upn, "clara@contoso.example"]
    )
    await settled(world)
    organizer.delete(event)
    await settled(world)
    assert world.activities() == []
    assert world.rows(state.link) == []


async def test_f6_deleting_a_meeting_in_consolidate_cancels_it_for_all(world: World) -> None:
    anna, bernd, clara = three(world)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "BERND", "CLARA")
    await settled(world)
    world.remove(number)
    await settled(world)
    assert anna.events() == []
    assert all(e["isCancelled"] for e in (*bernd.events(), *clara.events()))  # G11: left there
    assert world.activities() == []
    assert world.rows(state.link) == []


async def test_f7_changing_what_concerns_nobody_else_mails_nobody(world: World) -> None:
    three(world)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "BERND", "CLARA")
    await settled(world)
    world.tenant.clear_outbox()
    world.edit(number, reminder_minutes=5, show_as="oof", importance="high", private=True)
    world.edit(number, status="done", note="nur hier")
    await settled(world)
    assert world.tenant.outbox == []


async def test_f8_a_first_sync_that_only_links_mails_nobody(world: World) -> None:
    anna, bernd, _ = three(world)
    anna.create("Besprechung", SOON, SOON + HOUR, attendees=[bernd.upn, "clara@contoso.example"])
    number = world.enter("ANNA", "besprechung", SOON, reminder_minutes=15)
    world.invite(number, "BERND", "CLARA")
    world.tenant.clear_outbox()
    world.edit(number, subject="Besprechung")
    await settled(world)
    assert world.tenant.outbox == []
    assert len(world.activities()) == 1


async def test_g10_a_new_responsible_moves_the_meeting_without_gap_or_double(
    world: World,
) -> None:
    anna, bernd, clara = three(world)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "CLARA")
    await settled(world)
    world.edit(number, responsible_id=world.employees["BERND"])
    await settled(world)
    assert anna.events() == []
    (event,) = bernd.events()
    assert event["isOrganizer"]
    live = [e for e in clara.events() if not e["isCancelled"]]
    assert len(live) == 1
    assert len(world.activities()) == 1


@pytest.mark.parametrize("still_invited", [False, True])
async def test_g10_a_participant_becomes_responsible(world: World, *, still_invited: bool) -> None:
    anna, bernd, clara = three(world)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "BERND", "CLARA")
    await settled(world)
    if not still_invited:
        table = tables.activity_participant
        mine = table.c.employee_id == world.employees["BERND"]
        with world.database.writing() as connection:
            connection.execute(sa.delete(table).where(mine))
    world.edit(number, responsible_id=world.employees["BERND"])
    await settled(world)
    assert anna.events() == []
    assert [e["isOrganizer"] for e in bernd.events() if not e["isCancelled"]] == [True]
    assert [e["isOrganizer"] for e in clara.events() if not e["isCancelled"]] == [False]
    assert len(world.activities()) == 1
    assert roles(world) == {2: "organizer", 3: "copy"}
    world.edit(number, location="Saal")
    await settled(world)
    assert [e["location"]["displayName"] for e in clara.events() if not e["isCancelled"]] == [
        "Saal"
    ]


async def test_g11_once_the_organizers_own_event_is_seen_it_rules(world: World) -> None:
    boss = world.hire("BOSS", profile=False)
    anna = world.hire("ANNA")
    event = boss.create("Von oben", SOON, SOON + HOUR, attendees=[anna.upn])
    await settled(world)
    (row,) = world.activities()
    world.enrol("BOSS", boss)
    await settled(world)
    assert len(world.activities()) == 1
    assert sorted(roles(world).values()) == ["copy", "organizer"]
    world.edit(row["id"], subject="aus Consolidate")
    await settled(world)
    assert boss.event(event)["subject"] == "aus Consolidate"


async def test_f1_a_profile_that_comes_later_finds_its_copy(world: World) -> None:
    anna = world.hire("ANNA")
    bernd = world.hire("BERND", profile=False)
    number = world.enter("ANNA", "Besprechung", SOON)
    world.invite(number, "BERND")
    await settled(world)
    world.enrol("BERND", bernd)
    await settled(world)
    assert len(world.activities()) == len(bernd.events()) == len(anna.events()) == 1
    assert len(world.rows(state.link)) == 2


async def test_a_series_with_participants_and_one_changed_occurrence(world: World) -> None:
    anna, bernd, _ = three(world)
    number = world.enter("ANNA", "Jour fixe", SOON, recurrence="FREQ=WEEKLY;COUNT=8")
    world.invite(number, "BERND", "CLARA")
    await settled(world)
    exception = {
        "id": number,
        "activity_id": number,
        "original_start": SOON + timedelta(weeks=2),
        "subject": "Mit Gästen",
    }
    with world.database.writing() as connection:
        connection.execute(sa.insert(tables.activity_exception).values(exception))
    await settled(world)
    series = anna.events()[0]["id"]
    anna.delete(anna.occurrence(series, (SOON + timedelta(weeks=4)).date()))
    await settled(world)
    assert len(world.activities()) == 1
    assert len(world.rows(tables.activity_exception)) == 2
    assert len(world.rows(state.link)) == 3
