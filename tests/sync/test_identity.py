"""Events that change their ids, and events that share one: the link follows, nothing flips (B3)."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from calsync_agent.consolidate import tables
from calsync_agent.exchange.transport.calls import Calls
from calsync_agent.exchange.transport.requests import Answer, Request
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.rig import SOON, Rig
from tests.support.verify import assert_in_step as assert_equal

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
HOUR: Final = timedelta(hours=1)
WEEKLY: Final = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "numbered", "numberOfOccurrences": 3},
}
KINDS: Final = ("single", "series", "meeting")
SIDES: Final = ("consolidate", "exchange")


def entered(rig: Rig, kind: str, side: str) -> None:
    """Anna has an appointment, and nobody else but the invited; all are in step."""
    anna, bernd = rig.world.hire("ANNA"), rig.world.hire("BERND")
    if side == "consolidate":
        rule = {"recurrence": "FREQ=WEEKLY;COUNT=3"} if kind == "series" else {}
        number = rig.world.enter("ANNA", "Jour fixe", SOON, **rule)
        if kind == "meeting":
            rig.world.invite(number, "BERND")
    else:
        more: dict[str, Any] = {"recurrence": WEEKLY} if kind == "series" else {}
        more |= {"attendees": [bernd.upn]} if kind == "meeting" else {}
        anna.create("Jour fixe", SOON, SOON + HOUR, **more)
    asyncio.run(rig.until_quiet())
    assert_in_step(rig)


def assert_in_step(rig: Rig) -> None:
    """Both sides hold the same; a copy shows its owner's own answer."""
    if not rig.world.rows(tables.activity_participant):
        assert_equal(rig.world)
    assert not rig.world.rows(state.quarantine)


def rows(rig: Rig) -> list[tuple[Any, ...]]:
    """All appointments, deleted ones too, as far as an id that changed could touch them."""
    return sorted(
        (row["id"], row["subject"], row["deleted_at"], row["note"], row["modified_at"])
        for row in rig.world.rows(tables.activity)
    )


def all_moved(rig: Rig) -> None:
    rig.tenant.relocate("anna")
    rig.tenant.relocate("bernd")


def brought_back(rig: Rig) -> None:
    """The event was deleted and fetched from the wastebasket."""
    anna = rig.tenant.user("anna")
    anna.bring_back(anna.find("Jour fixe")[0])


def changed_too(rig: Rig) -> None:
    brought_back(rig)
    anna = rig.tenant.user("anna")
    anna.change(anna.find("Jour fixe")[0], location="Saal")


@pytest.mark.parametrize("page_size", [1, 50])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("happened", [all_moved, brought_back])
def test_b3_a_link_follows_its_event_to_a_new_id(
    rig: Rig, happened: Callable[[Rig], None], kind: str, side: str, page_size: int
) -> None:
    rig.page_size = page_size
    entered(rig, kind, side)
    before, writes, mails = rows(rig), rig.tenant.counters.writes, len(rig.tenant.outbox)
    happened(rig)
    asyncio.run(rig.until_quiet())
    assert rows(rig) == before
    assert rig.tenant.counters.writes == writes
    assert len(rig.tenant.outbox) == mails
    assert not rig.world.rows(state.quarantine)
    assert_in_step(rig)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
def test_b3_what_changed_beside_the_id_is_taken_over_by_the_same_row(
    rig: Rig, kind: str, side: str
) -> None:
    entered(rig, kind, side)
    (before,) = rig.world.activities()
    changed_too(rig)
    asyncio.run(rig.until_quiet())
    (after,) = rig.world.rows(tables.activity)
    assert (after["id"], after["deleted_at"], after["location"]) == (before["id"], None, "Saal")
    assert_in_step(rig)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("gone_first", [True, False])
def test_b3_known_by_the_extended_property_alone(
    rig: Rig, kind: str, side: str, *, gone_first: bool
) -> None:
    """All else that Exchange says of it is new; only what was entered here has the property."""
    entered(rig, kind, side)
    before = [row["id"] for row in rig.world.activities()]
    brought_back(rig)
    anna = rig.tenant.user("anna")
    item = anna.item(anna.find("Jour fixe")[0])
    item.uid = "040000008200E00074C5B7101A82E008"
    item.transaction = None
    if gone_first:
        rig.wait(seconds=5)
    asyncio.run(rig.until_quiet())
    found = rig.world.activities()
    assert len(found) == 1
    if side == "consolidate":
        assert [row["id"] for row in found] == before
    assert_in_step(rig)


def copy(rig: Rig, person: Person, *, meeting: bool) -> None:
    """An import brings another event with the same iCalUId."""
    bernd = rig.tenant.user("bernd")
    first = person.item(person.find("Jour fixe")[0])
    later = SOON + timedelta(days=1)
    guests = {"attendees": [bernd.upn]} if meeting else {}
    second = person.create("Kopie", later, later + HOUR, **guests)
    person.item(second).uid = first.uid
    for theirs in bernd.find("Kopie"):
        bernd.item(theirs).uid = first.uid


@pytest.mark.parametrize("when", ["at once", "later", "later, page by page"])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
def test_b8_two_events_with_one_icaluid_are_two_appointments(
    rig: Rig, kind: str, side: str, when: str
) -> None:
    anna = None
    if when == "at once":
        anna = rig.world.hire("ANNA")
        bernd = rig.world.hire("BERND")
        more: dict[str, Any] = {"recurrence": WEEKLY} if kind == "series" else {}
        more |= {"attendees": [bernd.upn]} if kind == "meeting" else {}
        anna.create("Jour fixe", SOON, SOON + HOUR, **more)
    else:
        rig.page_size = 1 if "page" in when else 50
        entered(rig, kind, side)
    anna = anna or rig.tenant.user("anna")
    copy(rig, anna, meeting=kind == "meeting")
    asyncio.run(rig.until_quiet())
    rig.wait(hours=3)
    asyncio.run(rig.until_quiet())
    mine = [
        row
        for row in rig.world.activities()
        if row["responsible_id"] == rig.world.employees["ANNA"]
    ]
    assert sorted(row["subject"] for row in mine) == ["Jour fixe", "Kopie"]
    assert sorted(event["subject"] for event in anna.events()) == ["Jour fixe", "Kopie"]
    before = rows(rig)
    anna.change(anna.find("Kopie")[0], location="Saal")
    anna.change(anna.find("Jour fixe")[0], location="Halle")
    asyncio.run(rig.until_quiet())
    places = {row["subject"]: row["location"] for row in rig.world.activities()}
    assert places == {"Jour fixe": "Halle", "Kopie": "Saal"}
    assert [row[0] for row in rows(rig)] == [row[0] for row in before]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
def test_b3_an_event_that_comes_back_after_its_deletion_was_seen_revives_its_row(
    rig: Rig, kind: str, side: str
) -> None:
    entered(rig, kind, side)
    (before,) = rig.world.rows(tables.activity)
    anna = rig.tenant.user("anna")
    item, mailbox = anna.item(anna.find("Jour fixe")[0]), anna.mailbox
    with rig.tenant.lock:
        anna.world.drop(mailbox, item)
    asyncio.run(rig.until_quiet())
    with rig.tenant.lock:
        mailbox.last_key += 1
        item.key = mailbox.last_key
        anna.world.add(mailbox, item)
    asyncio.run(rig.until_quiet())
    (after,) = rig.world.rows(tables.activity)
    assert (after["id"], after["deleted_at"]) == (before["id"], None)
    assert len(anna.events()) == 1


TWINS: Final = ("Jour fixe", "Kopie")


def twins(rig: Rig, kind: str) -> Person:
    """Two events with one iCalUId, in step."""
    entered(rig, kind, "exchange")
    anna = rig.tenant.user("anna")
    copy(rig, anna, meeting=kind == "meeting")
    asyncio.run(rig.until_quiet())
    return anna


@pytest.mark.parametrize("page_size", [1, 50])
@pytest.mark.parametrize("which", [["Jour fixe"], ["Kopie"], TWINS, "moved"], ids=str)
@pytest.mark.parametrize("kind", ["single", "series"])
def test_b3_of_two_events_with_one_icaluid_each_keeps_its_row_under_a_new_id(
    rig: Rig, kind: str, which: str | list[str], page_size: int
) -> None:
    rig.page_size = page_size
    anna = twins(rig, kind)
    before, writes = rows(rig), rig.tenant.counters.writes
    if which == "moved":
        rig.tenant.relocate("anna")
    else:
        for subject in which:
            anna.bring_back(anna.find(subject)[0])
    asyncio.run(rig.until_quiet())
    assert rows(rig) == before
    assert rig.tenant.counters.writes == writes
    assert_in_step(rig)


@pytest.mark.parametrize("page_size", [1, 50])
@pytest.mark.parametrize("invited", [False, True])
@pytest.mark.parametrize("organizer", ["colleague", "stranger"])
@pytest.mark.parametrize("when", ["at once", "later", "brought back", "moved"])
def test_b8_a_pasted_copy_of_an_invitation_is_an_appointment_of_its_own(
    rig: Rig, when: str, organizer: str, page_size: int, *, invited: bool
) -> None:
    rig.page_size = page_size
    anna, bernd = rig.world.hire("ANNA"), rig.world.hire("BERND")
    clara = rig.world.hire("CLARA") if organizer == "colleague" else None
    host = clara or Person(rig.tenant.world, rig.tenant.world.add_mailbox("x@fremd.example", "X"))
    host.create("Einladung", SOON, SOON + HOUR, attendees=[anna.upn, bernd.upn])
    if when == "later":
        asyncio.run(rig.until_quiet())
    later = SOON + timedelta(days=1)
    guests: dict[str, Any] = {"attendees": ["gast@fremd.example"]} if invited else {}
    pasted = anna.create("Eingefügt", later, later + HOUR, **guests)
    anna.item(pasted).uid = anna.item(anna.find("Einladung")[0]).uid
    asyncio.run(rig.until_quiet())
    before = sorted(row[1] for row in rows(rig) if row[2] is None)
    if when == "brought back":
        anna.bring_back(pasted)
    if when == "moved":
        rig.tenant.relocate("anna")
    asyncio.run(rig.until_quiet())
    rig.wait(hours=3)
    asyncio.run(rig.until_quiet())
    assert sorted(row[1] for row in rows(rig) if row[2] is None) == before
    assert before == ["Eingefügt", "Einladung"]
    assert not rig.world.rows(state.quarantine)
    links = [(link["profile_id"], link["role"]) for link in rig.world.rows(state.link)]
    assert len(links) == (4 if organizer == "colleague" else 3)
    (theirs,) = (link for link in rig.world.rows(state.link) if link["profile_id"] == 2)
    (meeting,) = (row for row in rig.world.activities() if row["subject"] == "Einladung")
    assert (theirs["role"], theirs["activity_id"]) == ("copy", meeting["id"])
    assert len(bernd.events()) == 1


def elsewhere(rig: Rig, where: str) -> None:
    """The event lies where the feed does not show it."""
    anna = rig.tenant.user("anna")
    (event,) = anna.find("Jour fixe")
    if where == "another calendar":
        anna.move(event, anna.add_calendar("Privat"))
    else:
        far = SOON + timedelta(days=1500)
        anna.change(event, start=far, end=far + HOUR)
    asyncio.run(rig.until_quiet())


@pytest.mark.parametrize("where", ["another calendar", "beyond the window"])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
def test_b3_an_event_that_the_feed_does_not_show_is_found_again_after_a_move(
    rig: Rig, kind: str, side: str, where: str
) -> None:
    entered(rig, kind, side)
    elsewhere(rig, where)
    (before,) = rig.world.activities()
    rig.tenant.relocate("anna")
    asyncio.run(rig.until_quiet())
    rig.world.edit(before["id"], location="Saal")
    asyncio.run(rig.until_quiet())
    (after,) = rig.world.activities()
    assert after["id"] == before["id"]
    anna = rig.tenant.user("anna")
    (event,) = anna.find("Jour fixe")
    assert anna.event(event)["location"]["displayName"] == "Saal"
    assert not rig.world.rows(state.quarantine)


@pytest.mark.parametrize("body", [None, {}, {"value": None}, {"value": [[]]}], ids=str)
def test_b5_a_search_that_says_nothing_is_no_proof_that_an_event_is_gone(
    rig: Rig, body: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(rig, "single", "exchange")
    elsewhere(rig, "another calendar")
    before = rows(rig)
    rig.tenant.relocate("anna")
    usual = Calls.ask

    async def silent(self: Calls, requests: Sequence[Request]) -> list[Answer]:
        answers = await usual(self, requests)
        return [
            replace(answer, body=body) if "iCalUId%20eq" in request.path else answer
            for request, answer in zip(requests, answers, strict=True)
        ]

    with monkeypatch.context() as patching:
        patching.setattr(Calls, "ask", silent)
        asyncio.run(one_round(rig))
        assert rows(rig) == before
    asyncio.run(rig.until_quiet())
    assert rows(rig) == before
    assert not rig.world.rows(state.quarantine)


async def one_round(rig: Rig) -> None:
    agent = rig.agent()
    await agent.round()
    troubled = agent.in_trouble
    await agent.stop()
    assert troubled
