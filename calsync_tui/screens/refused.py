"""What stands there when the program cannot begin: what is wrong, where, and what to do.

It goes on trying, and takes up what was put right. A login that was refused is tried again only
when the settings change or somebody says so, because a few attempts in a row may lock it.
"""

import asyncio
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from calsync_agent.config import reading
from calsync_agent.config.reading import Outcome
from calsync_agent.errors import (
    CalsyncError,
    ConfigurationRefused,
    DatabaseTrouble,
    LoginRefused,
    NotInstalled,
    NotPermitted,
    NotReady,
    Outdated,
)
from calsync_agent.i18n import _, marked
from calsync_tui import keys
from calsync_tui.gateway.demo_program import DemoRefused
from calsync_tui.gateway.door import Gateway
from calsync_tui.screens.translated import TranslatedScreen
from calsync_tui.widgets.footer import FittingFooter

_COMMAND: Final = re.compile(
    r"calsync-agent (?:db (?:install|upgrade)|adopt|check)(?: --[a-z]+(?:-[a-z]+)*)*"
)
"""The commands with settings that a refusal advises."""


def _quoted(path: Path) -> str:
    """A path as a shell takes it."""
    text = str(path)
    return f'"{text}"' if sys.platform == "win32" and " " in text else shlex.quote(text)


class RefusedScreen(TranslatedScreen[None]):
    """Says why `opening` was refused, and tries it again: each few seconds, and when asked.

    None for `opening`: there is nothing to be tried again.

    `settings`: the file that it begins with; None where there is none to be mended. `named`: it is
    not where programs look by themselves, so that commands need its name. `every`: seconds between
    two attempts; None: only when asked.
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
        opening: Callable[[], Gateway] | None,
        settings: Path | None = None,
        *,
        every: float | None,
        named: bool = False,
    ) -> None:
        super().__init__()
        self._error = error
        self._opening = opening
        self._settings = settings
        self._every = every
        self._named = named
        self._trying = False
        self._settings_now: Outcome | None = None

    def compose(self) -> ComposeResult:
        """What, where, what to do."""
        with Vertical(id="refused") as box:
            box.border_title = self._title()
            with VerticalScroll(can_focus=False):
                yield Static(self._said(), markup=False)
            if self._settings is not None:
                where = _("Settings: {path}").format(path=self._settings)
                yield Static(where, classes="where", markup=False)
            yield Static(self._to_do(), classes="where", markup=False)
            yield Static(self._how_often(), classes="again", markup=False)
        yield FittingFooter()

    def on_mount(self) -> None:
        """Go on trying."""
        if self._every is not None:
            self.set_interval(self._every, self._by_itself)

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
            case "again":
                return self._opening is not None
            case _:
                return True

    def _by_itself(self) -> None:
        if isinstance(self._error, LoginRefused):
            self.again_if_changed()
        else:
            self.action_again()

    @work(group="changed", exclusive=True)
    async def again_if_changed(self) -> None:
        """Try it when the settings, or a file that they name, say something else."""
        if self._settings is None:
            return
        before = self._settings_now
        self._settings_now = (await asyncio.to_thread(reading.attempt, self._settings)).outcome
        if before is not None and self._settings_now != before:
            self.action_again()

    def action_again(self) -> None:
        """Try it, unless that is under way."""
        if self._opening is not None and not self._trying and self.is_current:
            self.again(self._opening)

    @work(group="again")
    async def again(self, opening: Callable[[], Gateway]) -> None:
        """Open the database; say why not where that is something else now."""
        self._trying = True
        try:
            gateway = await asyncio.to_thread(opening)
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
            case DemoRefused():
                return _("The demo cannot begin")
            case ConfigurationRefused():
                return _("The settings are not right")
            case Outdated():
                return _("calsync's tables are of an older version")
            case NotInstalled():
                return _("calsync's tables are missing in the database")
            case NotPermitted():
                return _("The database's login may not do enough")
            case NotReady():
                return _("Consolidate is not ready to be synced")
            case LoginRefused():
                return _("The database refuses the login")
            case DatabaseTrouble():
                return _("The database does not answer")
            case _:
                return _("The database cannot be used")

    def _said(self) -> str:
        """What is wrong; commands that it advises find the settings."""
        said = str(self._error)
        if self._settings is None or not self._named:
            return said
        option = f" --config {_quoted(self._settings)}"
        return _COMMAND.sub(lambda found: found[0] + option, said)

    def _how_often(self) -> str:
        if self._opening is None:
            return ""
        if isinstance(self._error, LoginRefused):
            return _("Lest it lock the login, it is tried again only when the settings change.")
        return _("It is tried again each few seconds; what was put right is taken up.")

    def _to_do(self) -> str:
        """What can be done here, with its key."""
        tables = (
            _("brings the tables up to date, after showing what that is")
            if isinstance(self._error, Outdated)
            else _("makes the tables, after showing what that is")
        )
        offers = (
            ("tables", "t", tables),
            ("set_up", "s", _("goes through the settings again")),
            ("anyway", "o", _("opens the window all the same")),
            ("again", "r", _("tries again at once")),
        )
        helping = [offer for offer in offers if self._helps(offer[0])]
        return "\n".join(f"  {keys.written(key)}  {text}" for _action, key, text in helping)
