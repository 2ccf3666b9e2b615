"""`calsync-agent explain WHAT`: why it is where it is, or is not, and what happens next (H4).

It asks the database alone, so that it answers while Exchange is away. The exit status is 0 where
something was found, 1 where nothing is known, 2 where it cannot be told.
"""

import argparse
from collections.abc import Sequence

import sqlalchemy as sa

from calsync_agent.config import reading
from calsync_agent.config.settings import Sync
from calsync_agent.console import say, say_json, warn
from calsync_agent.database.engine import open_database
from calsync_agent.explaining import finding, gathering, telling
from calsync_agent.explaining.answers import explain as answer
from calsync_agent.explaining.case import Around, Case
from calsync_agent.i18n import _, message
from calsync_agent.state import meta


def explain(options: argparse.Namespace) -> int:
    """Tell all that is known of what is asked about."""
    part, sync = reading.read_without_exchange(reading.find(options.config))
    database = open_database(part.url.get_secret_value(), schema=part.schema_name, feed=part.feed)
    try:
        with database.reading() as connection:
            found, how, more = _read(connection, options.what, sync)
    finally:
        database.dispose()
    _tell(found, how, as_json=options.json)
    if not found:
        warn(_nothing(options.what))
    elif more:
        warn(_("There are more; only the first {count} are shown.").format(count=finding.MOST))
    return 0 if found else 1


def _read(connection: sa.Connection, what: str, sync: Sync) -> tuple[Sequence[Case], Around, bool]:
    meta.check(connection)
    how = gathering.around(connection, sync)
    targets = finding.find(connection, what)
    some = targets[: finding.MOST]
    return gathering.cases(connection, some, how), how, len(targets) > len(some)


def _tell(found: Sequence[Case], how: Around, *, as_json: bool) -> None:
    answered = [(case, answer(case, how)) for case in found]
    if as_json:
        say_json([telling.as_json(*one) for one in answered])
        return
    for one in answered:
        for line in telling.lines(*one):
            say(line)


def _nothing(what: str) -> str:
    return str(
        message(
            "nothing is known of {what}: it is no appointment in Consolidate, and no event that the"
            " sync has seen - one outside the window, in another calendar, or too new",
            what=what.strip(),
        )
    )
