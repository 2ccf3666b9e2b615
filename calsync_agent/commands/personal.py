"""`calsync-agent personal export|delete`: what the plugin keeps about one employee (GDPR)."""

import argparse
import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent import disclosing
from calsync_agent.commands.admin import opened
from calsync_agent.commands.output_file import refuse_to_overwrite, write_private
from calsync_agent.console import say, say_json
from calsync_agent.disclosing import Person
from calsync_agent.i18n import _, message, ngettext
from calsync_agent.platform.account import account


def export(options: argparse.Namespace) -> int:
    """Write it to a file that only this account may read."""
    who, path = account(), options.file
    refuse_to_overwrite(path)

    def read(connection: sa.Connection) -> tuple[Person, dict[str, list[dict[str, Any]]]]:
        about = disclosing.person(connection, options.who)
        return about, disclosing.kept(connection, about)

    with opened(options) as database:
        about, tables = asyncio.run(database.read(read))
        at = datetime.now(UTC).isoformat(timespec="seconds")
        whole = {"employee": about.name, "at": at, "tables": tables}
        write_private(
            path, json.dumps(whole, indent=2, ensure_ascii=False, default=_plain).encode()
        )
        asyncio.run(database.write(lambda connection: disclosing.told(connection, about, who)))
    say(message("{path} is written; it holds what it is about in plain words", path=str(path)))
    _tell({name: len(rows) for name, rows in tables.items()})
    return 0


def delete(options: argparse.Namespace) -> int:
    """Show what would be deleted, or delete it."""
    who = account()

    def work(connection: sa.Connection) -> tuple[Person, Mapping[str, int]]:
        about = disclosing.person(connection, options.who)
        if options.yes:
            return about, disclosing.erase(connection, about, who)
        return about, disclosing.counted(connection, about)

    with opened(options) as database:
        about, done = asyncio.run(database.write(work) if options.yes else database.read(work))
    if options.json:
        say_json({"rows": dict(done), "done": options.yes})
        return 0
    numbers = ", ".join(map(str, about.profiles)) or "-"
    say(_("Employee {name}, profile {numbers}:").format(name=about.name, numbers=numbers))
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


def _tell(rows: Mapping[str, int]) -> None:
    for name, count in rows.items():
        say(f"{count:>8}  {name}")


def _plain(value: object) -> str:
    match value:
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes():
            return value.hex()
    return str(value)
