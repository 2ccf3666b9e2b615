"""The page Profile: the list as it stands, and as it changes before one's eyes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from calsync_agent import i18n
from calsync_agent.consolidate.tables import employee
from calsync_agent.database.engine import Database
from calsync_agent.i18n import message
from calsync_agent.state import tables as state
from calsync_agent.state.profile_status import Condition
from tests.support import crowd
from tests.support.crowd import guid
from tests.support.snapshots import ALL, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import Opened

pytestmark = pytest.mark.anyio


def office(database: Database) -> None:
    """A few profiles, each in another state."""
    lost = message("mailbox {mailbox} does not answer [/red]", mailbox="e004@example.com")
    with database.writing() as connection:
        crowd.crowd(connection, 7)
        crowd.link(connection, 1, 12)
        crowd.wait(connection, 2, "Jour fixe", "Zahnarzt")
        change(connection, state.profile, 3, active=False)
        crowd.fare(connection, 4, Condition.FAILING, lost)
        crowd.quarantine(connection, 5)
        connection.execute(sa.delete(state.fare).where(state.fare.c.profile_id == 6))
        names = sa.select(state.profile.c.employee_id).where(state.profile.c.id == 7)
        odd = sa.update(employee).where(employee.c.id == names.scalar_subquery())
        connection.execute(odd.values(name="[bold]Über[/bold] 😀", calendarsync_allowed=False))


def change(connection: sa.Connection, table: sa.Table, number: int, **values: object) -> None:
    """A script changes a row."""
    connection.execute(sa.update(table).where(table.c.id == number).values(values))


def line(terminal: Terminal, code: str) -> str:
    """The line of the list that shows an employee."""
    lines = [one for one in terminal.lines() if code in one and "[" in one]
    return lines[0] if lines else ""


async def test_the_list_tells_of_each_profile_how_it_stands(
    opened: Opened, people: Database
) -> None:
    office(people)
    async with opened(page="profiles", size=(170, 30)) as terminal:
        await terminal.shows("7 Profile", "angehalten: 1", "gestört: 1")
        heading = next(one for one in terminal.lines() if "Consolidate Benutzer" in one)
        assert "Externer Benutzer ID" in heading
        assert "Aktiv" in heading
        assert "Letzter Fehler" in heading
        counted = ["in", "Ordnung", "09:00:00", "12", "0", "Exchange365"]
        assert line(terminal, "E001").split()[-6:] == counted
        for code, texts in {
            "E001": (guid(1), " ja ", "● in Ordnung"),
            "E002": ("▲ angehalten",),
            "E003": (" nein ", "○ pausiert"),
            "E004": ("■ gestört", "mailbox e004", "08:30:00"),
            "E005": ("● in Ordnung", " 1"),
            "E006": ("◊ erster Abgleich", "─"),
            "E007": ("[bold]Über[/bold]", "○ nicht erlaubt"),
        }.items():
            for text in texts:
                assert text in line(terminal, code), (code, text)


async def test_the_row_under_the_cursor_is_told_in_full_below(
    opened: Opened, people: Database
) -> None:
    office(people)
    async with opened(page="profiles") as terminal:
        await terminal.shows("e001@example.com", guid(1), "12 Termine verknüpft")
        await terminal.press("down")
        await terminal.shows("2 Änderungen warten auf Ihre Entscheidung", "Entscheiden")
        await terminal.press("down")
        await terminal.shows("Pausiert: nichts wird synchronisiert")
        await terminal.press("down")
        await terminal.shows("mailbox e004@example.com does not answer [/red]")
        await terminal.press("down")
        await terminal.shows("Termine verknüpft · 1 in", "auf der Seite Status")
        await terminal.press("end", "ctrl+end")
        await terminal.shows("[bold]Über[/bold] 😀", "in Consolidate inaktiv oder darf")


async def test_what_others_do_is_seen_and_the_cursor_stays_with_its_profile(
    opened: Opened, people: Database
) -> None:
    with people.writing() as connection:
        crowd.crowd(connection, 5)
    async with opened(page="profiles") as terminal:
        await terminal.press("down", "down", "down")
        await terminal.shows("e004@example.com")
        with people.writing() as connection:
            change(connection, state.profile, 2, active=False)
            connection.execute(sa.delete(state.profile).where(state.profile.c.id == 1))
            crowd.enrol(connection, crowd.hire(connection, 0, "Neu"), guid(9))
        await terminal.look()
        await terminal.shows("E000 Neu", "pausiert", "e004@example.com")
        assert line(terminal, "E001") == ""
        with people.writing() as connection:
            connection.execute(sa.delete(state.profile))
        await terminal.look()
        await terminal.shows("Es gibt noch kein Profil. A fügt eines hinzu.")
        assert "e004" not in terminal.text()


async def test_without_a_provider_the_page_says_where_to_begin(opened: Opened) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.shows("zuerst auf der Seite Anbieter die Tenant ID")
        await terminal.press("a", "f2", "p", "delete", "space", "h")
        assert "Consolidate Benutzer tippen" not in terminal.text()
        assert terminal.app.screen is terminal.window


async def test_links_are_counted_again_when_something_was_logged(
    opened: Opened, people: Database
) -> None:
    with people.writing() as connection:
        crowd.crowd(connection, 2)
    now = crowd.NOW

    async with opened(page="profiles", clock=lambda: now) as terminal:
        await terminal.shows("0 Termine verknüpft")
        with people.writing() as connection:
            crowd.link(connection, 1, 3)
            row = {"at": now, "level": "info", "kind": "linked", "message": "eins"}
            connection.execute(sa.insert(state.log).values(row))
        await terminal.look()
        assert "0 Termine verknüpft" in terminal.text(), "not more often than each few seconds"
        now += timedelta(seconds=5)
        await terminal.look()
        await terminal.shows("3 Termine verknüpft")


async def test_the_language_changes_and_the_cursor_stays_with_its_profile(
    opened: Opened, people: Database
) -> None:
    office(people)
    async with opened(page="profiles") as terminal:
        await terminal.press("down", "down", "space", "down")
        await terminal.press("ctrl+l")
        await terminal.shows("7 profiles", "1 selected", "paused", "● in step", "Delete selected")
        assert i18n.current() == "en"
        await terminal.shows("e004@example.com")
        assert "[x] E003" in line(terminal, "E003")


@pytest.mark.parametrize("look", ALL)
async def test_profiles(
    opened: Opened, people: Database, look: Look, matches: Callable[[Terminal], None]
) -> None:
    office(people)
    async with opened(look=look, page="profiles") as terminal:
        await terminal.press("space", "down", "down", "down", "space")
        await terminal.settled()
        matches(terminal)
