"""The tenant and how it is synced: edited, checked as typed, saved for the running agent."""

from dataclasses import replace
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Static

from calsync_agent.errors import CalsyncError
from calsync_agent.health import provider as stored
from calsync_agent.health.overview import Pulse
from calsync_agent.health.provider import Row
from calsync_agent.i18n import _, marked, ngettext
from calsync_tui import glyphs
from calsync_tui.gateway import provider
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.provider import Changed, Saved
from calsync_tui.pages import provider_text as text
from calsync_tui.pages.page import LookSoon, Page
from calsync_tui.pages.provider_editing import Editing
from calsync_tui.pages.provider_form import ProviderForm
from calsync_tui.screens.check import CheckScreen
from calsync_tui.screens.settings import SettingsScreen

_SOON: Final = 0.2  # seconds until it is looked again whether an agent has taken the settings over


class ProviderPage(Page):
    """What is typed is a draft over the row as it was last seen (`provider_editing`)."""

    NAME: ClassVar[str] = "provider"
    TITLE: ClassVar[str] = marked("Provider")
    KEYS: ClassVar[str] = "2,f6"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s",
            "save",
            marked("Save"),
            id="provider.save",
            tooltip=marked("Save the changes; the running agent takes them over at once"),
        ),
        Binding(
            "escape",
            "discard",
            marked("Discard"),
            id="provider.discard",
            tooltip=marked("Take the changes back"),
        ),
        Binding(
            "f3",
            "check",
            marked("Check"),
            id="provider.check",
            tooltip=marked("Sign in with the saved settings and say what is missing"),
        ),
        Binding(
            "f2",
            "settings",
            marked("Settings"),
            id="provider.settings",
            tooltip=marked("Change the settings file: app, database, limits, alerts"),
        ),
        Binding(
            "f4",
            "copy",
            marked("Copy the link"),
            show=False,
            id="provider.copy",
            tooltip=marked("For the administrator's consent"),
        ),
    ]

    DEFAULT_CSS = """
    ProviderPage {
        VerticalScroll { height: 1fr; }
        .buttons { height: auto; margin-top: 1; }
        Button { margin-right: 2; }
        #standing { width: 1fr; text-style: bold; }
        #told, #consent { margin-top: 1; height: auto; display: none; &.-told { display: block; } }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self.editing = Editing()
        self._known: int | None = None
        """The settings revision at which the row was last read."""
        self._tried = False
        self._saved: Saved | None = None
        self._failed: CalsyncError | None = None
        """Why the last attempt to save came to nothing."""

    def compose(self) -> ComposeResult:
        """The form as the draft stands."""
        with VerticalScroll(can_focus=False):
            yield ProviderForm(self.editing.draft)
            with Horizontal(classes="buttons"):
                yield Button(_("Save changes"), id="save", variant="primary", compact=True)
                yield Button(_("Check connection"), id="check", compact=True)
                yield Static("", id="standing", markup=False)
            yield Static("", id="told", markup=False)
            yield Static("", id="consent", markup=False)

    def on_mount(self) -> None:
        """Say what there is to say."""
        self._tell()

    async def translate(self) -> None:
        """Compose again from the draft."""
        await super().translate()
        self._tell()

    async def refresh_data(self, pulse: Pulse) -> None:
        """Read the row where anything was changed; tell whether agents have taken it over."""
        if pulse.settings_revision != self._known:
            row = await self.gateway.read(stored.read)
            self._follow(row, pulse.settings_revision)
        self._tell()
        if self._saved is not None and pulse.behind:
            self.set_timer(_SOON, self._look_soon)

    def _look_soon(self) -> None:
        self.post_message(LookSoon())

    def _follow(self, row: Row | None, revision: int) -> None:
        """The row is now like this, whoever made it so."""
        first = self._known is None
        self._known = revision
        before, self.editing = self.editing, self.editing.followed(row)
        if first:
            proposed = self.gateway.proposed_tenant if row is None else ""
            draft = self.editing.draft
            self.editing = Editing(row, replace(draft, tenant_id=draft.tenant_id or proposed))
        elif self.editing != before:
            self._saved = None
        self.query_one(ProviderForm).fill(self.editing.draft)
        if first and self.screen.focused in (None, self):
            self.enter()

    def enter(self) -> None:
        """In a new form one begins with the first field: what is typed there is no command."""
        if self._known is not None and self.editing.base is None:
            self.query_one("#tenant_id").focus(scroll_visible=False)
        else:
            super().enter()

    @on(ProviderForm.Edited)
    def _edited(self, event: ProviderForm.Edited) -> None:
        if getattr(self.editing.draft, event.field) == event.value:
            return
        self.editing = self.editing.edited(event.field, event.value)
        self._failed = None
        if self.editing.changed:
            self._saved = None
        self._tell()

    def _tell(self) -> None:
        """Notes at the fields, buttons, and what came of saving."""
        editing = self.editing
        self.query_one(ProviderForm).tell(editing, self._problems())
        count = len(editing.changed)
        self.query_one("#save", Button).disabled = not count
        standing = ngettext("{count} unsaved change", "{count} unsaved changes", count)
        self.query_one("#standing", Static).update(standing.format(count=count) if count else "")
        self._show("#told", self._outcome())
        told = _("For the tenant's administrator to agree to, in a browser (F4 copies it):")
        self._show("#consent", f"{told}\n{self._link}" if self._link else "")
        self.refresh_bindings()

    def _show(self, where: str, told: str) -> None:
        static = self.query_one(where, Static)
        static.update(told)
        static.set_class(bool(told), "-told")

    def _problems(self) -> dict[str, str]:
        found = {name: str(told) for name, told in stored.problems(self.editing.draft).items()}
        # Nobody has done anything wrong in a field where nothing was typed yet.
        if not (self._tried or self.editing.base or self.editing.draft.tenant_id):
            found.pop("tenant_id", None)
        return found

    @property
    def _link(self) -> str:
        return provider.consent_url(self.gateway.settings, self.editing.draft.tenant_id)

    def _outcome(self) -> str:
        if self._failed is not None:
            told = _("Not saved: {reason}").format(reason=self._failed)
            return f"{glyphs.shown().error} {told}"
        if self._saved is not None:
            return text.outcome(self._saved, self.pulse)
        if self.editing.moved:
            return text.somebody(self.editing)
        if self.editing.base is None and self._known is not None:
            return _("There is no provider yet; saving creates it.")
        return ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now."""
        match action:
            case "save" | "discard":
                return bool(self.editing.changed)
            case "settings":
                return self.gateway.settings is not None
            case "copy":
                return bool(self._link)
            case _:
                return super().check_action(action, parameters)

    @on(Button.Pressed, "#save")
    def action_save(self) -> None:
        """Save, unless something is wrong."""
        self.act(self._save)

    async def _save(self) -> bool:
        """Whether it is saved; if not, the page says why."""
        self._tried, self._failed = True, None
        problems = stored.problems(self.editing.draft)
        if problems:
            self._tell()
            wrong = next(name for name in stored.FIELDS if name in problems)
            self.query_one(f"#{wrong}").focus()
            return False
        try:
            return await self._write()
        except CalsyncError as error:
            self._failed = error
            self._tell()
            return False

    async def _write(self) -> bool:
        """Whether it is saved. Asks where somebody else has changed the same."""
        while await self._agreed():
            draft = self.editing.draft
            result = await self.gateway.write(provider.save(self.editing.base, draft))
            match result:
                case Saved():
                    self.editing = self.editing.saved(result.row, draft)
                    self._known, self._saved, self._tried = result.revision, result, False
                    self.query_one(ProviderForm).fill(self.editing.draft)
                    self._tell()
                    self._look_soon()
                    return True
                case Changed():
                    self.editing = self.editing.followed(result.row)
                    self.query_one(ProviderForm).fill(self.editing.draft)
                    self._tell()
        return False

    async def _agreed(self) -> bool:
        """Whether there is something to save that nobody else has changed, or the admin insists."""
        if self.editing.contested:
            answer = await self.app.push_screen_wait(text.contested(self.editing))
            if answer not in {text.MINE, text.THEIRS}:
                return False
            self.editing = self.editing.decided(theirs=answer == text.THEIRS)
            self.query_one(ProviderForm).fill(self.editing.draft)
            self._tell()
        return bool(self.editing.changed)

    def action_discard(self) -> None:
        """Take the changes back, if that is meant."""
        self.act(self._discard)

    async def _discard(self) -> None:
        answer = await self.app.push_screen_wait(text.discarding(self.editing))
        if answer == text.DISCARD:
            self._take_back()

    def _take_back(self) -> None:
        self.editing = self.editing.discarded()
        self._tried, self._failed = False, None
        self.query_one(ProviderForm).fill(self.editing.draft)
        self._tell()

    async def may_leave(self) -> bool:
        """Asks where something is unsaved."""
        if not self.editing.changed:
            return True
        answer = await self.app.push_screen_wait(text.leaving(self.editing))
        if answer == text.SAVE:
            return await self._save()
        if answer == text.DISCARD:
            self._take_back()
        return answer == text.DISCARD

    @on(Button.Pressed, "#check")
    def action_check(self) -> None:
        """Sign in with what is saved, and say what is missing."""
        self.app.push_screen(CheckScreen(self.gateway, unsaved=bool(self.editing.changed)))

    def action_settings(self) -> None:
        """The settings file."""
        settings = self.gateway.settings
        if settings is not None:
            tenant = self.editing.stored.tenant_id
            self.app.push_screen(SettingsScreen(self.gateway, settings, tenant))

    def action_copy(self) -> None:
        """Put the link into the clipboard of whoever sits there, as far as the terminal lets us."""
        self.app.copy_to_clipboard(self._link)
        told = _("The link is in the clipboard, if this terminal allows it; else mark it (Shift).")
        self.notify(told, markup=False)
