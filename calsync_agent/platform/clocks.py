"""A clock that goes on while the machine sleeps."""

import sys
import time


def seconds_passed() -> float:
    """Seconds since some moment, sleep included; only ever forward.

    `time.monotonic` stands still while Linux is suspended (clock_gettime(2), CLOCK_BOOTTIME); on
    Windows it counts on (GetTickCount64).
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
