"""Everything at a glance, and what is not as it should be."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Static

from calsync_agent.health import situation as situations
from calsync_agent.health.overview import Pulse
from calsync_agent.health.situation import Health, Situation
from calsync_agent.i18n import _, marked, ngettext
from calsync_tui.gateway import status
from calsync_tui.gateway.door import Gateway
from calsync_tui.pages import status_text as text
from calsync_tui.pages.page import LookSoon, Page
from calsync_tui.widgets.table import LiveTable

_HEALTH: Final = timedelta(seconds=10)
_COUNT: Final = timedelta(seconds=5)


class StatusPage(Page):
    """Problems, figures, profiles, and what is in quarantine."""

    NAME: ClassVar[str] = "status"
    TITLE: ClassVar[str] = marked("Status")
    KEYS: ClassVar[str] = "1,f5"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r",
            "retry",
            marked("Retry"),
            id="status.retry",
            tooltip=marked("Try the quarantined item again at once"),
        ),
    ]

    DEFAULT_CSS = """
    StatusPage {
        padding: 0 2;
        #problems { height: auto; max-height: 35%; margin-bottom: 1; }
        #figures { height: auto; margin-bottom: 1; }
        .title { height: auto; text-style: bold; }
        #profiles-at-a-glance { height: 1fr; min-height: 4; }
        #quarantine { max-height: 40%; display: none; &.-told { display: block; } }
        #quarantined { display: none; &.-told { display: block; } }
        #reason { height: auto; max-height: 3; display: none; &.-told { display: block; } }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self.situation: Situation | None = None
        self._health: tuple[datetime, Health] | None = None
        self._carried: tuple[int, ...] = ()
        self._counted: tuple[datetime, int] | None = None
        """When, and at which line of the log, it was counted what was carried."""
        self._behind_since: datetime | None = None

    def compose(self) -> ComposeResult:
        """Problems above, tables below."""
        with VerticalScroll(id="problems", can_focus=False):
            yield Static("", id="problem-lines")
        yield Static("", id="figures")
        yield Static("", id="summary", classes="title")
        yield LiveTable(name="profiles-at-a-glance")
        yield Static("", id="quarantined", classes="title", markup=False)
        yield LiveTable(name="quarantine")
        yield Static("", id="reason", markup=False)

    def on_mount(self) -> None:
        """The tables' columns."""
        self._columns()

    async def translate(self) -> None:
        """Compose again."""
        await super().translate()
        self._columns()

    def _columns(self) -> None:
        profiles = self.query_one("#profiles-at-a-glance", LiveTable)
        profiles.add_columns(
            _("Profile"), _("State"), _("Held"), _("Quarantined"), _("Last in step")
        )
        items = self.query_one("#quarantine", LiveTable)
        items.add_columns(_("Profile"), _("Appointment"), _("Since"), _("Next attempt"))

    async def refresh_data(self, pulse: Pulse) -> None:
        """Read how everything is, and show it."""
        now = pulse.now
        if self._health is None or now - self._health[0] >= _HEALTH:
            self._health = now, await self.gateway.read(situations.health)
        await self._count(pulse)
        self._behind_since = (self._behind_since or now) if pulse.behind else None
        found = await self.gateway.read(situations.situation(pulse))
        self.situation = replace(found, health=self._health[1], behind_since=self._behind_since)
        self._show(self.situation)

    async def _count(self, pulse: Pulse) -> None:
        """What was carried in the last hour; not more often than one can see."""
        if self._counted is not None:
            when, line = self._counted
            same_minute = when.replace(second=0, microsecond=0) == pulse.now.replace(
                second=0, microsecond=0
            )
            if same_minute and (line == pulse.last_log_id or pulse.now - when < _COUNT):
                return
        self._carried = await self.gateway.read(status.carried(pulse.now))
        self._counted = pulse.now, pulse.last_log_id

    def _show(self, situation: Situation) -> None:
        self.query_one("#problem-lines", Static).update(text.problem_lines(situation))
        self.query_one("#figures", Static).update(text.figures(situation, self._carried))
        self.query_one("#summary", Static).update(text.summary(situation))
        profiles = self.query_one("#profiles-at-a-glance", LiveTable)
        profiles.show(text.profile_rows(situation))
        profiles.set_class(bool(situation.profiles), "-told")
        self._show_items(situation)
        self.refresh_bindings()

    def _show_items(self, situation: Situation) -> None:
        total = sum(one.quarantined for one in situation.profiles)
        told = ngettext(
            "{count} appointment in quarantine (r tries the chosen one again)",
            "{count} appointments in quarantine (r tries the chosen one again)",
            total,
        )
        title = self.query_one("#quarantined", Static)
        title.update(told.format(count=text.number(total)))
        title.set_class(bool(situation.items), "-told")
        items = self.query_one("#quarantine", LiveTable)
        items.show(text.item_rows(situation.items, situation.pulse.now))
        items.set_class(bool(situation.items), "-told")
        self._tell_reason()

    @on(DataTable.RowHighlighted, "#quarantine")
    def _tell_reason(self) -> None:
        """Why the chosen item cannot be synced."""
        chosen = self.query_one("#quarantine", LiveTable).chosen
        items = self.situation.items if self.situation else ()
        item = next((one for one in items if str(one.id) == chosen), None)
        reason = self.query_one("#reason", Static)
        told = _("Reason: {reason}").format(reason=item.reason) if item else ""
        reason.update(told)
        reason.set_class(bool(told), "-told")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now."""
        if action == "retry":
            return bool(self.situation and self.situation.items)
        return super().check_action(action, parameters)

    def action_retry(self) -> None:
        """Try the chosen item again at once."""
        self.act(self._retry)

    async def _retry(self) -> None:
        chosen = self.query_one("#quarantine", LiveTable).chosen
        if chosen is None:
            return
        if await self.gateway.write(status.retry(int(chosen))):
            self.notify(_("It is tried again with the next round."), markup=False)
        else:
            self.notify(_("It is no longer in quarantine."), markup=False)
        self.post_message(LookSoon())
