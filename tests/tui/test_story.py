"""From a line of the log to the story of its appointment."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from calsync_agent.appointment.model import ActivityId, EventId, LinkId, ProfileId
from calsync_agent.database.engine import Database
from calsync_agent.domain.link import Link
from calsync_agent.domain.version import Kept
from calsync_agent.i18n import Message, message
from calsync_agent.state import history, links, log, quarantine
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_agent.state.quarantine import Item
from tests.support import kept_rows
from tests.support.reads import reads
from tests.support.samples import a_profile, an_activity
from tests.support.snapshots import ALL, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import NOW, Opened

pytestmark = pytest.mark.anyio

NUMBER = ActivityId(UUID(int=7))
REQUEST = "5f0e6a52-0000-0000-0000-00000000abcd"
EARLIER = NOW - timedelta(hours=1)


def refusal() -> Message:
    return message(
        "Exchange refuses it: {code}: {text} (status {status}, request-id {request_id})",
        code="ErrorInvalidRecurrence",
        text="no such pattern",
        status=400,
        request_id=REQUEST,
    )


def kept() -> Kept:
    return replace(kept_rows.kept(0), activity=NUMBER)


def lines(item: Item) -> list[LogEntry]:
    subject = "Jour fixe"
    conflict = message(
        "conflict: {subject}: {cell}; the version of Consolidate stays",
        subject=subject,
        cell=message("changed on both sides"),
    )
    rule = message("{cell}; priority: Outbound First", cell=message("changed on both sides"))
    refused = message("not synced: {subject}: {reason}", subject=subject, reason=refusal())
    made = message("created in Exchange: {subject}", subject=subject)
    about = ProfileId(1), item.activity, item.event
    return [
        LogEntry(Level.INFO, Kind.CREATED, made, *about, EARLIER, message("new in Consolidate")),
        LogEntry(Level.WARNING, Kind.CONFLICT, conflict, *about, EARLIER, rule),
        LogEntry(Level.WARNING, Kind.SKIPPED, refused, *about, NOW),
    ]


@pytest.fixture
def filled(people: Database) -> Database:
    """An appointment that lost a conflict and was then refused by Exchange."""
    with people.writing() as connection:
        a_profile(connection, 1)
        an_activity(connection, 1, id=NUMBER, subject="Jour fixe")
        link = Link(LinkId(UUID(int=1)), ProfileId(1), NUMBER, EventId("event-1"))
        links.insert(connection, [link])
        history.keep(connection, [kept()], EARLIER)
        item = Item(NUMBER, None)
        quarantine.update(connection, ProfileId(1), {item: refusal()}, (), NOW)
        log.write(connection, lines(Item(NUMBER, EventId("event-1"))), NOW)
    return people


def text(terminal: Terminal) -> str:
    """What the screen says, whatever the line breaks."""
    return " ".join(terminal.text().split())


async def story(terminal: Terminal, *keys: str) -> None:
    """Open the story of the current line."""
    await terminal.press(*keys, "enter")
    await terminal.shows("Geschichte:", "Was geschah")
    await terminal.settled()


@pytest.mark.usefixtures("filled")
async def test_the_story_tells_lines_rules_versions_and_how_it_stands(opened: Opened) -> None:
    async with opened(page="log", size=(120, 60)) as terminal:
        await story(terminal, "up")
        told = text(terminal)
        assert "Geschichte: Jour fixe" in told
        assert "In Consolidate 23.11.2026 09:00 - 12:00, Europe/Vienna" in told
        assert "In Exchange ANNA (Termin des Organisators)" in told
        assert "Nicht abgeglichen ANNA: Exchange lehnt" in told
        assert "Versuch 1; der nächste um 23.11.2026 09:01:00" in told
        assert "in Exchange angelegt: Jour fixe Regel: neu in Consolidate" in told
        assert "Regel: auf beiden Seiten geändert; Priorität: Outbound First" in told
        assert f"request-id: {REQUEST}" in told
        assert "Fassung von Exchange ersetzt durch" in told
        assert "* Ort Wien Graz" in told
        current = next(line for line in terminal.lines() if line.strip().startswith("► "))
        assert "Konflikt: Jour fixe" in current


@pytest.mark.usefixtures("filled")
async def test_escape_leads_back_to_the_line(opened: Opened) -> None:
    async with opened(page="log") as terminal:
        await story(terminal, "up")
        await terminal.press("escape")
        await terminal.shows("[4 Protokoll]")
        current = next(line for line in terminal.lines() if line.strip().startswith("► "))
        assert "Konflikt" in current


async def test_a_story_is_read_again_when_it_is_told_to(opened: Opened, filled: Database) -> None:
    async with opened(page="log", size=(120, 60)) as terminal:
        await story(terminal)
        with filled.writing() as connection:
            item = Item(NUMBER, None)
            quarantine.update(connection, ProfileId(1), {}, (item,), NOW)
        await terminal.press("r")
        await terminal.settled()
        assert "Versuch 1" not in terminal.text()
        await terminal.press("escape", "ctrl+l", "enter")
        await terminal.shows("Story: Jour fixe", "What happened", "rule: new in Consolidate")


async def test_the_story_of_a_private_appointment_tells_no_subject(
    opened: Opened, people: Database
) -> None:
    with people.writing() as connection:
        a_profile(connection, 1)
        an_activity(connection, 1, id=NUMBER, subject="Kündigung", private=True)
        history.keep(connection, [replace(kept_rows.kept(1), activity=NUMBER)], EARLIER)
        changed = message("changed in Exchange: {subject}", subject=message("private appointment"))
        entry = LogEntry(Level.INFO, Kind.CHANGED, changed, ProfileId(1), NUMBER, at=NOW)
        log.write(connection, [entry], NOW)
    async with opened(page="log", size=(120, 60)) as terminal:
        await story(terminal)
        assert "Geschichte: privater Termin" in terminal.text()
        for secret in ("Kündigung", "Gespräch", "Linz", "Zahlen"):
            assert secret not in terminal.text()


async def test_the_story_tells_that_the_appointment_is_not_there_as_it_was(
    opened: Opened, people: Database
) -> None:
    gone, deleted, broken = (ActivityId(UUID(int=number)) for number in (1, 2, 3))
    with people.writing() as connection:
        an_activity(connection, 1, id=deleted, subject="weg", deleted_at=NOW)
        an_activity(connection, 1, id=broken, subject="kaputt", time_zone="Mars/Olympus")
        for number in (gone, deleted, broken):
            log.write(connection, lines(Item(number, None))[:1], NOW)
    async with opened(page="log") as terminal:
        for shown in ("nicht lesbar: ", "gelöscht", "nicht mehr da"):
            await story(terminal)
            assert f"In Consolidate {shown}" in text(terminal)
            await terminal.press("escape", "up")


async def test_a_line_that_names_only_the_event_leads_to_its_appointment(
    opened: Opened, filled: Database
) -> None:
    with filled.writing() as connection:
        log.write(connection, lines(Item(None, EventId("event-1")))[2:], NOW)
    async with opened(page="log") as terminal:
        await story(terminal)
        assert "Geschichte: Jour fixe" in terminal.text()


async def test_a_line_about_no_appointment_is_shown_whole(opened: Opened, people: Database) -> None:
    with people.writing() as connection:
        log.write(connection, [LogEntry(Level.ERROR, Kind.ERROR, refusal(), at=NOW)], NOW)
    async with opened(page="log") as terminal:
        await terminal.press("enter")
        await terminal.shows("Zeile 1 des Protokolls", "betrifft keinen einzelnen Termin")
        assert f"request-id: {REQUEST}" in text(terminal)


async def test_a_story_reads_a_bounded_number_of_lines_by_the_index(
    opened: Opened, people: Database
) -> None:
    with people.writing() as connection:
        for _time in range(200):
            log.write(connection, lines(Item(NUMBER, None)), NOW)
    async with opened(page="log") as terminal:
        with reads("calsync_log.activity_id = ?") as told:
            await story(terminal)
        assert "die neuesten 300 Zeilen" in terminal.text()
    assert told.rows(people) == [300]
    assert "ix_calsync_log_activity" in told.plans(people)[0]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("look", [look for look in ALL if "80x24" in str(look.id)])
async def test_story(opened: Opened, look: Look, matches: Callable[[Terminal], None]) -> None:
    async with opened(look=look, page="log") as terminal:
        await terminal.press("enter")
        await terminal.until(lambda: "Jour fixe" in terminal.lines()[0])
        await terminal.settled()
        matches(terminal)
