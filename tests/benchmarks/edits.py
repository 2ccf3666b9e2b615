"""How soon an edit is there on the other side, while people edit on both: by the clock on the wall.

    python -m tests.benchmarks.edits                                   40 profiles for a minute
    python -m tests.benchmarks.edits --profiles 400 --seconds 180

Each second two appointments are entered, one on each side, each in another calendar. The agent and
the tenant are processes of their own. What is to be reached: in within the interval and a second,
out within two seconds, in 95 of 100. Other work on this computer makes all of it slower.
"""

import argparse
import os
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from datetime import time as at
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.database.engine import Database, open_database
from calsync_agent.state import tables as state
from tests.benchmarks.__main__ import running
from tests.benchmarks.exchange import Exchange, exchange
from tests.support.servers import SQLite
from tests.support.world import TOML, VIENNA

INTERVAL = 5
_DAY = date.today() + timedelta(days=7)  # noqa: DTZ011 - wall-clock
_STARTS = datetime.combine(_DAY, at(9))
_LOOKS_EVERY = 0.05
_PATIENCE = 120.0


class Office:
    """Both sides, as people see them, and when what they entered was seen on the other."""

    def __init__(self, database: Database, tenant: Exchange, count: int) -> None:
        self.database = database
        self.tenant = tenant
        self.entered: dict[str, dict[str, float]] = {"in": {}, "out": {}}
        self.took: dict[str, list[float]] = {"in": [], "out": []}
        names = [f"p{number}" for number in range(count)]
        mailboxes = tenant.ask("hire", *names)
        self.names = names
        with database.writing() as connection:
            row = {"id": 1, "kind": "exchange365", "interval_seconds": INTERVAL}
            facts = {"tenant_id": tenant.facts["tenant_id"]}
            connection.execute(sa.insert(state.provider).values(**row, **facts))
            for name in names:
                email = f"{name}@contoso.example"
                person = {"code": name, "name": name, "email": email}
                connection.execute(sa.insert(tables.employee).values(person))
            found = connection.execute(sa.select(tables.employee.c.code, tables.employee.c.id))
            self.numbers = dict(found.tuples().all())
            profiles = [
                {
                    "provider_id": 1,
                    "employee_id": self.numbers[name],
                    "external_user_id": mailboxes[name],
                }
                for name in names
            ]
            connection.execute(sa.insert(state.profile), profiles)

    def in_step(self) -> int:
        """How many profiles have had their first sync."""
        with self.database.reading() as connection:
            done = state.profile_state.c.compared_at.is_not(None)
            found = sa.select(sa.func.count()).select_from(state.profile_state).where(done)
            return int(connection.execute(found).scalar_one())

    def enter(self, number: int) -> None:
        """One appointment on each side."""
        subject, name = f"dort {number}", self.names[2 * number % len(self.names)]
        self.tenant.ask("enter", name, subject, _STARTS)
        self.entered["in"][subject] = time.monotonic()
        subject, name = f"hier {number}", self.names[(2 * number + 1) % len(self.names)]
        row = {
            "id": uuid4(),
            "type_id": 1,
            "subject": subject,
            "starts_at": _STARTS,
            "ends_at": _STARTS + timedelta(hours=1),
            "time_zone": VIENNA,
            "responsible_id": self.numbers[name],
        }
        with self.database.writing() as connection:
            connection.execute(sa.insert(tables.activity).values(row))
        self.entered["out"][subject] = time.monotonic()

    def look(self) -> None:
        """Note what has arrived."""
        with self.database.reading() as connection:
            there = set(connection.execute(sa.select(tables.activity.c.subject)).scalars())
        for way, seen in (("in", there), ("out", self.tenant.ask("subjects"))):
            now, waiting = time.monotonic(), self.entered[way]
            for subject in waiting.keys() & seen:
                self.took[way].append(now - waiting.pop(subject))


def main() -> None:
    """Run it, and print how long both ways took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--profiles", type=int, default=40)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    with running() as run, exchange() as tenant:
        url = SQLite(run).fresh(installed=True)
        office = Office(open_database(url), tenant, options.profiles)
        settings = _settings(run.folder, url, tenant)
        agent = subprocess.Popen(
            [sys.executable, "-m", "calsync_agent", "run", "--config", settings],
            env={**os.environ, "XDG_STATE_HOME": str(run.folder / "state")},
            stderr=subprocess.DEVNULL,
        )
        try:
            while office.in_step() < options.profiles:
                time.sleep(0.5)
            begun = time.monotonic()
            number = 0
            while time.monotonic() < begun + options.seconds + _PATIENCE:
                if number < options.seconds and time.monotonic() >= begun + number:
                    office.enter(number)
                    number += 1
                office.look()
                if number == options.seconds and not any(office.entered.values()):
                    break
                time.sleep(_LOOKS_EVERY)
        finally:
            agent.terminate()
            agent.wait()
            office.database.dispose()
    print(f"{options.profiles} profiles, interval {INTERVAL} s: seconds until it is there")
    for way, took in office.took.items():
        p50, p95, p99 = (quantiles(took, n=100)[place] for place in (49, 94, 98))
        missing = len(office.entered[way])
        print(f"{way:>4} p50 {p50:.1f}  p95 {p95:.1f}  p99 {p99:.1f}  missing {missing}")


def _settings(folder: Path, url: str, tenant: Exchange) -> str:
    facts = tenant.facts
    (folder / "secret.txt").write_text(facts["client_secret"])
    text = TOML.format(
        url=url,
        client=facts["client_id"],
        authority=facts["authority"],
        graph=facts["graph_url"],
        ca=facts["ca_file"],
    )
    path = folder / "agent.toml"
    path.write_text(text)
    return str(path)


if __name__ == "__main__":
    main()
