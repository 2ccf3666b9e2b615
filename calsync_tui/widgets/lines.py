"""A list that may be endless: shows what is held of it, and has more rows fetched in time.

    source ──looks──▶ RowBuffer (some thousand rows) ──▶ View (what is in sight) ──▶ LineList

Keys and wheel move at once in what is held; fetching is a worker of short steps.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from textual.message import Message
from textual.worker import Worker

from calsync_agent.errors import CalsyncError
from calsync_tui.widgets.line_list import LineList
from calsync_tui.widgets.row_buffer import R, RowBuffer, Source
from calsync_tui.widgets.viewport import View


class Lines(LineList[R]):
    """Fetches the rows that it shows.

    While the last of all rows is current, new ones come into sight by themselves.
    """

    @dataclass
    class Failed(Message):
        """Rows could not be fetched."""

        lines: "Lines[Any]"
        error: CalsyncError

    def __init__(self, view: View[R], *, id: str | None = None) -> None:  # noqa: A002 - as Textual's
        super().__init__(view, id=id)
        self.looked_at: int | None = None
        """While rows are searched for: the place that was come to."""
        self._turn = asyncio.Lock()
        self._fetching: Worker[None] | None = None

    @property
    def searching(self) -> bool:
        """Whether rows are being fetched."""
        return self._fetching is not None

    def reach(self, place: int | None) -> None:
        """Show the rows around a place that are not held, or the last of all."""
        self.open(self.view.reel.source, place)

    def open(self, source: Source[R], place: int | None = None) -> None:
        """Show other rows: those around a place, or the last ones. What is under way is left."""
        self.stop()
        self._fetching = self.run_worker(self._opening(source, place), group="lines")

    def stop(self) -> None:
        """Fetch no further."""
        if self._fetching is not None:
            self._fetching.cancel()
        self._fetching = self.looked_at = None

    async def news(self, newest: int) -> None:
        """Rows up to this place may be there now. Raises CalsyncError."""
        if self.searching:
            return
        async with self._turn:
            view, cursor, following = self.view, self.view.cursor, self.view.following
            changed = await view.reel.news(newest, following=following)
            if changed:
                view.settle(pin=following and view.cursor == cursor)
                self.moved()

    async def _opening(self, source: Source[R], place: int | None) -> None:
        reel = RowBuffer(source)
        async with self._turn:
            try:
                await reel.open(place)
                for forward in (False, True):
                    wanted = 3 * self.view.height
                    async for _step in reel.fill(forward=forward, wanted=wanted):
                        self._take(reel, place)
                        self.looked_at = (reel.last if forward else reel.first).place
            except CalsyncError as error:
                self._failed(error)
                return
        self._done()

    def _done(self) -> None:
        self._fetching = self.looked_at = None
        self.show()

    def _failed(self, error: CalsyncError) -> None:
        """What is shown stays; the next key tries again."""
        self._done()
        self.post_message(self.Failed(self, error))

    def _take(self, reel: RowBuffer[R], place: int | None) -> None:
        """Show what has come so far."""
        if reel is not self.view.reel:
            self.view.reel = reel
            self.view.cursor = self.view.top = reel.ends[1] if place is None else place
        if place is None:
            self.view.settle(pin=True)
        else:
            self.view.centre()
        self.show()

    def fetch(self) -> None:
        """Have rows ready in the direction in which they run short."""
        if not self.searching and self.view.wants is not None and self.is_attached:
            self._fetching = self.run_worker(self._more(), group="lines")

    async def _more(self) -> None:
        async with self._turn:
            try:
                while (forward := self.view.wants) is not None:
                    reel = self.view.reel
                    async for _step in reel.fill(forward=forward, wanted=3 * self.view.height):
                        self.looked_at = (reel.last if forward else reel.first).place
                        self.view.settle()
                        self.show()
            except CalsyncError as error:
                self._failed(error)
                return
        self._done()
