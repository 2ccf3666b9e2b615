"""What a row of `calsync_meta` says, whatever stands there."""

import re

import sqlalchemy as sa

from calsync_agent.database.stored import as_stored
from calsync_agent.state.tables import meta


def read(connection: sa.Connection, name: str) -> str | None:
    """The value of a row; None where there is none.

    What is no text reads as none that a program has written (B8).
    """
    found = sa.select(*as_stored(connection, [meta.c.value])).where(meta.c.name == name)
    stored = connection.execute(found).scalar_one_or_none()
    return None if stored is None else str(stored)


def number(stored: str | None, digits: int = 18) -> int | None:
    """The whole number that a value tells; None where it tells none, or a longer one."""
    return int(stored) if stored and re.fullmatch(f"[0-9]{{1,{digits}}}", stored) else None
