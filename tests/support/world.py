"""A small company to test in: Consolidate's tables, a sandbox tenant, and an agent between them.

People on the Consolidate side write plain rows by SQL, those on the other side use Outlook through
the sandbox; neither goes through the agent's code.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from calsync_agent import bootstrap
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.consolidate import tables
from calsync_agent.database.engine import Database
from calsync_agent.plan.job import Count
from calsync_agent.sandbox.people import Person
from calsync_agent.sandbox.server import SandboxServer
from calsync_agent.sandbox.tenant import Tenant
from calsync_agent.service.once import Outcome, once
from calsync_agent.service.rounds import Rounds
from calsync_agent.state import tables as state

VIENNA = "Europe/Vienna"
SOON = datetime.combine(date.today() + timedelta(days=7), time(9))  # noqa: DTZ011 - wall-clock
"""A morning well inside the window."""

_STAMPED = frozenset({"exchange_modified_at", "delta_link"})

TOML = """
[database]
url = "{url}"

[exchange]
client_id = "{client}"
client_secret_file = "secret.txt"
authority = "{authority}"
graph_url = "{graph}"
ca_file = "{ca}"

[log]
file = "agent.log"
"""


@dataclass
class World:
    """Both sides, and the folder with the agent's settings."""

    database: Database
    sandbox: SandboxServer
    folder: Path
    employees: dict[str, int] = field(default_factory=dict)

    @property
    def tenant(self) -> Tenant:
        return self.sandbox.tenant

    # -- setting up ---------------------------------------------------------------------------

    def settings(self, **changes: str) -> Settings:
        """The agent's settings, written to a file and read from it."""
        (self.folder / "secret.txt").write_text(self.sandbox.client_secret, encoding="utf-8")
        text = TOML.format(
            url=_slashed(self.database.engine.url.render_as_string(hide_password=False)),
            client=self.sandbox.client_id,
            authority=self.sandbox.authority,
            graph=self.sandbox.graph_url,
            ca=_slashed(self.sandbox.ca_file),
        )
        for section, lines in changes.items():
            text += f"\n[{section}]\n{lines}\n"
        path = self.folder / "agent.toml"
        path.write_text(text, encoding="utf-8")
        return reading.read(path)

    def provider(self, **values: object) -> None:
        """Set the provider's row."""
        values = {"tenant_id": self.sandbox.tenant_id, **values}
        with self.database.writing() as connection:
            if connection.execute(sa.update(state.provider).values(values)).rowcount == 0:
                new = {"id": 1, "kind": "exchange365", **values}
                connection.execute(sa.insert(state.provider).values(new))

    def hire(self, code: str, *aliases: str, profile: bool = True) -> Person:
        """An employee with a mailbox and, usually, a profile."""
        person = self.tenant.add_mailbox(code.lower(), code, *aliases)
        with self.database.writing() as connection:
            connection.execute(
                sa.insert(tables.employee).values(code=code, name=code, email=person.upn)
            )
            found = sa.select(tables.employee.c.id).where(tables.employee.c.code == code)
            number = self.employees[code] = connection.execute(found).scalar_one()
            for alias in aliases:
                connection.execute(
                    sa.insert(tables.employee_email).values(employee_id=number, email=alias)
                )
        if profile:
            self.enrol(code, person)
        return person

    def enrol(self, code: str, person: Person) -> None:
        """Give an employee a profile."""
        with self.database.writing() as connection:
            connection.execute(
                sa.insert(state.profile).values(
                    provider_id=1, employee_id=self.employees[code], external_user_id=person.id
                )
            )

    # -- people at Consolidate ----------------------------------------------------------------

    def enter(
        self,
        code: str,
        subject: str,
        start: datetime | date,
        end: datetime | date | None = None,
        **values: object,
    ) -> UUID:
        """Somebody enters an appointment; plain dates make it all-day."""
        all_day = not isinstance(start, datetime)
        row: dict[str, object] = {
            "id": uuid4(),
            "type_id": 1,
            "subject": subject,
            "starts_at": _midnight(start),
            "ends_at": _end(start, end),
            "time_zone": VIENNA,
            "all_day": all_day,
            "responsible_id": self.employees[code],
            **values,
        }
        with self.database.writing() as connection:
            connection.execute(sa.insert(tables.activity).values(row))
        number = row["id"]
        assert isinstance(number, UUID)
        return number

    def edit(self, number: UUID, **values: object) -> None:
        """Somebody changes an appointment."""
        with self.database.writing() as connection:
            mine = tables.activity.c.id == number
            connection.execute(sa.update(tables.activity).where(mine).values(values))

    def invite(self, number: UUID, *codes: str, response: str = "none") -> None:
        """Somebody adds employees to an appointment."""
        rows = [
            {
                "id": uuid4(),
                "activity_id": number,
                "employee_id": self.employees[code],
                "role": "invited",
                "response": response,
            }
            for code in codes
        ]
        with self.database.writing() as connection:
            connection.execute(sa.insert(tables.activity_participant), rows)

    def answers(self, number: UUID) -> dict[str, str]:
        """Who takes part in an appointment, and what they answered; guests by address."""
        codes = {employee: code for code, employee in self.employees.items()}
        return {
            codes.get(row["employee_id"], row["email"]): row["response"]
            for row in self.rows(tables.activity_participant)
            if row["activity_id"] == number and row["role"] == "invited"
        }

    def respond(self, number: UUID, code: str, response: str) -> None:
        """Somebody's answer is entered in Consolidate."""
        table = tables.activity_participant
        with self.database.writing() as connection:
            mine = table.c.activity_id == number, table.c.employee_id == self.employees[code]
            connection.execute(sa.update(table).where(*mine).values(response=response))

    def remove(self, number: UUID, *, row: bool = False) -> None:
        """Somebody deletes an appointment: marks it, or takes the row away."""
        if not row:
            self.edit(number, deleted_at=datetime(2026, 1, 1))
            return
        with self.database.writing() as connection:
            connection.execute(sa.delete(tables.activity).where(tables.activity.c.id == number))

    def activity(self, number: UUID) -> dict[str, Any]:
        """The row of an appointment."""
        found = sa.select(tables.activity).where(tables.activity.c.id == number)
        with self.database.reading() as connection:
            return dict(connection.execute(found).mappings().one())

    def activities(self, *, deleted: bool = False) -> list[dict[str, Any]]:
        """All rows that are not deleted (or all that are), by start and subject."""
        gone = tables.activity.c.deleted_at
        found = sa.select(tables.activity).where(gone.is_not(None) if deleted else gone.is_(None))
        order = found.order_by(tables.activity.c.starts_at, tables.activity.c.subject)
        with self.database.reading() as connection:
            return [dict(row) for row in connection.execute(order).mappings()]

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        """All rows of a table."""
        with self.database.reading() as connection:
            return [dict(row) for row in connection.execute(sa.select(table)).mappings()]

    def lasting(self, table: sa.Table) -> list[dict[str, Any]]:
        """The same without what only follows the stamps that Exchange puts on events by itself."""
        return [{n: v for n, v in row.items() if n not in _STAMPED} for row in self.rows(table)]

    # -- the agent ----------------------------------------------------------------------------

    @contextmanager
    def agent(self, settings: Settings | None = None) -> Iterator[Rounds]:
        """An agent's rounds, not begun."""
        with bootstrap.identity() as who:
            yield bootstrap.rounds(settings or self.settings(), self.database, who)

    async def sync(self, settings: Settings | None = None) -> list[Outcome]:
        """Run until nothing is left to do, as `calsync-agent once` does."""
        mailed_before = self._mails_by_the_app()
        with self.agent(settings) as rounds:
            try:
                outcomes = await once(rounds, self.database)
            finally:
                await rounds.close(5)
            told = sum((s.counts for s in rounds.standings.values()), Counter[Count]())
        mailed = self._mails_by_the_app() - mailed_before
        assert told[Count.MAILS_INSIDE] + told[Count.MAILS_OUTSIDE] == mailed.total(), mailed  # F8
        return outcomes

    def _mails_by_the_app(self) -> Counter[tuple[str, str, str]]:
        """What Exchange has mailed because of the agent; it cannot mail who has no address."""
        sent = (mail for mail in self.tenant.outbox if mail.cause.startswith("app"))
        return Counter((m.kind, m.recipient, m.subject or "") for m in sent if "@" in m.recipient)


def _midnight(moment: datetime | date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _end(start: datetime | date, end: datetime | date | None) -> datetime:
    if end is not None:
        return _midnight(end)
    length = timedelta(hours=1) if isinstance(start, datetime) else timedelta(days=1)
    return _midnight(start) + length


def _slashed(path: object) -> str:
    """A path of Windows as a text in TOML may hold it."""
    return str(path).replace("\\", "/")
