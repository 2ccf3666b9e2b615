"""The last step: what is written, and where."""

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from calsync_agent.config import drafting, writing
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _, marked
from calsync_agent.platform import sharing_group
from calsync_tui.screens.setup_step import SetupStep
from calsync_tui.widgets.entry import LabelledInput, Note, Tone


class WritingStep(SetupStep):
    """The settings file's place, and a list of what will be there."""

    TITLE: ClassVar[str] = marked("Write the settings")

    def compose(self) -> ComposeResult:
        """The place, and the list."""
        yield Static(
            _("No file has been written so far. The next step writes these:"),
            classes="said",
            markup=False,
        )
        yield LabelledInput("path", _("Settings file"), self.setup.path)
        yield Static(id="files", classes="said", markup=False)
        yield Static(id="readers", classes="said", markup=False)
        yield Note(id="trial", markup=False)

    def on_mount(self) -> None:
        """Show what will be there."""
        super().on_mount()
        self._show()
        trial, note = self.setup.tried, self.query_one("#trial", Note)
        if trial is None:
            note.say(Tone.WARNING, _("The sign-in has not been tried: no tenant was entered."))
        elif trial.failed:
            note.say(Tone.WARNING, trial.failed)
        else:
            note.say(Tone.WELL, _("The app signs in to {tenant}.").format(tenant=trial.tenant))

    @on(Input.Changed, "#path")
    def _named(self, changed: Input.Changed) -> None:
        self.setup.path = changed.value
        self._show()

    async def may_go_on(self) -> bool:
        """Write the files; whether that was possible."""
        if (wrong := self._wrong()) is not None:
            self.say("path", Tone.ERROR, wrong)
            return False
        try:
            await asyncio.to_thread(writing.write, self.setup.file, self.setup.draft)
        except CalsyncError as error:
            self.say("path", Tone.ERROR, str(error))
            return False
        return True

    def _show(self) -> None:
        file = self.setup.file
        lines = [f"  {path}" for path in writing.files(file, self.setup.draft)]
        if file.is_file():
            lines.append(
                _("The older file is kept as {name}.").format(name=writing.older(file).name)
            )
        self.query_one("#files", Static).update("\n".join(lines))
        group = sharing_group(file.parent)
        readers = (
            _("Only this account can read them; the agent has to run as the same account.")
            if group is None
            else _("This account and the group {group} can read them.").format(group=group)
        )
        onward = _("Then follows the provider: tenant, directions, interval.")
        self.query_one("#readers", Static).update(f"{readers} {onward}")
        wrong = self._wrong()
        self.say("path", Tone.ERROR if wrong else Tone.HINT, wrong or "")

    def _wrong(self) -> str | None:
        if not self.setup.path.strip():
            return _("must be given")
        unwritable = writing.unwritable(self.setup.file)
        if unwritable is not None:
            return str(unwritable)
        # A file that is named without a folder is looked for beside the settings.
        found = drafting.problems(self.setup.draft, self.setup.file)
        return next((f"{name}: {text}" for name, text in found.items()), None)
