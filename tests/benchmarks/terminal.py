"""How soon the terminal UI is there, and how soon it answers a key.

    python -m tests.benchmarks.terminal
    python -m tests.benchmarks.terminal --profiles 400 --lines 1000000 --runs 5

The program runs in a terminal of its own (POSIX only), as an admin starts it; a page counts as
there when its last line has been written. On a busy machine the CPU time tells more.
"""

import argparse
import fcntl
import os
import pty
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from calsync_agent.consolidate.tables import employee
from calsync_agent.database.engine import open_database
from calsync_agent.installation import install
from calsync_agent.state.tables import log, profile, provider

SOME: Final = 10_000
KEYS: Final = {
    "Anbieter": (b"\x1b[17~", "Outbound First"),
    "Profile": (b"\x1b[18~", "[3 Profile]"),
    "Protokoll": (b"\x1b[19~", "[4 Protokoll]"),
    "Verlauf": (b"\x1b[20~", "[5 Verlauf]"),
    "Status": (b"\x1b[15~", "[1 Status]"),
}
"""What each page's F-key sends, and what is to be seen then."""


class Window:
    """The program in a terminal of 120 columns and 40 lines."""

    def __init__(self, config: Path) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "calsync_tui", "--config", str(config), "--lang", "de"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color"},
        )
        os.close(slave)
        self._seen = ""

    def until(self, text: str) -> None:
        """Return when this has been written since the last key."""
        while text not in self._seen:
            self._seen += os.read(self._master, 65536).decode(errors="replace")

    def press(self, key: bytes) -> None:
        """Press a key."""
        self._seen = ""
        os.write(self._master, key)

    def spent(self) -> float:
        """Seconds of CPU time so far; 0 where the system does not tell (Linux does)."""
        stat = Path(f"/proc/{self._process.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Leave the program."""
        os.write(self._master, b"\x11")
        while self._process.poll() is None:
            try:
                os.read(self._master, 65536)
            except OSError:  # the other end is closed
                break
        self._process.wait()
        os.close(self._master)


def fill(folder: Path, profiles: int, lines: int) -> Path:
    """An installation with so many profiles and lines of log; returns its settings file."""
    database = open_database(f"sqlite:///{folder}/data.db")
    install(database, with_consolidate=True)
    with database.writing() as connection:
        row = {"id": 1, "kind": "exchange365", "tenant_id": "contoso.com"}
        connection.execute(sa.insert(provider).values(row))
        people = [
            {"id": n, "code": f"E{n}", "name": f"Employee {n}", "email": f"e{n}@contoso.com"}
            for n in range(1, profiles + 1)
        ]
        bound = [
            {"provider_id": 1, "employee_id": one["id"], "external_user_id": one["email"]}
            for one in people
        ]
        if people:
            connection.execute(sa.insert(employee), people)
            connection.execute(sa.insert(profile), bound)
        for rows in _log(profiles, lines):
            connection.execute(sa.insert(log), rows)
    database.dispose()
    (folder / "secret.txt").write_text("s3cret\n")
    path = folder / "agent.toml"
    path.write_text(
        '[database]\nurl = "sqlite:///data.db"\n[exchange]\nclient_id = "app"\n'
        'client_secret_file = "secret.txt"\n'
    )
    return path


def _log(profiles: int, lines: int) -> Iterator[list[dict[str, object]]]:
    begin = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=lines)
    for first in range(0, lines, SOME):
        yield [
            {
                "at": begin + timedelta(seconds=n),
                "level": "info",
                "profile_id": n % max(profiles, 1) + 1,
                "kind": "changed",
                "message": f"line {n}",
            }
            for n in range(first, min(first + SOME, lines))
        ]


@contextmanager
def timed(name: str, into: dict[str, list[float]]) -> Iterator[None]:
    """Note how many seconds the context takes."""
    begin = time.perf_counter()
    yield
    into.setdefault(name, []).append(time.perf_counter() - begin)


def measure(config: Path, runs: int) -> dict[str, list[float]]:
    """Seconds of each run: until the first page stands there, and until each key is answered."""
    found: dict[str, list[float]] = {}
    for _ in range(runs):
        with timed("start: wall", found):
            window = Window(config)
            window.until("Durchsatz")
        found.setdefault("start: CPU", []).append(window.spent())
        for page, (key, shown) in KEYS.items():
            with timed(f"{page}: wall", found):
                window.press(key)
                window.until(shown)
        window.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=int, default=20)
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = fill(Path(folder), options.profiles, options.lines)
        measure(config, 1)  # whatever has to be compiled or cached
        for name, seconds in measure(config, options.runs).items():
            print(f"{name:<20} {statistics.median(seconds):6.2f} s  best {min(seconds):.2f} s")


if __name__ == "__main__":
    main()
