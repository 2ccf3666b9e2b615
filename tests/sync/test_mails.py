"""Nobody is mailed without cause (F7, F8): what starts again, links or reads anew mails nobody.

That Exchange mails those whom the sync has counted, and nobody else, is seen to in every test
(`ledger` in tests/conftest.py).
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.appointment.model import EventId
from calsync_agent.appointment.people import Directory
from calsync_agent.consolidate import tables
from calsync_agent.domain.event import Attendee
from calsync_agent.domain.hold import Verdict
from calsync_agent.domain.operation import DeleteEvent
from calsync_agent.exchange.calendar.mailbox import Mailbox
from calsync_agent.exchange.transport.calls import Sender
from calsync_agent.exchange.transport.requests import Answer
from calsync_agent.plan.mail_forecast import Mails
from calsync_agent.sandbox.model.mail import Mail
from calsync_agent.sandbox.people import Person
from calsync_agent.state import holds
from calsync_agent.state import tables as state
from tests.support.mailing import Ledger
from tests.support.rig import SOON, Rig, Snapshot

ON_SQLITE: Final = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

HOUR: Final = timedelta(hours=1)
OURS: Final = (state.link, state.profile_state, state.pending, state.waiting, state.quarantine)
WEEKLY: Final = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "numbered", "numberOfOccurrences": 6},
}


def quiet(rig: Rig) -> None:
    asyncio.run(rig.until_quiet())


def company(rig: Rig) -> tuple[Person, Person, Person]:
    """Meetings of every kind: entered in Consolidate, made in Outlook, invited from outside."""
    anna, bernd, clara = (rig.world.hire(code) for code in ("ANNA", "BERND", "CLARA"))
    rig.world.enter("ANNA", "Jour fixe", SOON, id=UUID(int=1), recurrence="FREQ=WEEKLY;COUNT=6")
    rig.world.invite(UUID(int=1), "BERND", "CLARA")
    row = {
        "id": UUID(int=1),
        "activity_id": UUID(int=1),
        "original_start": SOON + timedelta(weeks=2),
        "location": "Saal",
    }
    with rig.people.writing() as connection:
        connection.execute(sa.insert(tables.activity_exception).values(row))
    rig.world.enter("BERND", "Beratung", SOON + 2 * HOUR, id=UUID(int=2))
    rig.world.invite(UUID(int=2), "ANNA")
    start = SOON + 4 * HOUR
    bernd.create("Angebot", start, start + HOUR, attendees=[clara.upn, "kunde@kunde.example"])
    series = clara.create("Retro", SOON, SOON + HOUR, attendees=[anna.upn], recurrence=WEEKLY)
    clara.change(clara.occurrence(series, (SOON + timedelta(weeks=1)).date()), subject="Feier")
    guest = rig.tenant.outsider("chef@kunde.example", "Chefin")
    guest.create("Beim Kunden", start, start + 2 * HOUR, attendees=[anna.upn, bernd.upn])
    return anna, bernd, clara


def synced(rig: Rig) -> Snapshot:
    """All of them in step, answered, and the outbox empty."""
    _, bernd, _ = company(rig)
    quiet(rig)
    bernd.respond(bernd.find("Jour fixe")[0], "accepted")
    quiet(rig)
    before = rig.snapshot()
    rig.tenant.clear_outbox()
    return before


def months_pass(rig: Rig, _before: Snapshot) -> None:
    """Nobody does anything; the window moves on."""
    for _ in range(3):
        rig.wait(days=9)
        quiet(rig)


def starts_again(rig: Rig, _before: Snapshot) -> None:
    """The agent ends, well or not, and another one begins."""

    async def die() -> None:
        agent = rig.agent()
        await agent.round()
        await agent.die()

    asyncio.run(die())


def positions_lost(rig: Rig, _before: Snapshot) -> None:
    """Exchange answers 410 to every delta link."""
    rig.tenant.forget_generations()


def positions_dropped(rig: Rig, _before: Snapshot) -> None:
    """The agent is to read everything anew."""
    with rig.people.writing() as connection:
        nothing = {"delta_link": None, "compared_at": None}
        connection.execute(sa.update(state.profile_state).values(nothing))


def tables_lost(rig: Rig, _before: Snapshot) -> None:
    """The plugin's tables are new and empty; all is first contact again (B4)."""
    with rig.people.writing() as connection:
        for table in OURS:
            connection.execute(sa.delete(table))


def tables_put_back(rig: Rig, before: Snapshot) -> None:
    """The plugin's tables are put back to an hour ago; both sides have gone on meanwhile."""
    anna = rig.tenant.user("anna")
    rig.world.edit(UUID(int=2), location="Büro")
    anna.change(anna.find("Jour fixe")[0], subject="Jour fixe neu")
    quiet(rig)
    rig.tenant.clear_outbox()
    with rig.people.writing() as connection:
        for table in OURS:
            connection.execute(sa.delete(table))
            if rows := before.rows[table.name]:
                connection.execute(sa.insert(table), rows)


@ON_SQLITE
@pytest.mark.parametrize(
    "happens",
    [months_pass, starts_again, positions_lost, positions_dropped, tables_lost, tables_put_back],
    ids=lambda happens: happens.__name__,
)
def test_f8_no_mail_at_all_when(
    rig: Rig, ledger: Ledger, happens: Callable[[Rig, Snapshot], None]
) -> None:
    before = synced(rig)
    happens(rig, before)
    ledger.writes.clear()
    appointments = len(rig.world.activities())
    quiet(rig)
    assert rig.tenant.outbox == []
    assert ledger.writes == []
    assert len(rig.world.activities()) == appointments
    assert len(rig.world.rows(state.link)) == len(before.rows[state.link.name])
    rig.world.edit(UUID(int=2), location="Garten")  # all goes on as before
    quiet(rig)
    assert [mail.recipient for mail in rig.tenant.outbox] == ["anna@contoso.example"]


@ON_SQLITE
def test_f8_no_mail_at_all_on_first_contact_with_what_both_sides_have(
    rig: Rig, ledger: Ledger
) -> None:
    """The same meetings, kept by hand on both sides, all of them with attendees."""
    anna, bernd, clara = (rig.world.hire(code) for code in ("ANNA", "BERND", "CLARA"))
    for number in range(30):
        start = SOON + number * HOUR
        owner, guest = ("ANNA", bernd) if number % 2 else ("BERND", anna)
        person = rig.tenant.user(owner.lower())
        invited = [guest.upn, clara.upn, "kunde@kunde.example"]
        person.create(f"BESPRECHUNG  {number} ", start, start + HOUR, attendees=invited)
        rig.world.enter(owner, f"Besprechung {number}", start, id=UUID(int=number + 1))
        rig.world.invite(UUID(int=number + 1), guest.upn.partition("@")[0].upper(), "CLARA")
    rig.world.provider(priority="inbound_first")  # else the spelling goes out, which mails
    rig.tenant.clear_outbox()
    quiet(rig)
    assert rig.tenant.outbox == []
    assert ledger.writes == []
    assert len(rig.world.activities()) == 30
    assert len(rig.world.rows(state.link)) == 90


@ON_SQLITE
def test_f8_a_mail_that_nobody_counted_is_noticed(rig: Rig) -> None:
    """The check that every test makes can fail."""
    person = rig.world.hire("ANNA")
    mail = Mail(
        at=datetime(2026, 11, 23, tzinfo=UTC),
        sender="anna@contoso.example",
        recipient="bernd@contoso.example",
        kind="update",
        uid="1",
        subject="Termin",
        inside=True,
        cause="app: PATCH event",
    )
    ledger = Ledger()
    ledger.send(mail)
    assert ledger.complaint == ""  # no agent of this process wrote
    ledger.writes.append((person.id, DeleteEvent(EventId("1"), "")))
    assert "bernd@contoso.example" in ledger.complaint
    ledger.enter(Mails(inside=1), None)
    assert ledger.complaint == ""
    ledger.enter(Mails(outside=1), None)
    ledger.counted = Mails(outside=1)
    assert "mailed" in ledger.complaint


def test_f8_the_ledger_counts_what_goes_through_a_mailbox(ledger: Ledger) -> None:
    class Taking:
        async def send(self, _mailbox: str, requests: list[Any]) -> list[Answer]:
            return [Answer(204) for _ in requests]

    people = Directory()
    invited = (Attendee("kunde@kunde.example"),)
    mailbox = Mailbox(cast("Sender", Taking()), "anna", people)
    asyncio.run(mailbox.carry_out([DeleteEvent(EventId("1"), "", invited)]))
    assert ledger.counted == Mails(outside=1)
    assert "were counted" in ledger.complaint
    ledger.writes.clear()


def answer(rig: Rig, verdict: Verdict) -> None:
    """An admin answers all profiles that are held."""
    with rig.people.writing() as connection:
        for number in {one.profile for one in holds.read(connection)}:
            holds.answer(connection, number, verdict)


@ON_SQLITE
@pytest.mark.parametrize("verdict", [None, Verdict.CONFIRMED, Verdict.DISCARDED])
@pytest.mark.parametrize(("matched", "new"), [(60, 0), (40, 20)])
def test_f8_first_contact_that_would_mail_too_many_links_and_waits(
    rig: Rig, verdict: Verdict | None, matched: int, new: int
) -> None:
    """Meetings on both sides, spelt otherwise, and others only here: all of it is one cycle."""
    anna, bernd = rig.world.hire("ANNA"), rig.world.hire("BERND", profile=False)
    for number in range(matched + new):
        start = SOON + number * HOUR
        rig.world.enter("ANNA", f"Besprechung {number}", start, id=UUID(int=number + 1))
        rig.world.invite(UUID(int=number + 1), "BERND")
        if number < matched:
            subject = f"BESPRECHUNG {number}"
            anna.create(subject, start, start + HOUR, attendees=[bernd.upn], isReminderOn=False)
    rig.tenant.clear_outbox()
    quiet(rig)
    assert rig.tenant.outbox == []
    assert len(rig.world.rows(state.hold)) == matched + new
    if verdict is not None:
        answer(rig, verdict)
        quiet(rig)
        assert rig.world.rows(state.hold) == []
    confirmed = verdict is Verdict.CONFIRMED
    assert len(rig.tenant.outbox) == (matched + new if confirmed else 0)
    assert len(anna.events()) == (matched + new if confirmed else matched)
    assert len(rig.world.activities()) == matched + new
    if verdict is Verdict.DISCARDED:
        subjects = [row["subject"] for row in rig.world.activities()]
        assert sum(subject.isupper() or subject[:2] == "BE" for subject in subjects) == matched
