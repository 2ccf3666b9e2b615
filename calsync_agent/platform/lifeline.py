"""Living no longer than whoever started this process."""

import os
import sys
import threading
from collections.abc import Callable
from typing import Final

_PIECE: Final = 4096


def when_stdin_closes(call: Callable[[], None]) -> None:
    """Have `call` made, in a thread of its own, when nobody holds the other end of stdin any more.

    That happens however the other process ends, on every platform. What comes in until then is
    thrown away. Nothing is ever called where this process has no stdin.
    """
    try:
        number = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # none at all, or one that is no file
        return

    def listen() -> None:
        # The descriptor itself: a thread that waits in sys.stdin would keep its lock, and Python
        # could not end (https://docs.python.org/3/library/threading.html, daemon threads).
        try:
            while os.read(number, _PIECE):
                pass
        except OSError:
            pass  # a terminal that was closed says so with an error
        call()

    threading.Thread(target=listen, name="calsync-stdin", daemon=True).start()
