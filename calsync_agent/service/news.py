"""Why the next round should begin before its time."""

import asyncio


class News(asyncio.Event):
    """Set when something has changed. `touched_only`: no more than that the feed holds changes.

    `no_hint_before`: until then, by the loop's time, that alone is no reason for a round.
    """

    def __init__(self) -> None:
        super().__init__()
        self.touched_only = False
        self.no_hint_before = 0.0

    def set(self) -> None:
        """Something has changed that a whole round has to find."""
        self.touched_only = False
        super().set()

    def hint(self) -> None:
        """Somebody has touched something in Consolidate; what else there is to say goes before."""
        if not self.is_set() and asyncio.get_running_loop().time() >= self.no_hint_before:
            super().set()
            self.touched_only = True

    def clear(self) -> None:
        """A round begins."""
        self.touched_only = False
        super().clear()
