"""Facts about the installation (`calsync_meta`), and whether this program may work with it."""

from typing import Final

import sqlalchemy as sa

from calsync_agent.database.catalogue import found
from calsync_agent.database.failures import permitted
from calsync_agent.database.statements import PARAMETERS, locked, skipping_locked
from calsync_agent.database.stored import as_stored, shown
from calsync_agent.errors import DatabaseRefused, NotInstalled, Outdated
from calsync_agent.i18n import message
from calsync_agent.state import facts
from calsync_agent.state.tables import PLUGIN_TABLES, SCHEMA_VERSION, meta, revision
from calsync_agent.state.triggers import SETTINGS_REVISION

SCHEMA_VERSION_ROW: Final = "schema_version"
IF_MATCH: Final = "if_match"
TURN: Final = "turn"
"""The row that transactions hold which must see what the others of their kind have written."""


def check(connection: sa.Connection) -> None:
    """Raise DatabaseRefused unless the plugin's tables are there and known to us (B10)."""
    names = {table.name for table in PLUGIN_TABLES}
    there = {name for kind, name in found(connection, names) if kind == "table"}
    with permitted():
        if meta.name in there:  # an older version has fewer tables, and is named as such
            check_version(connection)
    missing = sorted(names - there)
    if missing:
        raise NotInstalled(
            message(
                "The plugin's tables are missing ({tables}); make them: calsync-agent db install",
                tables=", ".join(missing),
            )
        )


def check_version(connection: sa.Connection) -> None:
    """Raise DatabaseRefused where `schema_version` is missing, unreadable or not this program's."""
    stored = version(connection)
    if stored is None:
        raise NotInstalled(
            message(
                "calsync_meta has no row schema_version; put it right: calsync-agent db install"
            )
        )
    if stored < SCHEMA_VERSION:
        raise Outdated(
            message(
                "The plugin's tables are of version {stored}, older than this program ({known});"
                " bring them up to date: calsync-agent db upgrade",
                stored=stored,
                known=SCHEMA_VERSION,
            ),
            stored,
        )


def version(connection: sa.Connection) -> int | None:
    """The version of the tables, where `schema_version` tells one.

    Raises DatabaseRefused where that is unreadable, or newer than this program.
    """
    stored = facts.read(connection, SCHEMA_VERSION_ROW)
    if stored is None:
        return None
    told = facts.number(stored, digits=255)  # of whatever program comes
    if told is None:
        raise DatabaseRefused(
            message(
                "calsync_meta.schema_version holds {value} instead of a whole number; restore the"
                " row from a backup",
                value=shown(stored),
            )
        )
    if told > SCHEMA_VERSION:
        raise DatabaseRefused(
            message(
                "The plugin's tables are of version {stored}, newer than this program ({known}):"
                " install the newer program; an older one would double appointments",
                stored=shown(told),
                known=SCHEMA_VERSION,
            )
        )
    return told


def installed(connection: sa.Connection) -> int | None:
    """The version of the tables here; None where there are none. Raises what `version` raises."""
    if ("table", meta.name) not in found(connection, {meta.name}):
        return None
    return version(connection)


def settings_revision(connection: sa.Connection) -> int:
    """A number that grows with every change of provider or profiles."""
    return settings_revision_and(connection, sa.literal(0))[0]


def settings_revision_and(
    connection: sa.Connection, more: sa.ColumnElement[int]
) -> tuple[int, int | None]:
    """The same, and something else that is asked for by the same statement.

    None where the row is missing: then nothing was asked.
    """
    counted = sa.select(sa.func.count()).select_from(revision).scalar_subquery()
    stored = as_stored(connection, [meta.c.value])
    asked = sa.select(*stored, counted, more).where(meta.c.name == SETTINGS_REVISION)
    row = connection.execute(asked).one_or_none()
    return (_number(row[0]) + int(row[1]), int(row[2])) if row else (0, None)


def fold_revisions(connection: sa.Connection) -> None:
    """Turn the rows of single changes into the number, so that they do not pile up.

    The rows are gone when the number has grown: who reads both in one statement sees no difference.
    """
    known = sa.select(*as_stored(connection, [meta.c.value]))
    known = known.where(meta.c.name == SETTINGS_REVISION)
    stored = connection.execute(locked(known, meta)).scalar_one_or_none()
    some = sa.select(revision.c.entry).limit(PARAMETERS)
    entries = connection.execute(skipping_locked(some, revision)).scalars().all()
    if stored is None or not entries:
        return
    connection.execute(sa.delete(revision).where(revision.c.entry.in_(entries)))
    grown = str(_number(stored) + len(entries))
    connection.execute(sa.update(meta).where(meta.c.name == SETTINGS_REVISION).values(value=grown))


def _number(stored: object) -> int:
    """0 where somebody made it unreadable; the next time it is written it is put right."""
    return facts.number(str(stored)) or 0


def take_turn(connection: sa.Connection) -> None:
    """Wait until nobody else has the turn, and keep it until the transaction ends.

    For what is judged by all profiles together; only agents take it, and for moments.
    """
    mine = sa.update(meta).where(meta.c.name == TURN).values(value=meta.c.value)
    if connection.execute(mine).rowcount == 0:
        connection.execute(sa.insert(meta).values(name=TURN, value=""))


def honours_if_match(connection: sa.Connection, tenant: str) -> bool | None:
    """Whether the tenant honours If-Match; None where nobody has found out yet."""
    named, _, answer = (facts.read(connection, IF_MATCH) or "").rpartition(" ")
    return answer == "honoured" if named == tenant.casefold() else None


def note_if_match(connection: sa.Connection, tenant: str, *, honoured: bool) -> None:
    """Remember that for all agents."""
    answer = f"{tenant.casefold()} {'honoured' if honoured else 'ignored'}"
    known = sa.update(meta).where(meta.c.name == IF_MATCH).values(value=answer)
    if not connection.execute(known).rowcount:
        connection.execute(sa.insert(meta).values(name=IF_MATCH, value=answer))
