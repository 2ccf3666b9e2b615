"""Many profiles in every state, for whoever shows them; written by plain SQL."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.consolidate import tables
from calsync_agent.domain.hold import Held, HoldKind
from calsync_agent.i18n import Message, message
from calsync_agent.state import agents, holds, profile_status
from calsync_agent.state import tables as state
from calsync_agent.state.profile_status import Condition, Fare

NOW = datetime(2026, 11, 23, 8, 0)
"""When it is, by the database's clock: a Monday, UTC."""
SINCE = NOW - timedelta(minutes=30)
AGENT = agents.Identity(UUID(int=1), "server", 4711, "0.1.0", Path("agent.lock"))


def guid(number: int) -> str:
    """The object id of the mailbox of profile `number`."""
    return f"00000000-0000-4000-8000-{number:012d}"


def a_provider(connection: sa.Connection) -> None:
    """The provider's row."""
    row = {"id": 1, "kind": "exchange365", "tenant_id": "example.com"}
    connection.execute(sa.insert(state.provider).values(row))


def hire(connection: sa.Connection, number: int, name: str = "", **values: object) -> int:
    """An employee with the code `E001`; returns their id."""
    row = {
        "code": f"E{number:03d}",
        "name": name or f"Person {number:03d}",
        "email": f"e{number:03d}@example.com",
        **values,
    }
    return _new_id(connection, tables.employee, row)


def enrol(connection: sa.Connection, employee: int, mailbox: str, **values: object) -> int:
    """A profile; returns its id."""
    row = {"provider_id": 1, "employee_id": employee, "external_user_id": mailbox, **values}
    return _new_id(connection, state.profile, row)


def crowd(connection: sa.Connection, count: int) -> list[int]:
    """A provider and so many profiles, all of which are well, with an agent that syncs them.

    Returns the profiles' ids: in a new database 1, 2, 3, …
    """
    a_provider(connection)
    numbers = [
        enrol(connection, hire(connection, number), guid(number)) for number in range(1, count + 1)
    ]
    attend(connection, *numbers)
    return numbers


def attend(connection: sa.Connection, *numbers: int) -> None:
    """An agent lives, and has these profiles; all of them are well."""
    agent, lease = state.agent, state.lease
    if connection.execute(sa.select(agent.c.id).where(agent.c.id == AGENT.id)).first() is None:
        agents.register(connection, AGENT)
        moments = {"started_at": SINCE, "seen_at": NOW, "round_at": NOW, "round_ms": 400}
        connection.execute(sa.update(agent).where(agent.c.id == AGENT.id).values(moments))
    for number in numbers:
        connection.execute(sa.insert(lease).values(profile_id=number, agent_id=AGENT.id))
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
    profile_status.write(connection, [told])


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


def _new_id(connection: sa.Connection, table: sa.Table, row: Mapping[str, object]) -> int:
    key = connection.execute(sa.insert(table).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])
