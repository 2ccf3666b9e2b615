"""Being asked to stop."""

import asyncio
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows's, also at log-off
_HEARTBEAT: Final = 1.0


@contextmanager
def stop_requested(loop: asyncio.AbstractEventLoop) -> Iterator[asyncio.Event]:
    """An event that is set when the process is asked to stop: SIGTERM, SIGINT or SIGBREAK.

    SIGHUP ends nothing: services are told by it to read their settings again, which calsync does
    by itself, and whoever closes a terminal does not mean the sync.

    A second signal ends the process at once, as if nobody listened. The handlers that were there
    before are back afterwards. Outside the main thread, where Python allows no handlers, the event
    is only ever set by the program itself.

    `loop.add_signal_handler` is missing on Windows, so all platforms go the way that works there:
    a handler of the `signal` module that wakes the loop.
    """
    asked = asyncio.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        if heard:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        heard.append(number)
        loop.call_soon_threadsafe(asked.set)

    heard: list[int] = []
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    if hasattr(signal, "SIGHUP"):
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    heart = _Heart(loop) if sys.platform == "win32" else None
    try:
        yield asked
    finally:
        if heart is not None:
            heart.stop()
        for number, handler in before.items():
            # None stands for a handler that was not set from Python and cannot be put back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


class _Heart:
    """Wakes the loop each second, so that Python gets to look for signals.

    A selector loop on Windows sleeps through them; the proactor loop is woken by Python itself.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, every: float = _HEARTBEAT) -> None:
        self._loop = loop
        self._every = every
        self._next = loop.call_later(every, self._beat)

    def _beat(self) -> None:
        self._next = self._loop.call_later(self._every, self._beat)

    def stop(self) -> None:
        """No further beat."""
        self._next.cancel()
