"""`calsync-agent status`: whether an agent lives, what is in step, what needs a person (H1).

It needs the database alone: neither Exchange nor the rest of the settings. The exit status is 0
where all is well, 1 where something needs a person, 2 where it cannot be told.
"""

import argparse

import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.config import reading
from calsync_agent.console import say, say_json
from calsync_agent.database.engine import Database, open_database
from calsync_agent.errors import CalsyncError, DatabaseRefused
from calsync_agent.health import profiles, situation, telling
from calsync_agent.health.problems import Kind, problems
from calsync_agent.health.situation import Situation
from calsync_agent.service.troubles import internal


def status(options: argparse.Namespace) -> int:
    """Tell how everything is."""
    try:
        now, linked = _look(options)
    except (CalsyncError, sa.exc.SQLAlchemyError) as error:
        reason = error if isinstance(error, CalsyncError) else internal(error)
        if options.json:
            say_json(_unknown(reason))
        raise _Untold(reason) from None
    found = problems(now)
    if options.json:
        say_json(telling.as_json(now, linked, found))
    else:
        for line in telling.lines(now, linked, found):
            say(line)
    return 1 if found else 0


class _Untold(CalsyncError):
    """It cannot be told how everything is."""

    exit_status = 2

    def __init__(self, reason: CalsyncError) -> None:
        super().__init__(reason.message)


def _look(options: argparse.Namespace) -> tuple[Situation, dict[ProfileId, int]]:
    part = reading.read_database(reading.find(options.config))
    database = open_database(part.url.get_secret_value(), schema=part.schema_name, feed=part.feed)
    try:
        return _read(database)
    finally:
        database.dispose()


def _read(database: Database) -> tuple[Situation, dict[ProfileId, int]]:
    with database.reading() as connection:
        health = situation.health(connection)
        try:
            now = situation.whole(connection)
            return now, dict(profiles.read_linked(connection))
        except sa.exc.DBAPIError:
            if health.refused is None:
                raise
            raise DatabaseRefused(health.refused) from None  # tables are missing, or older


def _unknown(error: CalsyncError) -> dict[str, object]:
    text = str(error)
    problem = {
        "kind": Kind.DATABASE_AWAY.value,
        "weight": "error",
        "since": None,
        "profile_id": None,
        "text": text,
    }
    return {"ok": False, "agents": [], "profiles": [], "problems": [problem]}
