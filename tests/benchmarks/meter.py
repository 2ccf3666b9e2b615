"""What a piece of work costs this process: time, memory, statements."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

_STATUS = Path("/proc/self/status")
_REFERENCES = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # see proc(5)
_BOUNDS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


@dataclass
class Figures:
    """Seconds, megabytes above what the process had before, and statements sent."""

    wall: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0
    statements: int = 0

    def over(self, times: int) -> "Figures":
        """Of one of so many repetitions."""
        each = {name: value / times for name, value in asdict(self).items()}
        return Figures(**{**each, "peak": self.peak, "statements": self.statements // times})


@contextmanager
def metered() -> Iterator[Figures]:
    """Measure what happens inside, all threads together; read the figures afterwards."""
    figures = Figures()

    def count(*given: Any) -> None:
        figures.statements += not given[2].lstrip().upper().startswith(_BOUNDS)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    _REFERENCES.write_text(_RESET_PEAK)
    before, wall, cpu = megabytes("VmRSS"), time.perf_counter(), time.process_time()
    try:
        yield figures
    finally:
        figures.wall = time.perf_counter() - wall
        figures.cpu = time.process_time() - cpu
        figures.peak = megabytes("VmHWM") - before
        sa.event.remove(sa.Engine, "before_cursor_execute", count)


def megabytes(name: str) -> float:
    """A figure of this process, as the system tells it."""
    found = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024
