"""The one search: appointments, people, settings, pages, commands, and why something is missing."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest

from calsync_agent.database.engine import Database
from calsync_tui.gateway import looking_for
from calsync_tui.screens.explain import ExplainScreen
from calsync_tui.screens.profile import ProfileScreen
from calsync_tui.screens.settings import SettingsScreen
from tests.support import crowd
from tests.support.samples import an_activity
from tests.support.snapshots import FEW, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import Opened, a_provider
from tests.tui.office import a_profile

pytestmark = pytest.mark.anyio


async def look_for(terminal: Terminal, text: str, *shown: str) -> None:
    await terminal.press("ctrl+p")
    await terminal.shows("Termin, Person, Einstellung")
    await terminal.type(text)
    await terminal.shows(*shown)


async def comes(terminal: Terminal, screen: type) -> None:
    await terminal.until(lambda: isinstance(terminal.app.screen, screen))


async def test_a_person_opens_their_profile_or_is_added(opened: Opened, people: Database) -> None:
    a_provider(people)
    a_profile(people, "ANNA")
    async with opened(size=(100, 30)) as terminal:
        await look_for(terminal, "anna@contoso", "Personen", "Öffnen")
        await terminal.press("enter")
        await comes(terminal, ProfileScreen)
        await look_for(terminal, "bert", "noch kein Profil", "Hinzufügen")
        await terminal.press("enter")
        await terminal.shows("[3 Profile]", "Profil hinzufügen")
        assert terminal.value("employee") == "BERT Bert"


async def test_more_than_a_few_are_counted_and_shown_on_demand(
    opened: Opened, people: Database
) -> None:
    with people.writing() as connection:
        crowd.crowd(connection, 9)
    async with opened(size=(100, 40), page="log") as terminal:
        await look_for(terminal, "person 00", "… 4 weitere")
        assert "Person 009" not in terminal.text()
        await terminal.press(*["down"] * 5, "enter")
        await terminal.shows("Person 009")


async def test_a_setting_leads_to_its_field_and_a_page_is_found_from_everywhere(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    anna = a_profile(people, "ANNA")
    async with opened(size=(100, 30)) as terminal:
        await look_for(terminal, "mails stunde", "sync.max_mails")
        await terminal.press("enter")
        await comes(terminal, SettingsScreen)
        assert terminal.focused == "sync-max_mails"
        await terminal.press("escape")
        await terminal.app.push_screen(ProfileScreen(terminal.window.gateway, anna))
        await terminal.settled()
        await look_for(terminal, "verlauf", "Seiten")
        await terminal.press("enter")
        await terminal.shows("[5 Verlauf]")


async def test_moving_in_lists_is_no_command_nor_is_the_search_itself(opened: Opened) -> None:
    async with opened(size=(100, 40)) as terminal:
        await terminal.press("slash")
        await terminal.shows("Befehle", "Seiten")
        assert "Eine Zeile" not in terminal.text()
        assert "Seite auf" not in terminal.text()
        assert "Suchen" not in "".join(terminal.lines()[3:])


async def test_h4_an_appointment_and_what_is_not_found_lead_to_the_explanation(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    with people.writing() as connection:
        an_activity(connection, 1, id=UUID(int=9), subject="Prüfung Kältetechnik")
    async with opened(size=(100, 30)) as terminal:
        await look_for(terminal, "pruefung kaelte", "Termine", "Prüfung Kältetechnik", "ANNA · ")
        await terminal.press("enter")
        await comes(terminal, ExplainScreen)
        await terminal.shows(str(UUID(int=9)), "niemand, der")
        await terminal.press("escape")
        await look_for(terminal, "xyzzy", "Warum ist „xyzzy“ nicht da?")
        await terminal.press("enter")
        await terminal.shows("über xyzzy ist nichts bekannt")


def test_h4_private_ones_are_not_found_by_their_words_and_the_newest_comes_first(
    people: Database,
) -> None:
    a_provider(people)
    with people.writing() as connection:
        for year, subject, private in (
            (2025, "Zahnarzt alt", False),
            (2026, "ZAHNARZT 100%", False),
            (2026, "Zahnarzt geheim", True),
        ):
            at = datetime(year, 1, 7, 10)
            fields = {"starts_at": at, "ends_at": at}
            an_activity(connection, 1, subject=subject, private=private, **fields)
        found = looking_for.appointments(connection, "arzt ZAHN")
        assert [one.subject for one in found] == ["ZAHNARZT 100%", "Zahnarzt alt"]
        assert [one.subject for one in looking_for.appointments(connection, "100%")] == [
            "ZAHNARZT 100%"
        ]
        assert looking_for.appointments(connection, "  ") == []


@pytest.mark.parametrize("look", FEW)
async def test_search(
    opened: Opened, people: Database, look: Look, matches: Callable[[Terminal], None]
) -> None:
    a_provider(people)
    a_profile(people, "ANNA")
    at = datetime(2026, 11, 30, 14)
    with people.writing() as connection:
        for number in (2501, 2507):
            fields = {"id": UUID(int=number), "subject": f"Angebot {number}"}
            an_activity(connection, 1, starts_at=at, ends_at=at, **fields)
    async with opened(look=look) as terminal:
        await terminal.press("ctrl+p")
        await terminal.type("an")
        await terminal.until(lambda: "Angebot 2507" in terminal.text())
        await terminal.settled()
        matches(terminal)
