"""`calsync-agent db import`."""

import argparse
import asyncio
from datetime import UTC, datetime

import sqlalchemy as sa

from calsync_agent import bootstrap
from calsync_agent.config import reading
from calsync_agent.console import say, warn
from calsync_agent.consolidate.importing import Imported, import_file
from calsync_agent.i18n import message, ngettext
from calsync_agent.platform.account import account
from calsync_agent.state import acts, meta


def run(options: argparse.Namespace) -> int:
    """Enter a file's appointments for an employee; 1 where something of it was left out.

    Each thing left out is a line on stderr with its reason.
    """
    settings = reading.read(reading.find(options.config))
    now = datetime.now(UTC).replace(tzinfo=None)
    zone = settings.sync.default_time_zone
    database = bootstrap.open_database(settings)

    def enter(connection: sa.Connection) -> Imported:
        done = import_file(connection, options.file, options.employee, zone, now)
        text = message(
            "{account} has entered appointments of {employee} from a file: {count}",
            account=account(),
            count=done.entered,
            employee=options.employee,
        )
        acts.note(connection, text)
        return done

    try:
        asyncio.run(database.read(meta.check))
        done = asyncio.run(database.write(enter))
    finally:
        database.dispose()
    for refused in done.refused:
        warn(f"{options.file}: {refused.named}: {refused.reason}")
    told = ngettext("{count} appointment entered.", "{count} appointments entered.", done.entered)
    say(told.format(count=done.entered))
    return 1 if done.refused else 0
