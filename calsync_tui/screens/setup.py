"""The guided setup: from no settings to ones that work, one step after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button

from calsync_agent.i18n import _, marked
from calsync_tui.screens.confirmation import STAY, Confirmation, DialogButton
from calsync_tui.screens.setup_app import AppStep
from calsync_tui.screens.setup_database import DatabaseStep
from calsync_tui.screens.setup_step import Setup, SetupStep
from calsync_tui.screens.setup_tables import TablesStep
from calsync_tui.screens.setup_writing import WritingStep
from calsync_tui.screens.translated import TranslatedScreen
from calsync_tui.widgets.footer import FittingFooter

STEPS: Final[Sequence[type[SetupStep]]] = (DatabaseStep, TablesStep, AppStep, WritingStep)
TABLES: Final[Sequence[type[SetupStep]]] = (TablesStep,)
"""For settings that are well, but whose database lacks the tables."""

_LEAVE: Final = "leave"


class SetupScreen(TranslatedScreen[None]):
    """Shows one step at a time; going back loses nothing."""

    @dataclass
    class Done(Message):
        """All steps are done; the settings are at `path`, for an app in `tenant`."""

        path: Path
        tenant: str

    class Cancelled(Message):
        """It was left before its end."""

    HELP_TITLE: ClassVar[str] = marked("Setup")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+n",
            "next",
            marked("Next"),
            id="setup.next",
            tooltip=marked("Check this step and go on to the next"),
        ),
        Binding(
            "ctrl+b",
            "back",
            marked("Back"),
            id="setup.back",
            tooltip=marked("Back to the step before; what was typed stays"),
        ),
        Binding(
            "escape",
            "cancel",
            marked("Cancel"),
            id="setup.cancel",
            tooltip=marked("Leave the setup"),
        ),
    ]

    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012 - as Textual declares it

    DEFAULT_CSS = """
    SetupScreen {
        align: center middle;

        #setup {
            width: 100%;
            max-width: 100;
            height: 100%;
            max-height: 34;
            padding: 1 2 0 2;
            border: round $primary;
            border-title-style: bold;
            background: $surface;
        }
        #step { height: 1fr; }
        &.-tall .field { margin-bottom: 1; }
        #buttons {
            height: 1;
            margin-top: 1;
            align-horizontal: right;
            Button { margin-left: 2; }
        }
        /* Where the focus is must be seen beside the button that is proposed. */
        Button {
            background: $panel !important;
            color: $foreground !important;
            text-style: none !important;
            &.-primary { color: $primary !important; text-style: bold !important; }
            &:focus {
                background: $primary !important;
                color: $background !important;
                text-style: bold !important;
            }
            &:ansi {
                background: ansi_default !important;
                color: ansi_default !important;
                &:focus { text-style: bold reverse !important; }
            }
        }
    }
    """

    def __init__(self, setup: Setup, steps: Sequence[type[SetupStep]] = STEPS) -> None:
        super().__init__()
        self.setup = setup
        self._steps = steps
        self._at = 0

    @property
    def step(self) -> SetupStep:
        """The step in sight."""
        return self.query_one(SetupStep)

    def compose(self) -> ComposeResult:
        """The step, and the way on."""
        last = self._at == len(self._steps) - 1
        with Vertical(id="setup") as box:
            box.border_title = self._title()
            yield Container(self._steps[self._at](self.setup), id="step")
            with Horizontal(id="buttons"):
                yield Button(_("Cancel"), id="cancel", compact=True)
                if self._at:
                    yield Button(_("Back"), id="back", compact=True)
                onward = _("Next")
                if last:
                    onward = _("Write and begin") if self._steps is STEPS else _("Begin")
                yield Button(onward, id="next", variant="primary", compact=True)
        yield FittingFooter()

    def on_mount(self) -> None:
        """Begin with the first field."""
        self.step.enter()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no way back from the first step."""
        del parameters
        return self._at > 0 if action == "back" else True

    @on(SetupStep.Entered)
    @on(Button.Pressed, "#next")
    def _next(self) -> None:
        self.action_next()

    @on(Button.Pressed, "#back")
    async def _back(self) -> None:
        await self.action_back()

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.action_cancel()

    @work(group="next", exclusive=True)
    async def action_next(self) -> None:
        """Check the step, and go on."""
        if not await self.step.may_go_on():
            return
        if self._at == len(self._steps) - 1:
            self.post_message(self.Done(self.setup.file, self.setup.tenant.strip()))
        else:
            await self._go(self._at + 1)

    async def action_back(self) -> None:
        """The step before."""
        if self._at:
            await self._go(self._at - 1)

    @work(group="cancel", exclusive=True)
    async def action_cancel(self) -> None:
        """Leave, and ask before if something was typed."""
        if self.setup.changed:
            answer = await self.app.push_screen_wait(
                Confirmation(
                    _("Leave the setup?"),
                    _("What was typed is lost. No settings have been written."),
                    [DialogButton(_LEAVE, _("Leave"), grave=True)],
                )
            )
            if answer == STAY:
                return
        self.post_message(self.Cancelled())

    async def translate(self) -> None:
        """Everything anew; what was typed stays."""
        await super().translate()
        self.step.enter()

    async def _go(self, number: int) -> None:
        self._at = number
        await self.recompose()
        self.refresh_bindings()
        self.step.enter()

    def _title(self) -> str:
        title = _(self._steps[self._at].TITLE)
        if len(self._steps) == 1:
            return title
        said = _("Set up calsync: step {number} of {all}, {title}")
        return said.format(number=self._at + 1, all=len(self._steps), title=title)
