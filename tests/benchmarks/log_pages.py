"""How quick the page Protokoll is with a million lines; prints, asserts nothing.

    python -m tests.benchmarks.log_pages [--rows 1000000] [--file FILE]

Makes a SQLite file with so many lines (kept, and used again, where it is named), opens the page by
Pilot, and measures from each key to the screen that shows what it did, rows fetched and all.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Final

from calsync_agent import i18n, installation
from calsync_agent.database.engine import Database, open_database
from calsync_tui.app import CalsyncApp
from calsync_tui.gateway.door import Gateway
from calsync_tui.pages.log import LogPage
from tests.support import log_rows
from tests.support.samples import a_profile, an_employee
from tests.support.terminal import Terminal

AT_ONCE: Final = 50_000
KEYS: Final = (
    ("up", 50),
    ("down", 50),
    ("pageup", 50),
    ("pagedown", 50),
    ("home", 3),
    ("end", 3),
)
"""Keys, and how often each is pressed."""
SEARCHES: Final = {
    "words that many lines have": "geändert übergabe",
    "words that few lines have": "zahnarzt 777 angelegt",
    "words that no line has": "nirgends",
}


def filled(path: Path, rows: int) -> None:
    """A database of three profiles, with so many lines of theirs."""
    database = open_database(f"sqlite:///{path}")
    installation.install(database, with_consolidate=True)
    with database.writing() as connection:
        people = [an_employee(connection, code) for code in ("ANNA", "BERT", "CLARA")]
        mine = [a_profile(connection, one, f"{one}@example.com") for one in people]
    for first in range(0, rows, AT_ONCE):
        with database.writing() as connection:
            log_rows.write(connection, min(AT_ONCE, rows - first), mine, first)
    database.dispose()


async def measured(terminal: Terminal, database: Database) -> None:
    """Open the page, press every key, search, let lines arrive."""
    told("", f"{'median':>12}{'worst':>12}{'CPU':>12}")
    await timed("open the page", lambda: terminal.go("log"))
    base = memory()
    for key, times in KEYS:
        await timed(f"{key} ({times} times)", lambda k=key: pressed(terminal, k), times)
    told("more memory after these keys, at most", f"{memory() - base:>10.1f} MiB")
    for what, words in SEARCHES.items():
        await timed(f"first lines shown: {what}", lambda w=words: searched(terminal, w, first=True))
        await cleared(terminal)
        await timed(f"search done: {what}", lambda w=words: searched(terminal, w, first=False))
        await cleared(terminal)
    for keys, what in ((("l", "end"), "errors only"), (("k", "down", "down", "down"), "deleted")):
        await timed(f"filter: {what}", lambda k=keys: pressed(terminal, *k, "enter"))
        await cleared(terminal)
    await timed(
        "a second's new lines (100) while following", lambda: arriving(terminal, database), 5
    )
    told("more memory at the end, at most", f"{memory() - base:>10.1f} MiB")


async def timed(what: str, work: Callable[[], Awaitable[None]], times: int = 1) -> None:
    """Do something some times, and print the middle, the worst, and the CPU time of each."""
    took, cpu = [], time.process_time()
    for _time in range(times):
        begun = time.perf_counter()
        await work()
        took.append(1000 * (time.perf_counter() - begun))
    cpu = 1000 * (time.process_time() - cpu) / times
    told(what, f"{median(took):>9.1f} ms{max(took):>9.1f} ms{cpu:>9.1f} ms")


def told(what: str, figures: str) -> None:
    """One line of the result."""
    sys.stdout.write(f"{what:<48}{figures}\n")
    sys.stdout.flush()


def memory() -> float:
    """The most that the process has held so far, in MiB (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


async def pressed(terminal: Terminal, *keys: str) -> None:
    """Press keys, and wait until what they asked for is on the screen."""
    await terminal.pilot.press(*keys)
    await terminal.settled()


async def searched(terminal: Terminal, words: str, *, first: bool) -> None:
    """Type words, and wait for the first lines, or for all."""
    await terminal.press("slash")
    await terminal.type(words)
    await terminal.press("enter")
    while busy(terminal) and not (  # noqa: ASYNC110 - it happens in threads
        first and page(terminal).lines.view.reel.rows
    ):
        await asyncio.sleep(0.005)
    await terminal.pilot.pause()


async def arriving(terminal: Terminal, database: Database) -> None:
    """Lines come, and the window looks."""
    with database.writing() as connection:
        log_rows.write(connection, 100, (1, 2, 3))
    await terminal.look()


async def cleared(terminal: Terminal) -> None:
    """No filter, and at the end again."""
    page(terminal).enter()
    page(terminal).lines.stop()
    await terminal.press("escape")
    await terminal.settled()
    await terminal.press("end")
    await terminal.settled()


def busy(terminal: Terminal) -> bool:
    """Whether rows are being fetched."""
    return page(terminal).lines.searching


def page(terminal: Terminal) -> LogPage:
    """The page."""
    assert isinstance(terminal.page, LogPage)
    return terminal.page


async def run(path: Path) -> None:
    """Open the program on the file, in a large window."""
    database = open_database(f"sqlite:///{path}")
    app = CalsyncApp(lambda: Gateway(open_database(f"sqlite:///{path}")), every=None)
    async with app.run_test(size=(120, 40)) as pilot:
        terminal = Terminal(app, pilot)
        await terminal.begun()
        await measured(terminal, database)
    database.dispose()


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path, default=None)
    options = parser.parse_args()
    i18n.use("de")
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder, "log.db")
        if not path.exists():
            filled(path, options.rows)
        asyncio.run(run(path))
    return 0


if __name__ == "__main__":
    sys.exit(main())
