"""What the agent does, as it happens."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from calsync_agent import datetimes
from calsync_agent.appointment.model import ProfileId
from calsync_agent.errors import DatabaseTrouble
from calsync_agent.health.overview import Pulse
from calsync_agent.i18n import _, marked, ngettext
from calsync_tui import glyphs
from calsync_tui.gateway import log
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.explanations import Asked
from calsync_tui.gateway.log import LogLine, LogSource, Whose
from calsync_tui.pages.page import Page
from calsync_tui.screens.story import StoryScreen
from calsync_tui.widgets.lines import Lines
from calsync_tui.widgets.log_filter import Chosen, LogFilter
from calsync_tui.widgets.log_lines import LogLines, empty_view
from calsync_tui.widgets.status_line import StatusLine

LATE: Final = 5
"""So many more times it is looked for rows that were committed after newer ones."""


class LogPage(Page):
    """All lines, or those that a filter leaves; new ones appear while one is at the end."""

    NAME: ClassVar[str] = "log"
    TITLE: ClassVar[str] = marked("Log")
    KEYS: ClassVar[str] = "4,f8"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash",
            "filter('text')",
            marked("Search"),
            id="log.search",
            tooltip=marked("Show only lines with these words"),
        ),
        Binding(
            "p",
            "filter('profile')",
            marked("Profile"),
            show=False,
            id="log.profile",
            tooltip=marked("Show only the lines of one profile"),
        ),
        Binding(
            "l",
            "filter('level')",
            marked("Level"),
            show=False,
            id="log.level",
            tooltip=marked("Show only warnings or errors"),
        ),
        Binding(
            "k",
            "filter('kind')",
            marked("Kind"),
            show=False,
            id="log.kind",
            tooltip=marked("Show only lines of one kind"),
        ),
        Binding(
            "w",
            "screen.why",
            marked("Why?"),
            id="log.why",
            tooltip=marked("Ask why the appointment of this line is where it is"),
        ),
        Binding(
            "escape",
            "back",
            marked("All lines"),
            id="log.back",
            tooltip=marked("Stop searching, or leave nothing out"),
        ),
    ]
    DEFAULT_CSS = """
    LogPage {
        #log-detail { height: 3; padding: 0 1; margin-top: 1; background: $surface; }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self.chosen = Chosen()
        self._view = empty_view()
        self._whose: Mapping[ProfileId, Whose] = {}
        self._revision: int | None = None
        self._shown: Chosen | None = None
        self._keys: tuple[object, ...] = ()
        self._detailed = Text()
        self._seen = 0
        self._late = 0

    @property
    def lines(self) -> LogLines:
        """The list."""
        return self.query_one(LogLines)

    def compose(self) -> ComposeResult:
        """Filter, lines, the current line whole, and how things stand."""
        self._detailed = Text()
        yield LogFilter(self.chosen, self._whose)
        yield LogLines(self._view, self._whose)
        yield Static(id="log-detail", markup=False)
        yield StatusLine()

    def enter(self) -> None:
        """The keys of the list work at once."""
        self.lines.focus(scroll_visible=False)

    async def on_shown(self) -> None:
        """Who is who may have changed."""
        self._revision = None

    async def refresh_data(self, pulse: Pulse) -> None:
        """Read what is new, and only if there is anything."""
        if pulse.settings_revision != self._revision:
            self._know(await self.gateway.read(log.profiles))
            self._revision = pulse.settings_revision
        newest = pulse.last_log_id
        if self._shown is None:
            self._open()
        elif newest != self._seen or self._late:
            self._late = LATE if newest != self._seen else self._late - 1
            await self.lines.news(newest)
        self._seen = newest
        self._tell()

    def in_question(self) -> Asked:
        """What the current line is about."""
        line = self._view.current
        return Asked() if line is None else line.asked

    async def translate(self) -> None:
        """The words looked for mean others in another language."""
        await super().translate()
        if self.chosen.text:
            self._open()

    def show_only(self, *, profile: ProfileId | None = None, level: str = "") -> None:
        """Choose for somebody who comes from elsewhere."""
        self.chosen.profile = "" if profile is None else str(profile)
        self.chosen.level, self.chosen.kind, self.chosen.text = level, "", ""
        self._shown = None
        self.call_later(self.recompose)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing are not shown."""
        del parameters
        if action == "back":
            away = self.is_mounted and (self.lines.searching or not self.lines.has_focus)
            return away or self.chosen != Chosen()
        return True

    def action_filter(self, name: str) -> None:
        """Choose something."""
        self.query_one(LogFilter).open(name)

    def action_back(self) -> None:
        """From the filter to the lines; there: stop searching, or leave nothing out."""
        if not self.lines.has_focus:
            self.enter()
        elif self.lines.searching:
            self.lines.stop()
            self._tell()
        else:
            self.query_one(LogFilter).clear()

    @on(LogFilter.Changed)
    def _filtered(self) -> None:
        if self._shown is not None and self.chosen != self._shown:
            self._open()

    @on(Lines.Changed)
    def _line_changed(self) -> None:
        self._tell()

    @on(Lines.Failed)
    def _failed(self, failed: Lines.Failed) -> None:
        self._shown = None
        if not isinstance(failed.error, DatabaseTrouble):  # that is told by the banner
            self.notify(str(failed.error), severity="error", markup=False)

    @on(Lines.Opened)
    def _story(self) -> None:
        line = self._view.current
        if line is not None:
            self.app.push_screen(StoryScreen(self.gateway, line, self._whose))

    @on(StatusLine.Clicked)
    def _told_clicked(self) -> None:
        if self.lines.searching:
            self.lines.stop()
            self._tell()
        else:
            self.lines.action_last()

    def _open(self) -> None:
        """Show what is chosen: from the end, or around the line that one looks at."""
        line = self._view.current
        place = None if line is None or self._view.following else line.place
        self._shown = replace(self.chosen)
        self.lines.open(LogSource(self.gateway, self.chosen.filter()), place)

    def _know(self, whose: Mapping[ProfileId, Whose]) -> None:
        if whose != self._whose:
            self._whose = self.lines.whose = whose
            self.query_one(LogFilter).know(whose)
            self.lines.show_again()

    def _tell(self) -> None:
        """The current line whole, and whether new ones come."""
        self.lines.say(self._nothing())
        detail = self._detail(self._view.current)
        if detail != self._detailed:
            self._detailed = detail
            self.query_one("#log-detail", Static).update(detail)
        zone = datetimes.zone(self.pulse.now) if self.pulse else ""
        self.query_one(StatusLine).tell(self._told(), zone)
        keys = self.lines.searching, self._view.following, self.chosen == Chosen()
        if keys != self._keys:
            self._keys = keys
            self.refresh_bindings()

    def _nothing(self) -> str:
        if self._shown is None or self.lines.searching:
            return ""
        if not (self._view.reel.first.over and self._view.reel.last.over):
            return _("None found so far; End searches on.")
        if self.chosen != Chosen():
            return _("No line fits; Escape shows all lines again.")
        return _("The log is empty; lines appear here as soon as an agent works.")

    def _told(self) -> Text:
        signs, reel = glyphs.shown(), self._view.reel
        if self.lines.searching and self.lines.looked_at is not None and self.chosen != Chosen():
            first, last = reel.ends
            looked = abs(self.lines.looked_at - (last if reel.last.over else first))
            part = round(100 * looked / max(1, last - first))
            told = _("{percent} % of the log searched; Escape stops").format(percent=min(part, 100))
            return Text(f"{signs.waiting} {told}")
        if reel.fresh:
            told = ngettext(
                "{count} new line; End shows it", "{count} new lines; End shows them", reel.fresh
            )
            return Text(f"{signs.more_below} {told.format(count=reel.fresh)}", "bold")
        if self._view.following:
            return Text(f"{signs.well} " + _("follows: new lines appear here"))
        return Text(f"{signs.off} " + _("stands still; End follows again"))

    def _detail(self, line: LogLine | None) -> Text:
        if line is None:
            return Text()
        text = Text(line.text)
        if line.rule:
            text.append("\n" + _("by the rule: {rule}").format(rule=line.rule))
        return text
