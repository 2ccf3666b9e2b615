"""Is everything there that the sync needs, and where is it put right?"""

from typing import ClassVar, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import _, marked, ngettext
from calsync_tui import glyphs
from calsync_tui.gateway.agent_program import Checked, ReportedStep
from calsync_tui.gateway.door import Gateway
from calsync_tui.screens.translated import TranslatedModal

_TITLES: Final = {
    "settings": marked("Settings file"),
    "database": marked("Database"),
    "tables": marked("Tables of the plugin"),
    "installation": marked("Installation"),
    "consolidate": marked("Consolidate"),
    "provider": marked("Provider"),
    "profiles": marked("Profiles"),
    "sign_in": marked("Sign-in"),
    "credential": marked("Credential"),
    "mailbox": marked("Mailbox"),
    "users": marked("Looking users up"),
}


class CheckScreen(TranslatedModal[None]):
    """Asks the headless program, and shows what it found, what is wrong first.

    Closing it gives the check up. `unsaved`: say that the check looks at what is saved.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,f3,q",
            "app.pop_screen",
            marked("Close"),
            id="check.close",
            tooltip=marked("Back to the page"),
        ),
    ]

    DEFAULT_CSS = """
    CheckScreen {
        align: center middle;

        & > Vertical {
            width: 94%;
            max-width: 110;
            height: 90%;
            padding: 1 2;
            border: round $primary;
            border-title-style: bold;
            background: $surface;
        }
        Static { height: auto; }
        #steps { margin-top: 1; }
    }
    """

    def __init__(self, gateway: Gateway, *, unsaved: bool) -> None:
        super().__init__()
        self._gateway = gateway
        self._unsaved = unsaved

    def compose(self) -> ComposeResult:
        """What goes on, and room for what is found."""
        with Vertical() as box:
            box.border_title = _("Check connection")
            box.border_subtitle = _("Escape closes")
            if self._unsaved:
                note = _("Checked is what is saved; your changes are not.")
                yield Static(f"{glyphs.shown().warning} {note}", markup=False)
            yield Static(_("Signing in and reading …"), id="summary", markup=False)
            with VerticalScroll():
                yield Static("", id="steps")

    def on_mount(self) -> None:
        """Begin at once."""
        self.query_one(VerticalScroll).focus()
        self._check()

    @work(exclusive=True)
    async def _check(self) -> None:
        summary = self.query_one("#summary", Static)
        try:
            found = await self._gateway.check()
        except CalsyncError as error:
            summary.update(f"{glyphs.shown().error} {error}")
            return
        failing = len(found.failing)
        told = ngettext("{count} thing to be put right", "{count} things to be put right", failing)
        summary.update(told.format(count=failing) if failing else _("Everything is in order."))
        self.query_one("#steps", Static).update(steps(found))


def steps(found: Checked) -> Group:
    """All steps, what is wrong first, and the link to the administrator's consent."""
    ordered = sorted(found.steps, key=lambda step: step.ok)
    told = [_step(step) for step in ordered]
    if found.consent_url:
        consent = _("For the tenant's administrator to agree to, in a browser:")
        told.append(Group(Text(consent), Text(found.consent_url)))
    return Group(*told)


def _step(step: ReportedStep) -> Group:
    """An address stands at the line's beginning, so that marking it takes nothing else along."""
    signs = glyphs.shown()
    sign, word = (signs.well, _("all right")) if step.ok else (signs.error, _("wrong"))
    title = _(_TITLES.get(step.name, step.name))
    parts: list[RenderableType] = [
        Text(f"{sign} {title}: {word}", "" if step.ok else "bold"),
        Padding(Text(step.text), (0, 0, 0, 2)),
    ]
    if step.mend:
        parts += [Padding(Text(_("It is put right here:")), (0, 0, 0, 2)), Text(step.mend)]
    return Group(*parts, Text())
