"""What goes on beside the rounds as long as the agent lives, whatever happens to it.

A task that nobody waits for would end unnoticed by an error that nobody foresaw. Here it is said,
and the task begins again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from calsync_agent.i18n import Message, message
from calsync_agent.logs import logs

_log: Final = logging.getLogger(__name__)

AGAIN_AFTER: Final = 1.0
"""Seconds until a task that has ended begins again."""


class Beside:
    """Tasks by their names, begun again whenever one has ended. `tell` is how that is said."""

    def __init__(
        self, work: Mapping[str, Callable[[], Awaitable[None]]], tell: Callable[[Message], None]
    ) -> None:
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._work = work
        self._tell = tell
        self._closed = False

    def begin(self) -> None:
        """Begin what does not run; nothing happens to what runs."""
        for name in self._work:
            if name not in self.tasks and not self._closed:
                self._start(name)

    async def close(self) -> None:
        """End all of it."""
        self._closed = True
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, name: str) -> None:
        task = asyncio.create_task(self._last(name), name=name)
        self.tasks[name] = task
        task.add_done_callback(lambda _task: self._ended(name))

    def _ended(self, name: str) -> None:
        """Whoever ended it but us: it begins anew."""
        del self.tasks[name]
        if not self._closed and not asyncio.get_running_loop().is_closed():
            self._tell(_again(name, message("it was cut off")))
            self._start(name)

    async def _last(self, name: str) -> None:
        while True:
            try:
                await self._work[name]()
            except Exception as error:  # noqa: BLE001 - it must not end unnoticed
                _log.debug("unexpected", exc_info=error)
                self._tell(_again(name, logs.in_one_line(error)))
            await asyncio.sleep(AGAIN_AFTER)


def fallen(task: asyncio.Task[None]) -> Exception | None:
    """What a task fell over that has ended; None where it came to its end, or was cut off."""
    error = None if task.cancelled() else task.exception()
    return error if isinstance(error, Exception) else None


def _again(name: str, detail: Message | str) -> Message:
    return message(
        "a task beside the rounds ended: {task}: {detail}; it begins again",
        task=name,
        detail=detail,
    )
