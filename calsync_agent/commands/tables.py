"""`calsync-agent db install`, `db upgrade` and `db ddl`."""

import argparse
from collections.abc import Callable

from calsync_agent import installation
from calsync_agent.config import reading
from calsync_agent.database.engine import Database, open_database
from calsync_agent.i18n import Message, _


def install(options: argparse.Namespace) -> int:
    """Create what is missing in the database, and bring up to date what is older."""
    with_consolidate: bool = options.with_consolidate
    return _tell(options, lambda one: installation.install(one, with_consolidate=with_consolidate))


def upgrade(options: argparse.Namespace) -> int:
    """Bring the plugin's tables up to date."""
    return _tell(options, installation.upgrade)


def ddl(options: argparse.Namespace) -> int:
    """Print what `db install` would do as SQL."""
    print(
        installation.ddl(
            options.dialect,
            with_consolidate=options.with_consolidate,
            schema=options.schema,
            version=options.version_there,
        )
    )
    return 0


def _tell(options: argparse.Namespace, work: Callable[[Database], list[Message]]) -> int:
    part = reading.read(reading.find(options.config)).database
    database = open_database(part.url.get_secret_value(), schema=part.schema_name)
    try:
        made = work(database)
    finally:
        database.dispose()
    for what in made:
        print(what)
    print(_("The tables are complete."))
    return 0
