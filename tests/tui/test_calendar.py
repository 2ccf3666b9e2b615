"""Both calendars beside each other."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database, open_database
from calsync_tui.gateway.calendars import Pair, Standing, calendars
from calsync_tui.gateway.door import Gateway
from calsync_tui.screens.calendar import CalendarScreen
from calsync_tui.widgets import week_layout
from calsync_tui.widgets.canvas import wrapped
from tests.support.snapshots import FEW, Look
from tests.support.terminal import Terminal
from tests.tui import both
from tests.tui.conftest import Opened, a_provider, an_agent
from tests.tui.office import NOW, a_profile, fares_so

Opening = Callable[[], Gateway]


@pytest.fixture
def opening(file: str, settings: Settings, people: Database, tmp_path: Path) -> Opening:
    """An office of Anna alone, and a program that tells of her week."""
    a_provider(people)
    fares_so(people, a_profile(people, "ANNA"), agent=an_agent(people))

    def made() -> Gateway:
        gateway = Gateway(open_database(file), settings, lambda: NOW, both.program(tmp_path))
        gateway.place = "/srv/consolidate.db"
        return gateway

    return made


async def shown(terminal: Terminal, text: str = "= 12") -> CalendarScreen:
    """From the status over the profile's page to the calendar."""
    await terminal.until(lambda: "Anna" in terminal.text())
    await terminal.press("tab", "enter")
    await terminal.until(lambda: "ANNA" in terminal.text().splitlines()[0])
    await terminal.settled()
    await terminal.press("k")
    await terminal.shows(text)
    screen = terminal.app.screen
    assert isinstance(screen, CalendarScreen)
    return screen


@pytest.mark.anyio
async def test_h5_each_difference_is_marked_and_named(opened: Opened, opening: Opening) -> None:
    async with opened(size=(120, 40), opening=opening) as terminal:
        await shown(terminal)
        text = terminal.text()
        for said in (
            "= 12  ≠ 2  ► 1  ◄ 1  ■ 1",
            "≠ C Angebot",
            "≠ E Angebot",
            "► Rekla",
            "◄ Zahnarzt",
            "≠ Störung 7101",
            "■ Rohr",
            "░",
        ):
            assert said in text
        assert re.search(r"Zeit +Mo 23.11. 14:00.15:00 +Mo 23.11. 15:00.16:00", text)
        assert re.search(r"Ort +Büro +Herrengasse 7", text)
        await terminal.press("n")
        await terminal.shows("Der nächste Durchgang legt ihn in Exchange an.")
        await terminal.press("n", "n")
        await terminal.shows("Bleibt vorerst, wie er ist: die Zeitzone ist unbekannt")
        await terminal.press("n")
        await terminal.shows("Auch verschieden: Text.")


@pytest.mark.anyio
async def test_as_a_list_both_sides_stand_in_one_row(opened: Opened, opening: Opening) -> None:
    async with opened(size=(120, 40), opening=opening) as terminal:
        await shown(terminal)
        await terminal.press("v")
        await terminal.shows("fehlt, wird angelegt")
        lines = terminal.lines()
        assert any(re.search(r"14:00.15:00 Angebot.*≠ +15:00.16:00 Angebot", one) for one in lines)
        assert any(re.search(r"Reklamation.*► +fehlt, wird angelegt", one) for one in lines)
        assert any(
            re.search(r"fehlt, wird angelegt +◄ +13:00.14:00 Zahnarzt", one) for one in lines
        )
        await terminal.press("u")
        await terminal.until(lambda: "Jourfixe" not in terminal.text())
        assert "Zahnarzt" in terminal.text()


@pytest.mark.anyio
async def test_the_keys_that_people_know_move_in_it(
    opened: Opened, opening: Opening, tmp_path: Path
) -> None:
    async with opened(opening=opening) as terminal:
        screen = await shown(terminal)

        def chosen() -> str:
            assert screen.chosen is not None
            return screen.chosen.shown.subject

        await terminal.press("home")
        assert chosen() == "Jourfixe Leitung"
        await terminal.press("down")
        assert chosen() == "Kundenbesuch Fa. Weiß"
        await terminal.press("right")
        assert chosen() == "Baubesprechung 41"
        await terminal.press("left", "end")
        assert chosen() == "privater Termin"
        await terminal.press("pagedown")
        await terminal.shows("KW 49", "Keine Termine")
        await terminal.press("pageup")
        await terminal.shows("KW 48", "= 12")
        await terminal.press("pageup", "t")
        await terminal.shows("KW 48", "= 12")
        await terminal.press("m")
        await terminal.shows("11/2026")
        await terminal.press("w")
        await terminal.shows("KW 4")
    asked = (tmp_path / "asked.txt").read_text().splitlines()
    assert "calendar 1 --json --from 2026-11-23 --days 7" in asked[0]
    assert any("--from 2026-10-26 --days 42" in one for one in asked)


@pytest.mark.anyio
async def test_enter_opens_the_story_and_f3_reads_again(
    opened: Opened, opening: Opening, tmp_path: Path
) -> None:
    async with opened(opening=opening) as terminal:
        await shown(terminal)
        await terminal.press("enter")
        await terminal.shows("Geschichte:", "Was geschah")
        await terminal.press("escape", "f3")
        await terminal.settled()
        await terminal.shows("= 12")
        await terminal.press("escape", "escape")
        await terminal.shows("[1 Status]")
    assert len((tmp_path / "asked.txt").read_text().splitlines()) == 2


@pytest.mark.anyio
async def test_a_mailbox_that_is_away_is_told_and_consolidates_side_stands(
    opened: Opened, opening: Opening, tmp_path: Path
) -> None:
    one = both.side(both.at(0, 9), 1, "Termin")
    async with opened(size=(120, 40), opening=opening) as terminal:
        both.program(tmp_path, [both.pair(1, one, None)], "Das Postfach ist nicht zu erreichen")
        await shown(terminal, "■ Das Postfach ist nicht zu erreichen")
        await terminal.shows("Termin", "dies ist die Seite von Consolidate", "◊ 1 nicht gelesen")


@pytest.mark.anyio
async def test_a_program_that_fails_is_told(
    opened: Opened, opening: Opening, tmp_path: Path
) -> None:
    async with opened(size=(120, 40), opening=opening) as terminal:
        both.program(tmp_path)
        (tmp_path / "program.py").write_text("import sys\nsys.exit('so nicht')")
        await shown(terminal, "Die Kalender konnten nicht gelesen werden: so nicht")


@pytest.mark.anyio
@pytest.mark.parametrize("plain", [False, True])
async def test_in_sixty_columns_the_list_is_the_view(
    opened: Opened, opening: Opening, plain: bool
) -> None:
    async with opened(size=(60, 15), plain=plain, opening=opening) as terminal:
        await terminal.until(lambda: "Anna" in terminal.text())
        await terminal.press("tab", "enter")
        await terminal.settled()
        await terminal.press("k")
        await terminal.shows("Consolidate", "Exchange", "08:30 Jourfixe Leitung", "Angebot 2501")


@pytest.mark.anyio
@pytest.mark.parametrize("look", FEW)
async def test_calendar(
    opened: Opened, opening: Opening, look: Look, matches: Callable[[Terminal], None]
) -> None:
    async with opened(look=look, opening=opening) as terminal:
        await shown(terminal, "12")
        matches(terminal)


# -- where things stand ---------------------------------------------------------------------------


def week() -> list[Pair]:
    told = {"trouble": None, "appointments": both.a_week()}
    return list(calendars(told, both.MONDAY.date(), 7).pairs)


def test_each_standing_is_told_from_what_both_sides_have() -> None:
    found = {pair.shown.subject: pair.standing for pair in week()}
    assert found["Jourfixe Leitung"] is Standing.SAME
    assert found["Angebot 2501"] is Standing.DIFFERS
    assert found["Reklamation Steiner"] is Standing.ONLY_HERE
    assert found["Zahnarzt"] is Standing.ONLY_THERE
    assert found["Rohrkontrolle 301"] is Standing.ASIDE


@given(
    st.lists(
        st.tuples(
            st.integers(0, 6),
            st.integers(0, 23 * 4),
            st.integers(0, 3 * 4),
            st.integers(-4, 4),
        ),
        max_size=12,
    ),
    st.integers(1, 60),
)
def test_blocks_lie_in_their_day_beside_each_other_and_round_outwards(
    some: list[tuple[int, int, int, int]], room: int
) -> None:
    appointments = []
    for number, (day, quarter, length, moved) in enumerate(some):
        here = both.side(both.at(day, quarter / 4), length / 4, "x")
        there = both.side(both.at(day, (quarter + moved) / 4), length / 4, "x")
        appointments.append(both.pair(number, here, there, ["start"] if moved else []))
    told = {"trouble": None, "appointments": appointments}
    pairs = calendars(told, both.MONDAY.date(), 7).pairs
    begin, end, per_hour = week_layout.hours(pairs, room)
    assert 0 <= begin < end <= 24
    found = week_layout.blocks(pairs, both.MONDAY.date(), 7, begin, per_hour, end)
    rows = (end - begin) * per_hour
    for block in found:
        assert 0 <= block.top < block.bottom <= rows
        assert 0 <= block.lane < block.lanes
        item = pairs[block.number].there if block.side == "E" else pairs[block.number].shown
        assert item is not None
        if item.start.date() == date(2026, 11, 23) + timedelta(days=block.day):
            assert (begin + block.top / per_hour) <= item.start.hour + item.start.minute / 60
    for one in found:
        for other in found:
            apart = one.day != other.day or one.lane != other.lane or one is other
            assert apart or one.bottom <= other.top or other.bottom <= one.top


@given(
    st.text(st.characters(codec="latin-1", categories=["L", "Zs"])),
    st.integers(1, 20),
    st.integers(1, 4),
)
def test_a_subject_is_broken_into_lines_that_fit(text: str, width: int, lines: int) -> None:
    found = wrapped(text, width, lines)
    assert 1 <= len(found) <= lines
    assert all(len(line) <= width for line in found)
