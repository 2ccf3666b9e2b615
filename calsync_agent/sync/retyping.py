"""What an admin has bound to another category is looked at again, as far as it is still to come."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.comparable import category_key
from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.consolidate.tables import activity
from calsync_agent.database.statements import PASSING
from calsync_agent.domain.activity_type import Types
from calsync_agent.domain.link import Role
from calsync_agent.state import facts, pending
from calsync_agent.state.tables import link

BOUND: Final = "bound_types"
"""Begins the names of the facts that tell with which category a type was last seen."""


def known(connection: sa.Connection) -> Mapping[int, str]:
    """The types that were bound when this was last looked at, with digests of their categories."""
    found = facts.beginning(connection, f"{BOUND} ")
    return {number: value for name, value in found.items() if (number := _number(name)) is not None}


def bound(types: Types) -> dict[int, str]:
    """The types that are bound now, in the same form; a category's name is nobody else's affair."""
    return {
        number: blake2b(category_key(category).encode(), digest_size=8).hexdigest()
        for number, meaning in types.meanings.items()
        if (category := meaning.category) is not None
    }


def follow(connection: sa.Connection, types: Types, now: datetime) -> int:
    """Have appointments of newly bound types looked at; returns how many (I2).

    Those that are over keep what they have until they are touched.
    """
    before, after = known(connection), bound(types)
    new = sorted(number for number, digest in after.items() if before.get(number) != digest)
    found = 0
    for number in new:
        work = _linked(connection, number, now)
        pending.add(connection, work)
        found += len(work)
    gone = [f"{BOUND} {number}" for number in (*new, *(before.keys() - after.keys()))]
    facts.forget(connection, gone)
    facts.write(connection, {f"{BOUND} {number}": after[number] for number in new})
    return found


def _linked(
    connection: sa.Connection, number: int, now: datetime
) -> list[tuple[ProfileId, ActivityId]]:
    """The appointments of a type that have an event which is not over."""
    wanted = (
        sa.select(link.c.profile_id, link.c.activity_id)
        .join_from(link, activity, activity.c.id == link.c.activity_id)
        .with_hint(activity, PASSING, "mssql")
        .where(
            activity.c.type_id == number,
            activity.c.deleted_at.is_(None),
            link.c.role != Role.COPY.value,
            link.c.event_id.is_not(None),
            sa.or_(link.c.ends_at.is_(None), link.c.ends_at >= now),
        )
    )
    return [(ProfileId(p), ActivityId(a)) for p, a in connection.execute(wanted)]


def _number(name: str) -> int | None:
    return facts.number(name.removeprefix(f"{BOUND} "), digits=10)
