"""A feed of a million entries, as after a year without an agent, worked off (B14).

    python -m tests.benchmarks.feed [--entries N] [--database sqlite|postgresql]

Figures, never asserted: seconds, and the megabytes that the process grew by at the most.
"""

import argparse
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.consolidate.reading import read_staff
from calsync_agent.database.engine import Database, open_database
from calsync_agent.plan.office import Office
from calsync_agent.state import profiles
from calsync_agent.state import tables as state
from calsync_agent.sync.feed_dispatch import AT_ONCE, dispatch
from tests.benchmarks.__main__ import running
from tests.benchmarks.company import appointment_row
from tests.benchmarks.meter import metered
from tests.support import servers
from tests.support.servers import Run, Server, SQLite

NOW = datetime(2026, 12, 1)
APPOINTMENTS = 20_000
"""Over which the entries are spread, as people edit the same ones again and again."""


def fill(database: Database, entries: int) -> None:
    """One employee, their appointments, and so many entries."""
    with database.writing() as connection:
        connection.execute(
            sa.insert(state.provider).values(id=1, kind="exchange365", tenant_id="x")
        )
        person = {"code": "ME", "name": "Me", "email": "me@example.com"}
        connection.execute(sa.insert(tables.employee).values(person))
        number = connection.execute(sa.select(tables.employee.c.id)).scalar_one()
        mine = {"provider_id": 1, "employee_id": number, "external_user_id": "me@example.com"}
        connection.execute(sa.insert(state.profile).values(mine))
        rows = [appointment_row(at, number) for at in range(APPOINTMENTS)]
        connection.execute(sa.insert(tables.activity), rows)
        ids = [row["id"] for row in rows]
    for begin in range(APPOINTMENTS, entries, 50_000):
        some = range(begin, min(begin + 50_000, entries))
        with database.writing() as connection:
            connection.execute(
                sa.insert(tables.feed),
                [{"entry": str(uuid4()), "activity_id": ids[at % APPOINTMENTS]} for at in some],
            )


def work_off(database: Database) -> int:
    """As the agent does, so many at a time; how many there were."""
    with database.reading() as connection:
        people = read_staff(connection).people
        known = {one.id: one for one in profiles.read_profiles(connection, 1)}
    office = Office(people, {one.employee: one.id for one in known.values()})
    total, taken = 0, AT_ONCE
    while taken >= AT_ONCE:
        with database.writing() as connection:
            taken = dispatch(connection, office, known, NOW)
        total += taken
    return total


def main() -> None:
    """Run it, and print a line for each database."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    makers: dict[str, Callable[[Run], Server | SQLite]] = {
        "sqlite": SQLite,
        "postgresql": servers.postgresql,
    }
    with running() as run:
        for name in options.database or makers:
            database = open_database(makers[name](run).fresh(installed=True))
            fill(database, options.entries)
            with metered() as figures:
                total = work_off(database)
            print(
                f"{name:<10} {total:>9} entries: {figures.wall:.0f} s, {figures.cpu:.0f} s CPU,"
                f" {figures.peak:.1f} MB more, {figures.statements} statements"
            )
            database.dispose()


if __name__ == "__main__":
    main()
