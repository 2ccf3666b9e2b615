"""The story of one appointment: how it stands, what happened to it, which versions were kept."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from calsync_agent import datetimes
from calsync_agent.appointment.model import ProfileId
from calsync_agent.domain.link import Role
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _, marked
from calsync_agent.state.log import named
from calsync_agent.state.quarantine import NEVER
from calsync_tui import differences, glyphs
from calsync_tui.gateway import story
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.log import LogLine, Whose
from calsync_tui.gateway.story import Standing, Story
from calsync_tui.screens.explain import ExplainScreen
from calsync_tui.screens.translated import TranslatedScreen
from calsync_tui.widgets import comparison
from calsync_tui.widgets.footer import FittingFooter
from calsync_tui.widgets.log_lines import code_of, level_of

_ROLES = {
    Role.ORGANIZER: marked("the organizer's event"),
    Role.PLAIN: marked("an event of their own"),
    Role.COPY: marked("a copy of the meeting"),
}


class StoryScreen(TranslatedScreen[None]):
    """Opened from a line of the log; reads once, and again when it is told to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q",
            "app.pop_screen",
            marked("Back"),
            id="story.back",
            tooltip=marked("Back to the log"),
        ),
        Binding(
            "w",
            "why",
            marked("Why?"),
            id="story.why",
            tooltip=marked("Ask why it is where it is, and what comes next"),
        ),
        Binding("r", "read", marked("Read again"), id="story.read", tooltip=marked("Read it anew")),
    ]
    DEFAULT_CSS = """
    StoryScreen {
        #story-title { height: 1; padding: 0 2; background: $primary 20%; text-style: bold; }
        VerticalScroll { padding: 1 2; }
        &:ansi #story-title { background: ansi_default; text-style: bold reverse; }
    }
    """

    def __init__(self, gateway: Gateway, line: LogLine, whose: Mapping[ProfileId, Whose]) -> None:
        super().__init__()
        self.gateway = gateway
        self._line = line
        self._whose = whose
        self._story: Story | None = None

    def compose(self) -> ComposeResult:
        """Title, story, keys."""
        yield Static(self._title(), id="story-title", markup=False)
        with VerticalScroll(id="story"):
            yield Static(Group(*self._parts()), id="story-text")
        yield FittingFooter()

    def on_mount(self) -> None:
        """Read."""
        self.query_one("#story").focus()
        self.action_read()

    @work(group="story", exclusive=True)
    async def action_read(self) -> None:
        """Read everything anew."""
        try:
            self._story = await self.gateway.read(lambda c: story.read(c, self._line))
        except CalsyncError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.query_one("#story-title", Static).update(self._title())
        self.query_one("#story-text", Static).update(Group(*self._parts()))

    def action_why(self) -> None:
        """Ask about the same appointment."""
        self.app.push_screen(ExplainScreen(self.gateway, self._line.asked))

    def _title(self) -> str:
        found = self._story
        if found is None or found.activity is None:
            return _("Line {number} of the log").format(number=self._line.place)
        known = found.now
        if known is None and found.versions:
            known = comparison.kept(found.versions[0])
        subject = _("an appointment that is gone") if known is None else str(named(known))
        return _("Story: {subject}").format(subject=comparison.printable(subject))

    def _parts(self) -> Iterator[RenderableType]:
        found = self._story
        if found is None:
            yield Text("…" if not glyphs.is_plain() else "...")
            return
        if found.activity is None:
            yield Text(_("This line is about no single appointment."))
        else:
            yield self._facts(found)
        yield _heading(_("What happened"))
        if len(found.lines) == story.LINES:
            yield Text(_("the newest {count} lines").format(count=story.LINES), "dim")
        yield self._lines(found)
        if found.activity is None:
            return
        yield _heading(_("Kept versions"))
        if not found.versions:
            yield Text(_("None: nothing of it was overwritten or deleted by the sync."))
        for version in found.versions:
            when = datetimes.day_and_time(version.at)
            yield Text(f"\n{version.id}  {when}  {_(version.rule)}", "bold")
            rows = comparison.of_version(version, found.people)
            yield comparison.drawn(rows, comparison.headings(version))

    def _facts(self, found: Story) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(width=18)
        table.add_column(ratio=1, overflow="fold")
        table.add_row(_("In Consolidate"), Text(self._standing(found)))
        linked = ", ".join(
            f"{code_of(one.profile, self._whose)} ({self._linked(one)})" for one in found.linked
        )
        table.add_row(_("In Exchange"), Text(linked or _("linked with no event")))
        for refused in found.refused:
            told = f"{code_of(refused.profile, self._whose)}: {refused.reason}"
            told += "\n" + self._again(refused)
            table.add_row(_("Not synced"), comparison.printable(told))
        for profile in found.held:
            told = _("{profile}: a profile that is held; see the page of profiles")
            shown = told.format(profile=code_of(profile, self._whose))
            table.add_row(_("Waits for you"), Text(shown))
        table.add_row(_("Number"), Text(str(found.activity)))
        return table

    def _standing(self, found: Story) -> str:
        match found.standing:
            case Standing.THERE if found.now is not None:
                return differences.shown_time(found.now)
            case Standing.DELETED:
                return _("deleted")
            case Standing.BROKEN:
                return _("cannot be read: {reason}").format(reason=found.reason)
        return _("no longer there")

    def _linked(self, one: story.Linked) -> str:
        if not one.made:
            return _("about to be made")
        role = _(_ROLES[one.role])
        return _("{role}, being written").format(role=role) if one.unfinished else role

    def _again(self, refused: story.Refused) -> str:
        if refused.next_at >= NEVER:
            return _("tried again when it changes")
        return _("attempt {count}; next at {time}").format(
            count=refused.attempts, time=datetimes.day_and_time(refused.next_at)
        )

    def _lines(self, found: Story) -> Table:
        table = Table.grid(padding=(0, 1))
        for width in (1, 19, 8, 6):
            table.add_column(width=width)
        table.add_column(ratio=1, overflow="fold")
        for line in found.lines:
            sign = glyphs.shown().current if line.place == self._line.place else " "
            code = "" if line.profile is None else code_of(line.profile, self._whose)
            when = datetimes.day_and_time(line.at)
            table.add_row(sign, Text(when), Text(level_of(line)), Text(code), self._told(line))
        return table

    def _told(self, line: LogLine) -> Text:
        text = Text(line.text)
        if line.rule:
            text.append("\n" + _("rule: {rule}").format(rule=line.rule), "dim")
        for number in line.request_ids:
            text.append("\n" + _("request-id: {number}").format(number=number), "dim")
        return text


def _heading(text: str) -> Text:
    return Text(f"\n{text}", "bold underline")
