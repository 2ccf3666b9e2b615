"""How soon the page Profile answers a key, and what it costs to keep it up to date.

    python -m tests.benchmarks.profiles
    python -m tests.benchmarks.profiles --profiles 400 --runs 5

In a terminal of its own, as `tests.benchmarks.terminal` does it: a key counts as answered when what
it brings about has been written.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import sqlalchemy as sa

from calsync_agent.database.engine import open_database
from calsync_agent.state.tables import profile
from tests.benchmarks.terminal import Window, fill

DOWN: Final = b"\x1b[B"
PAGE_DOWN: Final = b"\x1b[6~"
F2: Final = b"\x1bOQ"
F7: Final = b"\x1b[18~"
Found: TypeAlias = dict[str, list[tuple[float, float]]]
"""By name: seconds by the clock and of the CPU, of each run."""
WATCHED: Final = 10  # seconds for which the page is left alone


@contextmanager
def answered(window: Window, name: str, into: Found) -> Iterator[None]:
    """Note what the context takes, by the clock and of the CPU."""
    begin, before = time.perf_counter(), window.spent()
    yield
    took = time.perf_counter() - begin, window.spent() - before
    into.setdefault(name, []).append(took)


def measure(config: Path, profiles: int, runs: int) -> Found:
    """What it takes until each key is answered, several times each; and what rest takes."""
    found: Found = {}
    order = sorted(range(1, profiles + 1), key=lambda n: f"e{n} employee {n}")
    window = Window(config)
    window.until("Durchsatz")
    with answered(window, "opened", found):
        window.press(F7)
        window.until(f"e{order[0]}@contoso.com")
    for row in range(1, runs + 1):
        with answered(window, "cursor down", found):
            window.press(DOWN)
            window.until(f"e{order[row]}@contoso.com")
        with answered(window, "mark a row", found):
            window.press(b" ")
            window.until("1 ausgew")
        with answered(window, "mark all", found):
            window.press(b"\x01")
            window.until(f"{profiles} ausgew")
        with answered(window, "mark none", found):
            window.press(b"\x01")
            window.until("[ ]")
        with answered(window, "edit", found):
            window.press(F2)
            window.until("Enter speichert")
        with answered(window, "type a letter", found):
            window.press(b"x")
            window.until("Anderes Postfach")
        with answered(window, "take back", found):
            window.press(b"\x1b")
            window.until("Leertaste")
    with answered(window, "page down", found):
        window.press(PAGE_DOWN)
        window.until("@contoso.com")
    with answered(window, f"{WATCHED} s at rest", found):
        time.sleep(WATCHED)
    with answered(window, "somebody's change is seen", found):
        window.press(b"")
        _pause_all(config)
        window.until("pausiert")
    window.close()
    return found


def _pause_all(config: Path) -> None:
    database = open_database(f"sqlite:///{config.parent}/data.db")
    with database.writing() as connection:
        connection.execute(sa.update(profile).values(active=False))
    database.dispose()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=int, default=400)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = fill(Path(folder), options.profiles, 1000)
        for name, took in measure(config, options.profiles, options.runs).items():
            wall, cpu = (statistics.median(of) for of in zip(*took, strict=True))
            print(f"{name:<26} {wall:6.3f} s, CPU {cpu:.3f} s")


if __name__ == "__main__":
    main()
