"""Whether the database can hold every character that people write."""

import codecs
from typing import Any, Final

import sqlalchemy as sa

from calsync_agent.i18n import Message, message


def lacking(connection: sa.Connection) -> Message | None:
    """What to say where the database's own encoding cannot hold everything; else None.

    On SQL Server and SQLite, text is Unicode whatever the database is set to.
    """
    if connection.dialect.name != "postgresql":
        return None
    encoding = str(connection.exec_driver_sql("SHOW server_encoding").scalar())
    if encoding.upper() == "UTF8":
        return None
    return message(
        "the database's encoding is {encoding}: an appointment with a character that it lacks, as"
        " an emoji, cannot be synced and is put aside; only a database in UTF8 holds them all",
        encoding=encoding,
    )


def holdable(connection: sa.Connection, text: str) -> str:
    """`text` as the database can hold it, with `?` for what its encoding lacks.

    For what is only told, as in the log: what is synced is never changed so.
    """
    codec = _codec(connection)
    return text if codec is None else text.encode(codec, "replace").decode(codec)


_UNBOUNDED: Final = frozenset({"UTF8", "UNICODE", "SQL_ASCII"})


def _codec(connection: sa.Connection) -> str | None:
    """Python's name for the database's encoding; None where it takes everything."""
    if connection.dialect.name != "postgresql":
        return None
    driver: Any = connection.connection.driver_connection
    encoding = str(driver.info.parameter_status("server_encoding") or "UTF8").upper()
    if encoding in _UNBOUNDED:
        return None
    try:
        return codecs.lookup(encoding.replace("WIN", "cp")).name
    except LookupError:  # one that Python does not know; all hold ASCII
        return "ascii"
