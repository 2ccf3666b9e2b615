"""A week or a month with both calendars in one: one block where they agree, marked where not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from calsync_agent.i18n import _, current
from calsync_tui import glyphs
from calsync_tui.gateway.calendars import Pair, Standing
from calsync_tui.themes import has_grounds, role
from calsync_tui.widgets import week_layout
from calsync_tui.widgets.canvas import FIXED, Canvas, wrapped
from calsync_tui.widgets.week_layout import Block

WEEK: Final = 7
_GUTTER: Final = 6
_LACKING: Final = 3
"""Cells that the side which lacks it has of a block."""
_WORD_FROM: Final = 22
"""From so many cells on the lacking side says so in a word."""
_WEEKEND_FROM: Final = 100
_TIME_FROM: Final = 14
_LOOKS: Final[Mapping[Standing, tuple[str, str]]] = {
    Standing.SAME: ("muted", "block"),
    Standing.UNKNOWN: ("muted", "block"),
    Standing.DIFFERS: ("differs", "block-differs"),
    Standing.ONLY_HERE: ("side-c", "block-c"),
    Standing.ONLY_THERE: ("side-e", "block-e"),
    Standing.ASIDE: ("bad", "block-bad"),
}
"""Colour of the edge, and ground."""


def sign_of(standing: Standing) -> str:
    """The one sign of a standing."""
    signs = glyphs.shown()
    return {
        Standing.SAME: signs.same,
        Standing.DIFFERS: signs.differs,
        Standing.ONLY_HERE: signs.outwards,
        Standing.ONLY_THERE: signs.inwards,
        Standing.ASIDE: signs.error,
        Standing.UNKNOWN: signs.waiting,
    }[standing]


def colour_of(standing: Standing) -> str:
    """The role of a standing."""
    return _LOOKS[standing][0]


class CalendarGrid(Widget, can_focus=True):
    """Draws the pairs that it is shown. Keys are the screen's; a click chooses, a second opens."""

    DEFAULT_CSS = """
    CalendarGrid { height: 1fr; width: 1fr; background: $background; color: $foreground; }
    """

    @dataclass
    class Chosen(Message):
        """Somebody clicked on an appointment."""

        number: int
        open: bool

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual's
        super().__init__(id=id)
        self.pairs: Sequence[Pair] = ()
        self.first = date(1970, 1, 5)
        self.days = WEEK
        self.today = date(1970, 1, 1)
        self.chosen: int | None = None
        self._top = 0
        self._canvas: Canvas | None = None
        self._spots: list[tuple[int, int, int, int, int]] = []

    def show(
        self, pairs: Sequence[Pair], first: date, days: int, today: date, chosen: int | None
    ) -> None:
        """Show these days, one appointment chosen."""
        if (first, days) != (self.first, self.days):
            self._top = 0
        self.pairs, self.first, self.days, self.today = pairs, first, days, today
        self.chosen = chosen
        self._canvas = None
        self.refresh()

    def on_resize(self) -> None:
        """Other room, other places."""
        self._canvas = None

    def notify_style_update(self) -> None:
        """The colours have changed."""
        super().notify_style_update()
        self._canvas = None

    def on_click(self, event: events.Click) -> None:
        """Choose what is under the mouse; what was drawn last lies on top."""
        for x, y, width, height, number in reversed(self._spots):
            if x <= event.x < x + width and y <= event.y < y + height:
                event.stop()
                self.post_message(self.Chosen(number, event.chain > 1))
                return

    def render_line(self, y: int) -> Strip:
        """A line of what is drawn once."""
        if self._canvas is None:
            self._canvas = self._drawn()
        return self._canvas.strip(y, self.rich_style)

    def _drawn(self) -> Canvas:
        width, height = self.size
        canvas = Canvas(max(width, 1), max(height, 1))
        self._spots = []
        if self.days > WEEK:
            self._month(canvas)
        else:
            self._week(canvas)
        return canvas

    # -- a week -------------------------------------------------------------------------------

    def _week(self, canvas: Canvas) -> None:
        columns = _divided(canvas.width, _GUTTER, self._shown_days())
        whole = week_layout.all_day(self.pairs, self.first, self.days)
        below = 1 + max((min(len(some), 2) for some in whole), default=0)
        room = canvas.height - below
        begin, end, per_hour = week_layout.hours(self.pairs, room)
        found = week_layout.blocks(self.pairs, self.first, self.days, begin, per_hour, end)
        rows = (end - begin) * per_hour
        self._bring_into_sight(found, rows, room)
        for row in range(room):
            hour, part = divmod(row + self._top, per_hour)
            if part == 0 and begin + hour < end:
                canvas.put(0, below + row, f"{begin + hour:02}:00", role("muted"))
                for x, wide in columns:
                    dots = glyphs.shown().separator * (wide - 1)
                    canvas.put(x, below + row, dots, role("edge"))
        for day, (x, wide) in enumerate(columns):
            self._heading(canvas, x, wide, self.first + timedelta(days=day), 0)
            for line, number in enumerate(whole[day][: below - 1]):
                self._bar(canvas, x, 1 + line, wide - 1, number)
            mine = [block for block in found if block.day == day]
            for block in mine:
                self._block(canvas, block, x, wide - 1, below, room)
            _out_of_sight(canvas, mine, x + wide, below, self._top, room)

    def _shown_days(self) -> int:
        """Monday to Friday in little room, unless the weekend has something that differs."""
        if self.days < WEEK or self.size.width >= _WEEKEND_FROM:
            return self.days
        saturday = self.first + timedelta(days=5)
        weekend = any(
            pair.differs and item is not None and item.start.date() >= saturday
            for pair in self.pairs
            for item in (pair.here, pair.there)
        )
        return self.days if weekend else 5

    def _heading(self, canvas: Canvas, x: int, wide: int, day: date, y: int) -> None:
        is_today = day == self.today
        style = role("foreground", "bold") if is_today else role("muted", "bold")
        style = f"{style} on {role('today')}" if is_today else style
        differing = sum(pair.differs and pair.shown.start.date() == day for pair in self.pairs)
        canvas.fill(x, y, wide - 1, 1, style)
        canvas.put(x + 1, y, day_name(day), style + (" underline" if is_today else ""), wide - 2)
        if differing:
            told = f"{glyphs.shown().differs}{differing}"
            canvas.put(x + wide - 1 - len(told), y, told, role("differs", "bold"))

    def _bring_into_sight(self, found: Sequence[Block], rows: int, room: int) -> None:
        chosen = [block for block in found if block.number == self.chosen]
        if chosen:
            top = min(block.top for block in chosen)
            if top < self._top:
                self._top = top
            elif top >= self._top + room:
                self._top = min(block.bottom for block in chosen) - room
        self._top = max(0, min(self._top, rows - room))

    def _block(
        self, canvas: Canvas, block: Block, x: int, wide: int, below: int, room: int
    ) -> None:
        lane = max(wide // block.lanes, 2)
        left = x + block.lane * lane
        width = wide - block.lane * lane if block.lane == block.lanes - 1 else lane
        top, bottom = block.top - self._top, block.bottom - self._top
        top, bottom = max(top, 0), min(bottom, room)
        if bottom <= top:
            return
        pair = self.pairs[block.number]
        self._piece(canvas, pair, block, (left, below + top, width, bottom - top))

    def _piece(
        self, canvas: Canvas, pair: Pair, block: Block, spot: tuple[int, int, int, int]
    ) -> None:
        x, y, width, height = spot
        is_chosen = block.number == self.chosen
        text, edge = self._looks(pair, is_chosen=is_chosen, other=block.lane % 2 == 1)
        canvas.fill(x, y, width, height, text)
        for row in range(y, y + height):
            canvas.put(x, row, glyphs.shown().left_edge, edge)
        self._spots.append((x, y, width, height, block.number))
        x, width = self._lacking(canvas, pair, (x + 1, y, width - 1, height), edge)
        sign = "" if pair.standing in {Standing.SAME, Standing.UNKNOWN} else sign_of(pair.standing)
        first = FIXED.join(part for part in (sign, block.side, pair.shown.subject) if part)
        lines = list(wrapped(first, width, min(height, 3)))
        for row, line in enumerate(lines):
            canvas.put(x, y + row, line, text, width)
        item = pair.there if block.side == "E" else pair.shown
        if item is not None and height > len(lines) and width >= len("00:00"):
            long = f"{item.start:%H:%M}\N{EN DASH}{item.end:%H:%M}"
            if glyphs.is_plain():
                long = long.replace("\N{EN DASH}", "-")
            time = long if width >= len(long) else f"{item.start:%H:%M}"
            canvas.put(x, y + len(lines), time, text, width)

    def _lacking(
        self, canvas: Canvas, pair: Pair, spot: tuple[int, int, int, int], edge: str
    ) -> tuple[int, int]:
        """Draw the side that lacks it; returns where there is room for words, and how much."""
        x, y, width, height = spot
        if (pair.here is None) == (pair.there is None) or pair.standing is Standing.UNKNOWN:
            return x, width
        told = _("missing")
        part = width // 2 if width >= _WORD_FROM else min(_LACKING, max(width - 2, 0))
        left = x if pair.here is None else x + width - part
        canvas.fill(left, y, part, height, edge, glyphs.shown().shade)
        if width >= _WORD_FROM:
            canvas.put(left + 1, y, f" {told} ", edge, part - 1)
        return (x + part, width - part) if pair.here is None else (x, width - part)

    def _looks(self, pair: Pair, *, is_chosen: bool, other: bool) -> tuple[str, str]:
        """The styles of text and edge."""
        colour, ground = _LOOKS[pair.standing]
        if is_chosen:
            if not has_grounds():
                return "bold reverse", f"reverse {role(colour)}".strip()
            text = "bar-differs" if pair.standing is Standing.DIFFERS else "foreground"
            on = f" on {role('bar')}"
            return role(text, "bold") + on, role("focus") + on
        if ground == "block" and other:
            ground = "block-other"
        text = "muted" if pair.standing in {Standing.SAME, Standing.UNKNOWN} else "foreground"
        bold = "" if text == "muted" else "bold"
        on = f" on {role(ground)}"
        return role(text, bold) + on, role(colour) + on

    def _bar(self, canvas: Canvas, x: int, y: int, width: int, number: int) -> None:
        """An appointment in one line."""
        pair = self.pairs[number]
        text, edge = self._looks(pair, is_chosen=number == self.chosen, other=False)
        canvas.fill(x, y, width, 1, text)
        canvas.put(x, y, glyphs.shown().left_edge, edge)
        sign = "" if pair.standing in {Standing.SAME, Standing.UNKNOWN} else sign_of(pair.standing)
        time = "" if pair.shown.all_day or width < _TIME_FROM else f"{pair.shown.start:%H:%M}"
        told = " ".join(part for part in (sign, time, pair.shown.subject) if part)
        canvas.put(x + 1, y, told, text, width - 1)
        self._spots.append((x, y, width, 1, number))

    # -- a month ------------------------------------------------------------------------------

    def _month(self, canvas: Canvas) -> None:
        weeks = self.days // WEEK
        columns = _divided(canvas.width, 0, WEEK)
        heights = [row[1] for row in _divided(canvas.height, 0, weeks)]
        y = 0
        for week in range(weeks):
            for at, (x, wide) in enumerate(columns):
                day = self.first + timedelta(days=week * WEEK + at)
                self._heading(canvas, x, wide, day, y)
                mine = [n for n, pair in enumerate(self.pairs) if _is_on(pair, day)]
                mine.sort(key=lambda n: not self.pairs[n].differs)
                room = heights[week] - 1
                shown = mine if len(mine) <= room else mine[: max(room - 1, 0)]
                if self.chosen in mine and self.chosen not in shown and shown:
                    shown = [*shown[:-1], self.chosen]
                for line, number in enumerate(shown):
                    self._bar(canvas, x, y + 1 + line, wide - 1, number)
                more = len(mine) - len(shown)
                if more and room > 0:
                    told = _("+ {count} more").format(count=more)
                    canvas.put(x + 1, y + heights[week] - 1, told, role("muted"), wide - 2)
            y += heights[week]


def day_name(day: date) -> str:
    """`Mo 30.11.` or `Mon 11-30`."""
    names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    told = f"{day:%d.%m.}" if current() == "de" else f"{day:%m-%d}"
    return f"{names[day.weekday()]} {told}"


def _is_on(pair: Pair, day: date) -> bool:
    item = pair.shown
    last = item.end - timedelta(microseconds=1) if item.end > item.start else item.end
    return item.start.date() <= day <= last.date()


def _divided(room: int, left: int, parts: int) -> list[tuple[int, int]]:
    """Where each of so many parts begins and how wide it is; the first have what is left over."""
    usual, more = divmod(room - left, parts)
    found, x = [], left
    for part in range(parts):
        wide = usual + (part < more)
        found.append((x, wide))
        x += wide
    return found


def _out_of_sight(
    canvas: Canvas, mine: Sequence[Block], right: int, below: int, top: int, room: int
) -> None:
    """How many blocks of a day are above and below what is in sight."""
    signs = glyphs.shown()
    above = sum(block.bottom <= top for block in mine)
    under = sum(block.top >= top + room for block in mine)
    for count, sign, y in (
        (above, signs.more_above, below),
        (under, signs.more_below, below + room - 1),
    ):
        if count:
            told = f"{sign}{count}"
            canvas.put(right - 1 - len(told), y, told, role("differs", "bold"))
