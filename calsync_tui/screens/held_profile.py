"""A held profile: why it waits, for what, and what is to become of it, line by line (B7, F8)."""

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, OptionList, Static

from calsync_agent.appointment.model import ActivityId
from calsync_agent.domain.hold import Held, HoldKind, Verdict
from calsync_agent.i18n import _, marked
from calsync_agent.visible import visible
from calsync_tui import glyphs
from calsync_tui.gateway.held import Waiting
from calsync_tui.screens.translated import TranslatedModal

_WORDS = {
    HoldKind.DELETE_IN_CONSOLIDATE: marked("delete in Consolidate"),
    HoldKind.DELETE_IN_EXCHANGE: marked("delete in Exchange"),
    HoldKind.MAIL: marked("would mail people"),
}


@dataclass(frozen=True, slots=True)
class Decided:
    """An answer: of what is marked, or of all where nothing is."""

    verdict: Verdict
    only: frozenset[ActivityId]


class HeldProfile(TranslatedModal[Decided | None]):
    """Returns the answer, or None where there is none yet. The focus begins on `Back`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "back",
            marked("Back"),
            id="held.back",
            tooltip=marked("Decide later"),
        ),
        Binding(
            "space",
            "mark",
            marked("Mark"),
            id="held.mark",
            tooltip=marked("Decide about this line alone, or not"),
        ),
        Binding(
            "ctrl+a",
            "mark_all",
            marked("Mark all"),
            id="held.mark_all",
            tooltip=marked("Mark all lines, or none"),
        ),
        Binding("up,down", "look_through", show=False, id="held.list"),
        Binding("left", "app.focus_previous", show=False, id="held.previous"),
        Binding("right", "app.focus_next", show=False, id="held.next"),
    ]

    DEFAULT_CSS = """
    HeldProfile {
        align: center middle;

        & > Vertical {
            width: 76;
            max-width: 96%;
            height: auto;
            max-height: 95%;
            padding: 0 2;
            border: round $warning;
            border-title-style: bold;
            background: $surface;
        }
        OptionList {
            height: auto;
            max-height: 25vh;
            margin: 1 0;
            padding: 0;
            border: none;
            background: $panel;
            scrollbar-size-vertical: 1;
            &:focus { background-tint: $foreground 5%; }
        }
        Horizontal { height: auto; align-horizontal: right; }
        Button { margin-left: 2; min-width: 0; }
    }
    """

    def __init__(self, name: str, waiting: Waiting, note: str = "") -> None:
        super().__init__()
        self._name = name
        self._waiting = waiting
        self._note = note
        self._marked: set[ActivityId] = set()

    def compose(self) -> ComposeResult:
        """Why, the list, what each answer does, the answers."""
        with Vertical() as box:
            box.border_title = _("{name} is held").format(name=self._name)
            yield Static(self._why())
            lines = map(self._listed, self._waiting.items)
            yield OptionList(*lines, markup=False, compact=True)
            yield Static(self._what(), id="what")
            with Horizontal():
                yield Button(_("Carry out"), variant="error", compact=True, id="confirm")
                yield Button(_("Bring back"), variant="primary", compact=True, id="discard")
                yield Button(_("Back"), compact=True, id="back")

    def _what(self) -> Text:
        """What each answer does, and how some lines are answered alone."""
        if self._marked:
            return Text(
                _(
                    "Carry out: what is marked is done with the next cycle. Bring back: it is not"
                    " done; what was to be deleted comes back on the side where it is missing."
                    " The other lines go on waiting."
                )
            )
        return Text(
            _(
                "Carry out: all that is listed is done with the next cycle. Bring back: none of it"
                " is done; what was to be deleted comes back on the side where it is missing."
                " Space marks single lines, to decide about these alone."
            )
        )

    def _why(self) -> Text:
        signs = glyphs.shown()
        told = [Text(f"{signs.warning} {reason}", "bold") for reason in self._waiting.reasons]
        if self._note:
            told.insert(0, Text(f"{signs.error} {self._note}", "bold"))
        told.append(Text(_("So much at once may be a mistake; it waits until somebody decides.")))
        return Text("\n").join(told)

    def on_mount(self) -> None:
        """Nothing happens by a mere Enter."""
        self.query_one("#back").focus()

    def action_look_through(self) -> None:
        """Go to the list."""
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def action_mark(self) -> None:
        """Mark the line under the cursor, or take its mark away; that decides nothing."""
        listed = self.query_one(OptionList)
        if not listed.has_focus:
            listed.focus()
        if listed.highlighted is not None:
            self._marked ^= {self._waiting.items[listed.highlighted].activity}
            self._show_marks()

    def action_mark_all(self) -> None:
        """Mark all lines, or none where all are."""
        every = self._waiting.activities
        self._marked = set() if self._marked == every else set(every)
        self._show_marks()

    def _show_marks(self) -> None:
        listed = self.query_one(OptionList)
        for place, one in enumerate(self._waiting.items):
            listed.replace_option_prompt_at_index(place, self._listed(one))
        count = len(self._marked)
        labels = {
            "#confirm": _("Carry {count} out").format(count=count) if count else _("Carry out"),
            "#discard": _("Bring {count} back").format(count=count) if count else _("Bring back"),
        }
        for name, label in labels.items():
            button = self.query_one(name, Button)
            button.label = label
            button.refresh(layout=True)
        self.query_one("#what", Static).update(self._what())

    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        self.dismiss(Decided(Verdict.CONFIRMED, frozenset(self._marked)))

    @on(Button.Pressed, "#discard")
    def _discard(self) -> None:
        self.dismiss(Decided(Verdict.DISCARDED, frozenset(self._marked)))

    @on(Button.Pressed, "#back")
    def action_back(self) -> None:
        """Decide later."""
        self.dismiss(None)

    def _listed(self, one: Held) -> Text:
        sign = glyphs.shown().marked if one.activity in self._marked else " "
        text = f"[{sign}] {_(_WORDS[one.kind])}: {visible(one.subject)}"
        return Text(text, no_wrap=True, overflow="ellipsis")
