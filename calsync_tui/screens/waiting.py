"""What stands there while the database is being opened."""

from textual.app import ComposeResult
from textual.widgets import Static

from calsync_agent.i18n import _
from calsync_tui.screens.translated import TranslatedScreen


class WaitingScreen(TranslatedScreen[None]):
    """One line."""

    DEFAULT_CSS = """
    WaitingScreen {
        align: center middle;
        Static { width: auto; }
    }
    """

    def __init__(self, *, demo: bool = False) -> None:
        super().__init__()
        self._demo = demo

    def compose(self) -> ComposeResult:
        """The line."""
        if self._demo:
            yield Static(_("The demo's office is being furnished; that takes some seconds …"))
        else:
            yield Static(_("Opening the database …"))
