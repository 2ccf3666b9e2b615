"""How a kept version reads in a list."""

from collections.abc import Mapping
from typing import ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType

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

TOP: Final = -(2**62)
"""A place before every version."""
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
    ]

    def __init__(self, view: View[Kept], whose: Mapping[ProfileId, Whose]) -> None:
        super().__init__(view, id="history-lines")
        self.whose = whose

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
