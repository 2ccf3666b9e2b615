"""How a line of the log reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType

from calsync_agent import datetimes
from calsync_agent.appointment.model import ProfileId
from calsync_agent.i18n import _, current, marked
from calsync_agent.state.log import Kind, Level
from calsync_tui import glyphs
from calsync_tui.gateway.log import LogLine, Stretch, Whose
from calsync_tui.gateway.status import INWARDS, OUTWARDS
from calsync_tui.themes import role
from calsync_tui.widgets import columns
from calsync_tui.widgets.columns import Column, Placed
from calsync_tui.widgets.lines import Lines
from calsync_tui.widgets.row_buffer import RowBuffer
from calsync_tui.widgets.viewport import View

LEVELS: Final[Mapping[str, str]] = {
    Level.DEBUG: marked("detail"),
    Level.INFO: marked("info"),
    Level.WARNING: marked("Warning"),
    Level.ERROR: marked("ERROR"),
}
KINDS: Final[Mapping[str, str]] = {
    Kind.CREATED: marked("created"),
    Kind.CHANGED: marked("changed"),
    Kind.DELETED: marked("deleted"),
    Kind.LINKED: marked("linked"),
    Kind.CONFLICT: marked("conflict"),
    Kind.SKIPPED: marked("not synced"),
    Kind.HELD: marked("held"),
    Kind.ERROR: marked("trouble"),
    Kind.SYNC: marked("sync"),
    Kind.RELOAD: marked("settings"),
}
_STYLES: Final = {Level.DEBUG: "muted", Level.WARNING: "warning", Level.ERROR: "error"}

WIDE: Final = 100
"""From so many columns on there is room for what is only nice to know."""
_SHORT: Final = len("23.11. 09:15")
_SECONDS: Final = len("23.11. 09:15:03")
_WHOLE: Final = len("23.11.2026 09:15:03")

COLUMNS: Final = (
    Column("time", marked("Time"), _SHORT, _SECONDS),
    Column("sign", "", 2),
    Column("level", marked("Level"), 8, rank=2),
    Column("profile", marked("Profile"), 7, rank=1),
    Column("kind", marked("Kind"), 17, rank=3),
    Column("text", marked("What happened"), 30, stretches=True),
)
_WIDE_COLUMNS: Final = (Column("time", marked("Time"), _WHOLE), *COLUMNS[1:])


def _placed(width: int) -> tuple[Placed, ...]:
    return columns.placed(_WIDE_COLUMNS if width >= WIDE else COLUMNS, width)


class LogLines(Lines[LogLine]):
    """Time, level, profile and sentence of each line; `whose` names the profiles."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "open",
            marked("Story"),
            id="log.story",
            tooltip=marked("What happened to this appointment: all its lines and versions"),
        ),
        Binding(
            "end",
            "last",
            marked("Follow"),
            id="log.follow",
            tooltip=marked("To the newest line; new ones come into sight by themselves"),
        ),
    ]

    def __init__(self, view: View[LogLine], whose: Mapping[ProfileId, Whose]) -> None:
        super().__init__(view, id="log-lines")
        self.whose = whose

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Who follows need not be told how to."""
        del parameters
        return action != "last" or not self.view.following

    def head(self, width: int) -> Text:
        """The headings of the columns."""
        return columns.line([one.heading for one in _placed(width)])

    def draw(self, row: LogLine, width: int) -> Text:
        """One line."""
        style = _STYLES.get(Level(row.level)) if row.level in set(Level) else None
        level = level_of(row)
        code = "" if row.profile is None else code_of(row.profile, self.whose)
        placed = _placed(width)
        time = next(one.width for one in placed if one.column.name == "time")
        cells = {
            "time": self.styled(_time(row.at, time), "muted"),
            "sign": sign_of(row),
            "level": self.styled(level, style) if style else Text(level),
            "profile": Text(code),
            "kind": self.styled(kind_of(row), "muted"),
        }
        told = [one.cell(cells[one.column.name]) for one in placed if one.column.name in cells]
        return columns.line([*told, Text(row.text)])


class _Nothing:
    """Where lines come from until it is known which are wanted."""

    async def look(self, beyond: int, *, forward: bool) -> Stretch:
        del beyond, forward
        return Stretch((), None)

    async def ends(self) -> tuple[int, int]:
        return 0, 0


def empty_view() -> View[LogLine]:
    """A view of nothing yet."""
    return View(RowBuffer(_Nothing()))


def sign_of(row: LogLine) -> Text:
    """What sort of line it is, as one sign in its colour."""
    signs = glyphs.shown()
    if row.level == Level.ERROR:
        return Text(signs.error, role("bad", "bold"))
    match row.kind:
        case Kind.CONFLICT:
            return Text(signs.differs, role("differs", "bold"))
        case Kind.HELD | Kind.SKIPPED:
            return Text(signs.warning, role("differs", "bold"))
        case Kind.LINKED:
            return Text(signs.same, role("muted"))
    if row.level == Level.WARNING:
        return Text(signs.warning, role("differs", "bold"))
    content = row.content or ""
    if OUTWARDS in content:
        return Text(signs.outwards, role("side-c"))
    if INWARDS in content:
        return Text(signs.inwards, role("side-e"))
    return Text(signs.separator, role("muted"))


def brief(row: LogLine) -> str:
    """The sentence, shorter where `sign_of` tells the direction: `changed: Visit`."""
    subject = row.subject
    if subject and row.kind in KINDS and _is_carried(row):
        return f"{kind_of(row)}: {subject}"
    return row.text


def level_of(row: LogLine) -> str:
    """A line's level, for people."""
    return _(LEVELS[row.level]) if row.level in LEVELS else row.level


def kind_of(row: LogLine) -> str:
    """What a line is about, for people."""
    return _(KINDS[row.kind]) if row.kind in KINDS else row.kind


def code_of(profile: ProfileId, whose: Mapping[ProfileId, Whose]) -> str:
    """The employee's code, or the profile's number where it is gone."""
    known = whose.get(profile)
    return known.code if known else f"#{profile}"


def _is_carried(row: LogLine) -> bool:
    content = row.content or ""
    return OUTWARDS in content or INWARDS in content


def _time(at: datetime, width: int) -> str:
    """With the year and the seconds where there is room."""
    if width >= _WHOLE:
        return datetimes.day_and_time(at)
    local = datetimes.local(at)
    day = f"{local:%d.%m.}" if current() == "de" else f"{local:%m-%d}"
    return f"{day} {local:%H:%M:%S}" if width >= _SECONDS else f"{day} {local:%H:%M}"
