"""`calsync-agent db import`."""

import argparse
import asyncio
from datetime import UTC, datetime

from calsync_agent import bootstrap
from calsync_agent.config import reading
from calsync_agent.console import say, warn
from calsync_agent.consolidate.importing import import_file
from calsync_agent.i18n import ngettext
from calsync_agent.state import meta


def run(options: argparse.Namespace) -> int:
    """Enter a file's appointments for an employee; 1 where something of it was left out.

    Each thing left out is a line on stderr with its reason.
    """
    settings = reading.read(reading.find(options.config))
    now = datetime.now(UTC).replace(tzinfo=None)
    zone = settings.sync.default_time_zone
    database = bootstrap.open_database(settings)
    try:
        asyncio.run(database.read(meta.check))
        done = asyncio.run(
            database.write(lambda c: import_file(c, options.file, options.employee, zone, now))
        )
    finally:
        database.dispose()
    for refused in done.refused:
        warn(f"{options.file}: {refused.named}: {refused.reason}")
    told = ngettext("{count} appointment entered.", "{count} appointments entered.", done.entered)
    say(told.format(count=done.entered))
    return 1 if done.refused else 0
