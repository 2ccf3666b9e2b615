"""F1: the keys of the page, its chapter of the manual, and the search in all of it."""

from pathlib import Path

import pytest

from calsync_agent import i18n, manual
from calsync_agent.config.settings import Settings
from calsync_agent.i18n import LANGUAGES, Language
from calsync_tui.app import CalsyncApp
from calsync_tui.gateway.start import Start
from calsync_tui.pages import PAGES
from calsync_tui.screens.help import HelpScreen, ManualText
from tests.support.terminal import Terminal
from tests.tui.conftest import Opened

pytestmark = pytest.mark.anyio


async def shown(terminal: Terminal) -> str:
    await terminal.settled()
    return str(terminal.app.screen.query_one(ManualText).source)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_help_shows_the_chapter_of_each_page_in_the_language_spoken(
    opened: Opened, language: Language
) -> None:
    i18n.use(language)
    async with opened() as terminal:
        for page in PAGES:
            await terminal.go(page.NAME)
            await terminal.press("f1")
            heading = f"# {manual.title(page.NAME, language)}\n"
            assert (await shown(terminal)).startswith(heading)
            await terminal.press("escape")
            await terminal.settled()


async def test_help_is_left_by_its_key_or_escape(opened: Opened) -> None:
    async with opened(page="log") as terminal:
        for key in ("f1", "escape", "q"):
            await terminal.press("f1")
            await terminal.settled()
            assert isinstance(terminal.app.screen, HelpScreen)
            await terminal.press(key)
            await terminal.settled()
            assert not isinstance(terminal.app.screen, HelpScreen)


async def test_help_searches_the_whole_manual_and_comes_back(opened: Opened) -> None:
    async with opened(page="log") as terminal:
        await terminal.press("f1", "slash", *"postgresql", "enter")
        found = await shown(terminal)
        assert "GRANT USAGE ON SCHEMA public" in found
        assert manual.title("log", "de") not in found
        await terminal.press("escape")
        assert (await shown(terminal)).startswith(f"# {manual.title('log', 'de')}\n")
        assert isinstance(terminal.app.screen, HelpScreen)
        await terminal.press("escape")
        await terminal.settled()
        assert not isinstance(terminal.app.screen, HelpScreen)


async def test_help_says_when_no_part_has_the_words(opened: Opened) -> None:
    async with opened(page="log") as terminal:
        await terminal.press("f1", "slash", *"xylophon", "enter")
        assert await shown(terminal) == "Nichts im Handbuch enthält diese Wörter."


async def test_every_chapter_can_be_shown_in_a_plain_terminal(opened: Opened) -> None:
    async with opened(plain=True, size=(80, 100)) as terminal:
        for name in manual.CHAPTERS:
            terminal.app.push_screen(HelpScreen("x", {}, name))
            await terminal.settled()
            strange = {sign for sign in terminal.text() if ord(sign) > 0xFF}
            assert strange <= {"…", "„", "“"}, terminal.text()
            await terminal.press("escape")


async def test_help_shows_the_chapter_of_the_setup_and_of_messages(
    tmp_path: Path, settings: Settings
) -> None:
    settings.path.write_text("[database\n")
    for config, name in ((tmp_path / "none" / "agent.toml", "setup"), (settings.path, "messages")):
        start = Start(config)
        app = CalsyncApp(start.open, start=start, every=None)
        async with app.run_test() as pilot:
            terminal = Terminal(app, pilot)
            await terminal.begun()
            await terminal.press("f1")
            assert (await shown(terminal)).startswith(f"# {manual.title(name, 'de')}\n")
