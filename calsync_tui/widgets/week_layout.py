"""Where the blocks of a week stand: rows and lanes, as pure functions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from calsync_tui.gateway.calendars import Item, Pair

USUAL_HOURS: Final = (7, 18)
HOURS: Final = 24
ROWS: Final = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a pair on one day: rows `top` to `bottom` (not in it), one of `lanes` lanes.

    `side`: `C` or `E` where both sides have it at different times, else nothing. `number`: of its
    pair.
    """

    number: int
    day: int
    top: int
    bottom: int
    side: str = ""
    lane: int = 0
    lanes: int = 1


def hours(pairs: Sequence[Pair], room: int) -> tuple[int, int, int]:
    """The first hour that is shown, the one after the last, and the rows of an hour.

    As many rows an hour as there is room for, and then more hours.
    """
    first, last = USUAL_HOURS
    for item in _timed(pairs):
        if item.start.date() == item.end.date():
            first = min(first, item.start.hour)
            last = max(last, item.end.hour + (item.end.minute > 0))
    per_hour = max((n for n in ROWS if n * (last - first) <= room), default=1)
    fitting = min(room // per_hour, HOURS)
    while last - first < fitting:
        if last < HOURS:
            last += 1
        if last - first < fitting and first > 0:
            first -= 1
    return first, last, per_hour


def blocks(
    pairs: Sequence[Pair], first: date, days: int, begin: int, per_hour: int, end: int
) -> list[Block]:
    """All pieces with a time, in lanes where they overlap."""
    found = [
        block
        for number, pair in enumerate(pairs)
        for side, item in _sides(pair)
        if not item.all_day
        for block in _pieces(number, side, item, first, days, begin, per_hour, end)
    ]
    return [block for day in range(days) for block in _in_lanes(b for b in found if b.day == day)]


def all_day(pairs: Sequence[Pair], first: date, days: int) -> list[list[int]]:
    """The numbers of the all-day pairs of each day."""
    found: list[list[int]] = [[] for _day in range(days)]
    for number, pair in enumerate(pairs):
        item = pair.shown
        if item.all_day:
            for day in range(days):
                moment = datetime.combine(first + timedelta(days=day), time())
                if item.start <= moment < item.end:
                    found[day].append(number)
    return found


def _sides(pair: Pair) -> Iterator[tuple[str, Item]]:
    if pair.is_moved and pair.here is not None and pair.there is not None:
        yield "C", pair.here
        yield "E", pair.there
    else:
        yield "", pair.shown


def _timed(pairs: Iterable[Pair]) -> Iterator[Item]:
    for pair in pairs:
        for _side, item in _sides(pair):
            if not item.all_day:
                yield item


def _pieces(
    number: int, side: str, item: Item, first: date, days: int, begin: int, per_hour: int, end: int
) -> Iterator[Block]:
    """Rounded outwards, else 08:30 would show at 09:00."""
    rows = (end - begin) * per_hour
    for day in range(days):
        midnight = datetime.combine(first + timedelta(days=day), time())
        if item.start >= midnight + timedelta(days=1) or item.end < midnight:
            continue
        if item.end == midnight and item.start != item.end:
            continue
        from_, to = (
            (moment - midnight) / timedelta(hours=1) - begin for moment in (item.start, item.end)
        )
        top = max(0, int(from_ * per_hour // 1))
        bottom = min(rows, int(-(-to * per_hour // 1)))
        top = min(top, rows - 1)
        yield Block(number, day, top, max(bottom, top + 1), side)


def _in_lanes(some: Iterable[Block]) -> Iterator[Block]:
    """Beside each other where they overlap; those that touch each other share their lanes."""
    cluster: list[Block] = []
    ends: list[int] = []
    for block in sorted(some, key=lambda one: (one.top, one.number)):
        if cluster and block.top >= max(ends):
            yield from (replace(one, lanes=len(ends)) for one in cluster)
            cluster, ends = [], []
        lane = next((at for at, end in enumerate(ends) if end <= block.top), len(ends))
        ends[lane : lane + 1] = [block.bottom]
        cluster.append(replace(block, lane=lane))
    yield from (replace(one, lanes=len(ends)) for one in cluster)
