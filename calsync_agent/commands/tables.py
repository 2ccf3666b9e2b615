"""`calsync-agent db install`, `db upgrade`, `db uninstall` and `db ddl`."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from calsync_agent import installation
from calsync_agent.config import reading
from calsync_agent.database.engine import Database, open_database
from calsync_agent.i18n import Message, _, message
from calsync_agent.platform.account import account
from calsync_agent.state import acts


def install(options: argparse.Namespace) -> int:
    """Create what is missing in the database, and bring up to date what is older."""
    with_consolidate: bool = options.with_consolidate
    return _tell(options, lambda one: installation.install(one, with_consolidate=with_consolidate))


def upgrade(options: argparse.Namespace) -> int:
    """Bring the plugin's tables up to date."""
    return _tell(options, installation.upgrade)


def uninstall(options: argparse.Namespace) -> int:
    """Remove what the plugin has made; without `--yes` only show it."""
    with _opened(options) as database:
        names = installation.removal(database)
        if not names:
            print(_("Nothing of the plugin's is there."))
        elif options.yes:
            for line in installation.uninstall(database):
                print(line)
        else:
            print("\n".join(names))
            print(_("These would be removed, with all that they hold: add --yes to do so."))
    return 0


def ddl(options: argparse.Namespace) -> int:
    """Print what `db install`, or `db uninstall`, would do as SQL."""
    if options.uninstall:
        print(installation.removing_ddl(options.dialect, schema=options.schema))
        return 0
    print(
        installation.ddl(
            options.dialect,
            with_consolidate=options.with_consolidate,
            schema=options.schema,
            version=options.version_there,
            scans=options.feed == "scan",
        )
    )
    return 0


def _tell(options: argparse.Namespace, work: Callable[[Database], list[Message]]) -> int:
    with _opened(options) as database:
        made = work(database)
        if made:
            with database.writing() as connection:
                acts.note(connection, message("{account} has set up the tables", account=account()))
    for what in made:
        print(what)
    print(_("The tables are complete."))
    return 0


@contextmanager
def _opened(options: argparse.Namespace) -> Iterator[Database]:
    part = reading.read(reading.find(options.config)).database
    database = open_database(part.url.get_secret_value(), schema=part.schema_name, feed=part.feed)
    try:
        yield database
    finally:
        database.dispose()
