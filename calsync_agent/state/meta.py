"""Facts about the installation (`calsync_meta`), and whether this program may work with it."""

from typing import Final

import sqlalchemy as sa

from calsync_agent.database.catalogue import found
from calsync_agent.database.failures import permitted
from calsync_agent.errors import DatabaseRefused, NotInstalled
from calsync_agent.i18n import message
from calsync_agent.state.tables import PLUGIN_TABLES, SCHEMA_VERSION, meta
from calsync_agent.state.triggers import SETTINGS_REVISION

SCHEMA_VERSION_ROW: Final = "schema_version"


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
        raise NotInstalled(
            message(
                "The plugin's tables are of version {stored}, older than this program ({known});"
                " bring them up to date: calsync-agent db upgrade",
                stored=stored,
                known=SCHEMA_VERSION,
            )
        )


def version(connection: sa.Connection) -> int | None:
    """The version of the tables, where `schema_version` tells one.

    Raises DatabaseRefused where that is unreadable, or newer than this program.
    """
    stored = _value(connection, SCHEMA_VERSION_ROW)
    if stored is None:
        return None
    if not (stored.isascii() and stored.isdigit()):
        raise DatabaseRefused(
            message(
                "calsync_meta.schema_version holds {value} instead of a whole number; restore the"
                " row from a backup",
                value=stored,
            )
        )
    if int(stored) > SCHEMA_VERSION:
        raise DatabaseRefused(
            message(
                "The plugin's tables are of version {stored}, newer than this program ({known}):"
                " install the newer program; an older one would double appointments",
                stored=int(stored),
                known=SCHEMA_VERSION,
            )
        )
    return int(stored)


def installed(connection: sa.Connection) -> int | None:
    """The version of the tables here; None where there are none. Raises what `version` raises."""
    if ("table", meta.name) not in found(connection, {meta.name}):
        return None
    return version(connection)


def settings_revision(connection: sa.Connection) -> int:
    """A number that grows with every change of provider or profiles; 0 where it is unreadable."""
    stored = _value(connection, SETTINGS_REVISION) or ""
    return int(stored) if stored.isascii() and stored.isdigit() else 0


def _value(connection: sa.Connection, name: str) -> str | None:
    found_value = connection.execute(sa.select(meta.c.value).where(meta.c.name == name))
    return found_value.scalar_one_or_none()
