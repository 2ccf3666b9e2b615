"""A held profile: why it waits, for what, and what is to become of it (B7, F8)."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from calsync_agent.i18n import _, marked
from calsync_agent.state.holds import Held, HoldKind, Verdict
from calsync_agent.visible import visible
from calsync_tui import glyphs
from calsync_tui.gateway.held import Waiting
from calsync_tui.screens.translated import TranslatedModal

_WORDS = {
    HoldKind.DELETE_IN_CONSOLIDATE: marked("delete in Consolidate"),
    HoldKind.DELETE_IN_EXCHANGE: marked("delete in Exchange"),
    HoldKind.MAIL: marked("would mail people"),
}


class HeldProfile(TranslatedModal[Verdict | None]):
    """Returns the answer, or None where there is none yet. The focus begins on `Back`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "back",
            marked("Back"),
            id="held.back",
            tooltip=marked("Decide later"),
        ),
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
        VerticalScroll {
            height: auto;
            max-height: 25vh;
            margin: 1 0;
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

    def compose(self) -> ComposeResult:
        """Why, the list, what each answer does, the answers."""
        with Vertical() as box:
            box.border_title = _("{name} is held").format(name=self._name)
            yield Static(self._why())
            with VerticalScroll(can_focus=True):
                yield Static(Text("\n").join(map(_listed, self._waiting.items)))
            yield Static(
                Text(
                    _(
                        "Carry out: all that is listed is done with the next cycle."
                        " Bring back: none of it is done; what was to be deleted comes back on the"
                        " side where it is missing."
                    )
                )
            )
            with Horizontal():
                yield Button(_("Carry out"), variant="error", compact=True, id="confirm")
                yield Button(_("Bring back"), variant="primary", compact=True, id="discard")
                yield Button(_("Back"), compact=True, id="back")

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

    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        self.dismiss(Verdict.CONFIRMED)

    @on(Button.Pressed, "#discard")
    def _discard(self) -> None:
        self.dismiss(Verdict.DISCARDED)

    @on(Button.Pressed, "#back")
    def action_back(self) -> None:
        """Decide later."""
        self.dismiss(None)


def _listed(one: Held) -> Text:
    return Text(
        f" {_(_WORDS[one.kind])}: {visible(one.subject)}", no_wrap=True, overflow="ellipsis"
    )
