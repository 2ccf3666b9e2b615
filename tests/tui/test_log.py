"""The page Protokoll: what an admin sees of the log and does with it."""

import asyncio
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from textual import events

from calsync_agent.database.engine import Database
from calsync_agent.errors import DatabaseTrouble
from calsync_agent.i18n import message
from calsync_agent.state import log
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_agent.state.tables import log as table
from calsync_tui.gateway import log as reading
from calsync_tui.gateway.log import LogSource
from calsync_tui.widgets.log_lines import LogLines
from tests.support import log_rows
from tests.support.reads import reads
from tests.support.samples import a_profile
from tests.support.snapshots import ALL, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import NOW, Opened, an_agent

pytestmark = pytest.mark.anyio

LINES = 1_200


@pytest.fixture
def filled(people: Database) -> Database:
    """Profiles of all employees, and a log of theirs."""
    profiles(people)
    write(people, LINES)
    return people


def profiles(people: Database) -> None:
    with people.writing() as connection:
        for employee, code in ((1, "anna"), (2, "bert"), (3, "clara")):
            a_profile(connection, employee, f"{code}@example.com")


def write(people: Database, count: int, first: int = 0) -> None:
    with people.writing() as connection:
        log_rows.write(connection, count, (1, 2, 3), first)


def tell(people: Database, text: str) -> None:
    """The agent writes a line."""
    entry = LogEntry(Level.INFO, Kind.SYNC, message("{told}", told=text))
    with people.writing() as connection:
        log.write(connection, [entry], NOW)


def rows(terminal: Terminal) -> list[str]:
    """The lines of the log in sight."""
    return [
        line.strip("►> ") for line in terminal.lines() if ":" in line[10:24] and ". " in line[4:12]
    ]


def current(terminal: Terminal) -> str:
    """The line marked as the current one."""
    (found,) = [line.strip("►> ") for line in terminal.lines() if line.strip()[:1] in {"►", ">"}]
    return found


async def wheel(terminal: Terminal, way: type[events.MouseEvent]) -> None:
    """Turn the wheel over the list."""
    lines = terminal.page.query_one(LogLines)
    lines.post_message(way(lines, 5, 5, 0, 0, 0, shift=False, meta=False, ctrl=False))
    await terminal.pilot.pause()
    await terminal.settled()


def is_following(terminal: Terminal) -> bool:
    return "folgt: neue Zeilen erscheinen hier" in terminal.text()


async def test_it_opens_at_the_newest_line_and_what_happens_appears(
    opened: Opened, filled: Database
) -> None:
    async with opened(page="log") as terminal:
        assert "Exchange bedient das Postfach" in current(terminal)
        assert is_following(terminal)
        tell(filled, "eben geschehen")
        await terminal.look()
        assert "eben geschehen" in current(terminal)
        assert "eben geschehen" in rows(terminal)[-1]
        assert is_following(terminal)


async def test_scrolled_up_nothing_moves_and_new_lines_are_counted_until_end_is_pressed(
    opened: Opened, filled: Database
) -> None:
    async with opened(page="log") as terminal:
        await terminal.press("up", "up")
        before = rows(terminal)
        assert "steht still; Ende folgt wieder" in terminal.text()
        for text, told in (("eins", "1 neue Zeile; Ende"), ("zwei", "2 neue Zeilen; Ende")):
            tell(filled, text)
            await terminal.look()
            assert told in terminal.text()
        assert rows(terminal) == before
        await terminal.press("end")
        await terminal.settled()
        assert "zwei" in current(terminal)
        assert is_following(terminal)


async def test_the_mouse_scrolls_stops_following_and_follows_again(
    opened: Opened, filled: Database
) -> None:
    async with opened(page="log") as terminal:
        newest = current(terminal)
        await wheel(terminal, events.MouseScrollUp)
        assert current(terminal) != newest
        assert not is_following(terminal)
        tell(filled, "eben geschehen")
        await terminal.look()
        await wheel(terminal, events.MouseScrollDown)
        await terminal.click("1 neue Zeile")
        await terminal.settled()
        assert "eben geschehen" in current(terminal)


@pytest.mark.usefixtures("filled")
async def test_a_click_makes_a_line_current_and_a_double_click_opens_its_story(
    opened: Opened,
) -> None:
    async with opened(page="log") as terminal:
        line = rows(terminal)[2]
        y = next(n for n, text in enumerate(terminal.lines()) if line in text)
        await terminal.pilot.click(offset=(30, y))
        await terminal.pilot.pause()
        assert current(terminal) == line
        await terminal.pilot.double_click(offset=(30, y))
        await terminal.shows("Geschichte:", "Was geschah")


async def test_home_and_end_reach_the_first_and_the_last_of_all_lines(
    opened: Opened, filled: Database
) -> None:
    write(filled, 3_000, LINES)
    async with opened(page="log") as terminal:
        newest = current(terminal)
        await terminal.press("home")
        await terminal.settled()
        assert "01.11. 07:00:00" in current(terminal)
        assert "in Exchange angelegt: Jour fixe Vertrieb 0" in terminal.text()
        await terminal.press("end")
        await terminal.settled()
        assert current(terminal) == newest


async def test_page_by_page_every_line_is_seen_once(
    opened: Opened, people: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 30)
    profiles(people)
    write(people, 300)
    async with opened(page="log", size=(80, 60)) as terminal:
        await terminal.press("home")
        await terminal.settled()
        seen: list[str] = []
        while not is_following(terminal):
            seen += [row for row in rows(terminal) if row not in seen[-60:]]
            await terminal.press("pagedown")
            await terminal.settled()
        seen += [row for row in rows(terminal) if row not in seen[-60:]]
        assert len(seen) == 300


@pytest.mark.usefixtures("filled")
async def test_while_the_database_is_lost_the_lines_stay_and_then_all_is_well_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(_source: LogSource, _beyond: int, *, forward: bool) -> reading.Stretch:
        raise DatabaseTrouble(message("{forward} lost", forward=str(forward)))

    async with opened(page="log") as terminal:
        before = rows(terminal)
        with monkeypatch.context() as patched:
            patched.setattr(LogSource, "look", lost)
            await terminal.press("slash")
            await terminal.type("zahnarzt")
            await terminal.press("enter")
            await terminal.settled()
            assert rows(terminal) == before
            await terminal.look()
            assert rows(terminal) == before
        await terminal.look()
        assert all("Zahnarzt" in row for row in rows(terminal))


async def test_each_key_reads_a_bounded_number_of_rows(opened: Opened, filled: Database) -> None:
    write(filled, 3_000, LINES)
    async with opened(page="log") as terminal:
        with reads("calsync_log") as told:
            for key in ("up", "down", "pageup", "home", "pagedown", "down", "end", "pageup"):
                told.forget()
                await terminal.press(key)
                await terminal.settled()
                assert sum(told.rows(filled)) <= 2 * reading.PAGE, key
            told.forget()
            await terminal.look()
            assert sum(told.rows(filled)) <= 2, "nothing new, nothing read but the newest id"


@pytest.mark.usefixtures("filled")
async def test_lists_leave_only_what_is_chosen_and_escape_shows_all_again(opened: Opened) -> None:
    async with opened(page="log") as terminal:
        for keys, shown, never in (
            ("p down down enter", "BERT", "ANNA"),
            ("l down down enter", "anna", "in Exchange"),
            ("l end enter", "Exchange bedient", "nicht abgeglichen"),
            ("k down enter", "in Exchange angelegt", "in Exchange geändert"),
        ):
            await terminal.press(*keys.split())
            await terminal.settled()
            await terminal.press("escape")
            assert len(rows(terminal)) > 4
            assert any(shown in row for row in rows(terminal))
            assert not any(never in row for row in rows(terminal))
            assert is_following(terminal)
            await terminal.press("escape")
            await terminal.settled()
            assert not all(shown in row for row in rows(terminal))
            assert "alle Profile      ▼  alle Stufen     ▼  alle Arten" in terminal.text()


@pytest.mark.usefixtures("filled")
async def test_words_are_found_as_they_are_read_in_any_language(opened: Opened) -> None:
    async with opened(page="log") as terminal:
        await terminal.press("slash")
        await terminal.type("ANGELEGT übergabe")
        await terminal.press("enter")
        await terminal.settled()
        assert {row.split(": ", 1)[1].split()[0] for row in rows(terminal)} == {"Übergabe"}
        assert all("in Exchange angelegt" in row for row in rows(terminal))
        await terminal.press("escape", "ctrl+l")
        await terminal.settled()
        assert rows(terminal) == []
        assert "No line fits; Escape shows all lines again." in terminal.text()


@pytest.mark.usefixtures("filled")
async def test_a_line_that_was_found_is_seen_among_the_others_when_the_filter_goes(
    opened: Opened,
) -> None:
    async with opened(page="log") as terminal:
        await terminal.press("slash")
        await terminal.type("angelegt")
        await terminal.press("enter")
        await terminal.settled()
        await terminal.press("escape", "up", "up")
        found = current(terminal)
        await terminal.press("escape")
        await terminal.settled()
        assert current(terminal) == found
        assert any("in Exchange geändert" in row for row in rows(terminal))


@pytest.mark.usefixtures("filled")
async def test_a_long_search_says_how_far_it_is_and_is_stopped_by_escape(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READ", 300)
    look = LogSource.look

    async def slow(source: LogSource, beyond: int, *, forward: bool) -> reading.Stretch:
        if source.wanted.search.words == ("nirgends",) and beyond <= LINES // 2 + 1:
            await asyncio.Event().wait()
        return await look(source, beyond, forward=forward)

    monkeypatch.setattr(LogSource, "look", slow)
    async with opened(page="log") as terminal:
        await terminal.press("slash")
        await terminal.type("nirgends")
        await terminal.press("enter")
        await terminal.shows("50 % des Protokolls durchsucht; Esc hält an")
        await terminal.press("escape", "escape")
        await terminal.settled()
        assert "durchsucht" not in terminal.text()
        assert "nirgends" in terminal.text()
        assert "Keine Zeile passt" not in terminal.text()


async def test_new_lines_pass_the_filter_too(opened: Opened, filled: Database) -> None:
    async with opened(page="log") as terminal:
        await terminal.press("slash")
        await terminal.type("geschehen")
        await terminal.press("enter")
        await terminal.settled()
        await terminal.press("escape")
        tell(filled, "nichts davon")
        tell(filled, "eben geschehen")
        await terminal.look()
        assert len(rows(terminal)) == 1
        assert "eben geschehen" in current(terminal)


@pytest.mark.usefixtures("filled")
async def test_what_is_shown_survives_a_change_of_language_and_of_page(opened: Opened) -> None:
    async with opened(page="log") as terminal:
        await terminal.press("k", "down", "enter")
        await terminal.settled()
        await terminal.press("escape", "up", "up")
        found = current(terminal).split(": ", 1)[1].rstrip("…")
        await terminal.go("status")
        await terminal.go("log")
        assert found in current(terminal)
        await terminal.press("ctrl+l")
        await terminal.settled()
        assert found in current(terminal)
        assert "created in Exchange" in current(terminal)
        assert "What happened" in terminal.text()


async def test_markup_and_control_characters_in_a_line_are_only_text(
    opened: Opened, people: Database
) -> None:
    tell(people, "[bold]fett[/] [@click=app.quit]weg[/] \x1b[31mrot 漢字")
    async with opened(page="log") as terminal:
        assert "[bold]fett[/] [@click=app.quit]weg[/]" in terminal.text()
        assert "\x1b" not in terminal.text()


async def test_an_empty_log_says_so_and_then_shows_what_comes(
    opened: Opened, people: Database
) -> None:
    async with opened(page="log") as terminal:
        assert "Das Protokoll ist leer" in terminal.text()
        tell(people, "das erste")
        await terminal.look()
        assert "das erste" in current(terminal)


async def test_a_log_that_was_cleared_is_read_anew(opened: Opened, filled: Database) -> None:
    async with opened(page="log") as terminal:
        with filled.writing() as connection:
            connection.execute(sa.delete(table).where(table.c.id > 3))
        await terminal.look()
        assert len(rows(terminal)) == 3


@pytest.mark.parametrize("look", ALL)
async def test_log(
    opened: Opened, filled: Database, look: Look, matches: Callable[[Terminal], None]
) -> None:
    an_agent(filled)
    async with opened(look=look, page="log") as terminal:
        await terminal.press("up")
        await terminal.settled()
        matches(terminal)
