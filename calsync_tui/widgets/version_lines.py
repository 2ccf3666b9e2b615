"""How a kept version reads in a list."""

from collections.abc import Mapping
from typing import ClassVar, Final

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from calsync_agent import datetimes
from calsync_agent.appointment.model import ProfileId
from calsync_agent.domain.version import Side
from calsync_agent.i18n import marked
from calsync_tui.gateway.history import Kept, Versions
from calsync_tui.gateway.log import Whose
from calsync_tui.widgets import columns
from calsync_tui.widgets.columns import Column
from calsync_tui.widgets.lines import Lines
from calsync_tui.widgets.log_lines import code_of
from calsync_tui.widgets.row_buffer import RowBuffer
from calsync_tui.widgets.viewport import View

MARK_WIDTH: Final = 2
"""Cells of the sign for the current row and of the mark."""
COLUMNS: Final = (
    Column("time", marked("Lost at"), len("23.11.2026 09:15:03")),
    Column("profile", marked("Profile"), 7),
    Column("side", marked("Version of"), 12, rank=1),
    Column("rule", marked("Why"), 34, rank=2),
    Column("subject", marked("Subject"), 20, stretches=True),
)


class VersionLines(Lines[Kept]):
    """When, whose, which side's, what, and why it was lost."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "open",
            marked("Compare"),
            id="history.compare",
            tooltip=marked("Go to the comparison, to scroll in it"),
        ),
        Binding(
            "space",
            "mark",
            marked("Mark"),
            id="history.mark",
            tooltip=marked("Mark the version, to restore several at once"),
        ),
        Binding(
            "shift+down",
            "mark_on(1)",
            marked("Mark on"),
            id="history.mark_down",
            show=False,
            tooltip=marked("Mark rows from here downwards"),
        ),
        Binding(
            "shift+up",
            "mark_on(-1)",
            marked("Mark back"),
            id="history.mark_up",
            show=False,
            tooltip=marked("Mark rows from here upwards"),
        ),
    ]

    class Marked(Message):
        """Somebody marked versions, or took marks away."""

    def __init__(self, view: View[Kept], whose: Mapping[ProfileId, Whose], marks: set[int]) -> None:
        super().__init__(view, id="history-lines")
        self.whose = whose
        self.marks = marks
        """The numbers of those chosen; whoever made the list owns them."""

    def is_marked(self, row: Kept) -> bool:
        """Whether it is one of those chosen."""
        return row.version.id in self.marks

    def action_mark(self) -> None:
        """Mark the current one, or take its mark away, and go on to the next."""
        self._toggle()
        self.action_move(1)

    def action_mark_on(self, by: int) -> None:
        """Mark the current one and the next."""
        for step in (0, by):
            self.view.move(step)
            if self.view.current is not None:
                self.marks.add(self.view.current.version.id)
        self.moved()
        self.post_message(self.Marked())

    def on_click(self, event: events.Click) -> None:
        """A click on the mark's place marks, or one with Ctrl; else as in every list."""
        super().on_click(event)
        on_row = self.view.at(event.y - 1) is not None
        if on_row and (event.ctrl or event.x < MARK_WIDTH):
            self._toggle()

    def _toggle(self) -> None:
        if self.view.current is not None:
            self.marks ^= {self.view.current.version.id}
            self.refresh()
            self.post_message(self.Marked())

    def head(self, width: int) -> Text:
        """The headings of the columns."""
        return columns.line([one.heading for one in columns.placed(COLUMNS, width)])

    def draw(self, row: Kept, width: int) -> Text:
        """One version."""
        version = row.version
        cells = {
            "time": self.styled(datetimes.day_and_time(version.at), "muted"),
            "profile": Text(code_of(version.profile, self.whose)),
            "side": Text(side_of(version.side)),
            "rule": self.styled(row.rule, "muted"),
        }
        placed = columns.placed(COLUMNS, width)
        told = [one.cell(cells[one.column.name]) for one in placed if one.column.name in cells]
        return columns.line([*told, Text(row.subject)])


def side_of(side: Side) -> str:
    """A side's name; both are names and read the same in every language."""
    return "Consolidate" if side is Side.CONSOLIDATE else "Exchange"


class _Nothing:
    """Where versions come from until it is known which are wanted."""

    async def look(self, beyond: int, *, forward: bool) -> Versions:
        del beyond, forward
        return Versions()

    async def ends(self) -> tuple[int, int]:
        return 0, 0


def empty_view() -> View[Kept]:
    """A view of nothing yet."""
    return View(RowBuffer(_Nothing()))
