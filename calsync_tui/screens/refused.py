"""What stands there when the program cannot begin: what is wrong, where, and what to do.

It goes on trying, and takes up what was put right.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Footer, Static

from calsync_agent.errors import (
    CalsyncError,
    ConfigurationRefused,
    DatabaseTrouble,
    NotInstalled,
    NotPermitted,
    NotReady,
)
from calsync_agent.i18n import _, marked
from calsync_tui import keys
from calsync_tui.gateway.door import Gateway
from calsync_tui.screens.translated import TranslatedScreen

AGAIN_SECONDS: Final = 3.0
"""How long to wait until the next attempt."""


class RefusedScreen(TranslatedScreen[None]):
    """Says why `opening` was refused, and tries it again: each few seconds, and when asked.

    `settings`: the file that it begins with; None where there is none to be mended. `every`:
    seconds between two attempts; None: only when asked.
    """

    @dataclass
    class Opened(Message):
        """It works now."""

        gateway: Gateway

    class SetUp(Message):
        """The settings are to be entered anew."""

    class Tables(Message):
        """The tables are to be made."""

    class Anyway(Message):
        """It is to be looked at as it is."""

    HELP_TITLE: ClassVar[str] = marked("calsync cannot begin")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r",
            "again",
            marked("Try again"),
            id="refused.again",
            tooltip=marked("Open the database again, now"),
        ),
        Binding(
            "t",
            "tables",
            marked("Make the tables"),
            id="refused.tables",
            tooltip=marked("Show what would be made, and make it on consent"),
        ),
        Binding(
            "s",
            "set_up",
            marked("Set up anew"),
            id="refused.setup",
            tooltip=marked("Go through the settings in the guided setup"),
        ),
        Binding(
            "o",
            "anyway",
            marked("Open anyway"),
            id="refused.anyway",
            tooltip=marked("Look at it as it is; what cannot be saved will say so"),
        ),
    ]

    DEFAULT_CSS = """
    RefusedScreen {
        align: center middle;

        #refused {
            width: 76;
            max-width: 95%;
            height: auto;
            max-height: 90%;
            padding: 1 2;
            border: round $error;
            border-title-style: bold;
            background: $surface;
        }
        VerticalScroll { height: auto; max-height: 12; }
        .where { margin-top: 1; }
        .again { margin-top: 1; color: $text-muted; }
        .again:ansi { color: ansi_default; }
    }
    """

    def __init__(
        self,
        error: CalsyncError,
        opening: Callable[[], Gateway],
        settings: Path | None = None,
        *,
        every: float | None = AGAIN_SECONDS,
    ) -> None:
        super().__init__()
        self._error = error
        self._opening = opening
        self._settings = settings
        self._every = every
        self._trying = False

    def compose(self) -> ComposeResult:
        """What, where, what to do."""
        with Vertical(id="refused") as box:
            box.border_title = self._title()
            with VerticalScroll(can_focus=False):
                yield Static(str(self._error), markup=False)
            if self._settings is not None:
                where = _("Settings: {path}").format(path=self._settings)
                yield Static(where, classes="where", markup=False)
            yield Static(self._to_do(), classes="where", markup=False)
            yield Static(
                _("It is tried again each few seconds; what was put right is taken up."),
                classes="again",
                markup=False,
            )
        yield Footer()

    def on_mount(self) -> None:
        """Go on trying."""
        if self._every is not None:
            self.set_interval(self._every, self.action_again)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what mends this."""
        del parameters
        return self._helps(action)

    def _helps(self, action: str) -> bool:
        error, settings = self._error, self._settings
        match action:
            case "tables":
                return settings is not None and isinstance(error, NotInstalled)
            case "set_up":
                return settings is not None and not isinstance(error, NotReady)
            case "anyway":
                return isinstance(error, NotReady | NotPermitted)
            case _:
                return True

    def action_again(self) -> None:
        """Try it, unless that is under way."""
        if not self._trying and self.is_current:
            self.again()

    @work(group="again")
    async def again(self) -> None:
        """Open the database; say why not where that is something else now."""
        self._trying = True
        try:
            gateway = await asyncio.to_thread(self._opening)
        except CalsyncError as error:
            self._trying = False
            same = type(error) is type(self._error) and error.message == self._error.message
            self._error = error
            if not same and self.is_current:
                await self.translate()
        else:
            # Once is enough: no further attempt until this screen is gone.
            self.post_message(self.Opened(gateway))

    def action_set_up(self) -> None:
        """Into the setup."""
        self.post_message(self.SetUp())

    def action_tables(self) -> None:
        """To the tables."""
        self.post_message(self.Tables())

    def action_anyway(self) -> None:
        """Into the window."""
        self.post_message(self.Anyway())

    def _title(self) -> str:
        match self._error:
            case ConfigurationRefused():
                return _("The settings are not right")
            case NotInstalled():
                return _("calsync's tables are missing in the database")
            case NotPermitted():
                return _("The database's login may not do enough")
            case NotReady():
                return _("Consolidate is not ready to be synced")
            case DatabaseTrouble():
                return _("The database does not answer")
            case _:
                return _("The database cannot be used")

    def _to_do(self) -> str:
        """What can be done here, with its key."""
        offers = (
            ("tables", "t", _("makes the tables, after showing what that is")),
            ("set_up", "s", _("goes through the settings again")),
            ("anyway", "o", _("opens the window all the same")),
            ("again", "r", _("tries again at once")),
        )
        helping = [offer for offer in offers if self._helps(offer[0])]
        return "\n".join(f"  {keys.written(key)}  {text}" for _action, key, text in helping)
