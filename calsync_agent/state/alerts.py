"""Which problems last, and what was told of them (H2): for all agents on one database.

Times are by the database's clock. What is to be told is claimed in the transaction that notes it as
told, so that only one agent tells it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from calsync_agent.database.clock import UtcNow
from calsync_agent.database.statements import chunks
from calsync_agent.i18n import Message
from calsync_agent.state.tables import problem

CHANNEL: Final = "alert_channel"
"""The kind of problem that is a channel through which nobody can be told."""


@dataclass(frozen=True, slots=True)
class Case:
    """One problem of one profile, or of none (""), as somebody is to be told of it.

    `name` tells it from others as long as it lasts. `since` is UTC.
    """

    name: str
    kind: str
    weight: str
    text: Message
    mend: Message
    since: datetime | None = None
    profile: str = ""
    stage: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A case that is on record. `gone_at`: it was not found since."""

    case: Case
    begun_at: datetime
    gone_at: datetime | None = None
    told_at: datetime | None = None
    told_stage: int = 0
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Troubled:
    """A channel through which nobody can be told; `about` tells it from others."""

    about: str
    text: Message
    mend: Message
    begun_at: datetime


def read(connection: sa.Connection) -> tuple[datetime, dict[str, Entry]]:
    """What the database's clock says (UTC), and all that is on record."""
    now: datetime = connection.execute(sa.select(UtcNow())).scalar_one()
    rows = connection.execute(sa.select(*problem.c)).mappings()
    return now, {row["name"]: _entry(row) for row in rows}


def troubled(connection: sa.Connection) -> tuple[Troubled, ...]:
    """The channels through which nobody can be told now."""
    failing = problem.c.kind == CHANNEL, problem.c.gone_at.is_(None)
    found = sa.select(*problem.c).where(*failing).order_by(problem.c.name)
    return tuple(
        Troubled(
            row["name"],
            Message.from_json(row["text"]),
            Message.from_json(row["mend"]),
            row["begun_at"],
        )
        for row in connection.execute(found).mappings()
    )


def begin(connection: sa.Connection, cases: Iterable[Case], now: datetime) -> None:
    """Put cases on record that are new."""
    for case in cases:
        values = {
            "name": case.name,
            "kind": case.kind,
            "weight": case.weight,
            "profile": case.profile,
            "text": case.text.to_json(),
            "mend": case.mend.to_json(),
            "since": case.since,
            "stage": case.stage,
            "begun_at": now,
        }
        connection.execute(sa.insert(problem).values(values))


def rise(connection: sa.Connection, cases: Iterable[Case]) -> None:
    """Note that cases have come to another stage, with what is to be said then."""
    for case in cases:
        values = {
            "stage": case.stage,
            "weight": case.weight,
            "text": case.text.to_json(),
            "mend": case.mend.to_json(),
        }
        connection.execute(sa.update(problem).where(problem.c.name == case.name).values(values))


def mark_gone(connection: sa.Connection, names: Collection[str], at: datetime | None) -> None:
    """Note that cases were not found any more, or (None) are there again."""
    for some in chunks(sorted(names)):
        mine = sa.update(problem).where(problem.c.name.in_(some))
        connection.execute(mine.values(gone_at=at))


def claim(connection: sa.Connection, entry: Entry, now: datetime) -> bool:
    """Note that the beginning is told, which whoever gets True has to do; nobody else gets it."""
    told = entry.told_at
    before = problem.c.told_at.is_(None) if told is None else problem.c.told_at == told
    mine = sa.update(problem).where(problem.c.name == entry.case.name, before)
    values = {"told_at": now, "told_stage": entry.case.stage, "delivered": False}
    return connection.execute(mine.values(values)).rowcount > 0


def forget(connection: sa.Connection, name: str) -> bool:
    """Take a case from the record; whether it was there."""
    return connection.execute(sa.delete(problem).where(problem.c.name == name)).rowcount > 0


def delivered(connection: sa.Connection, names: Collection[str]) -> None:
    """Note that somebody has got the message."""
    for some in chunks(sorted(names)):
        mine = sa.update(problem).where(problem.c.name.in_(some))
        connection.execute(mine.values(delivered=True))


def _entry(row: sa.RowMapping) -> Entry:
    case = Case(
        name=row["name"],
        kind=row["kind"],
        weight=row["weight"],
        text=Message.from_json(row["text"]),
        mend=Message.from_json(row["mend"]),
        since=row["since"],
        profile=row["profile"],
        stage=row["stage"],
    )
    return Entry(
        case=case,
        begun_at=row["begun_at"],
        gone_at=row["gone_at"],
        told_at=row["told_at"],
        told_stage=row["told_stage"],
        delivered=bool(row["delivered"]),
    )
