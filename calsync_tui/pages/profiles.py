"""Which employee is bound to which mailbox."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from calsync_agent.i18n import _, marked
from calsync_tui.pages.page import Page


class ProfilesPage(Page):
    """Which employee is bound to which mailbox."""

    NAME: ClassVar[str] = "profiles"
    TITLE: ClassVar[str] = marked("Profiles")
    KEYS: ClassVar[str] = "3,f7"

    def compose(self) -> ComposeResult:
        """What stands there while there is nothing."""
        yield Static(_("There is no profile yet."))
