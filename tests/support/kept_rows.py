"""Rows of `calsync_history` as an agent writes them, always the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import (
    ActivityId,
    Appointment,
    EmployeeId,
    EventId,
    Participant,
    ProfileId,
)
from calsync_agent.domain.version import Kept, Side
from calsync_agent.plan.matrix import Cell
from calsync_agent.state import history

BEGIN: Final = datetime(2026, 11, 20, 6, 0)
"""When the first was kept, UTC; one follows each minute."""
MEETING: Final = Appointment(
    subject="Jour fixe Vertrieb",
    start=datetime(2026, 11, 30, 9, 0),
    end=datetime(2026, 11, 30, 10, 0),
    zone="Europe/Vienna",
    body="Zahlen der Woche",
    location="Wien",
    participants=(Participant(EmployeeId(2)),),
)
"""An appointment with something in it."""


def kept(number: int, profile: int = 1) -> Kept:
    """What was lost the time with this number: changed, private, deleted, in turn."""
    lost = replace(MEETING, subject=f"Jour fixe {number}")
    after: Appointment | None = replace(lost, location="Graz", body="Zahlen des Monats")
    side, cell = Side.EXCHANGE, Cell.CHANGED_ON_BOTH
    if number % 3 == 1:
        lost = replace(lost, subject=f"Kündigung {number}", private=True)
        after = replace(lost, subject="Gespräch", location="Linz")
        side, cell = Side.CONSOLIDATE, Cell.CHANGED_IN_EXCHANGE
    elif number % 3 == 2:
        after, side, cell = None, Side.CONSOLIDATE, Cell.DELETED_IN_EXCHANGE
    return Kept(
        profile=ProfileId(profile),
        side=side,
        activity=ActivityId(UUID(int=number + 1)),
        event=EventId(f"event-{number}"),
        rule=cell.value,
        lost=lost,
        replaced_by=after,
        responsible=EmployeeId(1),
        type_id=1,
    )


def write(
    connection: sa.Connection, count: int, profiles: Sequence[int] = (1,), first: int = 0
) -> None:
    """Keep so many versions, beginning with the one that has this number."""
    for number in range(first, first + count):
        one = kept(number, profiles[number % len(profiles)])
        history.keep(connection, [one], BEGIN + timedelta(minutes=number))
