"""An office at work, as rows: what the pages have to show."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EventId, ProfileId
from calsync_agent.consolidate.tables import employee
from calsync_agent.database.engine import Database
from calsync_agent.i18n import Message, message
from calsync_agent.state import log, profile_status, proofs, quarantine
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_agent.state.profile_status import Condition, Fare
from calsync_agent.state.quarantine import Item
from calsync_agent.state.tables import hold, lease, profile, proof
from tests.support.samples import an_activity, an_employee

NOW: Final = datetime(2026, 11, 23, 8, 0)
"""When it is, by the database's clock: a Monday, UTC; 09:00 in Vienna."""


def a_profile(database: Database, code: str, **fields: object) -> ProfileId:
    """The id of a profile of the provider 7; its employee is made where there is none."""
    with database.writing() as connection:
        found = sa.select(employee.c.id).where(employee.c.code == code)
        who = connection.execute(found).scalar() or an_employee(connection, code)
        row = {
            "provider_id": 7,
            "employee_id": who,
            "external_user_id": f"{code.lower()}@contoso.com",
            **fields,
        }
        key = connection.execute(sa.insert(profile), row).inserted_primary_key
    assert key is not None
    return ProfileId(key[0])


def fares_so(
    database: Database,
    number: ProfileId,
    condition: Condition = Condition.WELL,
    *,
    agent: UUID | None = None,
    error: Message | None = None,
    retry_at: datetime | None = None,
) -> None:
    """How a profile fares since half an hour, and which agent syncs it."""
    half = NOW - timedelta(minutes=30)
    with database.writing() as connection:
        profile_status.write(connection, [Fare(number, condition, half, half, error, retry_at)])
        if agent is not None:
            connection.execute(sa.insert(lease).values(profile_id=number, agent_id=agent))


def proved(database: Database, number: ProfileId, ago: timedelta, differences: int = 0) -> None:
    """Both sides of a profile were compared so long ago."""
    with database.writing() as connection:
        proofs.note(connection, number, differences)
        mine = sa.update(proof).where(proof.c.profile_id == number)
        connection.execute(mine.values(at=NOW - ago))
        connection.execute(mine.where(proof.c.equal_at.is_not(None)).values(equal_at=NOW - ago))


def a_hold(database: Database, number: ProfileId, count: int) -> None:
    """So many deletions wait for an admin."""
    rows = [
        {
            "profile_id": number,
            "activity_id": UUID(int=index + 1),
            "kind": "delete there",
            "subject": f"Termin {index}",
            "since": NOW,
        }
        for index in range(count)
    ]
    with database.writing() as connection:
        connection.execute(sa.insert(hold), rows)


def a_quarantined(
    database: Database,
    number: ProfileId,
    subject: str | None,
    *,
    private: bool = False,
    never: bool = False,
) -> Item:
    """An item that cannot be synced; without a subject it is only in Exchange."""
    reason = message("the time zone {name} is unknown", name="Mars/Olympus")
    with database.writing() as connection:
        if subject is None:
            item = Item(None, EventId("AAMk-event"))
        else:
            who = connection.execute(sa.select(sa.func.min(employee.c.id))).scalar_one()
            made = an_activity(connection, who, subject=subject, private=private)
            item = Item(ActivityId(made), None)
        known = {one.item: one.reason for one in quarantine.read(connection, number)}
        quarantine.update(
            connection,
            number,
            {item: reason},
            [],
            NOW - timedelta(seconds=30),
            never=[item] if never else [],
        )
        assert item not in known
    return item


def carried(
    database: Database,
    minutes_ago: int,
    count: int,
    kind: Kind = Kind.CHANGED,
    said: str = "created in Exchange: {subject}",
) -> None:
    """So many changes were carried so long ago."""
    entry = LogEntry(Level.INFO, kind, message(said, subject="Termin"))
    with database.writing() as connection:
        log.write(connection, [entry] * count, NOW - timedelta(minutes=minutes_ago))
