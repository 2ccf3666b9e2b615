"""A table that follows what it shows without losing its place."""

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.coordinate import Coordinate
from textual.widgets import DataTable


class LiveTable(DataTable[Text]):
    """Rows by key; only what differs is touched, and the cursor stays on its row."""

    DEFAULT_CSS = """
    LiveTable {
        height: auto;
        background: $background;
        & > .datatable--header { background: $background; text-style: bold; }
        & > .datatable--even-row, & > .datatable--odd-row { background: $background; }
    }
    """

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name, id=name, cursor_type="row", zebra_stripes=False)
        self._shown: dict[str, tuple[Text, ...]] = {}

    @property
    def chosen(self) -> str | None:
        """The key of the row that the cursor is on."""
        if not self._shown:
            return None
        return list(self._shown)[min(self.cursor_row, len(self._shown) - 1)]

    def show(self, rows: Mapping[str, Sequence[Text]]) -> None:
        """Show exactly these rows, in this order."""
        wanted = {key: tuple(cells) for key, cells in rows.items()}
        for key in [key for key in self._shown if key not in wanted]:
            self.remove_row(key)
            del self._shown[key]
        kept = list(self._shown)
        if kept != list(wanted)[: len(kept)]:
            self._refill(wanted)
            return
        for key, cells in wanted.items():
            if key not in self._shown:
                self.add_row(*cells, key=key)
            else:
                self._update(key, cells)
            self._shown[key] = cells

    def _update(self, key: str, cells: tuple[Text, ...]) -> None:
        columns = list(self.columns)
        for column, before, now in zip(columns, self._shown[key], cells, strict=True):
            if before != now:
                self.update_cell(key, column, now, update_width=True)

    def _refill(self, wanted: dict[str, tuple[Text, ...]]) -> None:
        """The order is another one, which happens seldom."""
        chosen, top = self.chosen, self.scroll_offset.y
        self.clear()
        for key, cells in wanted.items():
            self.add_row(*cells, key=key)
        self._shown = wanted
        if chosen in wanted:
            self.cursor_coordinate = Coordinate(list(wanted).index(chosen), 0)
        self.scroll_to(y=top, animate=False)
