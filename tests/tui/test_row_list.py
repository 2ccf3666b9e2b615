"""A list of rows keeps to the room that it has, also where a scrollbar takes some of it."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pytest
from rich.text import Text
from textual.app import App, ComposeResult

from calsync_tui import themes
from calsync_tui.widgets.columns import Column
from calsync_tui.widgets.row_list import RowList

pytestmark = pytest.mark.anyio


class Numbers(RowList[int]):
    """Each row ends in the last column of what room there is."""

    columns: ClassVar[Sequence[Column]] = (
        Column("left", "", 4),
        Column("right", "", 4, stretches=True),
    )

    def cells(self, row: int) -> Mapping[str, Text]:
        return {"left": Text(f"{row}"), "right": Text("<" + "-" * 60)}

    def key(self, row: int) -> object:
        return row


class OneList(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(themes.DARK.variables)

    def compose(self) -> ComposeResult:
        yield Numbers()


async def test_where_a_scrollbar_comes_the_columns_give_way() -> None:
    app = OneList()
    async with app.run_test(size=(40, 8)) as pilot:
        rows = app.query_one(Numbers)
        rows.show(range(3))
        await pilot.pause()
        wide = rows._placed[-1].width
        assert rows.render_line(1).cell_length == 40
        rows.show(range(100))
        await pilot.pause()
        line = rows.render_line(1)
        assert line.cell_length == 39
        assert rows._placed[-1].width == wide - 1
