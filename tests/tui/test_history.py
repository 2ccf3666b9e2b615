"""The page Verlauf: what was lost, what replaced it, and how it comes back."""

from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate.tables import activity
from calsync_agent.database.engine import Database
from calsync_agent.i18n import message
from calsync_agent.state import log
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_agent.state.tables import history as table
from tests.support import kept_rows
from tests.support.samples import a_profile, an_activity
from tests.support.snapshots import ALL, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import NOW, Opened, an_agent

pytestmark = pytest.mark.anyio


@pytest.fixture
def filled(people: Database) -> Database:
    """Profiles of all employees, and versions kept of their appointments."""
    with people.writing() as connection:
        for employee, code in ((1, "anna"), (2, "bert"), (3, "clara")):
            a_profile(connection, employee, f"{code}@example.com")
        kept_rows.write(connection, 30, (1, 2, 3))
    return people


def keep(people: Database, first: int) -> None:
    """One more version is kept, and the log tells of it."""
    with people.writing() as connection:
        log.write(
            connection, [LogEntry(Level.INFO, Kind.SYNC, message("the sync works again"))], NOW
        )
        kept_rows.write(connection, 1, first=first)


def rows(terminal: Terminal) -> list[str]:
    """The versions in sight."""
    return [line.strip("►> ") for line in terminal.lines() if "20.11.2026 07:" in line[:20]]


def current(terminal: Terminal) -> str:
    """The version marked as the current one."""
    (found,) = [line.strip("►> ") for line in terminal.lines() if line.strip()[:1] in {"►", ">"}]
    return found


async def asked(terminal: Terminal, *texts: str) -> None:
    """Return when the question is on the screen, with the focus on what changes nothing."""
    await terminal.shows(*texts)
    await terminal.until(lambda: terminal.app.focused and terminal.app.focused.id == "stay")


async def said(terminal: Terminal, text: str) -> None:
    """Return when a message with this text has come up."""
    await terminal.until(lambda: any(text in told.message for told in terminal.app._notifications))


@pytest.mark.usefixtures("filled")
async def test_the_newest_comes_first_with_whose_version_and_what(opened: Opened) -> None:
    async with opened(page="history", size=(120, 40)) as terminal:
        assert "CLARA" in rows(terminal)[0]
        assert "Consolidate  in Exchange gelöscht" in rows(terminal)[0]
        assert rows(terminal)[0].endswith("Jour fixe 29")
        assert rows(terminal) == sorted(rows(terminal), reverse=True)
        assert current(terminal) == rows(terminal)[0]


@pytest.mark.usefixtures("filled")
async def test_both_versions_stand_beside_each_other_changed_fields_bear_a_sign(
    opened: Opened,
) -> None:
    async with opened(page="history", size=(120, 40)) as terminal:
        await terminal.press("down", "down")
        text = terminal.text()
        assert "Fassung 28: auf beiden Seiten geändert" in text
        assert "Fassung von Exchange" in text
        lines = [" ".join(line.split()) for line in terminal.lines()]
        assert "* Ort Wien Graz" in lines
        assert "* Text Zahlen der Woche Zahlen des Monats" in lines
        assert "Betreff Jour fixe 27 Jour fixe 27" in lines
        assert "Teilnehmer Bert Bert" in lines


@pytest.mark.usefixtures("filled")
async def test_of_a_private_appointment_no_subject_and_no_place_is_shown(opened: Opened) -> None:
    async with opened(page="history", size=(120, 40)) as terminal:
        await terminal.press("down")
        assert "privater Termin" in current(terminal)
        lines = [" ".join(line.split()) for line in terminal.lines()]
        assert "* Betreff (privat) (privat)" in lines
        assert "* Ort (privat) (privat)" in lines
        for secret in ("Kündigung", "Gespräch", "Linz", "Wien ", "Zahlen"):
            assert secret not in terminal.text()
        await terminal.press("slash")
        await terminal.type("kündigung")
        await terminal.press("enter")
        await terminal.settled()
        assert "Keine Fassung passt; Esc zeigt wieder alle." in terminal.text()


async def test_restoring_asks_with_what_it_means_and_is_told(
    opened: Opened, filled: Database
) -> None:
    async with opened(page="history") as terminal:
        await terminal.press("r")
        await asked(terminal, "Fassung 30 wiederherstellen?", "ist nicht mehr in Consolidate")
        assert "Teilnehmer" in terminal.text()
        await terminal.press("escape")
        await terminal.settled()
        assert activities(filled) == {}
        await terminal.press("r")
        await asked(terminal, "Fassung 30 wiederherstellen?")
        await terminal.press("left", "enter")
        await said(terminal, "in Consolidate wiederhergestellt: Jour fixe 29")
        await terminal.settled()
    assert activities(filled) == {UUID(int=30): "Jour fixe 29"}


async def test_what_a_restored_version_replaces_is_kept_in_turn(
    opened: Opened, filled: Database
) -> None:
    with filled.writing() as connection:
        an_activity(connection, 1, id=UUID(int=28), subject="jetzt anders")
    async with opened(page="history") as terminal:
        await terminal.press("down", "down")
        await terminal.click("Wiederherstellen")
        await asked(terminal, "wird „Jour fixe 27“ wieder, was es vor")
        await terminal.click("Wiederherstellen    Zurück")
        await said(terminal, "in Consolidate wiederhergestellt: Jour fixe 27")
        await terminal.settled()
        await terminal.look()
        assert activities(filled) == {UUID(int=28): "Jour fixe 27"}
        await terminal.press("home")
        await terminal.settled()
        assert "jetzt anders" in current(terminal)
        assert "von einem Administrator wiederhergestellt" in terminal.text()


async def test_a_version_that_cannot_be_restored_says_why_and_changes_nothing(
    opened: Opened, filled: Database
) -> None:
    with filled.writing() as connection:
        an_activity(connection, 1, id=UUID(int=30), subject="kaputt", time_zone="Mars/Olympus")
    async with opened(page="history") as terminal:
        await terminal.press("r")
        await asked(terminal, "Fassung 30 wiederherstellen?")
        await terminal.press("left", "enter")
        await said(terminal, "Mars/Olympus")
        await terminal.settled()
    assert activities(filled) == {UUID(int=30): "kaputt"}


@pytest.mark.usefixtures("filled")
async def test_profile_and_words_leave_only_what_is_wanted(opened: Opened) -> None:
    async with opened(page="history") as terminal:
        await terminal.press("p", "down", "enter")
        await terminal.settled()
        assert rows(terminal)
        assert all("ANNA" in row for row in rows(terminal))
        await terminal.press("slash")
        await terminal.type("fixe 27")
        await terminal.press("enter")
        await terminal.settled()
        assert [row[-12:] for row in rows(terminal)] == ["Jour fixe 27"]
        await terminal.press("escape", "escape")
        await terminal.settled()
        assert "CLARA" in rows(terminal)[0]


async def test_a_new_version_appears_above_unless_one_reads_further_down(
    opened: Opened, filled: Database
) -> None:
    async with opened(page="history") as terminal:
        keep(filled, 30)
        await terminal.look()
        assert "Jour fixe 30" in current(terminal)
        await terminal.press("down", "down")
        before = current(terminal)
        keep(filled, 33)
        await terminal.look()
        assert current(terminal) == before
        assert "es gibt neuere Fassungen" in terminal.text()
        await terminal.press("home")
        await terminal.settled()
        assert "Jour fixe 33" in current(terminal)


async def test_a_long_history_is_read_page_by_page(opened: Opened, people: Database) -> None:
    with people.writing() as connection:
        kept_rows.write(connection, 350)
    async with opened(page="history", size=(80, 40)) as terminal:
        await terminal.press("end")
        await terminal.settled()
        assert current(terminal).endswith("Jour fixe 0")
        await terminal.press("home")
        await terminal.settled()
        assert "privater Termin" in current(terminal)


async def test_without_any_version_it_says_what_will_be_here(
    opened: Opened, people: Database
) -> None:
    async with opened(page="history") as terminal:
        assert "Noch ist keine Fassung aufbewahrt." in terminal.text()
        assert "Was die Synchronisation überschreibt oder löscht" in terminal.text()
        await terminal.press("r")
        assert "wiederherstellen?" not in terminal.text()
    with people.reading() as connection:
        assert connection.execute(sa.select(table.c.id)).first() is None


@pytest.mark.parametrize("look", ALL)
async def test_history(
    opened: Opened, filled: Database, look: Look, matches: Callable[[Terminal], None]
) -> None:
    an_agent(filled)
    async with opened(look=look, page="history") as terminal:
        await terminal.press("down", "down")
        await terminal.settled()
        matches(terminal)


def activities(people: Database) -> dict[UUID, str]:
    with people.reading() as connection:
        found = connection.execute(sa.select(activity.c.id, activity.c.subject))
        return {row.id: row.subject for row in found}
