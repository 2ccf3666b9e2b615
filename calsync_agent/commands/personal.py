"""`calsync-agent personal export|delete`: what the plugin keeps about one employee (GDPR)."""

import argparse
import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent import disclosing
from calsync_agent.commands.admin import opened
from calsync_agent.console import say, say_json
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import _, message, ngettext
from calsync_agent.platform import replace_file
from calsync_agent.platform.account import account


def export(options: argparse.Namespace) -> int:
    """Write it to a file that only this account may read."""
    who = account()

    def read(connection: sa.Connection) -> dict[str, object]:
        about = disclosing.person(connection, options.who)
        rows = disclosing.kept(connection, about)
        disclosing.told(connection, about, who)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        return {"employee": about.name, "at": at, "tables": rows}

    with opened(options) as database:
        whole = asyncio.run(database.write(read))
    _written(options.file, whole)
    say(message("{path} is written; it holds what it is about in plain words", path=options.file))
    _tell(counts(whole["tables"]))
    return 0


def delete(options: argparse.Namespace) -> int:
    """Show what would be deleted, or delete it."""
    who = account()

    def work(connection: sa.Connection) -> Mapping[str, int]:
        about = disclosing.person(connection, options.who)
        if options.yes:
            return disclosing.erase(connection, about, who)
        return disclosing.counted(connection, about)

    with opened(options) as database:
        done = asyncio.run(database.write(work) if options.yes else database.read(work))
    if options.json:
        say_json({"rows": dict(done), "done": options.yes})
        return 0
    _tell(done)
    count = sum(done.values())
    if options.yes:
        text = ngettext("{count} row was deleted.", "{count} rows were deleted.", count)
    else:
        text = ngettext(
            "{count} row would be deleted; nothing has been done yet. Do it with --yes.",
            "{count} rows would be deleted; nothing has been done yet. Do it with --yes.",
            count,
        )
    say(text.format(count=count))
    say(
        _(
            "Not among it: the appointments on both sides, the log file, backups, and for 30 days"
            " kept versions of others' appointments in which they take part."
        )
    )
    return 0


COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "export": export,
    "delete": delete,
}


def counts(tables: object) -> dict[str, int]:
    """How many rows each table has."""
    return {name: len(rows) for name, rows in tables.items()} if isinstance(tables, dict) else {}


def _tell(rows: Mapping[str, int]) -> None:
    for name, count in rows.items():
        say(f"{count:>8}  {name}")


def _written(path: Path, whole: object) -> None:
    content = json.dumps(whole, indent=2, ensure_ascii=False, default=_plain).encode()
    try:
        replace_file(path, content, 0o600)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise ConfigurationRefused(
            message(
                "{path} cannot be written: {reason}; name a file where this account may write",
                path=str(path),
                reason=reason,
            )
        ) from None


def _plain(value: object) -> str:
    match value:
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes():
            return value.hex()
    return str(value)
