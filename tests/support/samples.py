"""The least rows that the tables take, for tests that are about something else."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.state.tables import profile, provider

MORNING = datetime(2026, 11, 23, 9, 0)
NOON = datetime(2026, 11, 23, 12, 0)


def an_employee(connection: sa.Connection, code: str = "ANNA") -> int:
    """The id of a new employee."""
    row = {"code": code, "name": code.title(), "email": f"{code.lower()}@example.com"}
    return _new_id(connection, tables.employee, row)


def an_activity(connection: sa.Connection, responsible: int, **fields: object) -> UUID:
    """The id of a new activity."""
    kind = connection.execute(sa.select(sa.func.min(tables.activity_type.c.id))).scalar_one()
    number = uuid4()
    row = {
        "id": number,
        "type_id": kind,
        "starts_at": MORNING,
        "ends_at": NOON,
        "time_zone": "Europe/Vienna",
        "responsible_id": responsible,
        **fields,
    }
    connection.execute(sa.insert(tables.activity), row)
    return number


def a_profile(connection: sa.Connection, employee: int, user: str = "anna@example.com") -> int:
    """The id of a new profile of the provider 1, which is made where it is missing."""
    if connection.execute(sa.select(provider.c.id)).first() is None:
        row = {"id": 1, "kind": "exchange365", "tenant_id": "example.com"}
        connection.execute(sa.insert(provider), row)
    bound = {"provider_id": 1, "employee_id": employee, "external_user_id": user}
    return _new_id(connection, profile, bound)


def _new_id(connection: sa.Connection, table: sa.Table, row: Mapping[str, object]) -> int:
    key = connection.execute(sa.insert(table), row).inserted_primary_key
    assert key is not None
    return int(key[0])
