"""How a kept version reads in a list."""

from collections.abc import Mapping
from typing import ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType

from calsync_agent import datetimes
from calsync_agent.appointment.model import ProfileId
from calsync_agent.domain.version import Side
from calsync_agent.i18n import _, marked
from calsync_tui.gateway.history import Kept, Versions
from calsync_tui.gateway.log import Whose
from calsync_tui.widgets.lines import Lines
from calsync_tui.widgets.log_lines import WIDE, code_of
from calsync_tui.widgets.row_buffer import RowBuffer
from calsync_tui.widgets.viewport import View

TOP: Final = -(2**62)
"""A place before every version."""
_TIME: Final = len("23.11.2026 09:15:03")
_CODE: Final = 7
_SIDE: Final = 12
_RULE: Final = 34


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
        parts = [_("Lost at").ljust(_TIME), _("Profile").ljust(_CODE), _("Version of").ljust(_SIDE)]
        if width >= WIDE:
            parts.append(_("Why").ljust(_RULE))
        return Text(" ".join([*parts, _("Subject")]))

    def draw(self, row: Kept, width: int) -> Text:
        """One version."""
        version = row.version
        code = code_of(version.profile, self.whose)[: _CODE - 1]
        text = self.styled(f"{datetimes.day_and_time(version.at):<{_TIME}}", "muted")
        text.append(f" {code:<{_CODE}} {side_of(version.side):<{_SIDE}}")
        if width >= WIDE:
            rule = Text(f" {row.rule}")
            rule.truncate(_RULE, pad=True)
            text.append_text(rule).append(" ")
        return text.append(f" {row.subject}")


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
