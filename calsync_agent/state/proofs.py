"""What the nightly look at both sides has found: "proved equal at" (H5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.database.clock import UtcNow
from calsync_agent.state.tables import proof


@dataclass(frozen=True, slots=True)
class Proved:
    """When a profile's sides were last compared, and last found equal; UTC."""

    at: datetime
    equal_at: datetime | None
    differences: int


def read(connection: sa.Connection) -> Mapping[ProfileId, Proved]:
    """Of each profile that was ever looked at."""
    rows = connection.execute(sa.select(*proof.c)).mappings()
    return {
        ProfileId(row["profile_id"]): Proved(row["at"], row["equal_at"], row["differences"])
        for row in rows
    }


def note(connection: sa.Connection, profile: ProfileId, differences: int) -> None:
    """Note what was found now."""
    now = connection.execute(sa.select(UtcNow())).scalar_one()
    values = {"at": now, "differences": differences}
    if not differences:
        values["equal_at"] = now
    mine = sa.update(proof).where(proof.c.profile_id == profile)
    if connection.execute(mine.values(values)).rowcount == 0:
        connection.execute(sa.insert(proof).values(profile_id=profile, **values))
