"""The terminal UI as somebody in front of it has it: what it shows, and waiting until it does."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from calsync_tui.app import CalsyncApp
from calsync_tui.pages.page import Page
from calsync_tui.window import MainScreen

_PATIENCE: Final = 30.0  # seconds: with a test's own time limit in sight
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class Terminal:
    """The program running in a terminal."""

    app: CalsyncApp
    pilot: Pilot[None]

    @property
    def window(self) -> MainScreen:
        """The main window, whatever lies over it."""
        return next(one for one in self.app.screen_stack if isinstance(one, MainScreen))

    @property
    def page(self) -> Page:
        """The page in sight."""
        page = self.window.page
        assert page is not None
        return page

    @property
    def focused(self) -> str | None:
        """The id of the widget that has the focus."""
        widget = self.app.screen.focused
        return widget and widget.id

    def value(self, field: str) -> str:
        """What stands in a text field, seen or scrolled out of sight."""
        return self.app.screen.query_one(f"#{field}", Input).value

    async def until(self, condition: Callable[[], object]) -> None:
        """Return when it holds and nothing is under way; where it never does, show the screen."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not condition():  # noqa: ASYNC110 - it happens in threads and other tasks
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"this is what came instead:\n{self.text()}") from None
        await self.pilot.pause()

    async def shows(self, *texts: str) -> None:
        """Return when all these texts are on the screen."""

        def there() -> bool:
            shown = self.text()
            return all(text in shown for text in texts)

        await self.until(there)

    async def settled(self) -> None:
        """Return when no worker is at work."""
        await self.until(lambda: not any(one.is_running for one in self.app.workers))

    async def begun(self) -> None:
        """Return when the first screen stands there."""
        await self.settled()

    async def press(self, *keys: str) -> None:
        """Press keys, and let come of it what comes.

        Does not wait for workers, because a question on the screen is one that waits for us.
        """
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type into the focused field."""
        await self.press(*map(_character_to_key, text))

    async def enter(self, field: str, text: str) -> None:
        """Click into a field and type over what stands there."""
        await self.pilot.click(f"#{field}")
        await self.press("end", "ctrl+u")
        await self.type(text)

    async def click(self, text: str) -> None:
        """Click where a text stands on the screen, as soon as it does."""
        await self.shows(text)
        y, line = next((y, line) for y, line in enumerate(self.lines()) if text in line)
        await self.pilot.click(offset=(line.index(text) + 1, y))
        await self.pilot.pause()

    async def go(self, page: str) -> None:
        """Show a page by its key."""
        key = {"status": "f5", "provider": "f6", "profiles": "f7", "log": "f8", "history": "f9"}
        await self.press(key[page])
        await self.until(lambda: self.page.NAME == page)
        await self.settled()

    async def look(self) -> None:
        """Let the window look into the database, and return when it shows what it found."""
        self.window.look()
        await self.settled()

    def lines(self) -> list[str]:
        """What stands on the screen."""
        return [strip.text.rstrip() for strip in self._strips()]

    def text(self) -> str:
        """The same in one piece."""
        return "\n".join(self.lines())

    def picture(self) -> str:
        """What stands there and how: the lines, then a letter for each cell's style."""
        styles: dict[str, str] = {}
        looks = [_looks(strip, styles) for strip in self._strips()]
        legend = [f"{letter} {style}" for style, letter in styles.items()]
        return "\n".join([*self.lines(), "", *looks, "", *legend]) + "\n"

    def _strips(self) -> list[Strip]:
        width, height = self.app.size
        strips = self.app.screen._compositor.render_strips()
        # A screen that has only just come has no lines yet.
        strips = [*strips, *(Strip.blank(width) for _ in range(height - len(strips)))]
        assert len(strips) == height
        return [strip.crop(0, width) for strip in strips]


def _looks(strip: Strip, styles: dict[str, str]) -> str:
    return "".join(_letter(segment, styles) * segment.cell_length for segment in strip)


def _letter(segment: Segment, styles: dict[str, str]) -> str:
    said = str((segment.style or Style()).without_color) if segment.text.strip() else ""
    colours = segment.style or Style()
    name = " ".join(
        word
        for word in (
            "" if said in {"none", ""} else said,
            f"{colours.color.name}" if colours.color and segment.text.strip() else "",
            f"on {colours.bgcolor.name}" if colours.bgcolor else "",
        )
        if word
    )
    if name not in styles:
        styles[name] = _LETTERS[len(styles)]
    return styles[name]
