"""The frame: one window, its pages, its keys, its languages."""

from collections.abc import Callable

import pytest

from calsync_agent.database.engine import Database
from tests.support.snapshots import ALL, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import Opened, an_agent

pytestmark = pytest.mark.anyio

PAGES = {
    "status": "Status",
    "provider": "Anbieter",
    "profiles": "Profile",
    "log": "Protokoll",
    "history": "Verlauf",
}


async def test_the_header_tells_database_agent_and_settings(
    opened: Opened, people: Database
) -> None:
    an_agent(people)
    async with opened() as terminal:
        above, below = terminal.lines()[:2]
        assert "/srv/consolidate.db (SQLite)" in above
        assert "Revision 0 übernommen" in above
        assert "● Agent läuft seit 08:30 auf consolidate-server, Version 0.1.0" in below


async def test_without_an_agent_the_header_tells_how_to_start_one(opened: Opened) -> None:
    async with opened() as terminal:
        assert "○ Kein Agent läuft. Starten mit: calsync-agent run" in terminal.lines()[1]


@pytest.mark.parametrize("page", PAGES)
async def test_each_page_is_reached_by_digit_f_key_and_mouse(opened: Opened, page: str) -> None:
    number = list(PAGES).index(page) + 1
    away = "log" if page != "log" else "status"
    async with opened() as terminal:
        for way in (str(number), f"f{number + 4}", "mouse"):
            await terminal.go(away)
            if way == "mouse":
                await terminal.click(f"{number} {PAGES[page]}")
            else:
                await terminal.press(way)
            await terminal.shows(f"[{number} {PAGES[page]}]")
            assert terminal.page.NAME == page


@pytest.mark.parametrize("look", ALL)
async def test_help(
    opened: Opened, people: Database, look: Look, matches: Callable[[Terminal], None]
) -> None:
    an_agent(people)
    async with opened(look=look, page="log") as terminal:
        await terminal.press("f1")
        await terminal.settled()
        matches(terminal)
