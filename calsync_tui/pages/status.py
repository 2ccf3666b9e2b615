"""Everything at a glance, and what is not as it should be."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from calsync_agent.i18n import _, marked
from calsync_tui.pages.page import Page


class StatusPage(Page):
    """Everything at a glance, and what is not as it should be."""

    NAME: ClassVar[str] = "status"
    TITLE: ClassVar[str] = marked("Status")
    KEYS: ClassVar[str] = "1,f5"

    def compose(self) -> ComposeResult:
        """What stands there while there is nothing."""
        yield Static(_("There is no profile yet."))
