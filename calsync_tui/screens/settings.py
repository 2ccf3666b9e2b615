"""The settings file, changed where it is: tried out before it is saved, its comments kept."""

import asyncio
from collections.abc import Mapping
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from calsync_agent.config import editing, reading, writing
from calsync_agent.config.editing import Change
from calsync_agent.config.settings import Settings
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import Message, _, marked, ngettext
from calsync_tui.gateway import settings_file
from calsync_tui.gateway.door import Gateway
from calsync_tui.screens.confirmation import STAY, Confirmation, DialogButton
from calsync_tui.screens.settings_fields import FIELDS, GROUPS
from calsync_tui.screens.translated import TranslatedScreen
from calsync_tui.widgets.choice import Choice
from calsync_tui.widgets.entry import LabelledInput, Note, Tone
from calsync_tui.widgets.field import Field
from calsync_tui.widgets.footer import FittingFooter

_SOON: Final = 0.4
"""Seconds without typing until it is said what is wrong."""


class SettingsScreen(TranslatedScreen[None]):
    """`tenant`: of the provider, for signing in. Saving tries what has changed first."""

    HELP_TITLE: ClassVar[str] = marked("Settings")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s",
            "save",
            marked("Save"),
            id="settings.save",
            tooltip=marked("Try what has changed, then write it; the agent takes it over at once"),
        ),
        Binding(
            "f3",
            "try_out",
            marked("Try"),
            id="settings.try",
            tooltip=marked("Sign in with what stands here, and write nothing"),
        ),
        Binding(
            "f4",
            "test",
            marked("Test message"),
            id="settings.test",
            tooltip=marked("Send a test message through each channel that stands here"),
        ),
        Binding(
            "escape",
            "back",
            marked("Back"),
            id="settings.back",
            tooltip=marked("Back to the page; asks where something is unsaved"),
        ),
    ]

    DEFAULT_CSS = """
    SettingsScreen {
        #settings { height: 1fr; padding: 0 2; }
        #where {
            color: $text-muted;
            height: 1;
            padding: 0 2;
            text-wrap: nowrap;
            text-overflow: ellipsis;
        }
        .group { text-style: bold; color: $primary; margin-top: 1; }
        LabelledInput Label { width: 24; }
        LabelledInput Note { margin-left: 24; }
        Field { margin-bottom: 0; .label { width: 24; } }
        #standing { height: auto; max-height: 6; padding: 0 2; }
    }
    """

    def __init__(self, gateway: Gateway, settings: Settings, tenant: str, at: str = "") -> None:
        super().__init__()
        self._gateway = gateway
        self._path = settings.path
        self._tenant = tenant
        self._at = at
        keys = [field.key for field in FIELDS]
        self._before = settings_file.read(self._path, keys)
        self._now = dict(self._before)
        self._wrong: Mapping[str, Message] = {}

    def compose(self) -> ComposeResult:
        """A line for each key, in groups."""
        said = _("Settings: {path}").format(path=self._path)
        yield Static(said, id="where", markup=False)
        with VerticalScroll(id="settings", can_focus=False):
            for title, group in GROUPS:
                with Vertical() as box:
                    box.styles.height = "auto"
                    yield Static(_(title), classes="group", markup=False)
                    for field in group:
                        value = self._now[field.key]
                        if field.choices:
                            choice = Choice(
                                {one: one for one in field.choices}, value=value, name=field.id
                            )
                            yield Field(_(field.label), choice, name=field.id)
                        else:
                            yield LabelledInput(
                                field.id,
                                _(field.label),
                                value,
                                hint=_(field.hint) if field.hint else "",
                                password=field.secret,
                            )
        yield Note(id="standing", markup=False)
        yield FittingFooter()

    def on_mount(self) -> None:
        """Begin where it was asked for, or with the first field."""
        first = next((one.id for one in FIELDS if one.key == self._at), FIELDS[0].id)
        self.query_one(f"#{first}").focus()
        unwritable = writing.unwritable(self._path)
        if unwritable is not None:
            self._say(Tone.WARNING, str(unwritable))

    @property
    def change(self) -> Change:
        """What is not as it stands in the file."""
        return settings_file.change(self._before, self._now)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._entered(event.input.id or "", event.value)

    @on(Choice.Changed)
    def _chosen(self, event: Choice.Changed) -> None:
        self._entered(event.choice.id or "", event.value)

    def _entered(self, name: str, value: str) -> None:
        key = next((one.key for one in FIELDS if one.id == name), None)
        if key is None or self._now[key] == value:
            return
        self._now[key] = value
        made = self.change
        count = len(made.values) + len(made.secrets)
        text = ngettext("{count} unsaved change", "{count} unsaved changes", count)
        self._say(Tone.HINT, text.format(count=count) if count else "")
        self.look()

    @work(group="look", exclusive=True)
    async def look(self) -> None:
        """Say at the fields what is wrong, once nothing more is typed."""
        await asyncio.sleep(_SOON)
        try:
            wrong = await asyncio.to_thread(settings_file.look, self._path, self.change)
        except CalsyncError as error:
            self._say(Tone.ERROR, str(error))
            return
        self._show(wrong)

    def _show(self, wrong: Mapping[str, Message]) -> None:
        if not self.is_attached:
            return
        self._wrong = wrong
        for field in FIELDS:
            text = str(wrong[field.key]) if field.key in wrong else ""
            for entry in self.query(LabelledInput):
                if entry.name == field.id:
                    entry.say(Tone.ERROR if text else Tone.HINT, text)

    def _say(self, tone: Tone, text: str) -> None:
        for note in self.query("#standing").results(Note):
            note.say(tone, text)

    @work(group="act", exclusive=True)
    async def action_save(self) -> None:
        """Try what has changed; write it where that went well, or all the same on consent."""
        made = self.change
        if not made:
            self._say(Tone.HINT, _("Nothing has changed."))
            return
        failed = await self._try(made)
        if failed is None:
            return
        if failed:
            question = Confirmation(
                _("Save all the same?"),
                failed,
                [DialogButton("save", _("Save"), grave=True)],
                back=_("Go on editing"),
            )
            if await self.app.push_screen_wait(question) == STAY:
                return
        try:
            await asyncio.to_thread(editing.save, self._path, made)
            self._gateway.settings = await asyncio.to_thread(reading.read, self._path)
        except CalsyncError as error:
            self._say(Tone.ERROR, str(error))
            return
        self._before = settings_file.read(self._path, list(self._now))
        self._now |= dict.fromkeys(made.secrets, "")
        for field in FIELDS:
            if field.key in made.secrets:
                self.query_one(f"#{field.id}", Input).value = ""
        told = _("Saved; a running agent takes it over within a second.")
        if any(key.startswith("database.") for key in (*made.values, *made.secrets)):
            told = _("Saved. Begin this program anew to look into the other database.")
        self._say(Tone.WELL, told)

    @work(group="act", exclusive=True)
    async def action_try_out(self) -> None:
        """Sign in with what stands here."""
        everything = self.change
        failed = await self._try(everything, always=True)
        if failed == "":
            self._say(Tone.WELL, _("The settings are right, and the app can sign in."))

    @work(group="act", exclusive=True)
    async def action_test(self) -> None:
        """Send a test message through each channel."""
        self._say(Tone.BUSY, _("A test message is sent …"))
        try:
            steps = await settings_file.told(self._path, self.change, self._gateway.program)
        except CalsyncError as error:
            self._say(Tone.ERROR, str(error))
            return
        tone = Tone.WELL if all(step.ok for step in steps) else Tone.ERROR
        self._say(tone, "\n".join(step.text for step in steps))

    async def _try(self, made: Change, *, always: bool = False) -> str | None:
        """Why it does not work, empty where it does; None where it cannot be saved at all."""
        self._say(Tone.BUSY, _("It is tried …"))
        try:
            tried = await settings_file.tried(
                self._path, made, self._tenant, self._gateway.program, always=always
            )
        except CalsyncError as error:
            self._say(Tone.WARNING, str(error))
            return str(error)
        self._show(tried.wrong)
        if tried.wrong:
            first = next((one for one in FIELDS if one.key in tried.wrong), None)
            if first is not None:
                self.query_one(f"#{first.id}").focus()
            told = "\n".join(f"{key}: {text}" for key, text in tried.wrong.items())
            self._say(Tone.ERROR, told)
            return None
        failing = "\n".join(step.text for step in tried.steps if not step.ok)
        self._say(Tone.ERROR if failing else Tone.HINT, failing)
        return failing

    @work(group="back", exclusive=True)
    async def action_back(self) -> None:
        """Back, unless something is unsaved and wants to be stayed with."""
        if self.change:
            question = Confirmation(
                _("Unsaved changes"),
                _("What was entered here is not saved."),
                [DialogButton("discard", _("Discard"), grave=True)],
                back=_("Go on editing"),
            )
            if await self.app.push_screen_wait(question) == STAY:
                return
        self.dismiss(None)
