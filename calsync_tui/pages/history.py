"""Versions that the sync overwrote or deleted, and how to get them back."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from rich.console import Group
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Select, Static

from calsync_agent import datetimes
from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.errors import DatabaseTrouble
from calsync_agent.health.overview import Pulse
from calsync_agent.i18n import _, marked, ngettext
from calsync_tui import glyphs
from calsync_tui.gateway import history, log, story
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.explanations import Asked
from calsync_tui.gateway.history import BEFORE_ALL, HistorySource, Kept, Wanted
from calsync_tui.gateway.log import Whose
from calsync_tui.pages import history_undo
from calsync_tui.pages.page import Page
from calsync_tui.screens.confirmation import Confirmation, DialogButton
from calsync_tui.widgets import comparison
from calsync_tui.widgets.choosing import ProfileChoice, Words, opened
from calsync_tui.widgets.lines import Lines
from calsync_tui.widgets.status_line import StatusLine
from calsync_tui.widgets.version_lines import VersionLines, empty_view


class HistoryPage(Page):
    """The newest first; below, the current one beside what replaced it."""

    NAME: ClassVar[str] = "history"
    TITLE: ClassVar[str] = marked("History")
    KEYS: ClassVar[str] = "5,f9"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r",
            "restore",
            marked("Restore"),
            id="history.restore",
            tooltip=marked("Make this version, or all marked ones, current again on both sides"),
        ),
        Binding(
            "w",
            "screen.why",
            marked("Why?"),
            id="history.why",
            tooltip=marked("Ask why the appointment of this line is where it is"),
        ),
        Binding(
            "slash",
            "filter('text')",
            marked("Search"),
            id="history.search",
            tooltip=marked("Show only versions with these words"),
        ),
        Binding(
            "p",
            "filter('profile')",
            marked("Profile"),
            show=False,
            id="history.profile",
            tooltip=marked("Show only the versions of one profile"),
        ),
        Binding(
            "ctrl+a",
            "mark_all",
            marked("All"),
            show=False,
            id="history.all",
            tooltip=marked("Mark all versions that are listed, or none"),
        ),
        Binding(
            "escape",
            "back",
            marked("All versions"),
            id="history.back",
            tooltip=marked("Back to the list, take the marks away, or leave nothing out"),
        ),
    ]
    DEFAULT_CSS = """
    HistoryPage {
        #history-filter { height: 1; margin-bottom: 1; }
        ProfileChoice { width: 28; margin-right: 1; }
        Words { width: 1fr; margin-right: 1; }
        #history-comparison { height: 1fr; margin-top: 1; padding: 0 1; background: $surface; }
        #history-comparison:focus { background: $panel; }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self._profile = ""
        self._text = ""
        self._view = empty_view()
        self._whose: Mapping[ProfileId, Whose] = {}
        self._people: Mapping[EmployeeId, str] = {}
        self._opened = False
        self._newer = False
        self._seen: int | None = None
        self._compared: object = None
        self._marks: set[int] = set()
        self._done: tuple[int, int] | None = None

    @property
    def lines(self) -> VersionLines:
        """The list."""
        return self.query_one(VersionLines)

    def compose(self) -> ComposeResult:
        """Filter, versions, comparison."""
        self._compared = None
        with Horizontal(id="history-filter"):
            yield ProfileChoice(self._profile, self._whose)
            yield Words(self._text)
            yield Button(_("Restore"), id="history-restore", compact=True)
        yield VersionLines(self._view, self._whose, self._marks)
        with VerticalScroll(id="history-comparison"):
            yield Static(id="history-table", markup=False)
        yield StatusLine()

    def enter(self) -> None:
        """The keys of the list work at once."""
        self.lines.focus(scroll_visible=False)

    async def on_shown(self) -> None:
        """Who is who may have changed."""
        whose, people = await self.gateway.read(lambda c: (log.profiles(c), story.names(c)))
        self._people = people
        if whose != self._whose:
            self._whose = self.lines.whose = whose
            self.query_one(ProfileChoice).know(whose)
            self.lines.show_again()

    async def refresh_data(self, pulse: Pulse) -> None:
        """What is kept comes with lines of the log, so without new ones there is nothing new."""
        if not self._opened:
            self._open()
        elif pulse.last_log_id != self._seen:
            newest, _oldest = await self._view.reel.source.ends()
            self._newer = newest < self._view.reel.ends[0]
            if self._newer and self._view.index == 0:
                self._open()
        self._seen = pulse.last_log_id
        self._tell()

    async def translate(self) -> None:
        """The words looked for mean others in another language."""
        await super().translate()
        if self._text:
            self._open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing are not shown."""
        del parameters
        if action in {"restore", "mark_all"}:
            return self._view.current is not None
        if action == "back":
            away = self.is_mounted and not self.lines.has_focus
            return away or bool(self._profile or self._text or self._marks)
        return True

    def in_question(self) -> Asked:
        """The appointment of the current version."""
        kept = self._view.current
        if kept is None:
            return Asked()
        version = kept.version
        return Asked(kept.subject, str(version.activity), version.profile)

    def action_filter(self, name: str) -> None:
        """Choose something."""
        opened(self.query_one(f"#{name}"))

    def action_back(self) -> None:
        """To the list; there: take marks away, then leave nothing out."""
        if not self.lines.has_focus:
            self.enter()
            return
        if self._marks:
            self._mark(())
            return
        self.query_one(ProfileChoice).value = self._profile = ""
        self.query_one(Words).value = self._text = ""
        self._open()

    def action_restore(self) -> None:
        """Ask, and make the marked versions, or the chosen one, current again."""
        kept = self._view.current
        if self._marks:
            self.act(self._undo)
        elif kept is not None:
            self.act(lambda: self._restore(kept))

    def action_mark_all(self) -> None:
        """Mark all that are listed; where all are marked, none."""
        self.act(self._mark_all)

    @on(VersionLines.Marked)
    def _marked(self) -> None:
        self._tell()
        self.refresh_bindings()

    @on(Button.Pressed, "#history-restore")
    def _restore_pressed(self) -> None:
        self.enter()
        self.action_restore()

    @on(Select.Changed, "#profile")
    def _profile_chosen(self, changed: Select.Changed) -> None:
        if self._profile != str(changed.value):
            self._profile = str(changed.value)
            self._open()

    @on(Words.Wanted)
    def _words_wanted(self, wanted: Words.Wanted) -> None:
        if self._text != wanted.text:
            self._text = wanted.text
            self._open()

    @on(Lines.Changed)
    def _version_changed(self) -> None:
        kept = self._view.current
        if self._newer and self._view.index == 0:
            self._open()
        self.lines.say(self._nothing())
        shown = kept and kept.version.id, len(self._people)
        if shown != self._compared:
            self._compared = shown
            self._compare(kept)
            self.query_one("#history-restore", Button).disabled = kept is None
            self.refresh_bindings()

    @on(Lines.Opened)
    def _to_comparison(self) -> None:
        self.query_one("#history-comparison").focus()

    @on(Lines.Failed)
    def _failed(self, failed: Lines.Failed) -> None:
        self._opened = False
        if not isinstance(failed.error, DatabaseTrouble):  # that is told by the banner
            self.notify(str(failed.error), severity="error", markup=False)

    def _tell(self) -> None:
        told = Text()
        if self._done is not None:
            told = Text(
                _("{count} of {total} put back …").format(count=self._done[0], total=self._done[1]),
                "bold",
            )
        elif self._marks:
            count = len(self._marks)
            text = ngettext("{count} version marked", "{count} versions marked", count)
            told = Text(text.format(count=count), "bold")
            told.append(f" {glyphs.shown().separator} " + _("r restores them"))
        elif self._newer:
            sign = glyphs.shown().more_above
            told = Text(f"{sign} " + _("there are newer versions; Home shows them"), "bold")
        self.query_one(StatusLine).tell(told, datetimes.zone(self.pulse.now) if self.pulse else "")

    @on(StatusLine.Clicked)
    def _told_clicked(self) -> None:
        if self._newer and not self._marks:
            self._open()

    def _open(self) -> None:
        self._newer = False
        self._opened = True
        self.lines.open(HistorySource(self.gateway, self._wanted), BEFORE_ALL)

    @property
    def _wanted(self) -> Wanted:
        profile = ProfileId(int(self._profile)) if self._profile else None
        return Wanted(profile, tuple(self._text.casefold().split()))

    def _mark(self, numbers: Iterable[int]) -> None:
        self._marks.clear()
        self._marks.update(numbers)
        self.lines.refresh()
        self._marked()

    def _nothing(self) -> str:
        if not self._opened or self.lines.searching:
            return ""
        if self._profile or self._text:
            return _("No version fits; Escape shows all versions again.")
        return _("No version has been kept yet.")

    def _compare(self, kept: Kept | None) -> None:
        table = self.query_one("#history-table", Static)
        self.query_one("#history-comparison").scroll_home(animate=False)
        if kept is None:
            table.update(Text(_("What the sync overwrites or deletes is kept here for 30 days.")))
            return
        told = _("Version {number}: {rule}").format(number=kept.version.id, rule=kept.rule)
        rows = comparison.of_version(kept.version, self._people)
        drawn = comparison.drawn(rows, comparison.headings(kept.version))
        table.update(Group(Text(told, "bold"), drawn))

    async def _restore(self, kept: Kept) -> None:
        there = await self.gateway.read(lambda c: history.is_there(c, kept.version.activity))
        title = _("Restore version {number}?").format(number=kept.version.id)
        choice = DialogButton("restore", _("Restore"))
        question = Confirmation(title, _question(kept, there=there), [choice])
        if await self.app.push_screen_wait(question) == choice.answer:
            await history.restore(self.gateway, kept.version.id)
            told = _("restored in Consolidate: {subject}; the next cycle carries it to Exchange")
            self.notify(told.format(subject=kept.subject), markup=False)
            self._seen = None

    async def _mark_all(self) -> None:
        found = await history.numbers(self.gateway, self._wanted)
        some = found[: history.MOST]
        self._mark(() if self._marks >= set(some) else self._marks.union(some))
        if len(found) > len(some):
            told = _("There are more; only the newest {count} are marked.")
            self.notify(told.format(count=history.MOST), severity="warning", markup=False)

    async def _undo(self) -> None:
        """Show what restoring the marked versions would do, and do it if so told (H6)."""
        items = await history.foresee(self.gateway, self._marks)
        count = sum(item.wanted for item in items)
        text = history_undo.question(items, self._whose)
        if not count:
            await self.app.push_screen_wait(Confirmation(_("Nothing is to be put back."), text, []))
            return
        title = ngettext("Restore {count} appointment?", "Restore {count} appointments?", count)
        choice = DialogButton("restore", _("Restore"))
        question = Confirmation(title.format(count=count), text, [choice])
        if await self.app.push_screen_wait(question) != choice.answer:
            return
        wanted = [item for item in items if item.wanted]
        try:
            become = await history.undo(self.gateway, wanted, lambda done: self._far(done, count))
        finally:
            self._done = self._seen = None
        self._mark(())
        self.notify(history_undo.outcome(become), markup=False)
        for told in history_undo.left(become):
            self.notify(told, severity="warning", markup=False)

    def _far(self, done: int, total: int) -> None:
        self._done = done, total
        self._tell()


def _question(kept: Kept, *, there: bool) -> str:
    """What happens, in words."""
    fields = {"subject": kept.subject, "time": datetimes.day_and_time(kept.version.at)}
    if there:
        told = _(
            "In Consolidate, “{subject}” becomes again what it was before {time}; the next cycle"
            " carries that to Exchange. What is there now is kept, and can be restored in turn."
        )
    else:
        told = _(
            "“{subject}” is no longer in Consolidate. It is entered again as it was before {time};"
            " the next cycle carries it to Exchange."
        )
    lines = [told.format(**fields)]
    if kept.appointment.participants or kept.appointment.guests:
        lines.append(_("It has participants: Exchange may send them mail about it."))
    return "\n\n".join(lines)
