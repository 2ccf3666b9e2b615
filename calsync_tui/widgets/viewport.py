"""What of a reel is on the screen, and which row is current.

Cursor and first row are remembered by place, so that rows may come and go around them.
"""

from dataclasses import dataclass
from typing import Generic

from calsync_tui.widgets.row_buffer import R, RowBuffer


@dataclass(slots=True)
class View(Generic[R]):
    """`height`: rows that fit. `cursor` and `top`: places of the current and the first row."""

    reel: RowBuffer[R]
    height: int = 1
    cursor: int = 0
    top: int = 0

    @property
    def index(self) -> int:
        """Which of the held rows is current."""
        return self.reel.index(self.cursor)

    @property
    def first(self) -> int:
        """Which of the held rows is shown first."""
        return min(self.reel.index(self.top), self._lowest)

    @property
    def current(self) -> R | None:
        """The current row; None where there is none at all."""
        return self.reel.rows[self.index] if self.reel.rows else None

    @property
    def following(self) -> bool:
        """Whether new rows are to come into sight: the current row is the last of all."""
        return self.reel.last.over and self.index >= len(self.reel.rows) - 1

    @property
    def wants(self) -> bool | None:
        """The direction (forward?) in which rows should be held ready; None: enough of them."""
        ready = 2 * self.height
        behind = len(self.reel.rows) - self.first - self.height
        if not self.reel.first.over and self.first < ready:
            return False
        return True if not self.reel.last.over and behind < ready else None

    @property
    def total(self) -> int:
        """How long the list is: in rows where all are held, else in places."""
        if self._whole:
            return len(self.reel.rows)
        first, last = self.reel.ends
        return last - first + 1

    @property
    def position(self) -> int:
        """How far down the first row is, of `total`."""
        if self._whole or not self.reel.rows:
            return self.first
        return self.reel.rows[self.first].place - self.reel.ends[0]

    def at(self, line: int) -> R | None:
        """The row on a line of the screen."""
        index = self.first + line
        inside = 0 <= line < self.height and index < len(self.reel.rows)
        return self.reel.rows[index] if inside else None

    def move(self, by: int) -> None:
        """Another row becomes current, so many lines further down, and comes into sight."""
        if self.reel.rows:
            self._to(min(max(self.index + by, 0), len(self.reel.rows) - 1))

    def to(self, row: R) -> None:
        """This row becomes current."""
        self._to(self.reel.index(row.place))

    def scroll(self, by: int) -> None:
        """Show what is so many lines further down; the current row stays in sight."""
        rows = self.reel.rows
        if rows:
            first = min(max(self.first + by, 0), self._lowest)
            self.top = rows[first].place
            last = min(first + self.height, len(rows)) - 1
            self.cursor = rows[min(max(self.index, first), last)].place

    def settle(self, *, pin: bool = False) -> None:
        """Rows have come or gone, or the height has changed; `pin`: go to the last row."""
        if self.reel.rows:
            self._to(len(self.reel.rows) - 1 if pin else self.index)

    def centre(self) -> None:
        """Show the current row in the middle, as far as there are rows around it."""
        rows = self.reel.rows
        if rows:
            first = min(max(self.index - self.height // 2, 0), self._lowest)
            self.cursor, self.top = rows[self.index].place, rows[first].place

    @property
    def _lowest(self) -> int:
        return max(0, len(self.reel.rows) - self.height)

    @property
    def _whole(self) -> bool:
        return self.reel.first.over and self.reel.last.over

    def _to(self, index: int) -> None:
        rows = self.reel.rows
        first = min(self.first, index, self._lowest)
        first = max(first, index - self.height + 1)
        self.cursor, self.top = rows[index].place, rows[first].place
