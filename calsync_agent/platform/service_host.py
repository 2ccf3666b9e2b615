"""The agent as a service of Windows: what its service manager says, and what it is told.

    service manager ──▶ dispatcher (main thread) ──▶ Hosted.SvcRun, in a thread: the agent's loop
                    ──▶ Hosted.control, in another: Bell.ring ──▶ the loop's event is set

The names that pywin32's `servicemanager` calls are its own.
"""

import asyncio
import importlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from calsync_agent.platform.access import as_os_error

STOP_WITHIN_MS: Final = 30_000
"""How long the service manager is asked to wait for the end."""

# winsvc.h
_OWN_PROCESS: Final = 0x10
_STOPPED, _START_PENDING, _STOP_PENDING, _RUNNING = 1, 2, 3, 4
_ACCEPTED: Final = 0x1 | 0x4  # SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN
_STOP, _INTERROGATE, _SHUTDOWN = 1, 4, 5
_NOT_IMPLEMENTED: Final = 120  # ERROR_CALL_NOT_IMPLEMENTED
_WITH_DETAILS: Final = True  # the handler takes three arguments
_OWN_REASON: Final = 1066  # ERROR_SERVICE_SPECIFIC_ERROR


class Bell:
    """Rings once, from any thread, for a loop that may not be there yet."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._rung = False
        self._heard: Callable[[], object] | None = None

    def ring(self) -> None:
        """Ask whoever listens, now or later, to stop."""
        with self._guard:
            self._rung = True
            if self._heard is not None:
                self._heard()

    @contextmanager
    def listening(self, loop: asyncio.AbstractEventLoop) -> Iterator[asyncio.Event]:
        """An event of the loop that is set when the bell rings, or has rung."""
        asked = asyncio.Event()

        def hear() -> None:
            loop.call_soon_threadsafe(asked.set)

        with self._guard:
            self._heard = hear
            if self._rung:
                hear()
        try:
            yield asked
        finally:
            with self._guard:  # from here on the loop may be closed
                self._heard = None


class Hosted:
    """What pywin32 makes when the service manager starts the service: one for each process.

    `manager` is pywin32's `servicemanager`, `reporter` its `win32service`. `work` runs until the
    bell rings and returns an exit status. `leave` ends the process at once.
    """

    manager: ClassVar[Any]
    reporter: ClassVar[Any]
    work: ClassVar[Callable[[Bell], int]]
    leave: ClassVar[Callable[[int], object]] = os._exit

    def __init__(self, words: tuple[str, ...]) -> None:
        self._bell = Bell()
        self._handle = self.manager.RegisterServiceCtrlHandler(
            words[0], self.control, _WITH_DETAILS
        )

    def control(self, code: int, _kind: int = 0, _data: object = None) -> int:
        """What the service manager asks, in a thread that must not wait. 0: it is done."""
        if code in {_STOP, _SHUTDOWN}:
            # Told first: the end itself may be faster than this thread.
            self._tell(_STOP_PENDING, wait_ms=STOP_WITHIN_MS)
            self._bell.ring()
        elif code != _INTERROGATE:
            return _NOT_IMPLEMENTED
        return 0

    def SvcRun(self) -> None:  # noqa: N802 - the name that pywin32 calls
        """The service's life. Returns when it was stopped; pywin32 tells the service manager.

        Wrong settings (status 2) are told as the service's own reason, and starting again would not
        mend them. Whatever else ends it leaves the service manager without a word, so that it takes
        the service for failed and starts it again.
        """
        self._tell(_RUNNING, _ACCEPTED)
        status = self._work()
        if status == 2:  # noqa: PLR2004 - as the commands' exit statuses
            self._tell(_STOPPED, reason=status)
        if status:
            type(self).leave(status)

    def _work(self) -> int:
        return type(self).work(self._bell)

    def _tell(self, state: int, accepted: int = 0, wait_ms: int = 0, reason: int = 0) -> None:
        error = _OWN_REASON if reason else 0
        status = (_OWN_PROCESS, state, accepted, error, reason, 0, wait_ms)
        self.reporter.SetServiceStatus(self._handle, status)


def host(
    name: str,
    work: Callable[[Bell], int],
    load: Callable[[str], Any] = importlib.import_module,
) -> None:
    """Be the service `name` until it has ended. Raises OSError where no service manager waits."""
    manager = load("servicemanager")
    ours = {"manager": manager, "reporter": load("win32service"), "work": staticmethod(work)}
    with as_os_error(name, load):
        manager.Initialize(name, "")
        manager.PrepareToHostSingle(type("Service", (Hosted,), ours))
        manager.StartServiceCtrlDispatcher()
