"""Asking another process to stop, as a service manager or a console does on each platform."""

import signal
import subprocess
import sys
from typing import Any, Final

import pytest


def _on_wine() -> bool:
    if sys.platform != "win32":
        return False
    import ctypes  # noqa: PLC0415 - what is looked for is on Windows alone

    return hasattr(ctypes.windll.ntdll, "wine_get_version")


WINE: Final = _on_wine()
"""Whether this is Wine: Windows' own programs have no such function (Wine's developer's guide)."""

askable: Final = pytest.mark.skipif(
    WINE, reason="Wine 8 passes Ctrl+Break to no process without a console window"
)
"""For a test in which another process is asked to stop."""

if sys.platform == "win32":
    SIGNALS: Final = (signal.CTRL_BREAK_EVENT,)
    # Otherwise Ctrl+Break would stop the tests as well.
    FLAGS: Final = subprocess.CREATE_NEW_PROCESS_GROUP
else:
    SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
    FLAGS: Final = 0

KILLED: Final = 1 if sys.platform == "win32" else -9
"""The exit status of a process that was killed."""


def ask(process: subprocess.Popen[Any]) -> None:
    """Ask it to stop; it was started with `creationflags=FLAGS`."""
    process.send_signal(SIGNALS[0])


def end(process: subprocess.Popen[Any]) -> None:
    """Have it stop, cleanly where it can be asked."""
    if WINE:
        process.kill()
        process.wait()
        return
    ask(process)
    assert process.wait() == 0
