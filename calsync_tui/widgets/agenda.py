"""Both calendars as a list, Consolidate left and Exchange right, a sign between them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar, TypeAlias

from rich.text import Text

from calsync_agent.i18n import _
from calsync_tui import glyphs
from calsync_tui.gateway.calendars import Item, Pair, Standing
from calsync_tui.themes import role
from calsync_tui.widgets.calendar_grid import colour_of, day_name, sign_of
from calsync_tui.widgets.columns import Column, Placed, cut
from calsync_tui.widgets.row_list import RowList

Row: TypeAlias = tuple[date, Pair | None]
"""A day's heading, or one of its appointments."""
_SIGN = 2
_TIME, _SHORT = 11, 5
"""Cells of from when to when, and of from when alone."""
_WHOLE_FROM = 32
_PLACE_FROM = 46


def rows(pairs: Sequence[Pair]) -> list[Row]:
    """The appointments with a heading before those of each day."""
    found: list[Row] = []
    for pair in pairs:
        day = pair.shown.start.date()
        if not found or found[-1][0] != day:
            found.append((day, None))
        found.append((day, pair))
    return found


class Agenda(RowList[Row]):
    """A row for each appointment; the cursor passes the headings over."""

    columns: ClassVar[Sequence[Column]] = (
        Column("here", "Consolidate", 10, colour="side-c"),
        Column("sign", "", _SIGN),
        Column("there", "Exchange", 10, colour="side-e"),
    )

    def place(self, room: int) -> tuple[Placed, ...]:
        """Both sides are equally wide."""
        left = room - _SIGN - 2
        half = max(left // 2, 4)
        widths = (half, _SIGN, max(left - half, 4))
        return tuple(
            Placed(column, width) for column, width in zip(self.columns, widths, strict=True)
        )

    def cells(self, row: Row) -> Mapping[str, Text]:
        """What stands on each side."""
        day, pair = row
        half = self._placed[0].width if self._placed else 20
        if pair is None:
            line = glyphs.shown().horizontal
            differing = sum(
                other is not None and other.differs for on, other in self.rows if on == day
            )
            name = f"{day_name(day)} "
            told = Text(name, "bold").append(line * (half - len(name)), role("edge"))
            right = Text(line * half, role("edge"))
            if differing:
                count = f" {glyphs.shown().differs} {differing} "
                right.truncate(max(half - len(count), 0))
                right.append(count, role("differs", "bold"))
            return {"here": told, "sign": Text(line * _SIGN, role("edge")), "there": right}
        sign = Text(sign_of(pair.standing), role(colour_of(pair.standing), "bold"))
        return {
            "here": self._side(pair, pair.here, half),
            "sign": sign,
            "there": self._side(pair, pair.there, half),
        }

    def key(self, row: Row) -> object:
        """Its appointment, or its day."""
        day, pair = row
        return day if pair is None else (pair.activity, pair.event, pair.shown.start)

    def _to(self, at: int) -> None:
        """Headings are no appointments."""
        step = 1 if at >= self.cursor else -1
        at = max(0, min(at, len(self.rows) - 1))
        while 0 <= at < len(self.rows) and self.rows[at][1] is None:
            at += step
        if 0 <= at < len(self.rows):
            super()._to(at)
        elif step < 0:
            self.scroll_to(y=0, animate=False)

    def _side(self, pair: Pair, item: Item | None, half: int) -> Text:
        if item is None:
            left = (_TIME if half >= _WHOLE_FROM else _SHORT) + 1
            return Text(" " * left + missing(pair), role(colour_of(pair.standing)))
        usual = "muted" if pair.standing in {Standing.SAME, Standing.UNKNOWN} else "foreground"

        def style(*fields: str) -> str:
            if any(field in pair.fields for field in fields):
                return role("differs", "bold")
            return role(usual)

        long = half >= _WHOLE_FROM
        told = when(item) if long else _briefly(item)
        time = Text(f"{told:<{_TIME if long else _SHORT}} ", style("start", "end", "all_day"))
        place = item.location if half >= _PLACE_FROM else ""
        room = half - time.cell_len
        subject = Text(item.subject, style("subject"))
        if place:
            subject = cut(subject, room * 3 // 5)
            subject.pad_right(room * 3 // 5 - subject.cell_len + 1)
            subject.append(place, style("location"))
        return time.append_text(subject)


def when(item: Item) -> str:
    """From when to when, or that it is all-day."""
    if item.all_day:
        return _("all-day")
    dash = "-" if glyphs.is_plain() else "\N{EN DASH}"
    return f"{item.start:%H:%M}{dash}{item.end:%H:%M}"


def _briefly(item: Item) -> str:
    return " " * _SHORT if item.all_day else f"{item.start:%H:%M}"


def missing(pair: Pair) -> str:
    """What is to be said of the side that lacks it."""
    match pair.standing:
        case Standing.UNKNOWN:
            return _("not read")
        case Standing.ASIDE:
            return _("missing: {reason}").format(reason=pair.reason)
        case _:
            return _("missing, is created")
