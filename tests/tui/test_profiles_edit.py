"""The page Profile: editing a row in its place, against others and against oneself."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from textual import events
from textual.widgets import Static

from calsync_agent import i18n
from calsync_agent.database.engine import Database
from calsync_agent.state.tables import profile
from calsync_tui.pages.profiles import ProfilesPage
from tests.support import crowd
from tests.support.cable import WHY, cut, read_only
from tests.support.crowd import guid
from tests.support.snapshots import FEW, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import Opened

pytestmark = pytest.mark.anyio

NEW = "anna@example.com"


@pytest.fixture
def three(people: Database) -> Database:
    """Three profiles."""
    with people.writing() as connection:
        crowd.crowd(connection, 3)
    return people


def rows(database: Database) -> list[tuple[str, bool]]:
    with database.reading() as connection:
        found = sa.select(profile.c.external_user_id, profile.c.active).order_by(profile.c.id)
        return [(mailbox, active) for mailbox, active in connection.execute(found)]


def change(database: Database, number: int, **values: object) -> None:
    """A script, or another admin, changes a profile."""
    with database.writing() as connection:
        connection.execute(sa.update(profile).where(profile.c.id == number).values(values))


def page(terminal: Terminal) -> ProfilesPage:
    assert isinstance(terminal.page, ProfilesPage)
    return terminal.page


async def paste(terminal: Terminal, text: str) -> None:
    """As people enter a GUID."""
    terminal.app.post_message(events.Paste(text))
    await terminal.pilot.pause()


async def edit(terminal: Terminal, text: str) -> None:
    """Edit the row under the cursor, and enter another mailbox."""
    await terminal.press("f2")
    await terminal.shows("Enter speichert, Esc nimmt zurück.")
    await terminal.press("end", "ctrl+u")
    await paste(terminal, text)


def told(terminal: Terminal) -> str:
    """What is said at the row that is edited."""
    editor = page(terminal).editor
    return "" if editor is None else str(editor.query_one("#told", Static).content)


async def ended(terminal: Terminal) -> None:
    await terminal.until(lambda: page(terminal).editor is None)
    await terminal.settled()


@pytest.mark.usefixtures("three")
async def test_the_row_turns_blue_in_its_place_and_is_marked_by_a_sign(opened: Opened) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("down")
        before = terminal.lines()
        (y,) = (y for y, line in enumerate(before) if "] E002" in line)
        for way in ("f2", "enter", "double click", "button"):
            match way:
                case "double click":
                    await terminal.pilot.double_click(offset=(10, y))
                case "button":
                    await terminal.click(" Ändern ")
                case _:
                    await terminal.press(way)
            await terminal.shows("► E002 Person 002")
            after = terminal.lines()
            for text in ("► E002", guid(2), "[x] Aktiv", "Update"):
                assert text in after[y], way
            assert after[4:y] == before[4:y]
            editor = page(terminal).editor
            assert editor is not None
            assert editor.styles.background.hex == "#1D4F91"
            await terminal.press("escape")
            await ended(terminal)
            assert terminal.lines()[y] == before[y]


async def test_update_saves_what_was_entered_in_a_row(opened: Opened, three: Database) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("down")
        await edit(terminal, NEW)
        await terminal.shows("Anderes Postfach: die Verknüpfungen werden vergessen")
        await terminal.click("[x] Aktiv")
        await terminal.click("Update")
        await ended(terminal)
        assert rows(three) == [(guid(1), True), (NEW, False), (guid(3), True)]
        await terminal.shows("E002 Person 002 · e002@example.com · anna@example.com")
        await terminal.shows("○ pausiert")
        await edit(terminal, guid(9))
        await terminal.press("tab", "space", "shift+tab", "enter")
        await ended(terminal)
        assert rows(three) == [(guid(1), True), (guid(9), True), (guid(3), True)]


async def test_a_guid_is_stored_as_graph_writes_it(opened: Opened, three: Database) -> None:
    async with opened(page="profiles") as terminal:
        await edit(terminal, f" {guid(77).upper().replace('-', '')} ")
        await terminal.press("enter")
        await ended(terminal)
        assert rows(three)[0] == (guid(77), True)


async def test_escape_takes_back_what_was_typed_in_a_row(opened: Opened, three: Database) -> None:
    async with opened(page="profiles") as terminal:
        for way in ("escape", "mouse"):
            await edit(terminal, NEW)
            await (terminal.press("escape") if way == "escape" else terminal.click("Zurücknehmen"))
            await ended(terminal)
            assert rows(three)[0] == (guid(1), True)
        await terminal.press("down")
        await terminal.shows("e002@example.com")


WRONG = {
    "": "die Objekt-ID (eine GUID) oder den Benutzerprinzipalnamen",
    "0000-0000": "eine GUID hat 32 Ziffern von 0 bis f",
    "anna": "weder eine GUID noch ein Benutzerprinzipalname",
    "anna berger@example.com": "vor dem @ darf kein Leerzeichen stehen",
    "anna@example": "nach dem @ fehlt eine Domäne wie example.com",
    guid(3).upper(): "dieses Postfach hat schon das Profil von E003 (Person 003)",
}


async def test_wrong_input_is_said_at_the_row_and_nothing_is_saved_or_lost(
    opened: Opened, three: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("f2")
        for entered, said in WRONG.items():
            await terminal.press("end", "ctrl+u")
            await paste(terminal, entered)
            await terminal.press("enter")
            await terminal.until(lambda said=said: said in told(terminal))
            editor = page(terminal).editor
            assert editor is not None
            assert editor.draft.mailbox == entered
            assert terminal.app.focused is editor.query_one("#mailbox")
            assert rows(three) == [(guid(1), True), (guid(2), True), (guid(3), True)]


async def test_a_changed_row_is_asked_about_before_the_page_is_left(
    opened: Opened, three: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await edit(terminal, NEW)
        await terminal.press("f8")
        await terminal.shows("Ungespeicherte Änderungen", "E001 Person 001 wurde geändert")
        await terminal.press("escape")
        await terminal.shows("► E001", NEW)
        await terminal.press("f8")
        await terminal.shows("Ungespeicherte Änderungen")
        await terminal.click("Speichern")
        await terminal.until(lambda: terminal.page.NAME == "log")
        assert rows(three)[0] == (NEW, True)
        await terminal.go("profiles")
        await edit(terminal, guid(9))
        await terminal.press("f8")
        await terminal.shows("Ungespeicherte Änderungen")
        await terminal.click("Verwerfen")
        await terminal.until(lambda: terminal.page.NAME == "log")
        assert rows(three)[0] == (NEW, True)


@pytest.mark.usefixtures("three")
async def test_another_row_is_edited_after_asking_what_becomes_of_this_one(
    opened: Opened,
) -> None:
    async with opened(page="profiles") as terminal:
        (y,) = (y for y, line in enumerate(terminal.lines()) if "] E001" in line)
        await terminal.press("down", "down", "f2")
        await terminal.shows("► E003")
        await terminal.pilot.double_click(offset=(10, y))
        await terminal.shows("► E001")
        await terminal.press("escape", "down", "down")
        await edit(terminal, NEW)
        await terminal.pilot.double_click(offset=(10, y))
        await terminal.shows("Ungespeicherte Änderungen", "E003 Person 003")
        await terminal.press("escape")
        await terminal.shows("► E003", NEW)


async def test_what_is_being_typed_survives_another_language(
    opened: Opened, three: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await edit(terminal, "anna@exam")
        await terminal.press("ctrl+l")
        await terminal.shows("► E001", "anna@exam", "after the @ a domain is missing", "Take back")
        assert i18n.current() == "en"
        await terminal.type("ple.com")
        await terminal.press("enter")
        await ended(terminal)
        assert rows(three)[0] == (NEW, True)


async def test_what_others_change_meanwhile_is_shown_at_the_row_and_asked_about(
    opened: Opened, three: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await edit(terminal, NEW)
        change(three, 1, external_user_id="their@example.com", active=False)
        await terminal.look()
        theirs = "gespeichert: their@example.com, aktiv: nein. Was soll gelten?"
        await terminal.until(lambda: theirs in told(terminal))
        await terminal.shows("▲ Jemand anderer")
        await terminal.press("enter")
        await terminal.settled()
        assert rows(three)[0] == ("their@example.com", False), "an Enter decides nothing"
        await terminal.shows(NEW, "Meine behalten", "Andere übernehmen")
        await terminal.click("Andere übernehmen")
        await ended(terminal)
        assert rows(three)[0] == ("their@example.com", False)
        await terminal.shows("E001 Person 001 · e001@example.com · their@example.com")


async def test_a_change_that_was_not_seen_yet_is_not_overwritten_either(
    opened: Opened, three: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await edit(terminal, NEW)
        change(three, 1, active=False)
        await terminal.press("enter")
        await terminal.shows("Meine behalten")
        assert rows(three)[0] == (guid(1), False)
        change(three, 1, external_user_id="once-more@example.com")
        await terminal.click("Meine behalten")
        await terminal.until(lambda: "once-more@example.com" in terminal.text())
        assert rows(three)[0] == ("once-more@example.com", False)
        await terminal.click("Meine behalten")
        await ended(terminal)
        assert rows(three)[0] == (NEW, True)


async def test_a_row_that_somebody_deletes_meanwhile_can_be_added_anew(
    opened: Opened, three: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await edit(terminal, NEW)
        with three.writing() as connection:
            connection.execute(sa.delete(profile).where(profile.c.id == 1))
        await terminal.look()
        await terminal.shows("Neu anlegen", "Gelöscht lassen", NEW)
        await terminal.click("Neu anlegen")
        await ended(terminal)
        assert rows(three) == [(guid(2), True), (guid(3), True), (NEW, True)]
        await terminal.shows("E001 Person 001 · e001@example.com · anna@example.com")


async def test_two_windows_and_a_script_lose_nothing_of_each_other(
    opened: Opened, three: Database
) -> None:
    async with opened(page="profiles") as one, opened(page="profiles") as two:
        await edit(one, NEW)
        await edit(two, "berta@example.com")
        await one.press("enter")
        await ended(one)
        await two.press("enter")
        await two.until(lambda: "gespeichert: anna@example.com" in told(two))
        await two.shows("berta@example.com")
        change(three, 2, active=False)
        await two.click("Meine behalten")
        await ended(two)
        await one.look()
        for window in (one, two):
            await window.shows("e001@example.com · berta@example.com", "pausiert")
        assert rows(three)[:2] == [("berta@example.com", True), (guid(2), False)]


async def test_keys_are_answered_while_the_database_lets_one_wait(
    opened: Opened, three: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await edit(terminal, NEW)
        with three.writing() as connection:  # a long transaction of somebody else
            connection.execute(sa.update(profile).where(profile.c.id == 3).values(active=False))
            await terminal.press("enter")
            await terminal.type("x")
            await terminal.press("backspace")
            assert NEW in terminal.text(), "keys are answered while it waits"
        await ended(terminal)
        assert rows(three) == [(NEW, True), (guid(2), True), (guid(3), False)]


async def test_a_lost_database_and_a_login_that_may_not_write_lose_nothing_that_was_typed(
    opened: Opened, three: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(page="profiles") as terminal:
        await edit(terminal, NEW)
        with cut(monkeypatch):
            await terminal.press("enter")
            await terminal.until(lambda: f"Nicht gespeichert: {WHY}" in told(terminal))
            await terminal.shows("► E001", NEW)
        with read_only():
            await terminal.press("enter")
            await terminal.until(lambda: "Der Anmeldename hat zu wenige" in told(terminal))
            await terminal.shows("► E001", NEW)
        await terminal.press("enter")
        await ended(terminal)
        assert rows(three)[0] == (NEW, True)


async def test_the_edited_row_stays_in_sight_and_moves_with_the_list(
    opened: Opened, people: Database
) -> None:
    with people.writing() as connection:
        crowd.crowd(connection, 40)
    async with opened(page="profiles") as terminal:
        await terminal.press("ctrl+end", "f2")
        await terminal.shows("► E040", "Enter speichert")
        table = page(terminal).table
        table.scroll_to(y=0, animate=False)
        await terminal.shows("] E001", "► E040")
        table.scroll_end(animate=False)
        await terminal.press("escape")
        await ended(terminal)
        await terminal.press("home", "ctrl+home", "down", "down", "f2")
        await terminal.shows("► E003")
        with people.writing() as connection:
            crowd.enrol(connection, crowd.hire(connection, 0), guid(999))
        await terminal.look()
        lines = terminal.lines()
        (y,) = (y for y, line in enumerate(lines) if "► E003" in line)
        assert "] E002" in lines[y - 1]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("look", FEW)
async def test_profiles_edited(
    opened: Opened, look: Look, matches: Callable[[Terminal], None]
) -> None:
    async with opened(look=look, page="profiles") as terminal:
        await terminal.press("down", "f2", "end", "ctrl+u")
        await terminal.type("anna@example")
        await terminal.settled()
        matches(terminal)
