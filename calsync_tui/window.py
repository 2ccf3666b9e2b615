"""The window: pages' names and health, one page at a time, footer."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.widgets import ContentSwitcher

from calsync_agent.errors import CalsyncError, DatabaseRefused, DatabaseTrouble
from calsync_agent.health.overview import Pulse
from calsync_agent.i18n import marked
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.explanations import Asked
from calsync_tui.pages import PAGES
from calsync_tui.pages.page import LookSoon, Page
from calsync_tui.screens.explain import ExplainScreen
from calsync_tui.screens.live import LiveScreen
from calsync_tui.screens.translated import TranslatedScreen
from calsync_tui.widgets.banner import Banner
from calsync_tui.widgets.footer import FittingFooter
from calsync_tui.widgets.top_bar import Tab, TopBar

LOOK_SECONDS = 1.0


class MainScreen(TranslatedScreen[None]):
    """Holds the pages and looks into the database about each second.

    Pages are made when they are first shown, and stay.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                page.KEYS,
                f"page('{page.NAME}')",
                page.TITLE,
                show=False,
                priority=False,
                id=f"page.{page.NAME}",
                tooltip=marked("Open this page"),
            )
            for page in PAGES
        ),
        Binding(
            "w",
            "why",
            marked("Why is it not there?"),
            show=False,
            id="why",
            tooltip=marked("Ask of any appointment or event why it is where it is"),
        ),
    ]

    def __init__(
        self, gateway: Gateway, *, first: str | None = None, every: float | None = LOOK_SECONDS
    ) -> None:
        super().__init__()
        self.gateway = gateway
        self.pulse: Pulse | None = None
        self._first = first or PAGES[0].NAME
        self._every = every
        self._looking = False

    def compose(self) -> ComposeResult:
        """The frame; the page comes with `show`."""
        yield TopBar(
            [Tab(page.NAME, page.TITLE, page.KEYS.partition(",")[0]) for page in PAGES],
            self.gateway.place,
            self.gateway.dialect,
        )
        yield Banner()
        yield ContentSwitcher(id="pages")
        yield FittingFooter(compact=True)

    def about(self) -> list[str]:
        """What the program works with: database, agent, settings."""
        return self.query_one(TopBar).about()

    @property
    def page(self) -> Page | None:
        """The page in sight."""
        switcher = self.query_one("#pages", ContentSwitcher)
        shown = switcher.visible_content
        return shown if isinstance(shown, Page) else None

    def on_mount(self) -> None:
        """Begin with the first page."""
        self.action_page(self._first)
        if self._every is not None:
            self.set_interval(self._every, self._look_again)

    @work(group="page", exclusive=True)
    async def action_page(self, name: str) -> None:
        """Show a page, unless the one in sight wants to be stayed with."""
        before = self.page
        if before is not None and (name == before.NAME or not await before.leave()):
            return
        await self.show(name)

    async def show(self, name: str) -> None:
        """Show a page without asking."""
        switcher = self.query_one("#pages", ContentSwitcher)
        if not switcher.query_children(f"#{name}"):
            made = next(page for page in PAGES if name == page.NAME)(self.gateway)
            await switcher.add_content(made, id=name)
            if not made.is_attached:
                return  # the window is being left
        switcher.current = name
        self.query_one(TopBar).active = name
        page = self.page
        if page is None:
            return
        page.enter()
        self.refresh_bindings()
        await self._attempt(page, shown=True)

    def _look_again(self) -> None:
        if not self._looking:
            self.look()

    @on(LookSoon)
    def _look_soon(self) -> None:
        self._look_again()

    @work(group="look")
    async def look(self) -> None:
        """See how things stand, and let the page in sight show it."""
        self._looking = True
        try:
            if self.page is not None:
                await self._attempt(self.page, shown=False)
        finally:
            self._looking = False

    async def _attempt(self, page: Page, *, shown: bool) -> None:
        """What fails is told in the banner; what is shown stays."""
        error: CalsyncError | None = None
        try:
            if shown:
                await page.on_shown()
            self.pulse = await self.gateway.look()
            if not page.is_attached:  # the program was left meanwhile
                return
            self.query_one(TopBar).pulse = self.pulse
            above = [one for one in self.app.screen_stack if isinstance(one, LiveScreen)]
            for screen in above:
                await screen.update_data(self.pulse)
            if shown or not above:
                await page.update(self.pulse)
        except (DatabaseTrouble, DatabaseRefused) as met:
            error = met
        except NoMatches:
            if self.app.is_running:
                raise
        if not page.is_attached or not self.app.is_running:
            return  # the program is ending, and widgets are gone already
        as_of = self.pulse.now if self.pulse else None
        self.query_one(Banner).tell(error, as_of)
        if self.focused is None and self.is_current:
            page.enter()

    def action_why(self) -> None:
        """Ask of any appointment why it is where it is, beginning with the page's current row."""
        about = Asked() if self.page is None else self.page.in_question()
        self.app.push_screen(ExplainScreen(self.gateway, about))

    async def may_leave(self) -> bool:
        """Whether the program may end: asks where something is unsaved."""
        return self.page is None or await self.page.leave()

    async def translate(self) -> None:
        """Everything anew; what was typed stays, because pages keep it."""
        bar = self.query_one(TopBar)
        bar.watch_pulse()
        bar.refresh()
        self.query_one(Banner).translate()
        for page in self.query(Page):
            await page.translate()
            if self.pulse is not None:
                await page.update(self.pulse)
        self.refresh_bindings()
        if self.page is not None:
            self.page.enter()
