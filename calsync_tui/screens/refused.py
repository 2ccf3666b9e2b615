"""What stands there when the database cannot be used: why, and what to do."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Footer, Static

from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _, marked
from calsync_tui.screens.translated import TranslatedScreen


class RefusedScreen(TranslatedScreen[None]):
    """Says it in a sentence, and tries again when asked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r",
            "app.begin",
            marked("Try again"),
            id="refused.again",
            tooltip=marked("Open the database again"),
        ),
    ]

    DEFAULT_CSS = """
    RefusedScreen {
        align: center middle;

        Vertical {
            width: 76;
            max-width: 95%;
            height: auto;
            padding: 1 2;
            border: round $error;
            background: $surface;
        }
    }
    """

    def __init__(self, error: CalsyncError) -> None:
        super().__init__()
        self._error = error

    def compose(self) -> ComposeResult:
        """The sentence."""
        with Vertical() as box:
            box.border_title = _("calsync cannot begin")
            yield Static(str(self._error), markup=False)
        yield Footer()
