"""What happened to others: the threads of Odoo's Outlook sync, none of which may happen here.

Each test retells the steps of one thread in odoo/odoo, named by its number.
"""

import asyncio
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.domain.operation import ChangeEvent
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.mailing import Ledger
from tests.support.points import Kind
from tests.support.rig import SOON, Rig
from tests.support.verify import assert_same_occurrences

HOUR: Final = timedelta(hours=1)
WEEK: Final = timedelta(weeks=1)
ONE: Final = UUID(int=1)
WEEKLY: Final = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "numbered", "numberOfOccurrences": 8},
}
OURS: Final = (state.link, state.profile_state, state.pending, state.waiting, state.quarantine)


def quiet(rig: Rig) -> None:
    """Sync until nothing is left to do."""
    asyncio.run(rig.until_quiet())


def hired(rig: Rig) -> tuple[Person, Person, Person]:
    """Anna and Bernd with profiles, Clara without."""
    people = [rig.world.hire(code, profile=code != "CLARA") for code in ("ANNA", "BERND", "CLARA")]
    return people[0], people[1], people[2]


def enrol_clara(rig: Rig) -> None:
    """She is synced from now on, too."""
    rig.world.enrol("CLARA", rig.tenant.user("clara"))


def shared(rig: Rig, *, series: bool = False) -> None:
    """Meetings between all three, some entered in Consolidate and some in Outlook."""
    people = {name: rig.tenant.user(name) for name in ("anna", "bernd", "clara")}
    rule = {"recurrence": "FREQ=WEEKLY;COUNT=8"} if series else {}
    repeated: dict[str, Any] = {"recurrence": WEEKLY} if series else {}
    for number, owner in enumerate(("anna", "bernd", "clara"), start=1):
        others = [code for code in ("ANNA", "BERND", "CLARA") if code != owner.upper()]
        start = SOON + number * HOUR
        numbered = UUID(int=number)
        rig.world.enter(owner.upper(), f"hier von {owner}", start, id=numbered, **rule)
        rig.world.invite(numbered, *others)
        invited = [people[code.lower()].upn for code in others] + ["kunde@kunde.example"]
        end = start + HOUR
        people[owner].create(f"dort von {owner}", start, end, attendees=invited, **repeated)


def subjects(rig: Rig) -> list[str]:
    """What Consolidate holds."""
    return sorted(row["subject"] for row in rig.world.activities())


def test_odoo_70769_a_teams_meeting_is_not_imported_once_per_attendee(rig: Rig) -> None:
    """A and B were invited to a Teams meeting and both synced: it was there twice, then thrice."""
    anna, bernd, clara = hired(rig)
    invited = [anna.upn, bernd.upn]
    clara.create("Teams", SOON, SOON + HOUR, attendees=invited, isOnlineMeeting=True)
    quiet(rig)
    assert subjects(rig) == ["Teams"]
    enrol_clara(rig)  # the organizer comes last
    quiet(rig)
    quiet(rig)
    assert subjects(rig) == ["Teams"]
    assert len(rig.world.rows(state.link)) == 3


def test_odoo_148011_what_an_attendees_sync_brought_in_can_still_be_changed(
    rig: Rig, ledger: Ledger
) -> None:
    """B's sync stored B's id for A's meeting; writing it with A's token met 404 for ever."""
    anna, bernd, clara = hired(rig)
    enrol_clara(rig)
    # Anna's mailbox is out of reach while Bernd's brings the meeting in.
    rig.tenant.set_open("anna", open_=False)
    anna.create("Besprechung", SOON, SOON + HOUR, attendees=[bernd.upn, clara.upn])

    async def some_rounds() -> None:
        agent = rig.agent()
        for _ in range(6):
            await agent.round()
            rig.wait(minutes=20)
        await agent.stop()

    asyncio.run(some_rounds())
    (row,) = rig.world.activities()
    rig.tenant.set_open("anna", open_=True)
    rig.wait(hours=1)
    quiet(rig)
    rig.world.edit(row["id"], body="neue Beschreibung")
    quiet(rig)
    written = [mailbox for mailbox, done in ledger.writes if isinstance(done, ChangeEvent)]
    assert written == [anna.id]
    for person in (anna, bernd, clara):
        assert "neue Beschreibung" in person.events()[0]["body"]["content"]
    assert rig.world.rows(state.pending) == []


def test_odoo_169888_an_attendees_sync_takes_no_series_over(rig: Rig, ledger: Ledger) -> None:
    """The organizer changed one occurrence; the attendee's sync made it an event of its own."""
    anna, _, clara = hired(rig)
    series = clara.create("Serie", SOON, SOON + HOUR / 2, attendees=[anna.upn], recurrence=WEEKLY)
    quiet(rig)
    clara.change(clara.occurrence(series, SOON.date()), end=SOON + HOUR)
    quiet(rig)
    (row,) = rig.world.activities()
    assert row["responsible_id"] == rig.world.employees["CLARA"]
    assert (row["organizer_email"], row["recurrence"][:11]) == (None, "FREQ=WEEKLY")
    (exception,) = rig.world.rows(tables.activity_exception)
    assert (exception["original_start"], exception["ends_at"]) == (SOON, SOON + HOUR)
    assert ledger.writes == []
    assert [event["isOrganizer"] for event in anna.events()] == [False]
    assert_same_occurrences(rig.world, "CLARA")


@pytest.mark.parametrize("series", [False, True])
def test_odoo_143781_a_reinstalled_sync_makes_nothing_anew(
    rig: Rig, ledger: Ledger, *, series: bool
) -> None:
    """With the module its ids were removed; after the next install every attendee was mailed."""
    hired(rig)
    enrol_clara(rig)
    shared(rig, series=series)
    quiet(rig)
    linked = len(rig.world.rows(state.link))
    rig.tenant.clear_outbox()
    ledger.writes.clear()
    with rig.people.writing() as connection:
        for table in OURS:
            connection.execute(sa.delete(table))
    quiet(rig)
    assert rig.tenant.outbox == []
    assert ledger.writes == []
    assert len(subjects(rig)) == len(set(subjects(rig))) == 6
    assert len(rig.world.rows(state.link)) == linked == 18


@pytest.mark.parametrize("series", [False, True])
def test_odoo_109915_a_second_user_who_enables_the_sync_mails_nobody(
    rig: Rig, ledger: Ledger, *, series: bool
) -> None:
    """The second user's first sync sent the events that the first had shared, as if new."""
    hired(rig)
    shared(rig, series=series)
    rig.world.remove(UUID(int=3), row=True)  # what is Clara's own alone is new to Exchange
    quiet(rig)
    before = subjects(rig)
    rig.tenant.clear_outbox()
    ledger.writes.clear()
    enrol_clara(rig)
    quiet(rig)
    assert rig.tenant.outbox == []
    assert ledger.writes == []
    assert subjects(rig) == before
    assert len(rig.world.rows(state.link)) == 15


def test_odoo_118830_events_fetched_for_one_user_are_not_sent_for_the_next(
    rig: Rig, ledger: Ledger
) -> None:
    """What came from Outlook by the first user's sync went back out with the second user's."""
    anna, bernd, clara = hired(rig)
    for number in range(12):
        start = SOON - timedelta(days=30) + number * timedelta(days=5)  # past and future
        organizer, guest = (anna, clara) if number % 2 else (clara, anna)
        organizer.create(f"Termin {number}", start, start + HOUR, attendees=[guest.upn, bernd.upn])
    rig.tenant.clear_outbox()
    quiet(rig)
    enrol_clara(rig)
    quiet(rig)
    assert rig.tenant.outbox == []
    assert ledger.writes == []
    assert len(subjects(rig)) == 12
    assert [len(person.events()) for person in (anna, bernd, clara)] == [12, 12, 12]


@pytest.mark.parametrize("kind", [Kind.KILL_AFTER, Kind.CUT_AFTER, Kind.UNAVAILABLE_AFTER])
def test_odoo_242064_an_answer_that_never_came_doubles_nothing(rig: Rig, kind: Kind) -> None:
    """A time-out after Outlook had made the event: the next sync made, or fetched, another."""
    anna, bernd, _ = hired(rig)
    quiet(rig)
    rig.world.enter("ANNA", "Besprechung", SOON, id=ONE)
    rig.world.invite(ONE, "BERND")
    met: list[str] = []

    def once(line: str) -> Kind | None:
        if " POST " in line and "/events" in line and not met:
            met.append(line)
            return kind
        return None

    rig.points.strike = once
    quiet(rig)
    quiet(rig)
    assert len(met) == 1
    assert subjects(rig) == ["Besprechung"]
    assert [len(person.events()) for person in (anna, bernd)] == [1, 1]
    assert [mail.kind for mail in rig.tenant.outbox] == ["invitation"]


def test_odoo_271529_a_series_moved_in_outlook_is_not_doubled(rig: Rig, ledger: Ledger) -> None:
    """Moved by an hour, all occurrences came back with new ids; the old first one was sent anew."""
    anna, bernd, _ = hired(rig)
    series = anna.create("Serie", SOON, SOON + HOUR, attendees=[bernd.upn], recurrence=WEEKLY)
    anna.change(anna.occurrence(series, (SOON + 2 * WEEK).date()), location={"displayName": "Saal"})
    quiet(rig)
    (before,) = rig.world.activities()
    anna.change(series, start=SOON + HOUR, end=SOON + 2 * HOUR)
    quiet(rig)
    (after,) = rig.world.activities()
    assert (after["id"], after["starts_at"]) == (before["id"], SOON + HOUR)
    assert ledger.writes == []
    assert [len(person.events()) for person in (anna, bernd)] == [1, 1]
    assert_same_occurrences(rig.world, "ANNA")


def test_odoo_271529_a_series_moved_in_consolidate_keeps_its_exceptions(
    rig: Rig, ledger: Ledger
) -> None:
    """… and from Odoo's side, all occurrences were deleted and made anew, exceptions lost."""
    anna, bernd, _ = hired(rig)
    rig.world.enter("ANNA", "Serie", SOON, id=ONE, recurrence="FREQ=WEEKLY;COUNT=8")
    rig.world.invite(ONE, "BERND")
    row = {"id": ONE, "activity_id": ONE, "original_start": SOON + 2 * WEEK, "location": "Saal"}
    exceptions = tables.activity_exception
    with rig.people.writing() as connection:
        connection.execute(sa.insert(exceptions).values(row))
    quiet(rig)
    ledger.writes.clear()
    rig.world.edit(ONE, starts_at=SOON + HOUR, ends_at=SOON + 2 * HOUR)
    with rig.people.writing() as connection:
        moved = {"original_start": SOON + 2 * WEEK + HOUR}
        connection.execute(sa.update(exceptions).where(exceptions.c.id == ONE).values(moved))
    quiet(rig)
    assert [type(done) for _, done in ledger.writes] == [ChangeEvent]
    assert [len(person.events()) for person in (anna, bernd)] == [1, 1]
    assert_same_occurrences(rig.world, "ANNA")


def test_odoo_271787_a_single_event_that_becomes_a_series_leaves_none_behind(rig: Rig) -> None:
    """Turned into a series in place, the former single event stayed beside the first occurrence."""
    anna, bernd, _ = hired(rig)
    event = anna.create("Termin", SOON, SOON + HOUR, attendees=[bernd.upn])
    quiet(rig)
    anna.change(event, recurrence=WEEKLY)
    quiet(rig)
    (row,) = rig.world.activities()
    assert row["recurrence"].startswith("FREQ=WEEKLY")
    assert_same_occurrences(rig.world, "ANNA")
    rig.world.edit(row["id"], recurrence=None)  # and back, from the other side
    quiet(rig)
    assert [found["type"] for found in anna.events()] == ["singleInstance"]
    assert len(rig.world.activities()) == 1
    assert_same_occurrences(rig.world, "ANNA")
