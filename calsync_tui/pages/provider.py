"""The tenant and how it is synced."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from calsync_agent.i18n import _, marked
from calsync_tui.pages.page import Page


class ProviderPage(Page):
    """The tenant and how it is synced."""

    NAME: ClassVar[str] = "provider"
    TITLE: ClassVar[str] = marked("Provider")
    KEYS: ClassVar[str] = "2,f6"

    def compose(self) -> ComposeResult:
        """What stands there while there is nothing."""
        yield Static(_("There is no provider yet."))
