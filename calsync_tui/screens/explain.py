"""Why is it not there? Any appointment or event by words or id, also one never synced (H4)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _, marked
from calsync_tui import glyphs
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.explanations import Asked, Explained, explain
from calsync_tui.screens.translated import TranslatedScreen
from calsync_tui.themes import role
from calsync_tui.widgets.columns import Column
from calsync_tui.widgets.entry import Note, Tone
from calsync_tui.widgets.footer import FittingFooter
from calsync_tui.widgets.row_list import RowList


class Found(RowList[Explained]):
    """A line for each appointment and profile that fit."""

    columns: ClassVar[Sequence[Column]] = (
        Column("subject", marked("Appointment"), 16, stretches=True),
        Column("profile", marked("Profile"), 8, 12),
        Column("state", marked("State"), 16, 18),
    )

    def cells(self, row: Explained) -> Mapping[str, Text]:
        """What stands in each column."""
        return {
            "subject": Text(row.subject or _("without subject")),
            "profile": Text(row.profile or glyphs.shown().horizontal),
            "state": Text(row.state),
        }

    def key(self, row: Explained) -> object:
        """The appointment or event, and the profile."""
        return row.facts[:2], row.profile


class ExplainScreen(TranslatedScreen[None]):
    """Asks at once where it is told about what; the answer to the chosen row stands below."""

    HELP_TITLE: ClassVar[str] = marked("Why is it not there?")
    HELP_CHAPTER: ClassVar[str] = "status"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash",
            "again",
            marked("Search"),
            id="explain.search",
            tooltip=marked("Ask about something else"),
        ),
        Binding(
            "escape",
            "app.pop_screen",
            marked("Back"),
            id="explain.back",
            tooltip=marked("Back to where you came from"),
        ),
    ]
    DEFAULT_CSS = """
    ExplainScreen {
        #explain-title { height: 1; padding: 0 1; background: $panel; text-style: bold; }
        #explain-words {
            height: 1; margin: 0 1; padding: 0 1; background: $panel;
            &:focus { background: $primary 25%; }
            &:ansi { background: ansi_default; text-style: underline; }
            &:ansi:focus { text-style: bold underline; }
        }
        #explain-note { padding: 0 1; }
        Found { height: auto; max-height: 40%; padding: 0 1; display: none; }
        #explain-answer { height: 1fr; padding: 0 2; margin-top: 1; }
        &.-found {
            Found { display: block; }
            #explain-note { display: none; }
            &.-said #explain-note { display: block; }
        }
        &.-low #explain-answer { margin-top: 0; }
    }
    """

    def __init__(self, gateway: Gateway, about: Asked) -> None:
        super().__init__()
        self._gateway = gateway
        self._about = about
        self._found: Sequence[Explained] = ()

    def compose(self) -> ComposeResult:
        """What is asked, what was found, and why it is so."""
        yield Static(_("Why is it not there?"), id="explain-title", markup=False)
        yield Input(
            self._about.words,
            placeholder=_("Words of the subject, or the id of an appointment or event"),
            compact=True,
            id="explain-words",
        )
        yield Note(id="explain-note", markup=False)
        yield Found(id="explain-found")
        with VerticalScroll(id="explain-answer"):
            yield Static(id="explain-text", markup=False)
        yield FittingFooter(compact=True)

    def on_mount(self) -> None:
        """Ask, or let words be typed."""
        self._begin()

    async def translate(self) -> None:
        """The answer comes in the language spoken, so it is asked for again."""
        await super().translate()
        self._begin()

    def _begin(self) -> None:
        self.query_one("#explain-words").focus()
        hint = _("Also what was never synced is found. Enter asks.")
        self.query_one(Note).say(Tone.HINT, hint)
        if self._about.what:
            self.ask()

    def action_again(self) -> None:
        """Let other words be typed."""
        self.query_one("#explain-words").focus()

    @on(Input.Submitted, "#explain-words")
    def _asked(self, entered: Input.Submitted) -> None:
        words = entered.value.strip()
        if words != self._about.words:
            self._about = Asked(words)
        if words:
            self.ask()

    @work(group="explain", exclusive=True)
    async def ask(self) -> None:
        """Ask the agent's program, and show what it answers."""
        note = self.query_one(Note)
        self.remove_class("-found", "-said")
        self.query_one("#explain-text", Static).update("")
        note.say(Tone.BUSY, _("Looking …"))
        try:
            answer = await explain(self._gateway, self._about)
        except CalsyncError as error:
            note.say(Tone.ERROR, str(error))
            return
        if not self.is_attached:
            return
        self._found = answer.found
        note.say(Tone.WARNING, answer.said)
        self.set_class(bool(answer.found), "-found")
        self.set_class(bool(answer.said), "-said")
        rows = self.query_one(Found)
        rows.show(answer.found)
        self._tell()
        if answer.found:
            rows.focus()

    @on(RowList.Moved, "#explain-found")
    def _tell(self) -> None:
        """The answer to the chosen row."""
        row = self.query_one(Found).current
        parts = [] if row is None or not self._found else list(_told(row))
        self.query_one("#explain-text", Static).update(Group(*parts))
        self.query_one("#explain-answer").scroll_home(animate=False)

    @on(RowList.Opened, "#explain-found")
    def _to_answer(self) -> None:
        self.query_one("#explain-answer").focus()


def _told(row: Explained) -> Iterator[RenderableType]:
    """Where it stands and why, what comes next, by which rule, and what else is known."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for name, text, style in (
        (_("State"), row.state, "bold"),
        (_("Why"), row.why, role("foreground")),
        (_("Next"), row.next, role("foreground")),
        (_("Rule"), row.rule, role("muted")),
        *((name, text, role("muted")) for name, text in row.facts),
    ):
        if text:
            table.add_row(Text(name, role("muted")), Text(text, style))
    yield table
    if row.lines:
        yield Text("\n" + _("Log"), "bold")
        yield from (Text(line, role("muted")) for line in row.lines)
