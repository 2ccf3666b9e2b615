"""What a row of `calsync_meta` says, whatever stands there."""

import re
from collections.abc import Collection, Mapping

import sqlalchemy as sa

from calsync_agent.database.statements import chunks
from calsync_agent.database.stored import as_stored
from calsync_agent.state.tables import meta


def read(connection: sa.Connection, name: str) -> str | None:
    """The value of a row; None where there is none.

    What is no text reads as none that a program has written (B8).
    """
    found = sa.select(*as_stored(connection, [meta.c.value])).where(meta.c.name == name)
    stored = connection.execute(found).scalar_one_or_none()
    return None if stored is None else str(stored)


def read_some(connection: sa.Connection, names: Collection[str]) -> dict[str, str]:
    """The values of some rows, of those that are there."""
    columns = as_stored(connection, [meta.c.name, meta.c.value])
    rows = connection.execute(sa.select(*columns).where(meta.c.name.in_(names)))
    return {str(name): str(value) for name, value in rows if value is not None}


def beginning(connection: sa.Connection, prefix: str) -> dict[str, str]:
    """The rows whose names begin so, with their values."""
    columns = as_stored(connection, [meta.c.name, meta.c.value])
    named = meta.c.name.startswith(prefix, autoescape=True)
    rows = connection.execute(sa.select(*columns).where(named))
    return {str(row.name): str(row.value) for row in rows}


def write(connection: sa.Connection, new: Mapping[str, str]) -> None:
    """Put in rows that are not there."""
    rows = [{"name": name, "value": value} for name, value in new.items()]
    if rows:
        connection.execute(sa.insert(meta), rows)


def forget(connection: sa.Connection, names: Collection[str]) -> None:
    """Take rows out."""
    for some in chunks(sorted(names)):
        connection.execute(sa.delete(meta).where(meta.c.name.in_(some)))


def number(stored: str | None, digits: int = 18) -> int | None:
    """The whole number that a value tells; None where it tells none, or a longer one."""
    return int(stored) if stored and re.fullmatch(f"[0-9]{{1,{digits}}}", stored) else None
