"""A stretch of cells to draw on, each a sign and a style."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from calsync_tui import glyphs

FIXED: Final = "\N{NO-BREAK SPACE}"
_NONE: Final = ""
"""The second cell of a sign that takes two."""


class Canvas:
    """What is drawn later covers what was drawn before; what lies outside is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._cells: list[list[tuple[str, str]]] = [[(" ", "")] * width for _row in range(height)]

    def fill(self, x: int, y: int, width: int, height: int, style: str, sign: str = " ") -> None:
        """Cover a rectangle."""
        for row in range(max(y, 0), min(y + height, self.height)):
            for column in range(max(x, 0), min(x + width, self.width)):
                self._cells[row][column] = (sign, style)

    def put(self, x: int, y: int, text: str, style: str, room: int | None = None) -> None:
        """Write, at most `room` cells; with a sign where some of it is left out."""
        if not 0 <= y < self.height:
            return
        room = self.width - x if room is None else min(room, self.width - x)
        for sign in cut(text, room):
            wide = cell_len(sign)
            if x >= 0 and x + wide <= self.width and wide:
                self._cells[y][x] = (sign, style)
                for more in range(1, wide):
                    self._cells[y][x + more] = (_NONE, style)
            x += wide

    def strip(self, y: int, base: Style) -> Strip:
        """One line."""
        if not 0 <= y < self.height:
            return Strip.blank(self.width, base)
        segments = [
            Segment("".join(sign for sign, _style in some), base + Style.parse(style))
            for style, some in groupby(self._cells[y], key=lambda cell: cell[1])
        ]
        return Strip(segments, self.width)


def cut(text: str, room: int) -> str:
    """In at most so many cells."""
    if cell_len(text) <= room:
        return text
    sign = glyphs.shown().ellipsis
    kept, left = [], max(room - len(sign), 0)
    for letter in text:
        left -= cell_len(letter)
        if left < 0:
            break
        kept.append(letter)
    return "".join(kept).rstrip() + sign[: max(room, 0)]


def wrapped(text: str, width: int, lines: int) -> Sequence[str]:
    """In at most so many lines, broken at spaces (not at such as do not break); the last is cut."""
    found = [""]
    words = text.split(" ")
    for at, word in enumerate(words):
        candidate = f"{found[-1]} {word}".strip(" ")
        if cell_len(candidate) <= width or not found[-1]:
            found[-1] = candidate
        elif len(found) == lines:
            found[-1] = " ".join([found[-1], *words[at:]])
            break
        else:
            found.append(word)
    return [cut(line, width).replace(FIXED, " ") for line in found]
