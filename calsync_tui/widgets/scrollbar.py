"""Scroll bars for plain terminals."""

from typing import ClassVar

from textual.scrollbar import ScrollBarRender

_CELLS = 8  # a whole cell has as many steps


class PlainScrollBar(ScrollBarRender):
    """Whole cells only, without block elements."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * _CELLS
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * _CELLS
