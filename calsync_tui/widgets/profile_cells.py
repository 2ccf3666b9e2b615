"""How the list of profiles shows one of them: columns, cells, and the words for its state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.text import Text

from calsync_agent import datetimes
from calsync_agent.health.profiles import ProfileLine, State
from calsync_agent.health.telling import WORDS
from calsync_agent.i18n import _, current, marked
from calsync_agent.visible import visible
from calsync_tui import glyphs
from calsync_tui.themes import role

PROVIDER: Final = "Exchange365"


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `short` is its title where the long one has no room. Both marked."""

    name: str
    title: str
    short: str
    least: int
    most: int
    number: bool = False


COLUMNS: Final = (
    Column("mark", "", "", 4, 4),
    Column("user", marked("Consolidate user"), marked("User"), 16, 24),
    Column("mailbox", marked("External user ID"), marked("Ext. ID"), 10, 37),
    Column("active", marked("Active"), marked("Active"), 7, 7),
    Column("state", marked("State"), marked("State"), 18, 18),
    Column("synced", marked("Last sync"), marked("Sync"), 9, 12),
    Column("linked", marked("Linked"), marked("Lnk."), 6, 10, number=True),
    Column("quarantined", marked("Quarantined"), marked("Qua."), 5, 12, number=True),
    Column("error", marked("Last error"), marked("Last error"), 18, 60),
    Column("provider", marked("Provider"), marked("Provider"), 12, 12),
)
"""In their order; what has no room is reached by scrolling to the right."""

# What is widened first where there is room.
_GROWING: Final = ("user", "mailbox", "synced", "linked", "quarantined", "error")

_STATES: Final[Mapping[State, tuple[str, str]]] = {
    State.PAUSED: ("off", WORDS[State.PAUSED]),
    State.NOT_PERMITTED: ("off", WORDS[State.NOT_PERMITTED]),
    State.NO_MAILBOX: ("error", WORDS[State.NO_MAILBOX]),
    State.DOUBLE: ("error", WORDS[State.DOUBLE]),
    State.HELD: ("warning", WORDS[State.HELD]),
    State.NO_AGENT: ("off", WORDS[State.NO_AGENT]),
    State.FAILING: ("error", WORDS[State.FAILING]),
    State.THROTTLED: ("waiting", WORDS[State.THROTTLED]),
    State.FIRST_SYNC: ("waiting", WORDS[State.FIRST_SYNC]),
    State.WELL: ("well", WORDS[State.WELL]),
}
# Roles of the sign, and of sign and word together.
_SIGNS: Final = {"well": "well"}
_STYLES: Final = {"error": "bad", "warning": "differs", "waiting": "differs", "off": "muted"}


def widths(room: int) -> dict[str, int]:
    """How wide each column is, in a list of so many cells."""
    found = {column.name: column.least for column in COLUMNS}
    left = room - sum(found.values())
    for name in _GROWING:
        column = next(one for one in COLUMNS if one.name == name)
        more = max(0, min(column.most - column.least, left))
        found[name] += more
        left -= more
    return found


def heading(column: Column, width: int) -> Text:
    """The column's title, the long one where it has room."""
    title = _(column.title)
    if len(title) >= width:
        title = _(column.short)
    return _fitted(Text(title), width, right=column.number)


def cells(
    line: ProfileLine, *, chosen: bool, linked: int | None, now: datetime, room: Mapping[str, int]
) -> dict[str, Text]:
    """What stands in each column. `linked`: None while it is not counted yet."""
    error = line.error
    shown = {
        "mark": Text("[x]", "bold") if chosen else Text("[ ]"),
        "user": Text(line.employee.title),
        "mailbox": Text(visible(line.row.mailbox)),
        "active": Text(_("yes") if line.row.active else _("no")),
        "state": state(line.state),
        "synced": Text(_when(line.synced_at, now)),
        "linked": Text("" if linked is None else str(linked)),
        "quarantined": Text(str(line.quarantined), "bold" if line.quarantined else ""),
        "error": Text("" if error is None else " ".join(str(error).split())),
        "provider": Text(PROVIDER),
    }
    return {
        column.name: _fitted(shown[column.name], room[column.name], right=column.number)
        for column in COLUMNS
    }


def state(of: State) -> Text:
    """Sign and word."""
    kind, word = _STATES[of]
    told = Text(f"{getattr(glyphs.shown(), kind)} {_(word)}")
    if kind in _STYLES:
        told.stylize(role(_STYLES[kind]))
    else:
        told.stylize(role(_SIGNS[kind]), 0, 1)
    return told


def state_sign(of: State) -> Text:
    """The sign alone, for beside a word."""
    return state(of)[:1]


def _fitted(text: Text, width: int, *, right: bool) -> Text:
    """Cut with a sign, leaving a cell between it and the next column."""
    room = width - 1
    if text.cell_len > room:
        ellipsis = glyphs.shown().ellipsis
        text.truncate(room - len(ellipsis))
        text.append(ellipsis)
    elif right:
        text.pad_left(room - text.cell_len)
    return text


def _when(moment: datetime | None, now: datetime) -> str:
    """The time of today; the date of any other day."""
    if moment is None:
        return glyphs.shown().horizontal
    if datetimes.local(moment).date() == datetimes.local(now).date():
        return datetimes.clock_time(moment)
    pattern = "%d.%m.%y" if current() == "de" else "%y-%m-%d"
    return f"{datetimes.local(moment):{pattern}}"
