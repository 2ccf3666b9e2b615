"""The top of the window in one line: the pages' names, and how everything stands.

Database, agent and settings are told by F1 and by the tooltip (`about`).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from calsync_agent import datetimes
from calsync_agent.health.overview import Pulse
from calsync_agent.i18n import _, ngettext
from calsync_agent.state.profile_status import Condition
from calsync_tui import glyphs
from calsync_tui.themes import role

START = "calsync-agent run"
_KINDS = {"postgresql": "PostgreSQL", "mssql": "SQL Server", "sqlite": "SQLite"}


@dataclass(frozen=True, slots=True)
class Tab:
    """One page: its name, its title marked for translation, and its digit."""

    name: str
    title: str
    digit: str


class TopBar(Widget):
    """`[1 Status]  2 Provider  …`, and at the right end what should be known on every page.

    Where there is little room, first the words of the health go, then the names of the other pages.
    """

    DEFAULT_CSS = """
    TopBar {
        height: 1;
        background: $panel;
        color: $foreground;
        link-color: $foreground;
        link-background: transparent;
        link-style: none;
        link-color-hover: $foreground;
        link-background-hover: $primary 30%;
        link-style-hover: bold;
    }
    """

    active: reactive[str] = reactive("")
    pulse: reactive[Pulse | None] = reactive(None)

    def __init__(self, tabs: Sequence[Tab], place: str, dialect: str) -> None:
        super().__init__()
        self._tabs = tabs
        self._database = f"{place} ({_KINDS.get(dialect, dialect)})"

    def watch_pulse(self) -> None:
        """What lies under the mouse says more."""
        self.tooltip = Text("\n".join(self.about()))

    def about(self) -> list[str]:
        """Database, agent and settings, a line each."""
        told = [_("Database: {place}").format(place=self._database)]
        if self.pulse is not None:
            told += [agent_state(self.pulse), settings_state(self.pulse)]
        return told

    def render(self) -> Text:
        """The line; each name can be clicked."""
        width = self.size.width
        parts = [] if self.pulse is None else list(health(self.pulse))
        for tabs, told in self._ways(parts):
            if tabs.cell_len + told.cell_len < width:
                break
        gap = max(width - tabs.cell_len - told.cell_len - 1, 1)
        line = Text.assemble(tabs, " " * gap, told, no_wrap=True)
        line.truncate(width)
        return line

    def _ways(self, parts: Sequence[Text]) -> Iterator[tuple[Text, Text]]:
        """What may be shown, the most first."""
        wide, near = self._names(" "), self._names("")
        separator = f" {glyphs.shown().separator} "
        for count in range(len(parts), 0, -1):
            told = Text(separator).join(parts[:count])
            yield wide, told
            yield near, told
        sign = parts[0][: len(glyphs.shown().well)] if parts else Text()
        yield near, sign
        yield self._names("", brief=True), sign

    def _names(self, gap: str, *, brief: bool = False) -> Text:
        return Text(gap).join(self._tab(tab, brief=brief) for tab in self._tabs)

    def _tab(self, tab: Tab, *, brief: bool) -> Text:
        current = tab.name == self.active
        label = tab.digit if brief and not current else f"{tab.digit} {_(tab.title)}"
        told = Text(f"[{label}]" if current else f" {label} ", "bold reverse" if current else "")
        told.stylize(Style(meta={"@click": f"screen.page('{tab.name}')"}))
        return told


def health(pulse: Pulse) -> Iterator[Text]:
    """What should be known on every page, what matters most first; each with its sign."""
    signs = glyphs.shown()
    conditions = Counter(fare.condition for fare in pulse.fares.values())
    failing = conditions[Condition.FAILING]
    if not pulse.alive:
        if pulse.silent:
            last = max(one.seen_at for one in pulse.silent)
            told = _("agent silent since {time}").format(time=datetimes.since(last, pulse.now))
        else:
            told = _("no agent is running")
        yield Text(f"{signs.error} {told}", role("bad", "bold"))
    if failing:
        told = _("{count} failing").format(count=failing)
        yield Text(f"{signs.error} {told}", role("bad", "bold"))
    if pulse.held:
        told = _("{count} held").format(count=pulse.held)
        yield Text(f"{signs.warning} {told}", role("differs", "bold"))
    if pulse.behind:
        told = _("settings not taken over yet")
        yield Text(f"{signs.waiting} {told}", role("differs"))
    if pulse.alive:
        well = Text(signs.well, role("well"))
        yield Text.assemble(well, " ", _("agent running"))


def agent_state(pulse: Pulse) -> str:
    """Whether an agent runs: since when, which version, where; or how to start one."""
    signs = glyphs.shown()
    alive = pulse.alive
    if not alive:
        told = _("No agent is running. Start it with: {command}").format(command=START)
        if pulse.silent:
            last = max(one.seen_at for one in pulse.silent)
            told = _("The agent is silent since {time}. Start it with: {command}").format(
                time=datetimes.since(last, pulse.now), command=START
            )
        return f"{signs.off} {told}"
    first = alive[0]
    told = _("Agent running since {time} on {host}, version {version}").format(
        time=datetimes.since(first.started_at, pulse.now), version=first.version, host=first.host
    )
    if len(alive) > 1:
        more = len(alive) - 1
        told += " " + ngettext("and {count} more", "and {count} more", more).format(count=more)
    return f"{signs.well} {told}"


def settings_state(pulse: Pulse) -> str:
    """The settings' revision, and whether the agents work with it."""
    told = _("revision {number}").format(number=pulse.settings_revision)
    if pulse.behind:
        told = _("{revision} not taken over yet").format(revision=told)
    elif pulse.alive:
        told = _("{revision} taken over").format(revision=told)
    return _("Settings: {revision}").format(revision=told)
