"""Two commits by the same benchmark, in turns on the same machine: `compare A B`.

    python -m tests.benchmarks compare main~20 main --events 2000 --runs 3 --database sqlite

Each commit is checked out into a folder of its own and runs its own benchmark with this Python and
its packages. What is compared is CPU time over the floor of the same run, and what is counted.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
_LINE: Final = re.compile(
    r"(?P<row>\S+ +\S.*?) +(?P<wall>[\d.]+) +(?P<cpu>[\d.]+) +(?P<floor>[\d.]+) +(?P<ratio>[\d.]+)"
    r" +(?P<peak>[\d.]+) +[\d.]+ +(?P<requests>\d+) +\d+ +(?P<statements>\d+)\Z"
)
_SHOWN: Final = ("ratio", "cpu", "peak", "requests", "statements")


@dataclass
class Side:
    """One commit: where it lies, and what its runs have shown of each row."""

    commit: str
    place: Path
    seen: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def run(self, options: list[str]) -> None:
        """Its benchmark, once."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks", "--runs", "1", *options],
            cwd=self.place,
            env={**os.environ, "PYTHONPATH": str(self.place)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        for row, figures in read(done.stdout):
            known = self.seen.setdefault(row, {name: [] for name in _SHOWN})
            for name, value in figures.items():
                known[name].append(value)

    def median(self, row: str, what: str) -> float:
        """Of all runs; NaN for a row that this commit does not measure."""
        found = self.seen.get(row)
        return statistics.median(found[what]) if found else float("nan")


def read(table: str) -> Iterator[tuple[str, dict[str, float]]]:
    """The rows of a printed table, whichever commit has printed it."""
    for line in table.splitlines():
        if found := _LINE.match(line):
            row = re.sub(r" {2,}", "  ", found["row"])
            yield row, {name: float(found[name]) for name in _SHOWN}


def lines(before: Side, after: Side) -> Iterator[str]:
    """The table: each row with both commits, the first one's figures before the arrow."""
    yield f"{before.commit} → {after.commit}"
    yield f"{'':<48}" + "".join(f"{name:>18}" for name in ("CPU ÷ floor", *_SHOWN[1:]))
    for row in dict.fromkeys([*before.seen, *after.seen]):
        both = (
            f"{before.median(row, what):.{digits}f} → {after.median(row, what):.{digits}f}"
            for what, digits in zip(_SHOWN, (1, 2, 0, 0, 0), strict=True)
        )
        yield f"{row:<48}" + "".join(f"{one:>18}" for one in both)


def main(given: list[str]) -> None:
    """Run both, and print the table; what is not known here goes to the benchmark."""
    parser = argparse.ArgumentParser(description="two commits by the same benchmark")
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured")
    options, rest = parser.parse_known_args(given)
    with ExitStack() as stack:
        sides = [
            Side(commit, stack.enter_context(_checked_out(commit)))
            for commit in (options.before, options.after)
        ]
        for _ in range(options.runs):
            for side in sides:
                side.run(rest)
        print("\n".join(lines(*sides)))


@contextmanager
def _checked_out(commit: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="calsync-", ignore_cleanup_errors=True) as folder:
        place = Path(folder, "tree")
        _git("worktree", "add", "--quiet", "--detach", str(place), commit)
        try:
            yield place
        finally:
            _git("worktree", "remove", "--force", str(place))


def _git(*arguments: str) -> None:
    subprocess.run(["git", "-C", str(_ROOT), *arguments], check=True)
