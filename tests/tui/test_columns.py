"""Which columns there are in how much room, and the order of names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from calsync_agent.collation import natural
from calsync_tui.widgets.columns import Column, fitted, placed

COLUMNS = (
    Column("sign", "", 1),
    Column("user", "User", 10, 24),
    Column("held", "Held", 5, rank=2, right=True),
    Column("mailbox", "Mailbox", 20, 30, rank=3),
    Column("error", "Error", 12, rank=1, stretches=True),
)


@given(st.integers(1, 300))
def test_columns_take_all_the_room_and_no_more(room: int) -> None:
    found = placed(COLUMNS, room)
    taken = sum(one.width for one in found) + len(found) - 1
    assert {"sign", "user"} <= {one.column.name for one in found}
    assert all(one.width >= one.column.least for one in found)
    if room >= 12:  # the two that are always there
        assert taken <= room
    if any(one.column.stretches for one in found):
        assert taken == room


@given(st.integers(12, 299))
def test_more_room_never_takes_a_column_away(room: int) -> None:
    few, more = ({one.column.name for one in placed(COLUMNS, width)} for width in (room, room + 1))
    assert few <= more


def test_what_matters_least_goes_first() -> None:
    names = {room: [one.column.name for one in placed(COLUMNS, room)] for room in (60, 40, 30, 20)}
    assert names[60] == ["sign", "user", "held", "mailbox", "error"]
    assert names[40] == ["sign", "user", "held", "error"]
    assert names[30] == ["sign", "user", "error"]
    assert names[20] == ["sign", "user"]


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=30), st.integers(1, 40)
)
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int) -> None:
    assert fitted(Text(text), width).cell_len == width


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["P10", "P2", "p1", "P11"], ["p1", "P2", "P10", "P11"]),
        (["Raum 2b", "Raum 2a", "Raum 10", "Raum"], ["Raum", "Raum 2a", "Raum 2b", "Raum 10"]),
        (["10", "9", "Anna"], ["9", "10", "Anna"]),
    ],
)
def test_names_are_sorted_as_people_count(names: list[str], ordered: list[str]) -> None:
    assert sorted(names, key=natural) == ordered


@given(st.text(max_size=12))
def test_a_text_comes_before_a_longer_one_that_begins_like_it(text: str) -> None:
    assert natural(text) <= natural(f"{text}0")
