"""The second step: calsync's tables, made on consent or by somebody else."""

import asyncio
from pathlib import Path
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Input, TextArea

from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _, marked, ngettext
from calsync_tui.gateway import setup as gateway
from calsync_tui.gateway.setup import Look, State
from calsync_tui.screens.setup_step import Setup, SetupStep
from calsync_tui.widgets.entry import LabelledInput, Note, Tone

_WITH_SQL: Final = frozenset({State.BARE, State.OLDER, State.STRANGE, State.READ_ONLY})


class TablesStep(SetupStep):
    """What would be made, as SQL; made here, or saved for an administrator of the database."""

    TITLE: ClassVar[str] = marked("Tables")

    DEFAULT_CSS = """
    TablesStep {
        TextArea {
            height: 1fr;
            min-height: 5;
            margin-bottom: 1;
            border: none;
            padding: 0 1;
            background: $panel;
            &:ansi { background: ansi_default; }
        }
        Horizontal.buttons { height: 1; margin-bottom: 1; }
        Button { margin-right: 2; }
    }
    """

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._sql_file = str(Path.cwd() / "calsync.sql")

    @property
    def found(self) -> Look | None:
        """What the database is like."""
        return self.setup.known

    def compose(self) -> ComposeResult:
        """What is the case, and what can be done about it."""
        yield Note(classes="said", id="state", markup=False)
        found = self.found
        if found is None or found.state not in _WITH_SQL:
            return
        make = _("Bring up to date") if found.state is State.OLDER else _("Make the tables")
        with Horizontal(classes="buttons"):
            if found.state is not State.READ_ONLY:
                yield Button(make, id="install", variant="primary", compact=True)
            yield Button(_("Save the SQL"), id="save", compact=True)
            yield Button(_("Look again"), id="again", compact=True)
        yield TextArea(self._sql(found), read_only=True, show_cursor=False, id="sql")
        yield LabelledInput(
            "sql_file",
            _("File for the SQL"),
            self._sql_file,
            hint=_("For a database administrator, who runs it as a login that may create tables."),
        )

    def on_mount(self) -> None:
        """Say what is the case."""
        self._say_state()

    def waits_for(self, found: Look) -> bool:
        """Somebody else may make the tables."""
        return found.state is not State.READY

    async def found_again(self) -> None:
        """Show that, with what can be done about it."""
        await self.recompose()
        self._say_state()
        self.enter()

    async def may_go_on(self) -> bool:
        """Always: whoever has to make the tables may do so later. What is known now is kept."""
        if self.found is not None and self.waits_for(self.found):
            await self.second_look(self.found).wait()
        return await super().may_go_on()

    def enter(self) -> None:
        """Begin with what can be done here, or with the way on."""
        buttons = self.query(Button) or self.screen.query("#next")
        buttons.first().focus()

    @on(Button.Pressed, "#install")
    def _install(self, pressed: Button.Pressed) -> None:
        pressed.stop()
        self.install()

    @on(Button.Pressed, "#again")
    def _again(self, pressed: Button.Pressed) -> None:
        pressed.stop()
        self.look()

    @on(Button.Pressed, "#save")
    def _save(self, pressed: Button.Pressed) -> None:
        pressed.stop()
        self.save()

    @on(Input.Changed, "#sql_file")
    def _named(self, changed: Input.Changed) -> None:
        self._sql_file = changed.value

    @work(group="tables", exclusive=True)
    async def install(self) -> None:
        """Make the tables, in one transaction."""
        found, state = self.found, self.query_one("#state", Note)
        if found is None:
            return
        trial = found.state is State.STRANGE
        state.say(Tone.BUSY, _("The tables are being made …"))
        try:
            made = await asyncio.to_thread(
                gateway.install, self.setup.draft, with_consolidate=trial
            )
        except CalsyncError as error:
            if self.is_attached:
                state.say(Tone.ERROR, str(error))
            return
        told = ngettext("{count} thing was made.", "{count} things were made.", len(made))
        await self._looked(told.format(count=len(made)))

    @work(group="tables", exclusive=True)
    async def look(self) -> None:
        """See whether somebody else has made them."""
        self.query_one("#state", Note).say(Tone.BUSY, _("It is tried …"))
        await self._looked()

    @work(group="tables", exclusive=True)
    async def save(self) -> None:
        """Write the SQL to the file named."""
        text = self.query_one(TextArea).text
        try:
            await asyncio.to_thread(gateway.save, self._sql_file, text)
        except CalsyncError as error:
            self.say("sql_file", Tone.ERROR, str(error))
        else:
            self.say("sql_file", Tone.WELL, _("Saved."))

    async def _looked(self, before: str = "") -> None:
        await self.setup.find_out()
        if not self.is_attached:
            return
        await self.recompose()
        self._say_state(before)
        self.enter()

    def _sql(self, found: Look) -> str:
        return gateway.ddl(found, self.setup.draft)

    def _say_state(self, before: str = "") -> None:
        found = self.found
        if found is None:
            return
        reason = str(found.reason or "")
        said = {
            State.READY: (Tone.WELL, _("calsync's tables are complete in {place}.")),
            State.BARE: (
                Tone.WARNING,
                _(
                    "calsync's tables are missing in {place}. This is what would be run; nothing"
                    " of Consolidate's own is changed but for triggers that notice changes."
                ),
            ),
            State.OLDER: (
                Tone.WARNING,
                _(
                    "calsync's tables in {place} are of an older version. This is what brings them"
                    " up to date; what they hold stays."
                ),
            ),
            State.STRANGE: (
                Tone.WARNING,
                _(
                    "To try calsync out, {place} can be made with the least of Consolidate's"
                    " tables. Never do so where Consolidate itself is to work."
                ),
            ),
            State.READ_ONLY: (
                Tone.WARNING,
                _(
                    "{reason}. Have an administrator of {place} put that right; this is what"
                    " makes the tables."
                ),
            ),
            State.UNREADY: (Tone.WARNING, "{reason}"),
            State.UNUSABLE: (Tone.ERROR, "{reason}"),
        }
        tone, text = said[found.state]
        now = text.format(place=found.place, reason=reason.rstrip("."))
        self.query_one("#state", Note).say(tone, f"{before} {now}".strip())
