"""A window into a list that is too long to hold: what it holds, and what it asks for."""

from dataclasses import dataclass, field

import pytest

from calsync_tui.widgets import row_buffer
from calsync_tui.widgets.row_buffer import RowBuffer
from calsync_tui.widgets.viewport import View

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Row:
    place: int


@dataclass(frozen=True)
class Some:
    rows: tuple[Row, ...]
    reached: int | None


@dataclass
class Numbers:
    """A list of places; a look returns at most ten of them, and passes at most thirty others."""

    places: list[int]
    looks: int = 0
    _wanted: set[int] | None = field(default=None)

    async def look(self, beyond: int, *, forward: bool) -> Some:
        self.looks += 1
        ahead = [p for p in self.places if (p > beyond if forward else p < beyond)]
        near = ahead[:10] if forward else ahead[-10:]
        whole = len(near) == len(ahead)
        reached = None if whole else near[-1 if forward else 0]
        rows = (Row(p) for p in near if self._wanted is None or p in self._wanted)
        return Some(tuple(rows), reached)

    async def ends(self) -> tuple[int, int]:
        return (self.places[0], self.places[-1]) if self.places else (0, 0)

    def only(self, *places: int) -> None:
        self._wanted = set(places)


@pytest.fixture(autouse=True)
def _small_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_buffer, "OVERLAP", 10)


async def opened(source: Numbers, place: int | None = None, rows: int = 20) -> View[Row]:
    view = View(RowBuffer[Row](source), height=5)
    await view.reel.open(place)
    for forward in (False, True):
        async for _step in view.reel.fill(forward=forward, wanted=rows):
            pass
    view.cursor = view.top = source.places[-1] if place is None else place
    view.settle(pin=place is None)
    return view


def shown(view: View[Row]) -> list[int]:
    rows = (view.at(line) for line in range(view.height))
    return [row.place for row in rows if row is not None]


async def test_it_opens_at_the_end_and_follows() -> None:
    view = await opened(Numbers(list(range(1, 101))))
    assert shown(view) == [96, 97, 98, 99, 100]
    assert view.following
    assert len(view.reel.rows) == 20


async def test_what_comes_while_one_follows_comes_into_sight() -> None:
    source = Numbers(list(range(1, 101)))
    view = await opened(source)
    source.places += [101, 102]
    assert await view.reel.news(102, following=view.following)
    view.settle(pin=True)
    assert shown(view) == [98, 99, 100, 101, 102]
    assert view.following


async def test_what_comes_while_one_reads_is_counted_and_moves_nothing() -> None:
    source = Numbers(list(range(1, 101)))
    view = await opened(source)
    view.move(-3)
    before = shown(view)
    for newest in (101, 103):
        source.places = list(range(1, newest + 1))
        await view.reel.news(newest, following=view.following)
        view.settle()
    assert (shown(view), view.reel.fresh, view.following) == (before, 3, False)
    async for _step in view.reel.fill(forward=True, wanted=10):
        pass
    assert view.reel.rows[-1].place == 103
    await view.reel.news(103, following=False)
    assert view.reel.fresh == 3


@pytest.mark.parametrize("following", [True, False])
async def test_a_row_that_was_committed_late_is_not_missed_and_told_once(following: bool) -> None:
    source = Numbers([*range(1, 95), 96, 97, 99, 100])
    view = await opened(source)
    if not following:
        view.move(-1)
    source.places = list(range(1, 101))
    for _time in range(3):
        await view.reel.news(100, following=following)
    assert [row.place for row in view.reel.rows][-4:] == (
        [97, 98, 99, 100] if following else [96, 97, 99, 100]
    )
    assert view.reel.fresh == (0 if following else 2)


async def test_nothing_new_reads_one_part_and_changes_nothing() -> None:
    source = Numbers(list(range(1, 101)))
    view = await opened(source)
    rows, source.looks = view.reel.rows, 0
    assert not await view.reel.news(100, following=True)
    assert view.reel.rows == rows
    assert source.looks <= row_buffer.OVERLAP // 10 + 1


async def test_rows_beyond_a_bound_are_let_go_and_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(row_buffer, "MOST", 60)
    view = await opened(Numbers(list(range(1, 1001))))
    seen = set(shown(view))
    for _key in range(300):
        view.move(-5)
        while (forward := view.wants) is not None:
            async for _step in view.reel.fill(forward=forward, wanted=10):
                view.settle()
        assert len(view.reel.rows) <= 60
        seen |= set(shown(view))
    assert seen == set(range(1, 1001))
    assert shown(view) == [1, 2, 3, 4, 5]
    for _key in range(300):
        view.move(5)
        while (forward := view.wants) is not None:
            async for _step in view.reel.fill(forward=forward, wanted=10):
                view.settle()
    assert shown(view) == [996, 997, 998, 999, 1000]
    assert view.following


async def test_it_opens_around_a_place_or_at_the_beginning() -> None:
    around = await opened(Numbers(list(range(1, 101))), 50)
    assert 50 in shown(around)
    assert [row.place for row in around.reel.rows] == list(range(31, 71))
    first = await opened(Numbers(list(range(1, 101))), 0)
    assert shown(first) == [1, 2, 3, 4, 5]
    assert not first.following


async def test_who_follows_a_flood_jumps_instead_of_reading_it_all() -> None:
    source = Numbers(list(range(1, 101)))
    view = await opened(source)
    source.places, source.looks = list(range(1, 50_001)), 0
    await view.reel.news(50_000, following=True)
    view.settle(pin=True)
    assert shown(view) == [49_996, 49_997, 49_998, 49_999, 50_000]
    assert source.looks <= row_buffer.OVERLAP // 10 + 1


async def test_who_does_not_follow_a_flood_reads_it_bit_by_bit() -> None:
    source = Numbers(list(range(1, 101)))
    view = await opened(source)
    view.move(-1)
    source.places = list(range(1, 1001))
    counts = []
    while view.reel.fresh < 900:
        source.looks = 0
        await view.reel.news(1000, following=False)
        counts.append(view.reel.fresh)
        assert source.looks <= row_buffer.STEPS
    assert counts == sorted(set(counts))
    assert view.reel.fresh == 900


async def test_another_database_in_its_place_is_read_anew() -> None:
    source = Numbers(list(range(1, 101)))
    view = await opened(source)
    source.places = [1, 2, 3]
    await view.reel.news(3, following=False)
    assert [row.place for row in view.reel.rows] == [1, 2, 3]


async def test_an_empty_list_shows_nothing_and_then_what_comes() -> None:
    source = Numbers([])
    view = View(RowBuffer[Row](source), height=5)
    await view.reel.open()
    async for _step in view.reel.fill(forward=False, wanted=5):
        pass
    view.move(1)
    view.scroll(3)
    assert (shown(view), view.current, view.following) == ([], None, True)
    source.places = [7]
    await view.reel.news(7, following=True)
    view.settle(pin=True)
    assert shown(view) == [7]


async def test_the_wheel_keeps_the_current_row_in_sight() -> None:
    view = await opened(Numbers(list(range(1, 101))))
    view.scroll(-3)
    assert shown(view) == [93, 94, 95, 96, 97]
    assert view.current == Row(97)
    assert not view.following
    view.scroll(100)
    assert shown(view) == [96, 97, 98, 99, 100]


async def test_a_filter_that_leaves_little_is_searched_to_the_end() -> None:
    source = Numbers(list(range(1, 1001)))
    source.only(3, 500)
    view = await opened(source)
    assert shown(view) == [3, 500]
    assert (view.total, view.position, view.following) == (2, 0, True)
