"""Draws the lines of a view that are in sight, and moves in it by key, wheel and scrollbar."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollDown, ScrollTo, ScrollUp
from textual.strip import Strip

from calsync_agent.i18n import current, marked
from calsync_tui import glyphs
from calsync_tui.widgets.row_buffer import R
from calsync_tui.widgets.viewport import View

WHEEL: Final = 3
"""Lines that a turn of the wheel moves by."""
_DRAWN: Final = 400


class LineList(ScrollView, Generic[R], can_focus=True):
    """Shows a view's rows below a line of headings; subclasses say how (`head`, `draw`).

    One row is current, and marked by a sign. What is drawn is remembered, within bounds.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--head",
        "lines--current",
        "lines--muted",
        "lines--warning",
        "lines--error",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, action, said, id=f"lines.{name}", show=shown, tooltip=tooltip)
        for key, action, said, name, shown, tooltip in (
            ("up", "move(-1)", marked("Up"), "up", False, marked("One line up")),
            ("down", "move(1)", marked("Down"), "down", False, marked("One line down")),
            ("pageup", "page(-1)", marked("Page up"), "page_up", False, marked("A page up")),
            ("pagedown", "page(1)", marked("Page down"), "page_down", False, marked("A page down")),
            ("home", "first", marked("First"), "first", False, marked("To the first line")),
            ("end", "last", marked("Last"), "last", False, marked("To the last line")),
            ("enter", "open", marked("Open"), "open", True, marked("Show the line whole")),
        )
    ]
    DEFAULT_CSS = """
    LineList {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;

        & > .lines--head { color: $text-muted; text-style: bold; }
        & > .lines--current { background: $panel; text-style: bold; }
        & > .lines--muted { text-style: dim; }
        & > .lines--warning { color: $text-warning; }
        & > .lines--error { color: $text-error; text-style: bold; }
        &:focus > .lines--current { background: $primary 30%; text-style: bold; }
        &:ansi > .lines--current { background: ansi_default; text-style: bold; }
        &:ansi:focus > .lines--current { background: ansi_default; text-style: reverse; }
    }
    """

    @dataclass
    class Changed(Message):
        """Another row is current, or it follows or not, or a search has come further."""

        lines: "LineList[Any]"

        def can_replace(self, message: Message) -> bool:
            """Only the newest matters."""
            return isinstance(message, LineList.Changed) and message.lines is self.lines

    @dataclass
    class Opened(Message):
        """Somebody wants to see the current row whole."""

        lines: "LineList[Any]"

    def __init__(self, view: View[R], *, id: str | None = None) -> None:  # noqa: A002 - as Textual's
        super().__init__(id=id)
        self.view = view
        self._empty = ""
        self._drawn: LRUCache[tuple[object, ...], Strip] = LRUCache(_DRAWN)

    @abstractmethod
    def head(self, width: int) -> Text:
        """The headings of the columns."""

    @abstractmethod
    def draw(self, row: R, width: int) -> Text:
        """One row in one line."""

    @abstractmethod
    def reach(self, place: int | None) -> None:
        """Show the rows around a place that are not held, or the last of all."""

    def is_marked(self, row: R) -> bool:
        """Whether somebody has marked a row for what is done to several."""
        del row
        return False

    def fetch(self) -> None:
        """Have rows ready where they run short."""

    def say(self, text: str) -> None:
        """What is said while there is no row."""
        if text != self._empty:
            self._empty = text
            self.refresh()

    def styled(self, text: str, style: str) -> Text:
        """A text in one of our styles: `muted`, `warning`, `error`."""
        return Text(text, self.get_component_rich_style(f"lines--{style}", partial=True))

    # -- keys and mouse -----------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Another row becomes current."""
        self.view.move(by)
        self.moved()

    def action_page(self, by: int) -> None:
        """A screen further up or down."""
        self.view.move(by * max(1, self.view.height - 1))
        self.moved()

    def action_first(self) -> None:
        """To the first row of all."""
        if self.view.reel.first.over:
            self.view.move(-len(self.view.reel.rows))
            self.moved()
        else:
            self.reach(self.view.reel.ends[0] - 1)

    def action_last(self) -> None:
        """To the last row of all, and follow."""
        if self.view.reel.last.over:
            self.view.move(len(self.view.reel.rows))
            self.moved()
        else:
            self.reach(None)

    def action_open(self) -> None:
        """Somebody wants to see the current row whole."""
        if self.view.current is not None:
            self.post_message(self.Opened(self))

    def on_click(self, event: events.Click) -> None:
        """A click makes the row current, a second one opens it."""
        event.stop()
        row = self.view.at(event.y - 1)
        if row is None:
            return
        self.view.to(row)
        self.moved()
        if event.chain > 1:
            self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel."""
        self._scroll(event, WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel."""
        self._scroll(event, -WHEEL)

    def on_scroll_down(self, event: ScrollDown) -> None:
        """A click below the scrollbar's handle."""
        self._scroll(event, self.view.height)

    def on_scroll_up(self, event: ScrollUp) -> None:
        """A click above the scrollbar's handle."""
        self._scroll(event, -self.view.height)

    def on_scroll_to(self, event: ScrollTo) -> None:
        """The scrollbar's handle is dragged: through what is held, or through all there is."""
        event.prevent_default().stop()
        reel, there = self.view.reel, int(event.y or 0)
        if reel.first.over and reel.last.over:
            self.view.scroll(there - self.view.first)
            self.moved()
        else:
            self.reach(reel.ends[0] + there)

    def _scroll(self, event: Message, by: int) -> None:
        event.prevent_default().stop()
        self.view.scroll(by)
        self.moved()

    # -- drawing ------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Other room, other lines."""
        following = self.view.following
        self.view.height = max(1, self.scrollable_content_region.height - 1)
        self.view.settle(pin=following)
        self._drawn.clear()
        self.moved()

    def notify_style_update(self) -> None:
        """The colours have changed."""
        super().notify_style_update()
        self._drawn.clear()

    def render_line(self, y: int) -> Strip:
        """The headings, then a row on each line."""
        width = self.scrollable_content_region.width
        if y == 0:
            head = Text.assemble("  ", self.head(width - 2))
            head.stylize_before(self.get_component_rich_style("lines--head"))
            return self._strip(head, width)
        row = self.view.at(y - 1)
        if row is None:
            is_told = y == 1 and not self.view.reel.rows
            return self._strip(self.styled(self._empty if is_told else "", "muted"), width)
        is_current = row is self.view.current
        key = row.place, width, is_current, self.is_marked(row), self.has_focus, current()
        strip = self._drawn.get(key)
        if strip is None:
            strip = self._drawn[key] = self._row(row, width, is_current=is_current)
        return strip

    def _row(self, row: R, width: int, *, is_current: bool) -> Strip:
        sign = glyphs.shown().current if is_current else " "
        mark = (glyphs.shown().marked, "bold") if self.is_marked(row) else " "
        text = _fitted(Text.assemble(sign, mark, self.draw(row, width - 2)), width)
        if is_current:
            # Below the row's own colours, which tell a warning from an error.
            text.stylize_before(self.get_component_rich_style("lines--current"))
        return self._strip(text, width)

    def _strip(self, text: Text, width: int) -> Strip:
        text = _fitted(text, width)
        return Strip(text.render(self.app.console), width).apply_style(self.rich_style)

    def moved(self) -> None:
        """Somebody looks somewhere else."""
        self.show()
        self.fetch()

    def show(self) -> None:
        """Draw what is in sight now."""
        if self.view.following:
            self.view.reel.fresh = 0
        bar = self.vertical_scrollbar
        bar.window_virtual_size = max(1, self.view.total)
        bar.window_size = self.view.height
        bar.position = self.view.position
        self.refresh()
        self.post_message(self.Changed(self))

    def show_again(self) -> None:
        """Draw everything anew, because it reads differently now."""
        self._drawn.clear()
        self.show()


def _fitted(text: Text, width: int) -> Text:
    """The text in exactly so many columns, with a sign where some of it is left out."""
    text.no_wrap, text.end = True, ""
    if text.cell_len > width:
        sign = glyphs.shown().ellipsis
        text.truncate(width - len(sign))
        text.append(sign)
    text.pad_right(width - text.cell_len)
    return text
