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

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static(_("Opening the database …"))
