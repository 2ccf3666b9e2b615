"""How long one text holds all others up: `python -m tests.benchmarks.texts [--characters N]`.

An online meeting with a million characters, of each kind that once cost more than its length, is
taken in, and then written back with a word more, while something else wants its turn every
millisecond. Shown is the longest that it had to wait, in time that this process worked meanwhile,
whatever else the computer does; and how long it took in all. The first line is of a short text.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from calsync_agent import bootstrap
from calsync_agent.config import reading
from calsync_agent.consolidate import tables
from calsync_agent.logs import logs
from calsync_agent.service.once import once
from tests.benchmarks.company import Company, company
from tests.benchmarks.exchange import Exchange, exchange
from tests.support.invitations import LINE
from tests.support.servers import Run, SQLite

KINDS: Final = {
    "(short)": ("text", ""),
    "rules and links": ("text", "_" * 20 + "https://"),
    "lines of rules": ("text", "_" * 80 + "\n"),
    "blanks": ("text", "   é   "),
    "blocks": ("text", f"{LINE}\nTeams <https://teams.microsoft.com/l/meetup-join/x>\n{LINE}\n"),
    "line breaks": ("text", "\r\n\u2028 "),
    "comments": ("html", "<!--"),
    "tags without end": ("html", "<a "),
    "deep elements": ("html", "<div><b>x"),
    "references": ("html", "&#1;&amp;"),
    "links": ("html", '<a href="https://teams.microsoft.com/l/meetup-join/x">x</a> '),
}


async def _longest_wait(stop: asyncio.Event) -> float:
    longest = 0.0
    while not stop.is_set():
        before = time.process_time()
        await asyncio.sleep(0.001)
        longest = max(longest, time.process_time() - before)
    return longest


async def _once(made: Company) -> tuple[float, float]:
    settings = reading.read(made.folder / "agent.toml")
    database = bootstrap.open_database(settings)
    stop = asyncio.Event()
    with bootstrap.identity() as who, logs.set_up(settings.log, settings.secrets()):
        rounds = bootstrap.rounds(settings, database, who)
        waiting, begun = asyncio.create_task(_longest_wait(stop)), time.process_time()
        await once(rounds, database)
        took = time.process_time() - begun
        stop.set()
        longest = await waiting
        await rounds.close(5)
    database.dispose()
    return longest * 1000, took


def _measured(tenant: Exchange, folder: Path, kind: str, content: str) -> Iterator[float]:
    """Milliseconds waited and seconds taken: on its way in, and out again."""
    with company(tenant, SQLite(Run(folder)), folder) as made:
        tenant.ask("write", made.name, kind, content)
        yield from asyncio.run(_once(made))
        database = bootstrap.open_database(reading.read(made.folder / "agent.toml"))
        with database.writing() as connection:
            longer = sa.func.coalesce(tables.activity.c.body, "") + " ein Wort mehr"
            connection.execute(sa.update(tables.activity).values(body=longer))
        database.dispose()
        yield from asyncio.run(_once(made))


def main() -> None:
    """Measure all kinds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, default=1_000_000)
    length = parser.parse_args().characters
    sys.stdout.write(
        f"{'text':<20} {'in: wait ms':>12} {'CPU s':>6} {'out: wait ms':>13} {'CPU s':>6}\n"
    )
    with tempfile.TemporaryDirectory() as folder, exchange() as tenant:
        for name, (kind, unit) in KINDS.items():
            content = unit * (length // len(unit)) if unit else "Agenda"
            figures = _measured(tenant, Path(folder), kind, content)
            told = "{:>12.0f} {:>6.1f} {:>13.0f} {:>6.1f}".format(*figures)
            sys.stdout.write(f"{name:<20} {told}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
