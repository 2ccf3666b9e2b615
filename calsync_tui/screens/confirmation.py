"""A question that has to be answered before anything else goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from calsync_agent.i18n import _, marked
from calsync_tui.screens.translated import TranslatedModal

STAY: Final = ""
"""The answer of whoever escapes."""


@dataclass(frozen=True, slots=True)
class DialogButton:
    """One answer. `grave`: it takes something away."""

    answer: str
    label: str
    grave: bool = False


class Confirmation(TranslatedModal[str]):
    """Asks, and returns the answer chosen; `STAY` for Escape and for the last button.

    The focus begins on the last button, which changes nothing. All texts come translated.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "stay",
            marked("Back"),
            id="confirmation.stay",
            tooltip=marked("Change nothing"),
        ),
        *(
            Binding(key, f"scroll({by})", show=False, id=f"confirmation.{key}")
            for key, by in (("up", -1), ("down", 1), ("pageup", -8), ("pagedown", 8))
        ),
        Binding("left", "app.focus_previous", show=False, id="confirmation.previous"),
        Binding("right", "app.focus_next", show=False, id="confirmation.next"),
    ]

    DEFAULT_CSS = """
    Confirmation {
        align: center middle;

        & > Vertical {
            width: 72;
            max-width: 95%;
            height: auto;
            max-height: 90%;
            padding: 1 2;
            border: round $primary;
            border-title-style: bold;
            background: $surface;
        }
        VerticalScroll {
            height: auto;
            max-height: 12;
            scrollbar-size-vertical: 1;
        }
        Horizontal {
            height: auto;
            margin-top: 1;
            align-horizontal: right;
        }
        Button {
            margin-left: 2;
            min-width: 8;
        }
    }
    """

    def __init__(
        self, title: str, text: str, choices: Sequence[DialogButton], *, back: str | None = None
    ) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._choices = choices
        self._back = back

    def compose(self) -> ComposeResult:
        """Title, text, buttons."""
        with Vertical() as box:
            box.border_title = self._title
            with VerticalScroll(can_focus=False):
                yield Static(self._text, markup=False)
            with Horizontal():
                for choice in self._choices:
                    yield Button(
                        choice.label,
                        variant="error" if choice.grave else "primary",
                        name=choice.answer,
                        compact=True,
                    )
                yield Button(self._back or _("Back"), name=STAY, id="stay", compact=True)

    def on_mount(self) -> None:
        """Nothing happens by a mere Enter."""
        self.query_one("#stay").focus()

    def on_button_pressed(self, pressed: Button.Pressed) -> None:
        """The answer."""
        self.dismiss(pressed.button.name or STAY)

    def action_scroll(self, by: int) -> None:
        """So many lines on in a text that is longer than there is room."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_stay(self) -> None:
        """Change nothing."""
        self.dismiss(STAY)
