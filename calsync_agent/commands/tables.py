"""`calsync-agent db install` and `db ddl`."""

import argparse

from calsync_agent import installation
from calsync_agent.config import reading
from calsync_agent.database.engine import open_database
from calsync_agent.i18n import _


def install(options: argparse.Namespace) -> int:
    """Create what is missing in the database."""
    part = reading.read(reading.find(options.config)).database
    database = open_database(part.url.get_secret_value(), schema=part.schema_name)
    try:
        made = installation.install(database, with_consolidate=options.with_consolidate)
    finally:
        database.dispose()
    for what in made:
        print(what)
    print(_("The tables are complete."))
    return 0


def ddl(options: argparse.Namespace) -> int:
    """Print what `db install` would do as SQL."""
    print(
        installation.ddl(
            options.dialect, with_consolidate=options.with_consolidate, schema=options.schema
        )
    )
    return 0
