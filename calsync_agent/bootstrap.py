"""Puts the parts together: the one place that knows which class does what."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from calsync_agent import __version__
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database
from calsync_agent.database.engine import open_database as open_url
from calsync_agent.domain.calendar import Connection, Grants
from calsync_agent.domain.policy import Provider
from calsync_agent.exchange.calendar import connection as exchange
from calsync_agent.exchange.calendar.connection import Exchange
from calsync_agent.exchange.transport.auth import MsalTokens
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.settings import GraphSettings
from calsync_agent.i18n import message
from calsync_agent.platform import ProcessLock, state_folder
from calsync_agent.service import checkup
from calsync_agent.service.agent import GRACE
from calsync_agent.service.findings import Checkup
from calsync_agent.service.once import Outcome, once
from calsync_agent.service.previewing import preview_all
from calsync_agent.service.rounds import Rounds
from calsync_agent.state.agents import Identity
from calsync_agent.sync.preview import Preview


def open_database(settings: Settings) -> Database:
    """The database that the settings name. Raises DatabaseRefused, DatabaseTrouble."""
    part = settings.database
    return open_url(part.url.get_secret_value(), schema=part.schema_name, feed=part.feed)


def connect(settings: Settings, provider: Provider) -> Connection:
    """A line to the provider's tenant. Raises ConfigurationRefused."""
    part = settings.exchange
    variable = os.environ.get(part.client_secret_env) if part.client_secret_env else None
    graph = GraphSettings(
        tenant_id=provider.tenant_id,
        client_id=part.client_id,
        secret=variable,
        secret_file=part.client_secret_file,
        certificate_pem=part.certificate_file,
        authority=part.authority,
        graph_url=part.graph_url,
        ca_file=part.ca_file,
        proxy=part.proxy.get_secret_value(),
    )
    return Exchange(Graph(graph, MsalTokens(graph)))


def grants(settings: Settings, provider: Provider) -> Grants:
    """What an administrator gives the app in the provider's tenant, and where."""
    part = settings.exchange
    return exchange.grants(part.authority, provider.tenant_id, part.client_id)


@contextmanager
def identity() -> Iterator[Identity]:
    """Who this agent is, for as long as its process lives.

    Where the state folder cannot be written to, its heartbeat alone shows that it lives.
    """
    number = uuid4()
    lock = ProcessLock(state_folder() / f"agent-{number}.lock")
    with suppress(OSError):
        lock.acquire()
    try:
        yield Identity(number, socket.gethostname(), os.getpid(), __version__, lock.path)
    finally:
        lock.end()


def rounds(settings: Settings, database: Database, who: Identity) -> Rounds:
    """What syncs all profiles of a database."""
    return Rounds(database, who, settings, connect)


async def sync_once(settings: Settings, who: Identity) -> list[Outcome]:
    """Bring all profiles in step, then give them back."""
    database = await asyncio.to_thread(open_database, settings)
    try:
        made = rounds(settings, database, who)
        try:
            return await once(made, database)
        finally:
            await made.close(GRACE)
    finally:
        database.dispose()


async def previews(settings: Settings, only: str | None) -> list[Preview]:
    """What the next sync of all active profiles, or of one, would do."""
    database = await asyncio.to_thread(open_database, settings)
    try:
        return await preview_all(database, settings, connect, only)
    finally:
        database.dispose()


async def check(made: Checkup, settings: Settings, find_user: str | None) -> None:
    """Go through all that the sync needs; `find_user`: address, principal name or object id."""
    database = await made.attempt(
        "database",
        asyncio.to_thread(open_database, settings),
        lambda opened: message("the database at {where} answers", where=opened.place),
    )
    if database is not None:
        try:
            await checkup.check(made, settings, database, connect, grants, find_user)
        finally:
            database.dispose()
