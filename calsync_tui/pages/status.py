"""What needs a person, then how it goes, then who: everything at a glance."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from calsync_agent.health import situation as situations
from calsync_agent.health.overview import Pulse
from calsync_agent.health.problems import Kind
from calsync_agent.health.provider import interval_of
from calsync_agent.health.situation import Health, Situation
from calsync_agent.i18n import _, marked, ngettext
from calsync_tui import glyphs
from calsync_tui.gateway import status
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.explanations import Asked
from calsync_tui.gateway.status import Figures
from calsync_tui.pages import limits, needs, proved_text
from calsync_tui.pages import status_text as text
from calsync_tui.pages.limits import Limit
from calsync_tui.pages.page import LookSoon, Page
from calsync_tui.pages.status_lists import Aside, Latest, Needs, People, in_question
from calsync_tui.screens.profile import ProfileScreen
from calsync_tui.screens.story import StoryScreen
from calsync_tui.themes import role
from calsync_tui.widgets.pane import Pane
from calsync_tui.widgets.row_list import RowList

_HEALTH: Final = timedelta(seconds=10)
_COUNT: Final = timedelta(seconds=5)
_ANSWERED: Final[Mapping[Kind, str]] = {
    Kind.PROVIDER: "provider",
    Kind.DIRECTIONS_OFF: "provider",
    Kind.STANDING_STILL: "provider",
    Kind.ROUND_SLOW: "provider",
    Kind.NO_PROFILE: "profiles",
    Kind.PROFILE_HELD: "profiles",
    Kind.PROFILE_FAILING: "profiles",
}
"""The page on which a problem is answered that is not about one profile."""


class StatusPage(Page):
    """Needs, curves and limits, profiles, latest events; what is set aside where there is room."""

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
        Binding(
            "u",
            "aside",
            marked("Quarantine"),
            id="status.aside",
            tooltip=marked("Show what cannot be synced for now, or the profiles again"),
        ),
        Binding(
            "slash",
            "app.command_palette",
            marked("Search"),
            show=False,
            id="status.search",
            tooltip=marked("Find appointments, people, settings, pages, commands"),
        ),
    ]

    DEFAULT_CSS = """
    StatusPage {
        #needing { display: none; &.-told { display: block; } }
        #mend { height: auto; max-height: 2; color: $muted; }
        #trend { height: 5; }
        #throughput { width: 1fr; height: 5; }
        #limits { width: 48; height: 5; display: none; }
        #middle { height: 1fr; min-height: 3; }
        #who { width: 1fr; height: 100%; }
        #lately { width: 1fr; height: 100%; display: none; }
        #set-aside { height: 40%; display: none; }
        #brief { height: 1; display: none; }
        &.-aside #middle { display: none; }
        &.-aside #set-aside { display: block; height: 1fr; }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self.situation: Situation | None = None
        self._health: tuple[datetime, Health] | None = None
        self._figures: Figures | None = None
        self._behind_since: datetime | None = None

    def compose(self) -> ComposeResult:
        """From what matters most to what is only news."""
        with Pane(id="needing"):
            yield Needs(id="needs")
            yield Static("", id="mend", markup=False)
        with Horizontal(id="trend"):
            with Pane(id="throughput") as pane:
                pane.border_title = _("Throughput, last hour")
                yield Static("", id="curves")
                yield Static("", id="rounds")
            with Pane(id="limits") as pane:
                pane.border_title = _("Limits")
                yield Static("", id="limit-lines")
        with Horizontal(id="middle"):
            with Pane(id="who") as pane:
                pane.border_subtitle = _("Enter: open the profile")
                yield People(id="people")
            with Pane(id="lately") as pane:
                pane.border_title = _("Latest")
                pane.border_subtitle = _("Enter: story, 4: log")
                yield Latest(id="latest")
        with Pane(id="set-aside") as pane:
            pane.border_subtitle = _("r tries the chosen one again")
            yield Aside(id="aside")
            yield Static("", id="reason", markup=False)
        yield Static("", id="brief")

    def enter(self) -> None:
        """What needs a person, else who."""
        told = self.query_one("#needing").has_class("-told")
        self.query_one(Needs if told else People).focus(scroll_visible=False)

    async def translate(self) -> None:
        """Compose again."""
        await super().translate()
        self._show()

    async def refresh_data(self, pulse: Pulse) -> None:
        """Read how everything is, and show it."""
        now = pulse.now
        if self._health is None or now - self._health[0] >= _HEALTH:
            self._health = now, await self.gateway.read(situations.health)
        await self._count(pulse)
        self._behind_since = (self._behind_since or now) if pulse.behind else None
        found = await self.gateway.read(situations.situation(pulse))
        first = self.situation is None
        self.situation = replace(found, health=self._health[1], behind_since=self._behind_since)
        self._show()
        if first and self.screen.focused in {None, self.query_one(People)}:
            self.enter()

    async def _count(self, pulse: Pulse) -> None:
        """What was carried in the last hour; not more often than one can see."""
        seen = self._figures
        if seen is not None:
            same_minute = seen.at.replace(second=0, microsecond=0) == pulse.now.replace(
                second=0, microsecond=0
            )
            if same_minute and (seen.upto == pulse.last_log_id or pulse.now - seen.at < _COUNT):
                return
        self._figures = await self.gateway.read(status.figures(pulse))

    def on_resize(self, event: events.Resize) -> None:
        """Curves and bars are as wide as their panes."""
        del event
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        situation, figures = self.situation, self._figures
        if situation is None or figures is None or not self.is_attached:
            return
        near = list(limits.limits(figures.used, self.gateway.settings))
        self._show_needs(situation, near)
        self._show_figures(situation, figures, near)
        people = self.query_one(People)
        people.now, people.interval = situation.pulse.now, interval_of(situation.provider)
        people.counts, people.proofs = figures.carried.profiles, situation.proofs
        people.show(text.ordered(situation), _first_steps())
        told = ngettext("{count} profile", "{count} profiles", len(situation.profiles))
        title = Text(told.format(count=text.number(len(situation.profiles))))
        if situation.profiles:
            title.append("  ").append_text(text.summary(situation))
        self.query_one("#who", Pane).name_it(title)
        latest = self.query_one(Latest)
        latest.whose = figures.whose
        latest.show(figures.latest, _("Nothing has happened yet."))
        self._show_items(situation)
        self.refresh_bindings()

    def _show_needs(self, situation: Situation, near: list[Limit]) -> None:
        found = needs.needs(situation, near)
        pane, rows = self.query_one("#needing", Pane), self.query_one(Needs)
        told = ngettext("{count} thing needs you", "{count} things need you", len(found))
        pane.border_title = told.format(count=len(found))
        pane.border_subtitle = _("Enter: answer")
        grave = any(one.grave for one in found)
        pane.set_class(grave, "-bad")
        pane.set_class(not grave, "-differs")
        had = rows.has_focus
        pane.set_class(bool(found), "-told")
        rows.now = situation.pulse.now
        rows.show(found)
        self._tell_mend()
        if had and not found:
            self.query_one(People).focus()

    @on(RowList.Moved, "#needs")
    def _tell_mend(self) -> None:
        """What is to be done about the chosen one."""
        need = self.query_one(Needs).current
        told = "" if need is None else f"{glyphs.shown().to} {need.mend}"
        self.query_one("#mend", Static).update(told)

    def _show_figures(self, situation: Situation, figures: Figures, near: list[Limit]) -> None:
        curves = self.query_one("#curves", Static)
        room = curves.size.width or self.query_one("#throughput").size.width
        curves.update(text.throughput(figures.carried, room))
        self.query_one("#rounds", Static).update(text.rounds(situation))
        self.query_one("#throughput", Pane).border_subtitle = proved_text.of_all(situation)
        lines = self.query_one("#limit-lines", Static)
        drawn = (one.drawn(lines.size.width or 44) for one in near)
        lines.update(Text("\n").join(drawn) if near else Text(_("No settings are known here.")))
        self.query_one("#brief", Static).update(text.brief(figures.carried, self.size.width))

    def _show_items(self, situation: Situation) -> None:
        total = sum(one.quarantined for one in situation.profiles)
        told = ngettext(
            "{count} appointment in quarantine", "{count} appointments in quarantine", total
        )
        self.query_one("#set-aside", Pane).border_title = told.format(count=text.number(total))
        self.set_class(bool(situation.items), "-items")
        if not situation.items and self.has_class("-aside"):
            self.action_aside()
        items = self.query_one(Aside)
        items.now = situation.pulse.now
        items.show(situation.items)
        self._tell_reason()

    @on(RowList.Moved, "#aside")
    def _tell_reason(self) -> None:
        """Why the chosen item cannot be synced."""
        item = self.query_one(Aside).current
        told = Text(_("Reason: {reason}").format(reason=item.reason), role("muted")) if item else ""
        self.query_one("#reason", Static).update(told)

    # -- what is asked for --------------------------------------------------------------------

    @on(RowList.Opened, "#people")
    def _open_profile(self) -> None:
        line = self.query_one(People).current
        if line is not None:
            self.app.push_screen(ProfileScreen(self.gateway, line.row.id))

    @on(RowList.Opened, "#latest")
    def _open_story(self) -> None:
        line, figures = self.query_one(Latest).current, self._figures
        if line is not None and figures is not None:
            self.app.push_screen(StoryScreen(self.gateway, line, figures.whose))

    @on(RowList.Opened, "#needs")
    def _answer(self) -> None:
        """Go where the chosen one is answered; what is answered outside is told whole."""
        need = self.query_one(Needs).current
        if need is None:
            return
        if need.kind is Kind.QUARANTINED and len(need.profiles) > 1:
            self.add_class("-aside")
            self.query_one(Aside).focus()
        elif len(need.profiles) == 1:
            self.app.push_screen(ProfileScreen(self.gateway, need.profiles[0]))
        elif need.kind is not None and need.kind in _ANSWERED:
            self.app.call_later(self.screen.run_action, f"page('{_ANSWERED[need.kind]}')")
        else:
            self.notify(f"{need.text}\n\n{need.mend}", markup=False, timeout=20)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now."""
        if action in {"retry", "aside"}:
            return bool(self.situation and self.situation.items)
        return super().check_action(action, parameters)

    def in_question(self) -> Asked:
        """What the row with the focus is about."""
        return in_question(self.query_one(Aside), self.query_one(Latest))

    def action_aside(self) -> None:
        """The quarantine in the place of the profiles, and back."""
        self.toggle_class("-aside")
        self.query_one(Aside if self.has_class("-aside") else People).focus()

    def action_retry(self) -> None:
        """Try the chosen item again at once."""
        self.act(self._retry)

    async def _retry(self) -> None:
        item = self.query_one(Aside).current
        if item is None:
            return
        if await self.gateway.write(status.retry(item.id)):
            self.notify(_("It is tried again with the next round."), markup=False)
        else:
            self.notify(_("It is no longer in quarantine."), markup=False)
        self.post_message(LookSoon())


def _first_steps() -> str:
    """What stands in the place of profiles while there is none."""
    return _("No profiles yet: 2 set up the provider, 3 add profiles (a adds one)")
