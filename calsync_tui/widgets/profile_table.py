"""The list of profiles: a cursor, marks, and a way to say that a row is to be edited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import DataTable

from calsync_agent.appointment.model import ProfileId
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.i18n import marked
from calsync_tui.widgets import profile_cells
from calsync_tui.widgets.profile_cells import COLUMNS


class ProfileTable(DataTable[Text]):
    """Shows lines, and touches only the cells that changed.

    `marks` are the profiles chosen for what is done to several; whoever made the table owns them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f2",
            "edit",
            marked("Edit"),
            id="profiles.edit",
            tooltip=marked("Change the row under the cursor, in its place"),
        ),
        Binding("enter", "edit", marked("Edit"), show=False, id="profiles.edit_too"),
        Binding(
            "space",
            "mark",
            marked("Mark"),
            id="profiles.mark",
            tooltip=marked("Mark the row for what is done to several"),
        ),
        Binding(
            "shift+down",
            "mark_on(1)",
            marked("Mark on"),
            id="profiles.mark_down",
            show=False,
            tooltip=marked("Mark rows from here downwards"),
        ),
        Binding(
            "shift+up",
            "mark_on(-1)",
            marked("Mark back"),
            id="profiles.mark_up",
            show=False,
            tooltip=marked("Mark rows from here upwards"),
        ),
    ]

    DEFAULT_CSS = """
    ProfileTable {
        height: 1fr;
        width: 1fr;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
        overflow-x: auto;
        overflow-y: auto;
    }
    """

    place: reactive[tuple[float, float, int]] = reactive((0.0, 0.0, 0))
    """Changes when rows are to be found elsewhere on the screen."""

    @dataclass
    class EditRequested(Message):
        """Somebody wants to edit a profile."""

        profile: ProfileId

    class MarksChanged(Message):
        """Somebody marked rows, or took marks away."""

    def __init__(self, marks: set[ProfileId]) -> None:
        super().__init__(cursor_type="row", cell_padding=0, zebra_stripes=True)
        self.marks = marks
        self._lines: tuple[ProfileLine, ...] = ()
        self._linked: Mapping[ProfileId, int] | None = None
        self._now = datetime.min  # noqa: DTZ901 - until the first lines come
        self._shown: dict[ProfileId, dict[str, Text]] = {}
        self._room: dict[str, int] = {}
        self._wish: ProfileId | None = None
        self._anchor: tuple[int, frozenset[ProfileId]] | None = None

    # -- what it shows ------------------------------------------------------------------------

    def show(
        self, lines: Sequence[ProfileLine], linked: Mapping[ProfileId, int] | None, now: datetime
    ) -> None:
        """Show these profiles in this order; the cursor stays with its profile."""
        before = self._lines, self._linked, self._now.date()
        self._lines, self._linked, self._now = tuple(lines), linked, now
        if self._room and (self._lines, linked, now.date()) != before:
            self._fit(self.size.width)
            self._bring_up_to_date()

    def repaint_marks(self) -> None:
        """Show the marks as they are now."""
        self._bring_up_to_date()

    @property
    def current(self) -> ProfileId | None:
        """The profile under the cursor."""
        shown = list(self._shown)
        return shown[self.cursor_row] if self.cursor_row < len(shown) else None

    def put_cursor(self, profile: ProfileId) -> None:
        """Move the cursor to a profile, as soon as it is in the list."""
        if profile in self._shown:
            self.move_cursor(row=list(self._shown).index(profile))
        else:
            self._wish = profile

    def line_of(self, profile: ProfileId) -> int | None:
        """On which line of the table a profile stands now; the heading's is 0."""
        shown = list(self._shown)
        if profile not in self._shown:
            return None
        return self.header_height + shown.index(profile) - round(self.scroll_y)

    def on_resize(self, event: events.Resize) -> None:
        """Columns use the room there is."""
        self._fit(event.size.width)

    def _fit(self, width: int) -> None:
        room = profile_cells.widths(width, profile_cells.needs(self._lines))
        if room != self._room:
            self._room = room
            self._rebuild()

    def _rebuild(self) -> None:
        cursor = self.current
        self.clear(columns=True)
        self._shown = {}
        for column in COLUMNS:
            if column.name not in self._room:
                continue
            width = self._room[column.name]
            self.add_column(profile_cells.heading(column, width), width=width, key=column.name)
        self._bring_up_to_date(cursor)

    def _bring_up_to_date(self, cursor: ProfileId | None = None) -> None:
        wanted = {line.row.id: self._cells(line) for line in self._lines}
        if list(wanted) != list(self._shown):
            self._refill(wanted, cursor or self.current)
        else:
            for number, new in wanted.items():
                old = self._shown[number]
                for name, cell in new.items():
                    if cell != old[name]:
                        self.update_cell(str(number), name, cell)
        self._shown = wanted

    def _refill(
        self, wanted: Mapping[ProfileId, Mapping[str, Text]], cursor: ProfileId | None
    ) -> None:
        """Rows came or went: put all of them in, the cursor where it was."""
        order, place = list(wanted), self.cursor_row
        if self._wish in wanted:
            cursor, self._wish = self._wish, None
        self.clear()
        for number, new in wanted.items():
            self.add_row(*new.values(), key=str(number))
        at = order.index(cursor) if cursor is not None and cursor in wanted else place
        if order:
            self.move_cursor(row=min(at, len(order) - 1))
        self.place = (self.scroll_x, self.scroll_y, self.place[2] + 1)

    def _cells(self, line: ProfileLine) -> dict[str, Text]:
        number = line.row.id
        return profile_cells.cells(
            line,
            chosen=number in self.marks,
            linked=None if self._linked is None else self._linked.get(number, 0),
            now=self._now,
            room=self._room,
        )

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell that rows are elsewhere now."""
        super().watch_scroll_y(old_value, new_value)
        self.place = (self.scroll_x, new_value, self.place[2])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without rows there is nothing to edit or to mark."""
        if action in {"edit", "mark", "mark_on"} and not self._shown:
            return False
        return super().check_action(action, parameters)

    # -- what is done to it -------------------------------------------------------------------

    def action_edit(self) -> None:
        """Ask that the row under the cursor be edited."""
        if self.current is not None:
            self.post_message(self.EditRequested(self.current))

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away."""
        if self.current is not None:
            self._toggle(self.current)
            self._anchor = None

    def action_mark_on(self, step: int) -> None:
        """Move the cursor and mark what lies between."""
        self._mark_to(self.cursor_row + step)

    def mark_all(self) -> None:
        """Mark all rows; where all are marked, none."""
        everything = set(self._shown)
        marks = set() if everything <= self.marks else everything
        self._set_marks(marks)
        self._anchor = None

    def mark_none(self) -> None:
        """Take all marks away."""
        self._set_marks(frozenset())

    async def _on_click(self, event: events.Click) -> None:
        """Marks in the first column, else as usual; a double click edits."""
        meta = event.style.meta
        row, column = meta.get("row", -2), meta.get("column", -2)
        if column == 0 and row == -1:
            self.mark_all()
        elif not 0 <= row < len(self._shown):
            return  # the base class has its turn
        elif event.shift:
            self._mark_to(row)
        elif event.ctrl or column == 0:
            self.move_cursor(row=row)
            self.action_mark()
        elif event.chain > 1:
            self.move_cursor(row=row)
            self.action_edit()
        else:
            return  # the base class has its turn
        event.prevent_default()
        event.stop()

    def watch_cursor_coordinate(
        self, old_coordinate: Coordinate, new_coordinate: Coordinate
    ) -> None:
        """Whoever moves the cursor alone begins a new range the next time."""
        super().watch_cursor_coordinate(old_coordinate, new_coordinate)
        self._anchor = None

    def _toggle(self, profile: ProfileId) -> None:
        self._set_marks(self.marks ^ {profile})

    def _mark_to(self, row: int) -> None:
        """Mark from where the range began to `row`; what it leaves again loses its mark."""
        if not 0 <= row < len(self._shown):
            return
        begun, before = self._anchor or (self.cursor_row, frozenset(self.marks))
        self.move_cursor(row=row)
        first, last = sorted((begun, row))
        self._set_marks(before | set(list(self._shown)[first : last + 1]))
        self._anchor = begun, before

    def _set_marks(self, marks: set[ProfileId] | frozenset[ProfileId]) -> None:
        self.marks.clear()
        self.marks.update(marks)
        self.repaint_marks()
        self.post_message(self.MarksChanged())
