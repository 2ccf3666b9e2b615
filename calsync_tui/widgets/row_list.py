"""A list of rows that are all held, however many: only those in sight are drawn."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from calsync_agent.i18n import marked
from calsync_tui import glyphs
from calsync_tui.widgets import columns
from calsync_tui.widgets.columns import Column, Placed

T = TypeVar("T")


class RowList(ScrollView, Generic[T], can_focus=True):
    """Subclasses say which columns there are and what stands in them (`columns`, `cells`, `key`).

    The cursor stays on its row when others come or go.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--head", "rows--current", "rows--muted"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, action, said, id=f"rows.{name}", show=shown, tooltip=tooltip)
        for key, action, said, name, shown, tooltip in (
            ("up", "move(-1)", marked("Up"), "up", False, marked("One line up")),
            ("down", "move(1)", marked("Down"), "down", False, marked("One line down")),
            ("pageup", "page(-1)", marked("Page up"), "page_up", False, marked("A page up")),
            ("pagedown", "page(1)", marked("Page down"), "page_down", False, marked("A page down")),
            ("home", "end_of(-1)", marked("First"), "first", False, marked("To the first line")),
            ("end", "end_of(1)", marked("Last"), "last", False, marked("To the last line")),
            ("enter", "open", marked("Open"), "open", True, marked("Open what the cursor is on")),
        )
    ]
    DEFAULT_CSS = """
    RowList {
        height: 1fr;
        min-height: 2;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        background: $background;

        & > .rows--head { color: $muted; }
        & > .rows--muted { color: $muted; }
        & > .rows--current { background: $panel; }
        &:focus > .rows--current { background: $bar; text-style: bold; }
        &:ansi > .rows--current { background: ansi_default; text-style: bold; }
        &:ansi:focus > .rows--current { background: ansi_default; text-style: reverse; }
    }
    """
    columns: ClassVar[Sequence[Column]]
    headed: ClassVar[bool] = True

    @dataclass
    class Opened(Message):
        """Somebody wants to see a row whole."""

        rows: "RowList[Any]"

        @property
        def control(self) -> "RowList[Any]":
            """The list."""
            return self.rows

    @dataclass
    class Moved(Message):
        """Another row is current."""

        rows: "RowList[Any]"

        @property
        def control(self) -> "RowList[Any]":
            """The list."""
            return self.rows

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual's
        super().__init__(id=id)
        self.rows: Sequence[T] = ()
        self.cursor = 0
        self._placed: tuple[Placed, ...] = ()
        self._placed_in = 0
        self._empty = Text()

    @abstractmethod
    def cells(self, row: T) -> Mapping[str, Text]:
        """What stands in each column."""

    @abstractmethod
    def key(self, row: T) -> object:
        """By which a row is known again."""

    def place(self, room: int) -> tuple[Placed, ...]:
        """The columns in so many cells."""
        return columns.placed(self.columns, room)

    @property
    def current(self) -> T | None:
        """The row that the cursor is on."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def show(self, rows: Sequence[T], empty: Text | str = "") -> None:
        """Show these, in this order; where there are none, say `empty`."""
        before = self.current
        known = None if before is None else self.key(before)
        self._empty = Text(empty) if isinstance(empty, str) else empty
        if rows != self.rows:
            self.rows = rows
            if known is not None:
                found = (at for at, row in enumerate(rows) if self.key(row) == known)
                self.cursor = next(found, min(self.cursor, max(len(rows) - 1, 0)))
            self._measure()
        self.refresh()
        if self.current is not None and known != self.key(self.current):
            self.post_message(self.Moved(self))

    def put_cursor(self, key: object) -> None:
        """Move to the row with this key, if it is there."""
        for at, row in enumerate(self.rows):
            if self.key(row) == key:
                self._to(at)

    def action_move(self, by: int) -> None:
        """Another row becomes current."""
        self._to(self.cursor + by)

    def action_page(self, by: int) -> None:
        """A screen further up or down."""
        self._to(self.cursor + by * max(1, self._height - 1))

    def action_end_of(self, way: int) -> None:
        """To the first row, or to the last."""
        self._to(0 if way < 0 else len(self.rows) - 1)

    def action_open(self) -> None:
        """Somebody wants to see the current row whole."""
        if self.current is not None:
            self.post_message(self.Opened(self))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where there are no rows, there is nothing to open."""
        del parameters
        return action != "open" or bool(self.rows)

    def on_click(self, event: events.Click) -> None:
        """A click makes a row current, a second one opens it."""
        at = event.y - self.headed + self.scroll_offset.y
        if event.y >= self.headed and at < len(self.rows):
            event.stop()
            self._to(at)
            if event.chain > 1:
                self.action_open()

    def on_resize(self) -> None:
        """Other room, other rows in sight."""
        self._measure()
        self._in_sight()

    def render_line(self, y: int) -> Strip:
        """The headings, then a row on each line."""
        width = self.scrollable_content_region.width
        self._fit(width)
        if self.headed and y == 0 and self.rows:
            head = columns.line([one.heading for one in self._placed])
            return self._strip(head, width, "rows--head")
        at = y - self.headed + self.scroll_offset.y
        if not self.rows:
            return self._strip(self._empty if y == 0 else Text(), width, "rows--muted")
        if at >= len(self.rows):
            return self._strip(Text(), width, None)
        row, is_current = self.rows[at], at == self.cursor
        told = self.cells(row)
        text = columns.line([one.cell(told[one.column.name].copy()) for one in self._placed])
        return self._strip(text, width, "rows--current" if is_current else None, marked=is_current)

    def _strip(self, text: Text, width: int, style: str | None, *, marked: bool = False) -> Strip:
        sign = glyphs.shown().current if marked else " "
        whole = columns.fitted(Text.assemble(f"{sign} ", text), width)
        whole.no_wrap, whole.end = True, ""
        if style is not None:
            whole.stylize_before(self.get_component_rich_style(style))
        return Strip(whole.render(self.app.console), width).apply_style(self.rich_style)

    def _fit(self, width: int) -> None:
        """Other room, other columns: a scrollbar takes some without a resize of the list."""
        if width != self._placed_in:
            self._placed_in = width
            self._placed = self.place(max(width - 2, 1))

    @property
    def _height(self) -> int:
        return max(1, self.scrollable_content_region.height - self.headed)

    def _measure(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.rows) + self.headed)

    def _to(self, at: int) -> None:
        at = max(0, min(at, len(self.rows) - 1))
        if at != self.cursor:
            self.cursor = at
            self._in_sight()
            self.refresh()
            self.post_message(self.Moved(self))

    def _in_sight(self) -> None:
        top = self.scroll_offset.y
        lowest = top + self._height - 1
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor > lowest:
            self.scroll_to(y=self.cursor - self._height + 1, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The headings stay; everything else moves."""
        super().watch_scroll_y(old_value, new_value)
        self.refresh(Region(0, 0, self.size.width, self.size.height))
