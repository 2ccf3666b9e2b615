"""The terminal UI: opens the database, then shows the window.

WaitingScreen ──opened──▶ MainScreen (pages)
├─no settings─▶ SetupScreen ──done──▶ MainScreen (provider)
└─refused─▶ RefusedScreen ──put right──▶ MainScreen
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any, ClassVar, Final

from rich.console import RenderableType
from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.scrollbar import ScrollBar

from calsync_agent import i18n
from calsync_agent.config import writing
from calsync_agent.config.drafting import SettingsDraft
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import Language, _, marked
from calsync_tui import glyphs, keys, opening, themes
from calsync_tui.gate import Gate
from calsync_tui.gateway.demo_program import Demo, DemoRefused
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.start import Start
from calsync_tui.memory import Memory
from calsync_tui.pages.provider import ProviderPage
from calsync_tui.screens.explain import ExplainScreen
from calsync_tui.screens.help import HelpScreen
from calsync_tui.screens.refused import RefusedScreen
from calsync_tui.screens.search import SearchScreen
from calsync_tui.screens.setup import TABLES, SetupScreen
from calsync_tui.screens.setup_step import Setup
from calsync_tui.screens.translated import TranslatedScreen
from calsync_tui.screens.waiting import WaitingScreen
from calsync_tui.widgets.scrollbar import PlainScrollBar
from calsync_tui.window import LOOK_SECONDS, MainScreen

WIDTHS: Final = [(0, "-narrow"), (76, "-normal"), (116, "-wide"), (180, "-huge")]
HEIGHTS: Final = [(0, "-low"), (22, "-middle"), (36, "-high")]
"""The class that every screen has, by how large it is: from so many columns or lines on."""

_SELDOM: Final = 3
"""How much seldomer it is tried to begin than the window looks into the database."""


class CalsyncApp(App[None]):
    """`opening` makes the way to the data; it blocks, and raises CalsyncError.

    `start`: where the settings are looked for and written; without it none are. `demo`: the demo's
    world, to be started first.
    `plain`: the terminal takes ASCII and its own colours only. `memory`: what was chosen before.
    `every`: how often the window looks
    into the database, in seconds; None: only when it is told to.
    """

    TITLE = "calsync"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "looking.tcss", "forms.tcss"]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+q",
            "quit",
            marked("Quit"),
            id="app.quit",
            priority=True,
            tooltip=marked("Leave the program; the agent goes on"),
        ),
        Binding(
            "f1",
            "help",
            marked("Help"),
            id="app.help",
            priority=True,
            tooltip=marked("Show the keys that work here, and the manual"),
        ),
        Binding(
            "ctrl+l",
            "other_language",
            "Deutsch/English",
            id="app.language",
            show=False,
            tooltip=marked("Change the language"),
        ),
        Binding(
            "ctrl+t",
            "next_theme",
            marked("Colours"),
            id="app.theme",
            show=False,
            tooltip=marked("Change the colours"),
        ),
    ]

    def __init__(
        self,
        opening: Callable[[], Gateway],
        *,
        start: Start | None = None,
        demo: Demo | None = None,
        plain: bool = False,
        memory: Memory | None = None,
        every: float | None = LOOK_SECONDS,
    ) -> None:
        super().__init__()
        self._memory = memory or Memory(None)
        self._few = plain or themes.knows_few(self.console.color_system)
        self.gateway: Gateway | None = None
        self._opening = opening
        self._start = start
        self._demo = demo
        self._every = every
        self._first: str | None = None
        self._tenant = ""
        self._gate = Gate()
        glyphs.use(glyphs.PLAIN if plain else glyphs.RICH)
        self.set_class(plain, "-plain")
        if plain:
            self.animation_level = "none"
            ScrollBar.renderer = PlainScrollBar
        for theme in themes.OURS:
            self.register_theme(theme)
        remembered = self._memory.theme(few=self._few)
        fitting = themes.TERMINAL if plain else themes.fitting(self.console.color_system)
        self.theme = remembered if remembered in themes.NAMES else fitting.name
        themes.use(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line goes through before it is written."""
        return [self._gate, *super().get_line_filters()]

    def get_default_screen(self) -> TranslatedScreen[None]:
        """What stands there first."""
        return WaitingScreen(demo=self._demo is not None)

    def on_mount(self) -> None:
        """Open the database."""
        themes.use(self.current_theme)
        self.action_begin()

    def watch_theme(self, theme: str) -> None:
        """Other colours, also in the texts; they are remembered."""
        themes.use(self.current_theme)
        if self.is_running:
            self._memory.note_theme(theme, few=self._few)
            self.call_later(self._say_anew)

    @work(group="begin", exclusive=True)
    async def action_begin(self) -> None:
        """Open the database; show the window, or why it cannot be."""
        try:
            if self._demo is not None and self._start is None:
                self._start = Start(await self._demo.settings())
                self._opening = self._start.open
            if self._start is not None and self._start.existing() is None:
                await self._instead(SetupScreen(Setup(SettingsDraft(), str(self._start.place()))))
                return
            gateway = await asyncio.to_thread(self._opening)
        except CalsyncError as error:
            settings = self._start.existing() if self._start else None
            # A demo that fails must not end in somebody's own settings.
            failed = isinstance(error, DemoRefused)
            opening, every = (None, None) if failed else (self._opening, self._again)
            named = self._start is not None and self._start.config is not None
            await self._instead(RefusedScreen(error, opening, settings, every=every, named=named))
        else:
            await self.opened(gateway)

    @property
    def _again(self) -> float | None:
        """Seconds between two attempts to begin."""
        return None if self._every is None else _SELDOM * self._every

    async def opened(self, gateway: Gateway) -> None:
        """The way to the data is there: show the window."""
        self.gateway = gateway
        gateway.proposed_tenant = self._tenant
        await self._instead(MainScreen(gateway, first=self._first, every=self._every))

    async def on_refused_screen_opened(self, opened: RefusedScreen.Opened) -> None:
        """What was wrong was put right."""
        await self.opened(opened.gateway)

    async def on_refused_screen_set_up(self) -> None:
        """The settings are to be entered anew, beginning with what is there."""
        if self._start is not None:
            path = self._start.place()
            draft = await asyncio.to_thread(writing.draft_from, path)
            await self._instead(SetupScreen(Setup(draft, str(path))))

    async def on_refused_screen_tables(self) -> None:
        """The tables are to be made, with the settings that are there."""
        if self._start is not None:
            path = self._start.place()
            setup = Setup(await asyncio.to_thread(writing.draft_from, path), str(path))
            await setup.find_out()
            await self._instead(SetupScreen(setup, TABLES))

    def on_refused_screen_anyway(self) -> None:
        """The window is to be shown, though nothing can be synced."""
        if self._start is not None:
            self._start.strictly = False
            self.action_begin()

    def on_setup_screen_done(self, done: SetupScreen.Done) -> None:
        """The settings are there: go on to the provider."""
        if self._start is not None:
            self._start.config = done.path
            self._tenant = done.tenant
            self._first = ProviderPage.NAME
            self.action_begin()

    def on_setup_screen_cancelled(self) -> None:
        """Back to where the setup was entered, or out of the program."""
        if self._start is not None and self._start.existing() is not None:
            self.action_begin()
        else:
            self.exit()

    async def _instead(self, screen: TranslatedScreen[None]) -> None:
        if len(self.screen_stack) > 1:
            await self.switch_screen(screen)
        else:
            await self.push_screen(screen)

    async def on_unmount(self) -> None:
        """Close the connections, and end the demo."""
        if self.gateway is not None:
            await asyncio.to_thread(self.gateway.close)
        if self._demo is not None:
            await self._demo.close()

    def get_key_display(self, binding: Binding) -> str:
        """A key as it is written on it: `F1`, `Strg+Q`."""
        return keys.written(binding.key)

    def action_command_palette(self) -> None:
        """The one search, which does what was chosen when it is closed."""
        if not isinstance(self.screen, SearchScreen):
            self.push_screen(opening.search(self, self.gateway), self._chosen)

    def _chosen(self, run: Callable[[], Any] | None) -> None:
        if run is not None:
            self.call_later(run)

    def action_help(self) -> None:
        """The keys of the screen in sight, and its chapter of the manual; once more closes it."""
        screen = self.screen
        if isinstance(screen, MainScreen) and screen.page is not None:
            page, about = screen.page, screen.about()
            self.push_screen(HelpScreen(_(page.TITLE), screen.active_bindings, page.NAME, about))
        elif isinstance(screen, ExplainScreen):
            title = _(screen.HELP_TITLE)
            self.push_screen(HelpScreen(title, screen.active_bindings, screen.HELP_CHAPTER))
        elif isinstance(screen, SetupScreen | RefusedScreen):
            chapter = "setup" if isinstance(screen, SetupScreen) else "messages"
            self.push_screen(HelpScreen(_(screen.HELP_TITLE), screen.active_bindings, chapter))
        elif isinstance(screen, HelpScreen):
            self.pop_screen()

    def action_next_theme(self) -> None:
        """The next of our themes."""
        names = list(themes.NAMES)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    async def action_other_language(self) -> None:
        """German, where it was English, and the other way round."""
        await self.action_language("en" if i18n.current() == "de" else "de")

    async def action_language(self, language: Language) -> None:
        """Speak another language from now on."""
        i18n.use(language)
        await self._say_anew()

    async def _say_anew(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, TranslatedScreen):
                await screen.translate()

    async def action_quit(self) -> None:
        """Leave, unless something is unsaved and wants to be stayed with."""
        self.run_worker(self._leave(), group="quit", exclusive=True)

    def exit(
        self, result: None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """End the program; what is under way would find its widgets gone."""
        super().exit(result, return_code, message)
        self.workers.cancel_all()

    async def _leave(self) -> None:
        screens = [one for one in self.screen_stack if isinstance(one, MainScreen)]
        if not screens or await screens[0].may_leave():
            self.exit()

    def action_help_quit(self) -> None:
        """Ctrl+C, which many press to leave."""
        self.notify(_("Ctrl+Q leaves the program."), markup=False)
