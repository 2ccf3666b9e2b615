"""A clock that goes on while the machine sleeps."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_BOOTTIME: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


def seconds_passed() -> float:
    """Seconds since some moment, sleep included; only ever forward.

    `time.monotonic` stands still while Linux is suspended (clock_gettime(2), CLOCK_BOOTTIME); on
    Windows it counts on (GetTickCount64).
    """
    return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)


JUMP: Final = timedelta(minutes=1)
"""What clocks are put right by all the time is less."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the clock on the wall said (aware), and how many seconds had passed."""

    wall: datetime
    passed: float

    def jump(self, later: "Reading") -> timedelta | None:
        """By how much the clock was put to another time until `later`; None: it goes right."""
        parted = (later.wall - self.wall).total_seconds() - (later.passed - self.passed)
        by = timedelta(seconds=round(parted))
        return by if abs(by) >= JUMP else None
