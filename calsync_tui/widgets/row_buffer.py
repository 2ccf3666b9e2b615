"""A window into a list that is too long to hold: some rows in a row, and the way to more.

Rows are asked for in steps, each of them short, so that whoever waits can watch, and turn away.
"""

from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

MOST: Final = 2_000
"""Most rows that are held."""
OVERLAP: Final = 100
"""So many places before the newest are looked at again for rows that were committed late."""
LEAP: Final = 2_000
"""Whoever follows jumps over so many new places instead of reading them all."""
STEPS: Final = 12
"""Most looks at what is new at a time."""


class Placed(Protocol):
    """A row; rows stand in the order of their places, and no two have the same."""

    @property
    def place(self) -> int:
        """Where in the list it stands."""


R = TypeVar("R", bound=Placed)
R_co = TypeVar("R_co", bound=Placed, covariant=True)


class Part(Protocol[R_co]):
    """Some rows in order, and the place up to which they are all; None: up to the end."""

    @property
    def rows(self) -> tuple[R_co, ...]:
        """The rows."""

    @property
    def reached(self) -> int | None:
        """How far the look went."""


class Source(Protocol[R_co]):
    """Where rows come from."""

    async def look(self, beyond: int, *, forward: bool) -> Part[R_co]:
        """Some of the rows next to a place, which is not among them; raises CalsyncError."""

    async def ends(self) -> tuple[int, int]:
        """The two outermost places there are; raises CalsyncError."""


@dataclass(slots=True)
class Edge:
    """Up to where rows are known on one side; `over`: there are none beyond."""

    place: int
    over: bool


class RowBuffer(Generic[R]):
    """The rows held now. `fresh`: how many have come while nobody followed."""

    def __init__(self, source: Source[R]) -> None:
        self.source = source
        self.rows: list[R] = []
        self.first = Edge(0, over=True)
        self.last = Edge(0, over=True)
        self.ends = (0, 0)
        self.fresh = 0
        self._tail = 0
        self._whole_from = 0
        self._opened_at: int | None = None
        self._told: set[int] = set()

    def index(self, place: int) -> int:
        """The index of the row at a place, or of the one before it; 0 where there is none."""
        return max(0, bisect_right(self.rows, place, key=_place) - 1)

    async def open(self, place: int | None = None) -> None:
        """Begin anew at a place, or at the end; without rows yet (`fill`)."""
        self.ends = await self.source.ends()
        first, last = self.ends
        at_end = place is None or place >= last
        begin = last if place is None or at_end else max(place, first - 1)
        self.rows = []
        self.first = Edge(begin + 1, over=begin < first)
        self.last = Edge(begin, over=at_end)
        self.fresh = 0
        # From `_whole_from` to `_tail` every row was seen; `_told` are the last of them.
        self._tail = self._whole_from = last
        self._opened_at = last if at_end else None
        self._told = set()

    async def fill(self, *, forward: bool, wanted: int) -> AsyncIterator[None]:
        """Look on in one direction until `wanted` rows have come; yields after each step."""
        edge = self.last if forward else self.first
        come = 0
        while come < wanted and not edge.over:
            part = await self.source.look(edge.place, forward=forward)
            come += len(part.rows)
            if forward:
                self._append(part)
            else:
                self._prepend(part)
            yield

    async def news(self, newest: int, *, following: bool) -> bool:
        """Look at what has come since; returns whether there was anything for us.

        Rows are only added where one follows; else they are counted.
        """
        self.ends = min(self.ends[0], newest), newest
        if newest < self._tail or (following and newest - self._tail > LEAP):
            await self.open()
            async for _step in self.fill(forward=False, wanted=OVERLAP):
                pass
            return True
        beyond = max(self._whole_from, self._tail - OVERLAP)
        rows: list[R] = []
        for _step in range(STEPS):
            part = await self.source.look(beyond, forward=True)
            rows += [row for row in part.rows if self._is_new(row.place)]
            if part.reached is None:
                break
            beyond = part.reached
        else:
            newest = beyond  # the rest comes the next time
        self._tail = max([newest, self._tail, *(row.place for row in rows)])
        self._remember(rows)
        if following:
            self._take(rows)
        elif rows:
            self.fresh += len(rows)
            self.last.over = False
        return bool(rows)

    def _is_new(self, place: int) -> bool:
        return place > self._tail or (place > self._whole_from and place not in self._told)

    def _remember(self, rows: Iterable[R]) -> None:
        """These have been seen; only those that could come once more are worth remembering."""
        places = self._told | {row.place for row in rows}
        self._told = {place for place in places if place > self._tail - OVERLAP}

    def _take(self, rows: list[R]) -> None:
        # Those that were committed late belong between others.
        self.rows = sorted([*self.rows, *rows], key=_place)
        self.last = Edge(max(self.last.place, self._tail), over=True)
        self._trim(front=True)

    def _append(self, part: Part[R]) -> None:
        known = self.rows[-1].place if self.rows else None
        self.rows += [row for row in part.rows if known is None or row.place > known]
        reached = self._tail if part.reached is None else part.reached
        self.last.place = max(reached, self.rows[-1].place if self.rows else reached)
        self.last.over = part.reached is None
        if self.last.over:
            self._tail = max(self._tail, self.last.place)
        self._remember(part.rows)
        self._trim(front=True)

    def _prepend(self, part: Part[R]) -> None:
        self.rows = [*part.rows, *self.rows]
        self.first.over = part.reached is None
        if part.reached is not None:
            self.first.place = part.reached
        if self._opened_at is not None:
            seen_from = self.ends[0] - 1 if part.reached is None else part.reached - 1
            self._whole_from = min(self._whole_from, max(seen_from, self._opened_at - OVERLAP))
        self._remember(part.rows)
        self._trim(front=False)

    def _trim(self, *, front: bool) -> None:
        """Let go of rows at the other side of where new ones came."""
        if len(self.rows) <= MOST:
            return
        if front:
            self.rows = self.rows[-MOST:]
            self.first = Edge(self.rows[0].place, over=False)
        else:
            self.rows = self.rows[:MOST]
            self.last = Edge(self.rows[-1].place, over=False)


def _place(row: Placed) -> int:
    return row.place
