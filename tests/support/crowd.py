"""Many profiles in every state, for whoever shows them; written by plain SQL.

The database gives the numbers out, so they are to be asked for in order, from 1 on.
"""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.consolidate import tables
from calsync_agent.database.clock import UtcNow
from calsync_agent.i18n import Message, message
from calsync_agent.state import agents, fares, holds
from calsync_agent.state import tables as state
from calsync_agent.state.fares import Condition, Fare
from calsync_agent.state.holds import Held, HoldKind

SINCE = datetime(2026, 11, 23, 8, 30)
AGENT = agents.Identity(UUID(int=1), "server", 4711, "0.1.0", Path("agent.lock"))


def guid(number: int) -> str:
    """The object id of the mailbox of profile `number`."""
    return f"00000000-0000-4000-8000-{number:012d}"


def a_provider(connection: sa.Connection) -> None:
    """The provider's row."""
    row = {"id": 1, "kind": "exchange365", "tenant_id": "example.com"}
    connection.execute(sa.insert(state.provider).values(row))


def hire(connection: sa.Connection, number: int, name: str = "", **values: object) -> None:
    """The employee `number`, the next one; their code is `E001`."""
    row = {
        "code": f"E{number:03d}",
        "name": name or f"Person {number:03d}",
        "email": f"e{number:03d}@example.com",
        **values,
    }
    connection.execute(sa.insert(tables.employee).values(row))


def enrol(connection: sa.Connection, number: int, **values: object) -> None:
    """The profile `number`, the next one, of the employee `number`."""
    row = {"provider_id": 1, "employee_id": number, "external_user_id": guid(number)}
    connection.execute(sa.insert(state.profile).values({**row, **values}))


def crowd(connection: sa.Connection, count: int) -> None:
    """A provider and so many profiles, all of which are well, with an agent that syncs them."""
    a_provider(connection)
    for number in range(1, count + 1):
        hire(connection, number)
        enrol(connection, number)
    attend(connection, *range(1, count + 1))


def attend(connection: sa.Connection, *numbers: int) -> None:
    """An agent lives, and has these profiles; all of them are well."""
    if not connection.execute(sa.select(state.agent.c.id)).first():
        agents.register(connection, AGENT)
        connection.execute(sa.update(state.agent).values(round_at=UtcNow(), round_ms=400))
    for number in numbers:
        row = {"profile_id": number, "agent_id": AGENT.id}
        connection.execute(sa.insert(state.lease).values(row))
        fare(connection, number, Condition.WELL)


def fare(
    connection: sa.Connection,
    number: int,
    condition: Condition,
    error: Message | None = None,
    retry_at: datetime | None = None,
) -> None:
    """What the agent said of a profile last."""
    told = Fare(ProfileId(number), condition, SINCE, SINCE, error, retry_at)
    fares.write(connection, [told])


def link(connection: sa.Connection, number: int, count: int) -> None:
    """So many appointments of a profile are linked."""
    for _ in range(count):
        event = uuid4().hex
        row = {"id": uuid4(), "profile_id": number, "activity_id": uuid4(), "event_id": event}
        connection.execute(sa.insert(state.link).values(role="plain", **row))


def quarantine(connection: sa.Connection, number: int) -> None:
    """An appointment of a profile cannot be synced."""
    row = {"profile_id": number, "activity_id": uuid4(), "since": SINCE, "next_at": SINCE}
    reason = message("unknown zone {zone}", zone="Mars").to_json()
    connection.execute(sa.insert(state.quarantine).values(reason=reason, attempts=1, **row))


def wait(
    connection: sa.Connection,
    number: int,
    *subjects: str,
    kind: HoldKind = HoldKind.DELETE_IN_CONSOLIDATE,
) -> None:
    """A profile waits for an admin, because of these appointments."""
    since = [SINCE + timedelta(seconds=place) for place in range(len(subjects))]
    holds.put(
        connection,
        [
            Held(ProfileId(number), ActivityId(uuid4()), kind, subject, at)
            for subject, at in zip(subjects, since, strict=True)
        ],
    )
