"""Which columns a table shows in the room it has, and how wide each is.

What matters least is left out first; what is left over goes to those that can use it, and the last
of these takes all the rest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from calsync_agent.i18n import _
from calsync_tui import glyphs
from calsync_tui.themes import role

GAP: Final = 1
"""Cells between two columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `title` and `short` (for little room) are marked for translation.

    `least` and `most`: its width, without the gap. `rank`: 0 is always there; of the others the
    highest goes first. `right`: numbers stand at its right end. `stretches`: takes what is left.
    `colour`: the role of its title.
    """

    name: str
    title: str
    least: int
    most: int = 0
    rank: int = 0
    short: str = ""
    right: bool = False
    stretches: bool = False
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A column that is shown, and its width."""

    column: Column
    width: int

    @property
    def heading(self) -> Text:
        """Its title, the short one where the long one has no room."""
        title = _(self.column.title) if self.column.title else ""
        if len(title) > self.width and self.column.short:
            title = _(self.column.short)
        if glyphs.is_plain():
            title = glyphs.to_ascii(title)
        style = role(self.column.colour, "bold") if self.column.colour else ""
        return fitted(Text(title, style), self.width, right=self.column.right)

    def cell(self, text: Text) -> Text:
        """A cell of it, cut or padded to its width."""
        return fitted(text, self.width, right=self.column.right)


def placed(columns: Sequence[Column], room: int, gap: int = GAP) -> tuple[Placed, ...]:
    """Those that fit into so many cells, in their order."""
    shown = list(columns)
    while _taken(shown, gap) > room:
        least = max(shown, key=lambda one: one.rank)
        if least.rank == 0:
            break
        shown.remove(least)
    widths = {one.name: one.least for one in shown}
    left = room - _taken(shown, gap)
    for one in shown:
        if one.most > one.least and left > 0:
            more = min(one.most - one.least, left)
            widths[one.name] += more
            left -= more
    stretching = [one for one in shown if one.stretches]
    if stretching and left > 0:
        widths[stretching[-1].name] += left
    return tuple(Placed(one, widths[one.name]) for one in shown)


def fitted(text: Text, width: int, *, right: bool = False) -> Text:
    """In exactly so many cells, with a sign where some of it is left out."""
    cut(text, width)
    if right:
        text.pad_left(width - text.cell_len)
    text.pad_right(width - text.cell_len)
    return text


def cut(text: Text, width: int) -> Text:
    """In at most so many cells, with a sign where some of it is left out."""
    if text.cell_len > width:
        sign = glyphs.shown().ellipsis
        text.truncate(max(width - len(sign), 0))
        text.append(sign[:width])
    return text


def line(cells: Iterable[Text], gap: int = GAP) -> Text:
    """Cells beside each other."""
    return Text(" " * gap).join(cells)


def _taken(columns: Sequence[Column], gap: int) -> int:
    return sum(one.least for one in columns) + gap * (len(columns) - 1)
