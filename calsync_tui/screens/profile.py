"""One profile's own page: what is wrong and what mends it, how it is bound, what happened last."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from calsync_agent import datetimes
from calsync_agent.appointment.model import ProfileId
from calsync_agent.errors import CalsyncError, Trouble
from calsync_agent.health.overview import Pulse
from calsync_agent.i18n import _, marked, ngettext
from calsync_tui import glyphs
from calsync_tui.gateway import held, profile_changes, profile_detail, status
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.held import Regrown
from calsync_tui.gateway.profile_changes import Overtaken
from calsync_tui.gateway.profile_detail import Detail
from calsync_tui.pages import needs
from calsync_tui.pages.status_lists import Aside, Latest, Needs, in_question
from calsync_tui.screens import profile_text as text
from calsync_tui.screens.calendar import CalendarScreen
from calsync_tui.screens.explain import ExplainScreen
from calsync_tui.screens.held_profile import HeldProfile
from calsync_tui.screens.live import LiveScreen
from calsync_tui.screens.story import StoryScreen
from calsync_tui.widgets.footer import FittingFooter
from calsync_tui.widgets.pane import Pane
from calsync_tui.widgets.row_list import RowList


class ProfileScreen(LiveScreen):
    """Opened from the status and from the list of profiles; Escape goes back there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "k",
            "calendar",
            marked("Calendar"),
            id="profile.calendar",
            tooltip=marked("Both calendars beside each other"),
        ),
        Binding(
            "h",
            "answer",
            marked("Answer"),
            id="profile.answer",
            tooltip=marked("See what waits for your answer, and answer"),
        ),
        Binding(
            "r",
            "retry",
            marked("Retry"),
            id="profile.retry",
            tooltip=marked("Try the quarantined item again at once"),
        ),
        Binding(
            "p",
            "pause",
            marked("Pause"),
            id="profile.pause",
            tooltip=marked("Pause this profile, or let it go on"),
        ),
        Binding(
            "w",
            "why",
            marked("Why?"),
            id="profile.why",
            tooltip=marked("Ask of any appointment or event why it is where it is"),
        ),
        Binding(
            "escape,q",
            "app.pop_screen",
            marked("Back"),
            id="profile.back",
            tooltip=marked("Back to where you came from"),
        ),
    ]
    DEFAULT_CSS = """
    ProfileScreen {
        overflow: hidden;
        #profile-title { height: 1; padding: 0 1; background: $panel; }
        #profile-needs, #profile-aside { display: none; &.-told { display: block; } }
        #profile-aside { height: auto; max-height: 40%; }
        Aside { height: auto; max-height: 8; }
        #facts { height: 8; }
        #binding, #numbers { width: 1fr; height: 8; }
        #events { height: 1fr; min-height: 3; }
    }
    """

    def __init__(self, gateway: Gateway, profile: ProfileId) -> None:
        super().__init__()
        self.gateway = gateway
        self.profile = profile
        self.detail: Detail | None = None
        self._pulse: Pulse | None = None

    def compose(self) -> ComposeResult:
        """What is wrong, then facts, then news."""
        yield Static("", id="profile-title")
        with Pane(id="profile-needs"):
            yield Needs(id="needs")
            yield Static("", id="profile-mend", markup=False)
        with Horizontal(id="facts"):
            with Pane(id="binding") as pane:
                pane.border_title = _("Connection")
                yield Static("", id="binding-text")
            with Pane(id="numbers") as pane:
                pane.border_title = _("Appointments")
                yield Static("", id="numbers-text")
        with Pane(id="profile-aside") as pane:
            pane.border_subtitle = _("r tries the chosen one again")
            yield Aside(id="aside")
        with Pane(id="events") as pane:
            pane.border_title = _("Latest")
            pane.border_subtitle = _("Enter: story")
            yield Latest(id="latest")
        yield FittingFooter(compact=True)

    def on_mount(self) -> None:
        """Read at once."""
        self.query_one(Latest).focus()
        self.run_worker(self._read_now(), group="profile")

    async def translate(self) -> None:
        """Compose again."""
        await super().translate()
        self._show()

    async def update_data(self, pulse: Pulse) -> None:
        """Read it anew."""
        self._pulse = pulse
        self.detail = await self.gateway.read(profile_detail.read(self.profile, pulse))
        if self.is_attached:
            self._show()

    async def _read_now(self) -> None:
        try:
            await self.update_data(await self.gateway.look())
        except CalsyncError as error:
            self._complain(error)

    def on_resize(self, event: events.Resize) -> None:
        """The title fills the line."""
        del event
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        detail, pulse = self.detail, self._pulse
        if detail is None or pulse is None or not self.query("#profile-title"):
            return
        self.query_one("#profile-title", Static).update(text.title(detail, self.size.width - 2))
        found = needs.needs(detail.situation) if detail.line else []
        found = [one for one in found if self.profile in one.profiles]
        pane, rows = self.query_one("#profile-needs", Pane), self.query_one(Needs)
        told = ngettext("{count} thing needs you", "{count} things need you", len(found))
        pane.border_title = told.format(count=len(found))
        pane.set_class(bool(found), "-told")
        pane.add_class("-differs")
        self.set_class(bool(found), "-troubled")
        rows.now = pulse.now
        rows.show(found)
        self._tell_mend()
        if detail.line is not None:
            self.query_one("#binding-text", Static).update(text.binding(detail, detail.line, pulse))
            self.query_one("#numbers-text", Static).update(text.numbers(detail, detail.line))
        aside = self.query_one("#profile-aside", Pane)
        aside.set_class(bool(detail.items), "-told")
        told = ngettext(
            "{count} appointment in quarantine",
            "{count} appointments in quarantine",
            len(detail.items),
        )
        aside.border_title = told.format(count=len(detail.items))
        items = self.query_one(Aside)
        items.now = pulse.now
        items.show(detail.items)
        latest = self.query_one(Latest)
        latest.whose = detail.whose or {}
        latest.show(detail.latest, _("Nothing has happened yet."))
        self.refresh_bindings()

    @on(RowList.Moved, "#needs")
    def _tell_mend(self) -> None:
        need = self.query_one(Needs).current
        told = "" if need is None else f"{glyphs.shown().to} {need.mend}"
        self.query_one("#profile-mend", Static).update(told)

    # -- what is asked for --------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now."""
        line = self.detail.line if self.detail else None
        match action:
            case "answer":
                return line is not None and line.held > 0
            case "retry":
                return self.detail is not None and bool(self.detail.items)
            case "pause" | "calendar":
                return line is not None
        return super().check_action(action, parameters)

    @on(RowList.Opened, "#needs")
    def _open_need(self) -> None:
        line = self.detail.line if self.detail else None
        if line is not None and line.held:
            self.action_answer()
        elif self.detail is not None and self.detail.items:
            self.query_one(Aside).focus()
        else:
            self.query_one(Latest).focus()

    @on(RowList.Opened, "#latest")
    def _open_story(self) -> None:
        line = self.query_one(Latest).current
        if line is not None and self.detail is not None:
            self.app.push_screen(StoryScreen(self.gateway, line, self.detail.whose or {}))

    def action_calendar(self) -> None:
        """Both calendars."""
        detail, pulse = self.detail, self._pulse
        if detail is not None and detail.line is not None and pulse is not None:
            today = datetimes.local(pulse.now).date()
            self.app.push_screen(
                CalendarScreen(self.gateway, detail.line, detail.whose or {}, today)
            )

    def action_why(self) -> None:
        """Ask why an appointment is not there, beginning with the chosen one."""
        about = in_question(self.query_one(Aside), self.query_one(Latest))
        about = replace(about, profile=self.profile)
        self.app.push_screen(ExplainScreen(self.gateway, about))

    def action_answer(self) -> None:
        """Show what waits, and answer."""
        self._act(self._answer)

    def action_retry(self) -> None:
        """Try the chosen item again at once."""
        self._act(self._retry)

    def action_pause(self) -> None:
        """Pause, or let it go on."""
        self._act(self._pause)

    async def _answer(self) -> None:
        note: str | None = ""
        while note is not None:
            note = await self._asked(note)

    async def _asked(self, note: str) -> str | None:
        """Ask once; returns why it has to be asked again, or None."""
        line = self.detail.line if self.detail else None
        waiting = await self.gateway.read(lambda c: held.read(c, self.profile))
        if line is None or not waiting.items:
            self.notify(_("Nothing waits for a decision any more."), markup=False)
            return None
        decided = await self.app.push_screen_wait(HeldProfile(line.employee.title, waiting, note))
        if decided is None:
            return None
        seen, only = waiting.activities, decided.only
        try:
            await self.gateway.write(
                lambda c: held.answer(c, self.profile, decided.verdict, seen, only)
            )
        except Regrown as regrown:
            return str(regrown)
        self.notify(_("It is carried out with the next round."), markup=False)
        return "" if only and only != seen else None

    async def _retry(self) -> None:
        item = self.query_one(Aside).current
        if item is None:
            return
        if await self.gateway.write(status.retry(item.id)):
            self.notify(_("It is tried again with the next round."), markup=False)
        else:
            self.notify(_("It is no longer in quarantine."), markup=False)

    async def _pause(self) -> None:
        line = self.detail.line if self.detail else None
        if line is None:
            return
        row = line.row
        try:
            await self.gateway.write(
                lambda c: profile_changes.set_active(c, [row], active=not row.active)
            )
        except Overtaken:
            told = _("Somebody else has changed this profile meanwhile; look again.")
            self.notify(told, severity="warning", markup=False)

    def _act(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do something that takes time, one thing at a time, and show what came of it."""
        if not any(one.group == "profile.act" and one.is_running for one in self.workers):
            self.run_worker(self._acting(work), group="profile.act")

    async def _acting(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
            await self.update_data(await self.gateway.look())
        except CalsyncError as error:
            self._complain(error)

    def _complain(self, error: CalsyncError) -> None:
        passing = isinstance(error, Trouble)
        self.notify(str(error), severity="warning" if passing else "error", markup=False)
