"""The top of the window: database, agent, and whether it works with the newest settings."""

from rich.cells import cell_len
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from calsync_agent import datetimes
from calsync_agent.health.overview import Pulse
from calsync_agent.i18n import _, ngettext
from calsync_tui import glyphs

START = "calsync-agent run"
_WIDE = 96
_KINDS = {"postgresql": "PostgreSQL", "mssql": "SQL Server", "sqlite": "SQLite"}


class Header(Widget):
    """Two lines; the left of each is cut where there is no room."""

    DEFAULT_CSS = """
    Header {
        height: 2;
        padding: 0 1;
        background: $panel;
        color: $foreground;
    }
    """

    pulse: reactive[Pulse | None] = reactive(None)

    def __init__(self, place: str, dialect: str) -> None:
        super().__init__()
        self._place = place
        self._kind = _KINDS.get(dialect, dialect)

    def render(self) -> Text:
        """Both lines."""
        width = self.content_size.width
        database = Text.assemble((_("Database"), "bold"), f": {self._place} ({self._kind})")
        if self.pulse is None:
            return _line(database, Text(), width)
        above = _line(database, settings_state(self.pulse, brief=width < _WIDE), width)
        name = Text("calsync" if width >= _WIDE else "")
        return Text("\n").join([above, _line(agent_state(self.pulse), name, width)])


def agent_state(pulse: Pulse) -> Text:
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
        return Text(f"{signs.off} {told}", "bold")
    first = alive[0]
    told = _("Agent running since {time} on {host}, version {version}").format(
        time=datetimes.since(first.started_at, pulse.now), version=first.version, host=first.host
    )
    if len(alive) > 1:
        more = len(alive) - 1
        told += " " + ngettext("and {count} more", "and {count} more", more).format(count=more)
    return Text(f"{signs.well} {told}")


def settings_state(pulse: Pulse, *, brief: bool = False) -> Text:
    """The settings' revision, and whether the agents work with it."""
    told = _("revision {number}").format(number=pulse.settings_revision)
    if pulse.behind:
        told = _("{revision} not taken over yet").format(revision=told)
    elif pulse.alive:
        told = _("{revision} taken over").format(revision=told)
    if not brief:
        told = _("Settings: {revision}").format(revision=told)
    return Text(told, "bold" if pulse.behind else "")


def _line(left: Text, right: Text, width: int) -> Text:
    room = width - cell_len(right.plain) - 1
    left = left.copy()
    if room < cell_len(left.plain):
        left.truncate(max(room, 8), overflow="ellipsis")
    gap = max(width - cell_len(left.plain) - cell_len(right.plain), 1)
    return Text.assemble(left, " " * gap, right)
