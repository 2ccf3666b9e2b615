"""How the list of profiles shows one of them: columns, cells, and the words for its state."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from calsync_agent import datetimes
from calsync_agent.health.profiles import ProfileLine, Row, State
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
    Column("user", marked("Consolidate user"), marked("User"), 15, 40),
    Column("mailbox", marked("External user ID"), marked("Ext. ID"), 10, 60),
    Column("active", marked("Active"), marked("Active"), 7, 7),
    Column("state", marked("State"), marked("State"), 18, 18),
    Column("ways", marked("Direction"), marked("Direction"), 17, 28),
    Column("synced", marked("Last sync"), marked("Sync"), 9, 12),
    Column("linked", marked("Linked"), marked("Lnk."), 6, 10, number=True),
    Column("quarantined", marked("Quarantined"), marked("Qua."), 5, 12, number=True),
    Column("error", marked("Last error"), marked("Last error"), 14, 200),
    Column("provider", marked("Provider"), marked("Provider"), 12, 12),
)
"""In their order."""

_FIRST: Final = ("mark", "user", "state", "synced", "mailbox", "error")
"""The columns that are there as long as there is room for them, in the order of their weight."""

_TELLING: Final = 40

_THEN: Final = (
    "user",
    "quarantined",
    "mailbox",
    "error",
    "linked",
    "active",
    "ways",
    "ways",
    "provider",
    "synced",
    "linked",
    "quarantined",
)
"""What is done with the room that is left: a column comes, or one that is there is widened up to
what it holds, so that no name is cut beside something less important."""

_WAYS: Final[Mapping[tuple[object, object], str]] = {
    (True, True): marked("both ways"),
    (True, False): marked("to Exchange"),
    (False, True): marked("to Consolidate"),
    (False, False): marked("neither way"),
}

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


def widths(room: int, needs: Mapping[str, int]) -> dict[str, int]:
    """How wide each column is that a list of so many cells has room for.

    `needs`: how long what stands in a column is at most, where that is known.
    """
    columns = {column.name: column for column in COLUMNS}
    found: dict[str, int] = {}
    left = room
    for name in _FIRST:
        if columns[name].least > left and name not in _FIRST[:2]:
            break
        found[name] = columns[name].least
        left -= found[name]
    for name in _THEN:
        column = columns[name]
        if name in found:
            wanted = min(column.most, needs.get(name, column.most) + 1)
            more = max(0, min(wanted - found[name], left))
        else:
            more = column.least if column.least <= left else 0
        if more:
            found[name] = found.get(name, 0) + more
            left -= more
    last = "error" if "error" in found else "user"
    found[last] += max(0, left)
    return {name: found[name] for name in columns if name in found}


def needs(lines: Iterable[ProfileLine]) -> dict[str, int]:
    """How long what the columns with texts hold is; of errors not more than tells them apart."""
    user = mailbox = error = own = 0
    for line in lines:
        user = max(user, cell_len(line.employee.title))
        mailbox = max(mailbox, cell_len(visible(line.row.mailbox)))
        own = max(own, cell_len(ways(line.row)))
        if line.error is not None:
            error = min(_TELLING, max(error, cell_len(str(line.error))))
    return {"user": user, "mailbox": mailbox, "error": error, "ways": own}


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
        "ways": Text(ways(line.row)),
        "synced": Text(_when(line.synced_at, now)),
        "linked": Text("" if linked is None else str(linked)),
        "quarantined": Text(str(line.quarantined), "bold" if line.quarantined else ""),
        "error": Text("" if error is None else " ".join(str(error).split())),
        "provider": Text(PROVIDER),
    }
    return {
        column.name: _fitted(shown[column.name], room[column.name], right=column.number)
        for column in COLUMNS
        if column.name in room
    }


def ways(row: Row) -> str:
    """Which ways the profile is synced, where that is its own affair; and its own window (A7)."""
    told = []
    if row.inbound is not None or row.outbound is not None:
        told.append(_(_WAYS.get((row.outbound, row.inbound), marked("partly own"))))
    if row.past_months is not None or row.future_months is not None:
        past, future = (
            "~" if months is None else str(months)
            for months in (row.past_months, row.future_months)
        )
        told.append(f"-{past} +{future}")
    return " ".join(told)


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
