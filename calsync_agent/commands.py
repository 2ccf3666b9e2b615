"""What each command does, given its options; returns the exit status."""

import argparse
import asyncio
import sys

from calsync_agent import bootstrap, installation
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.i18n import _, message
from calsync_agent.platform import stop_requested
from calsync_agent.service import logs
from calsync_agent.service.agent import Agent
from calsync_agent.service.once import once as sync_once


def run(options: argparse.Namespace) -> int:
    """The service, until it is stopped."""
    settings = _settings(options)
    with bootstrap.identity() as who, logs.set_up(settings.log, settings.secrets()) as running:
        agent = Agent(
            settings,
            bootstrap.open_database,
            lambda now, database: bootstrap.rounds(now, database, who),
            running,
        )

        async def serve() -> None:
            with stop_requested(asyncio.get_running_loop()) as stop:
                await agent.run(stop)

        asyncio.run(serve())
    return 0


def once(options: argparse.Namespace) -> int:
    """Cycles until nothing is left to do, then a line for each profile."""
    settings = _settings(options)
    with bootstrap.identity() as who, logs.set_up(settings.log, settings.secrets()):
        outcomes = asyncio.run(bootstrap.sync_once(settings, who))
    for outcome in outcomes:
        print(outcome.line)
        if not outcome.in_step:
            sys.stderr.write(f"{outcome.line}\n")
    return 0 if all(outcome.in_step for outcome in outcomes) else 1


def install(options: argparse.Namespace) -> int:
    """Create what is missing in the database."""
    database = bootstrap.open_database(_settings(options))
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


def demo(options: argparse.Namespace) -> int:
    """The demo."""
    raise NotImplementedError(options)


def _settings(options: argparse.Namespace) -> Settings:
    return reading.read(reading.find(options.config))
