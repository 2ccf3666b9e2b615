"""What the sync costs, beside what the same data cost without it.

    python -m tests.benchmarks                       all of it, on SQLite and PostgreSQL
    python -m tests.benchmarks --events 1000 --runs 1 --database sqlite
    python -m tests.benchmarks --events 50000 --runs 1 --only in    one large mailbox
    python -m tests.benchmarks --only series --only text            400 exceptions; 10 MB in a row
    python -m tests.benchmarks compare A B --events 2000            two commits, in turns

The sandbox runs in a process of its own, so that its work is not counted. Each figure is the median
of the runs; the floor beside it is measured in the same run: the same pages fetched by `httpx` and
parsed by `json`, the same rows inserted by one statement for each table.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from filelock import FileLock

from tests.benchmarks import compare
from tests.benchmarks.company import Company, company
from tests.benchmarks.exchange import Exchange, exchange
from tests.benchmarks.measured import IDLE_ROUNDS
from tests.benchmarks.meter import Figures
from tests.support import servers
from tests.support.servers import Run, Server, SQLite

Cost = tuple[Figures, int]
PARTS: Final = ("in", "out", "smaller", "series", "text")
EXCEPTIONS: Final = 400
LETTERS: Final = 10_000_000
COLUMNS = (
    f"{'database':<10} {'work':<34} {'wall s':>8} {'CPU s':>8} {'floor':>8} {'÷':>5}"
    f" {'peak MB':>8} {'floor':>7} {'requests':>8} {'floor':>6} {'stmts':>6}"
)


@dataclass
class Bench:
    """The benchmark on one database."""

    name: str
    server: Server | SQLite
    exchange: Exchange
    folder: Path
    events: int
    only: frozenset[str]
    seen: dict[str, list[tuple[Cost, Cost]]] = field(default_factory=dict)

    def run(self) -> None:
        """Each piece of work once."""
        if "in" in self.only:
            self.inbound(self.events, changed=True)
        if "out" in self.only:
            self.outbound(self.events)
        if "smaller" in self.only:
            for smaller in sorted({self.events // 10, self.events // 5}):
                self.inbound(smaller, changed=smaller == self.events // 10)
        if "series" in self.only:
            self.series(EXCEPTIONS)
        if "text" in self.only:
            self.text(LETTERS)

    def inbound(self, count: int, *, changed: bool) -> None:
        """A first sync out of Exchange, rest, and a few changes on both sides."""
        with self._company() as made:
            made.fill_exchange(count)
            agent = made.do("sync")
            self._note(f"first sync of {count} in", agent, made.do("floor_inbound", count=count))
            if not changed:
                return
            proved = made.do("verify"), made.do("floor_verify", count=count)
            self._note(f"verify of {count}", *proved)
            rest = [self._each(made.do(work)) for work in ("idle", "floor_idle")]
            self._note(f"idle cycle, {count} in step", *rest)
            share = self.events // 100
            self.exchange.ask("fill", f"{made.name}-spare", share)
            spare = self.exchange.ask("ids", f"{made.name}-spare")
            made.edit(share, "neu")
            bare = made.do("floor_changed", changed=share, spare_events=spare)
            self._note(f"{share} + {share} changes among {count}", made.do("sync"), bare)
            rest = [self._each(made.do(work)) for work in ("idle_scan", "floor_idle")]
            self._note(f"idle, without triggers, {count}", *rest)

    def outbound(self, count: int) -> None:
        """A first sync out of Consolidate."""
        with self._company() as made:
            made.fill_consolidate(count)
            agent = made.do("sync")
            self._note(f"first sync of {count} out", agent, made.do("floor_outbound", count=count))

    def series(self, count: int) -> None:
        """A daily series, every day of which has a subject of its own, is moved by an hour."""
        with self._company() as made:
            made.enter_series(count)
            made.do("sync")
            made.shift_series()
            agent = made.do("sync")
            self._note(f"series, {count} exceptions shifted", agent, made.do("floor_series"))

    def text(self, letters: int) -> None:
        """A row whose text is larger than anything that Exchange takes."""
        with self._company() as made:
            made.enter_text(letters)
            agent = made.do("sync_as_far_as_can_be")
            self._note(f"a row of {letters // 10**6} MB", agent, made.do("floor_text"))

    def lines(self) -> Iterator[str]:
        """The table's lines."""
        for work, pairs in self.seen.items():
            agent, bare = ([pair[side] for pair in pairs] for side in (0, 1))
            cpu, least = _median(agent, "cpu"), _median(bare, "cpu")
            yield (
                f"{self.name:<10} {work:<34} {_median(agent, 'wall'):>8.2f} {cpu:>8.3f}"
                f" {least:>8.3f} {cpu / least:>5.1f} {_median(agent, 'peak'):>8.1f}"
                f" {_median(bare, 'peak'):>7.1f} {statistics.median(n for _, n in agent):>8.0f}"
                f" {statistics.median(n for _, n in bare):>6.0f}"
                f" {_median(agent, 'statements'):>6.0f}"
            )

    @staticmethod
    def _each(cost: Cost) -> Cost:
        """Of one round; the few before the first that counts fall out of the quotient."""
        figures, requests = cost
        return figures, requests // IDLE_ROUNDS

    @contextmanager
    def _company(self) -> Iterator[Company]:
        with company(self.exchange, self.server, self.folder) as made:
            yield made

    def _note(self, work: str, agent: Cost, bare: Cost) -> None:
        self.seen.setdefault(work, []).append((agent, bare))
        sys.stderr.write(f"{self.name}: {work}: {agent[0].cpu:.2f} s, floor {bare[0].cpu:.2f} s\n")


def _median(costs: list[Cost], what: str) -> float:
    return statistics.median(getattr(figures, what) for figures, _ in costs)


@contextmanager
def running() -> Iterator[Run]:
    """A folder, and a PostgreSQL if one is started in it, while the context lasts."""
    run = Run(Path(tempfile.mkdtemp(prefix="calsync-")))
    run.folder.chmod(0o711)  # PostgreSQL runs as somebody else
    lifeline = FileLock(run.lifeline)
    lifeline.acquire()
    try:
        yield run
    finally:
        lifeline.release()
        servers.ended(run)


def main() -> None:
    """Run it, and print the table."""
    if sys.argv[1:2] == ["compare"]:
        compare.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=10_000, help="events in a large calendar")
    parser.add_argument("--runs", type=int, default=3, help="how often all is measured")
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--only", action="append", choices=PARTS, help="some of the work")
    options = parser.parse_args()
    with running() as run, exchange() as tenant:
        makers: dict[str, Callable[[Run], Server | SQLite]] = {
            "sqlite": SQLite,
            "postgresql": servers.postgresql,
        }
        benches = [
            Bench(
                one,
                makers[one](run),
                tenant,
                run.folder,
                options.events,
                frozenset(options.only or PARTS),
            )
            for one in options.database or makers
        ]
        for _ in range(options.runs):
            for bench in benches:
                bench.run()
        print(COLUMNS)
        for bench in benches:
            for line in bench.lines():
                print(line)


if __name__ == "__main__":
    main()
