"""A clock that goes on while the machine sleeps."""

import time
from typing import Final

_BOOTTIME: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


def seconds_passed() -> float:
    """Seconds since some moment, sleep included; only ever forward.

    `time.monotonic` stands still while Linux is suspended (clock_gettime(2), CLOCK_BOOTTIME); on
    Windows it counts on (GetTickCount64).
    """
    return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)
