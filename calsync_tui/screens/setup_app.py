"""The third step: how the app signs in to Exchange 365."""

from collections.abc import Mapping
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.widgets import Collapsible, Static

from calsync_agent.config.checks import DAY
from calsync_agent.config.drafting import SettingsDraft
from calsync_agent.health.provider import tenant_problem
from calsync_agent.i18n import _, marked
from calsync_tui import glyphs
from calsync_tui.screens.setup_step import SetupStep, Trial
from calsync_tui.widgets.entry import LabelledInput, Note, Tone

_ADVANCED: Final = ("authority", "graph_url", "ca_file", "proxy")


class AppStep(SetupStep):
    """The app's id, and its secret or its certificate; the rest is for special networks.

    Going on signs in with it. Where that fails it says why; going on once more is up to the admin.
    """

    TITLE: ClassVar[str] = marked("App in Microsoft Entra ID")
    FIELDS: ClassVar[tuple[str, ...]] = (
        "tenant",
        "client_id",
        "client_secret",
        "client_secret_expires",
        "certificate_file",
        *_ADVANCED,
    )

    DEFAULT_CSS = """
    AppStep {
        Collapsible { border-top: none !important; padding: 0; background: $background 0%; }
        Collapsible Contents { padding: 0 0 0 2; }
    }
    """

    def compose(self) -> ComposeResult:
        """The app's fields; the others folded away unless they differ from what is usual."""
        draft, usual = self.setup.draft, SettingsDraft()
        yield Static(
            _(
                "The app needs the application permission Calendars.ReadWrite of Microsoft Graph,"
                " with admin consent, and a client secret or a certificate."
            ),
            classes="said",
            markup=False,
        )
        yield LabelledInput(
            "tenant",
            _("Tenant ID"),
            self.setup.tenant,
            hint=_("In the Azure portal: Directory (tenant) ID. Without it no sign-in is tried."),
        )
        yield LabelledInput(
            "client_id",
            _("Client id"),
            draft.client_id,
            hint=_("In the Azure portal: Application (client) ID."),
        )
        yield LabelledInput(
            "client_secret",
            _("Client secret"),
            draft.client_secret,
            password=True,
            hint=_("Its value, not its id; goes into a file of its own."),
        )
        yield LabelledInput(
            "client_secret_expires",
            _("It ends on"),
            draft.client_secret_expires,
            hint=_("As in {example}; you are told before.").format(example=DAY),
        )
        yield LabelledInput(
            "certificate_file",
            _("or certificate"),
            draft.certificate_file,
            hint=_("PEM: certificate and key, without pass phrase."),
        )
        yield Note(id="trial", markup=False)
        folded = all(getattr(draft, name) == getattr(usual, name) for name in _ADVANCED)
        signs = glyphs.shown()
        with Collapsible(
            title=_("Advanced"),
            collapsed=folded,
            collapsed_symbol=signs.current,
            expanded_symbol=signs.more_below,
        ):
            yield LabelledInput(
                "authority",
                _("Sign-in service"),
                draft.authority,
                hint=_("Others only for national clouds, and for the sandbox."),
            )
            yield LabelledInput("graph_url", _("Microsoft Graph"), draft.graph_url)
            yield LabelledInput(
                "ca_file",
                _("CA file"),
                draft.ca_file,
                hint=_("PEM: authorities to trust besides the usual ones."),
            )
            yield LabelledInput(
                "proxy",
                _("Proxy"),
                draft.proxy,
                hint=_("Empty: as HTTPS_PROXY and NO_PROXY say."),
            )

    def on_mount(self) -> None:
        """Say what came of an earlier attempt."""
        super().on_mount()
        self._tell(self.setup.tried)

    def problems(self) -> Mapping[str, str]:
        """What is wrong with each field; without a tenant the sign-in is not tried."""
        tenant = self.setup.tenant.strip()
        wrong = tenant_problem(tenant) if tenant else None
        found = super().problems()
        return found if wrong is None else {"tenant": str(wrong), **found}

    def typed(self, field: str) -> None:
        """What came of another attempt says nothing of this."""
        del field
        self._tell(self.setup.tried)

    async def may_go_on(self) -> bool:
        """Whether all is right, and the app can sign in; unfolds what is wrong."""
        if any(name in _ADVANCED for name in self.problems()):
            self.query_one(Collapsible).collapsed = False
        if not await super().may_go_on():
            return False
        if not self.setup.tenant.strip() or self.setup.tried is not None:
            return True
        self.query_one("#trial", Note).say(Tone.BUSY, _("Signing in …"))
        trial = await self.setup.sign_in()
        if self.is_attached:
            self._tell(trial)
        return not trial.failed

    def _tell(self, trial: Trial | None) -> None:
        note = self.query_one("#trial", Note)
        if trial is None:
            note.say(Tone.HINT, "")
        elif trial.failed:
            again = _("Put it right, or go on all the same with Next.")
            note.say(Tone.ERROR, f"{trial.failed}\n{again}")
            note.scroll_visible(animate=False)
        else:
            note.say(Tone.WELL, _("The app signs in to {tenant}.").format(tenant=trial.tenant))
