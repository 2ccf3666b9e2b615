"""From 0.1.0 with 10,000 links to this version, cut off at every statement (B14).

    python -m tests.benchmarks.upgrade [--links N] [--database sqlite|postgresql]

It fails where anything is written on either side, anybody is mailed, or a cut leaves something
else; the figures are seconds.
"""

import argparse
import asyncio
import time
from pathlib import Path

from calsync_agent.database.engine import open_database
from calsync_agent.sandbox.server import running_sandbox
from calsync_agent.sandbox.tenant import Tenant
from tests.benchmarks.__main__ import running
from tests.support import servers
from tests.support.outgrown import as_left_by_0_1_0, in_step, upgraded
from tests.support.servers import Server, SQLite
from tests.support.world import World


def of_one(server: Server | SQLite, folder: Path, links: int) -> str:
    """Do it on one database; the figures."""
    url, older = server.fresh(installed=True), server.fresh(installed=False)
    database = open_database(url)
    tenant = Tenant()
    tenant.settings.mailbox_requests = None
    with running_sandbox(tenant) as sandbox:
        world = World(database, sandbox, folder)
        world.provider()
        in_step(world, links)
        begun = time.perf_counter()
        outcomes = asyncio.run(world.sync())
        assert all(one.in_step for one in outcomes), outcomes
        synced = time.perf_counter()
        as_left_by_0_1_0(world, older)
        cut = time.perf_counter()
        cuts, there = asyncio.run(upgraded(world, older))
        done = time.perf_counter()
    database.dispose()
    for one in (url, older):
        server.drop(one)
    return (
        f"{there} links, first sync {synced - begun:.0f} s; upgrade cut off at {cuts} statements,"
        f" and two syncs: {done - cut:.0f} s; nothing written, nobody mailed"
    )


def main() -> None:
    """Run it, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--links", type=int, default=10_000)
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    makers = {"sqlite": SQLite, "postgresql": servers.postgresql}
    with running() as run:
        for one in options.database or makers:
            print(f"{one}: {of_one(makers[one](run), run.folder, options.links)}", flush=True)


if __name__ == "__main__":
    main()
