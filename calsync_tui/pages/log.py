"""What the agent does, as it happens."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from calsync_agent.i18n import _, marked
from calsync_tui.pages.page import Page


class LogPage(Page):
    """What the agent does, as it happens."""

    NAME: ClassVar[str] = "log"
    TITLE: ClassVar[str] = marked("Log")
    KEYS: ClassVar[str] = "4,f8"

    def compose(self) -> ComposeResult:
        """What stands there while there is nothing."""
        yield Static(_("The log is empty."))
