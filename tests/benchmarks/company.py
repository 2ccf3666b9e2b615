"""Both sides of one benchmark: databases, mailboxes, settings; and pieces of work on them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.database.engine import open_database
from calsync_agent.state import tables as state
from tests.benchmarks.exchange import TEXT, Exchange, appointment
from tests.benchmarks.meter import Figures
from tests.support.servers import Server, SQLite
from tests.support.world import TOML, VIENNA


@dataclass
class Company:
    """One employee with a mailbox, `me`; and a database and a mailbox for the floors, `spare`."""

    exchange: Exchange
    folder: Path
    url: str
    spare_url: str
    name: str = field(default_factory=lambda: f"p{uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        self.mailboxes = self.exchange.ask("hire", self.name, f"{self.name}-spare")
        for url in (self.url, self.spare_url):
            self._set_up(url)
        (self.folder / "secret.txt").write_text(self.exchange.facts["client_secret"])
        facts = self.exchange.facts
        text = TOML.format(
            url=self.url,
            client=facts["client_id"],
            authority=facts["authority"],
            graph=facts["graph_url"],
            ca=facts["ca_file"],
        )
        (self.folder / "agent.toml").write_text(text)

    def _set_up(self, url: str) -> None:
        with _connected(url) as connection:
            connection.execute(
                sa.insert(state.provider).values(
                    id=1, kind="exchange365", tenant_id=self.exchange.facts["tenant_id"]
                )
            )
            connection.execute(
                sa.insert(tables.employee).values(code="ME", name="Me", email="me@contoso.example")
            )
            number = connection.execute(sa.select(tables.employee.c.id)).scalar_one()
            connection.execute(
                sa.insert(state.profile).values(
                    provider_id=1,
                    employee_id=number,
                    external_user_id=self.mailboxes[self.name],
                )
            )

    # -- people -------------------------------------------------------------------------------

    def fill_exchange(self, count: int) -> None:
        """Appointments in the mailbox."""
        self.exchange.ask("fill", self.name, count)

    def fill_consolidate(self, count: int) -> None:
        """Appointments in the database."""
        with _connected(self.url) as connection:
            number = connection.execute(sa.select(tables.employee.c.id)).scalar_one()
            connection.execute(
                sa.insert(tables.activity), [appointment_row(at, number) for at in range(count)]
            )

    def edit(self, count: int, word: str) -> None:
        """So many changes on each side, of different appointments."""
        self.exchange.ask("edit", self.name, count, word)
        with _connected(self.url) as connection:
            found = sa.select(tables.activity.c.id).order_by(tables.activity.c.subject.desc())
            ids = list(connection.execute(found.limit(count)).scalars())
            subject = tables.activity.c.subject + f" {word}"
            mine = tables.activity.c.id.in_(ids)
            connection.execute(sa.update(tables.activity).where(mine).values(subject=subject))

    def enter_series(self, exceptions: int) -> None:
        """A daily series in the database, each day of which is an exception."""
        row = {
            **appointment_row(1, self._me()),
            "recurrence": f"FREQ=DAILY;COUNT={exceptions}",
            "private": False,
            "subject": "Täglich",
        }
        days = [row["starts_at"] + timedelta(days=number) for number in range(exceptions)]
        below = [
            {
                "id": uuid4(),
                "activity_id": row["id"],
                "original_start": day,
                "subject": f"Anders {day:%d.%m.}",
            }
            for day in days
        ]
        with _connected(self.url) as connection:
            connection.execute(sa.insert(tables.activity), row)
            connection.execute(sa.insert(tables.activity_exception), below)

    def shift_series(self) -> None:
        """All of it an hour later, with its exceptions."""
        hour = timedelta(hours=1)
        with _connected(self.url) as connection:
            for table, moments in (
                (tables.activity, ("starts_at", "ends_at")),
                (tables.activity_exception, ("original_start",)),
            ):
                for row in connection.execute(sa.select(table)).mappings().all():
                    later = {name: row[name] + hour for name in moments}
                    mine = sa.update(table).where(table.c.id == row["id"])
                    connection.execute(mine.values(later))

    def enter_text(self, letters: int) -> None:
        """An appointment with a text of so many letters."""
        row = {**appointment_row(1, self._me()), "body": TEXT * (letters // len(TEXT))}
        with _connected(self.url) as connection:
            connection.execute(sa.insert(tables.activity), row)

    def _me(self) -> int:
        with _connected(self.url) as connection:
            number: int = connection.execute(sa.select(tables.employee.c.id)).scalar_one()
        return number

    # -- work ---------------------------------------------------------------------------------

    def do(self, work: str, **more: object) -> tuple[Figures, int]:
        """What a piece of work costs in a process of its own, and its requests."""
        job: dict[str, Any] = {
            **self.exchange.facts,
            "settings": str(self.folder / "agent.toml"),
            "database_url": self.url,
            "spare_url": self.spare_url,
            "mailbox": self.mailboxes[self.name],
            "spare_mailbox": self.mailboxes[f"{self.name}-spare"],
            "start": (datetime.now(UTC) - timedelta(days=92)).replace(tzinfo=None).isoformat(),
            **more,
        }
        self.exchange.ask("count_anew")
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.measured", work],
            input=json.dumps(job),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**os.environ, "XDG_STATE_HOME": str(self.folder / "state")},
        )
        figures = Figures(**json.loads(done.stdout.splitlines()[-1]))
        return figures, self.exchange.ask("requests")


@contextmanager
def company(exchange: Exchange, server: Server | SQLite, folder: Path) -> Iterator[Company]:
    """A fresh one, on databases of this server."""
    place = folder / uuid4().hex[:8]
    place.mkdir()
    urls = [server.fresh(installed=True) for _ in range(2)]
    try:
        yield Company(exchange, place, *urls)
    finally:
        for url in urls:
            server.drop(url)


@contextmanager
def _connected(url: str) -> Iterator[sa.Connection]:
    database = open_database(url)
    with database.writing() as connection:
        yield connection
    database.dispose()


def appointment_row(number: int, employee: int) -> dict[str, Any]:
    """A row like any other, as in `exchange.appointment`."""
    given = appointment(number)
    all_day = not isinstance(given["start"], datetime)
    times = [given[name] for name in ("start", "end")]
    starts, ends = (
        t if isinstance(t, datetime) else datetime(t.year, t.month, t.day) for t in times
    )
    return {
        "id": uuid4(),
        "type_id": 1,
        "subject": given["subject"],
        "body": given["body"],
        "location": given["location"],
        "starts_at": starts,
        "ends_at": ends,
        "time_zone": VIENNA,
        "all_day": all_day,
        "private": given["private"],
        "responsible_id": employee,
    }
