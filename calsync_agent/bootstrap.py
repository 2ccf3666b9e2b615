"""Puts the agent's parts together, and knows which room speaks to which provider of calendars."""

import asyncio
import gc
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Final, Protocol
from uuid import uuid4

from pydantic import SecretStr

from calsync_agent import __version__
from calsync_agent.alerts.mail import Mail
from calsync_agent.alerts.notice import Channel
from calsync_agent.alerts.program import Program
from calsync_agent.alerts.web import Heartbeat, Way, Webhook
from calsync_agent.appointment.model import ProfileId
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database
from calsync_agent.database.engine import open_database as open_url
from calsync_agent.domain.calendar import Account, Connection, Grants
from calsync_agent.domain.policy import Profile, Provider, ProviderKind
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.exchange import provider as exchange
from calsync_agent.exchange.transport import trust
from calsync_agent.i18n import message
from calsync_agent.platform import ProcessLock, state_folder
from calsync_agent.service import checkup
from calsync_agent.service.agent import GRACE
from calsync_agent.service.connections import Connect, Lines
from calsync_agent.service.cycle_tasks import Running
from calsync_agent.service.database_poll import Looks
from calsync_agent.service.delivery import Outlets
from calsync_agent.service.expiry import Expiry
from calsync_agent.service.findings import Checkup
from calsync_agent.service.gate import Gate
from calsync_agent.service.heartbeat import Watch
from calsync_agent.service.leases import Leases
from calsync_agent.service.mailbox_polls import Polls
from calsync_agent.service.news import News
from calsync_agent.service.nightly import Unexplained
from calsync_agent.service.once import Outcome, once
from calsync_agent.service.previewing import preview_all, utc_now
from calsync_agent.service.profile_status import Faring
from calsync_agent.service.restore_detection import Memory
from calsync_agent.service.rounds import Rounds
from calsync_agent.service.troubles import Troubles
from calsync_agent.service.whose import Whose
from calsync_agent.state.agents import Identity
from calsync_agent.state.log import Kind, Level
from calsync_agent.sync.preview import Preview


def open_database(settings: Settings) -> Database:
    """The database that the settings name. Raises DatabaseRefused, DatabaseTrouble."""
    part = settings.database
    return open_url(part.url.get_secret_value(), schema=part.schema_name, feed=part.feed)


class CalendarProvider(Protocol):
    """What a provider's room offers."""

    def connect(self, settings: Settings, provider: Provider) -> Connection:
        """The way to the provider's calendars. Raises ConfigurationRefused."""

    def grants(self, settings: Settings, provider: Provider) -> Grants:
        """What an administrator gives the app there, and where."""


_PROVIDERS: Final[Mapping[ProviderKind, CalendarProvider]] = {
    ProviderKind.EXCHANGE365: exchange,
}


def connect(settings: Settings, provider: Provider) -> Connection:
    """The way to the provider's calendars. Raises ConfigurationRefused."""
    return _PROVIDERS[provider.kind].connect(settings, provider)


def grants(settings: Settings, provider: Provider) -> Grants:
    """What an administrator gives the app at the provider, and where."""
    return _PROVIDERS[provider.kind].grants(settings, provider)


def outlets(settings: Settings) -> Outlets:
    """Where problems are told as the settings say. Raises ConfigurationRefused."""
    part, exchange = settings.alerts, settings.exchange
    if not part.wanted:
        return Outlets()
    trusted = trust.tls(exchange.ca_file)

    def way(address: SecretStr) -> Way:
        proxy = trust.proxy_for(address.get_secret_value(), exchange.proxy.get_secret_value())
        return Way(trusted, proxy)

    channels: list[Channel] = []
    if part.mail:
        server = part.smtp
        password = settings.smtp_password
        channels.append(
            Mail(
                part.mail,
                server.sender,
                server.host,
                server.port,
                server.user,
                password,
                server.tls,
                trusted,
            )
        )
    for number, address in enumerate(part.webhooks, 1):
        channels.append(Webhook(address, way(address), number))
    if part.command:
        channels.append(Program(part.command, settings.path.parent))
    url = part.heartbeat_url
    heartbeat = Heartbeat(url, way(url), part.heartbeat_seconds) if url else None
    return Outlets(tuple(channels), heartbeat)


@contextmanager
def identity() -> Iterator[Identity]:
    """Who this agent is, for as long as its process lives.

    Where the state folder cannot be written to, its heartbeat alone shows that it lives. What is
    loaded by now stays: the garbage collector does not go through it again and again.
    """
    gc.freeze()
    number = uuid4()
    lock = ProcessLock(state_folder() / f"agent-{number}.lock")
    with suppress(OSError):
        lock.acquire()
    try:
        yield Identity(number, socket.gethostname(), os.getpid(), __version__, lock.path)
    finally:
        lock.end()
        gc.unfreeze()


def rounds(
    settings: Settings,
    database: Database,
    who: Identity,
    *,
    connect: Connect = connect,
    memory: Memory | None = None,
    clock: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> Rounds:
    """What syncs all profiles of a database.

    `memory`: what is remembered of databases outside them. `clock` is UTC; what is waited for goes
    by `monotonic`.
    """
    news, memory = News(), memory or Memory()
    leases, troubles = Leases(database, who), Troubles(clock)
    gate, whose = Gate(leases), Whose(database, who.id)
    looks = Looks(database, leases, troubles, gate, memory, clock, monotonic)
    running = Running(
        database, leases, troubles, gate, whose, looks.advance, news, clock, monotonic
    )
    tell = partial(troubles.tell, Level.ERROR, Kind.SYNC)
    return Rounds(
        settings=settings,
        database=database,
        leases=leases,
        gate=gate,
        troubles=troubles,
        lines=Lines(connect),
        whose=whose,
        looks=looks,
        running=running,
        polls=Polls(running),
        watch=Watch(database, leases, gate, running, lambda: looks.ready, memory, news, tell),
        faring=Faring(database),
        expiry=Expiry(monotonic),
        preview=lambda now: preview_all(database, now, connect, clock=clock),
        news=news,
        clock=clock,
        monotonic=monotonic,
    )


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


async def prove(
    settings: Settings, database: Database, provider: Provider, profile: ProfileId
) -> Unexplained:
    """What differs between both sides of a profile, apart from what the sync has a reason for."""
    # Another library for recurrence, of which nothing else needs to know.
    from calsync_agent.verifying.company import compared  # noqa: PLC0415

    graph = exchange.graph(settings, provider)
    policy = provider.policy
    try:
        found, unread = await compared(
            graph,
            database,
            settings,
            str(profile),
            inbound=policy.inbound,
            outbound=policy.outbound,
        )
    finally:
        await graph.aclose()
    if unread:
        raise unread[0]
    return frozenset(one for one in found if one.profile == profile and not one.reason)


async def previews(
    settings: Settings,
    only: str | None,
    as_if: Callable[[Profile], Profile] = lambda profile: profile,
) -> list[Preview]:
    """What the next sync of all active profiles, or of one, would do, were they like that."""
    database = await asyncio.to_thread(open_database, settings)
    try:
        return await preview_all(database, settings, connect, only, as_if=as_if)
    finally:
        database.dispose()


async def tenant_users(settings: Settings, provider: Provider) -> list[Account]:
    """All users of the provider's tenant. Raises SignInRefused, MailboxTrouble, Refusal."""
    calendars = connect(settings, provider)
    try:
        found = await calendars.users()
    finally:
        await calendars.aclose()
    if found is None:
        given = grants(settings, provider)
        raise ConfigurationRefused(
            message(
                "the app {app} may not list the tenant's users; give it {permission} on {page}",
                app=given.app,
                permission=given.users,
                page=given.permissions_page,
            )
        )
    return found


async def sign_in(made: Checkup, settings: Settings, tenant: str) -> None:
    """Whether the app can sign in to this tenant."""
    await checkup.sign_in(made, settings, tenant, connect, grants)


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
