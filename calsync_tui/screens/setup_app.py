"""The third step: how the app signs in to Exchange 365."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Collapsible, Static

from calsync_agent.config.drafting import SettingsDraft
from calsync_agent.i18n import _, marked
from calsync_tui import glyphs
from calsync_tui.screens.setup_step import SetupStep
from calsync_tui.widgets.entry import LabelledInput

_ADVANCED = ("authority", "graph_url", "ca_file", "proxy")


class AppStep(SetupStep):
    """The app's id, and its secret or its certificate; the rest is for special networks."""

    TITLE: ClassVar[str] = marked("App in Microsoft Entra ID")
    FIELDS: ClassVar[tuple[str, ...]] = (
        "client_id",
        "client_secret",
        "certificate_file",
        *_ADVANCED,
    )

    DEFAULT_CSS = """
    AppStep {
        Collapsible { border-top: none; padding: 0; background: $background 0%; }
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
            "certificate_file",
            _("or certificate"),
            draft.certificate_file,
            hint=_("PEM: certificate and key, without pass phrase."),
        )
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

    async def may_go_on(self) -> bool:
        """Whether all is right; unfolds what is wrong."""
        if any(name in _ADVANCED for name in self.problems()):
            self.query_one(Collapsible).collapsed = False
        return await super().may_go_on()
