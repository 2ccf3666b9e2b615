"""Versions that the sync overwrote or deleted, and how to get them back."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from calsync_agent.i18n import _, marked
from calsync_tui.pages.page import Page


class HistoryPage(Page):
    """Versions that the sync overwrote or deleted, and how to get them back."""

    NAME: ClassVar[str] = "history"
    TITLE: ClassVar[str] = marked("History")
    KEYS: ClassVar[str] = "5,f9"

    def compose(self) -> ComposeResult:
        """What stands there while there is nothing."""
        yield Static(_("No version has been kept yet."))
