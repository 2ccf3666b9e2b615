"""Why is it not there? Asked of the program itself, which reads the same database (H4)."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest

from calsync_agent.appointment.model import ActivityId
from calsync_agent.database.engine import Database
from calsync_agent.i18n import message
from calsync_agent.state import log
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_tui.screens.explain import ExplainScreen
from calsync_tui.screens.profile import ProfileScreen
from calsync_tui.screens.story import StoryScreen
from tests.support import kept_rows
from tests.support.samples import an_activity
from tests.support.snapshots import FEW, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import NOW, Opened, a_provider
from tests.tui.office import a_profile, a_quarantined

pytestmark = pytest.mark.anyio

MEETING = UUID(int=73)
SILENT = UUID(int=74)


@pytest.fixture
def office(people: Database) -> Database:
    """Two appointments of Anna's: the log tells of one; the other, long past, nobody ever saw."""
    a_provider(people)
    a_profile(people, "ANNA")
    with people.writing() as connection:
        an_activity(connection, 1, id=MEETING, subject="Angebot 2501")
        ended = datetime(2020, 1, 7, 10)
        old = {"starts_at": ended, "ends_at": ended}
        an_activity(connection, 1, id=SILENT, subject="-Angebot von damals", **old)
        told = message("created in Exchange: {subject}", subject="Angebot 2501")
        log.write(
            connection,
            [LogEntry(Level.INFO, Kind.CREATED, told, activity=ActivityId(MEETING))],
            NOW,
        )
    return people


async def answered(terminal: Terminal, *texts: str) -> None:
    """Return when the screen shows these."""
    await terminal.until(lambda: isinstance(terminal.app.screen, ExplainScreen))
    await terminal.shows(*texts)


async def test_h4_what_was_never_synced_is_found_by_words_and_explained_by_its_rule(
    opened: Opened, office: Database
) -> None:
    del office
    async with opened(size=(120, 40)) as terminal:
        await terminal.press("w")
        await answered(terminal, "Auch was nie synchronisiert wurde")
        await terminal.type("-angebot damals")
        await terminal.press("enter")
        await answered(
            terminal,
            "-Angebot von damals",
            "ANNA",
            "nicht gesendet",
            "C1 ",
            str(SILENT),
        )
        await terminal.press("slash", "end", "ctrl+u")
        await terminal.type("gibt es nicht")
        await terminal.press("enter")
        await answered(terminal, "über gibt es nicht ist nichts bekannt")
        assert "damals" not in terminal.text()
        await terminal.press("f1")
        await terminal.shows("Hilfe: Warum ist er nicht da?")
        await terminal.press("escape", "escape")
        await terminal.until(lambda: terminal.app.screen is terminal.window)


@pytest.mark.parametrize("page", ["log", "history"])
async def test_h4_it_is_asked_about_the_row_it_is_called_from(
    opened: Opened, office: Database, page: str
) -> None:
    with office.writing() as connection:
        kept_rows.write(connection, 1, first=MEETING.int - 1)
    async with opened(page=page, size=(120, 40)) as terminal:
        await terminal.press("w")
        await answered(terminal, str(MEETING), "wird gesendet")
        words = "Angebot 2501" if page == "log" else "Jour fixe 72"
        assert terminal.value("explain-words") == words


async def test_h4_it_is_asked_from_a_profiles_page_and_a_story_too(
    opened: Opened, office: Database
) -> None:
    anna = a_profile(office, "BERT")
    a_quarantined(office, anna, "Rohrkontrolle")
    async with opened(size=(120, 40)) as terminal:
        await terminal.app.push_screen(ProfileScreen(terminal.window.gateway, anna))
        await terminal.settled()
        terminal.app.screen.query_one("#aside").focus()
        await terminal.press("w")
        await answered(terminal, "Quarantäne", "Mars/Olympus")
        assert terminal.value("explain-words") == "Rohrkontrolle"
        await terminal.press("escape", "escape")
        await terminal.go("log")
        await terminal.press("enter")
        await terminal.until(lambda: isinstance(terminal.app.screen, StoryScreen))
        await terminal.press("w")
        await answered(terminal, str(MEETING))


@pytest.mark.parametrize("look", FEW)
async def test_explain(
    opened: Opened, office: Database, look: Look, matches: Callable[[Terminal], None]
) -> None:
    del office
    async with opened(look=look, page="log") as terminal:
        await terminal.press("w")
        await terminal.settled()
        matches(terminal)
