"""What other programs may ask a running agent (contract 5): /metrics, /live, /ready.

Served beside the rounds; an address that is taken is said, and tried again.
"""

import asyncio
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, Protocol
from urllib.parse import urlsplit

import sqlalchemy as sa
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from calsync_agent.appointment.model import ProfileId
from calsync_agent.config import credentials
from calsync_agent.config.settings import Settings
from calsync_agent.errors import CalsyncError
from calsync_agent.health import profiles, situation
from calsync_agent.health.problems import problems
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import Message, message
from calsync_agent.service.beside import Beside
from calsync_agent.service.metrics import Facts, exposition
from calsync_agent.service.rounds import Rounds

_log: Final = logging.getLogger(__name__)

AGAIN_AFTER: Final = 10.0
"""Seconds until an address that is taken is tried again."""

PATIENCE: Final = 5.0
"""Seconds that whoever asks waits for the database; without it the rest is told."""


class Watched(Protocol):
    """The agent, as far as it is told of. `hindrance`: why nothing may be synced now, if so."""

    @property
    def settings(self) -> Settings:
        """Those that it works with."""

    @property
    def rounds(self) -> Rounds | None:
        """What syncs, as long as there is a database."""

    @property
    def hindrance(self) -> Message | None:
        """Why nothing may be synced now, if so."""


class Monitor:
    """Listens where the settings say; `news` is set when they have changed."""

    def __init__(self, agent: Watched) -> None:
        self.news = asyncio.Event()
        self._agent = agent
        self._said: Message | None = None
        self._reading: asyncio.Task[tuple[Situation, dict[ProfileId, int]]] | None = None
        self._beside = Beside({"metrics": self._work}, _log.error)
        routes = [
            Route("/metrics", self._metrics),
            Route("/live", self._live),
            Route("/ready", self._ready),
        ]
        self._app = Starlette(routes=routes)

    def begin(self) -> None:
        """Begin to listen."""
        self._beside.begin()

    async def close(self) -> None:
        """Listen no longer."""
        await self._beside.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _work(self) -> None:
        while True:
            self.news.clear()
            listen = self._agent.settings.metrics.listen
            if not listen:
                await self.news.wait()
                continue
            try:
                listener = _listening(listen)
            except OSError as error:
                self._say(listen, error)
                await self._changed_within(AGAIN_AFTER)
                continue
            self._said = None
            await self._serve(listener, listen)

    async def _serve(self, listener: socket.socket, listen: str) -> None:
        """Answer until the settings name another address."""
        config = uvicorn.Config(
            self._app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="metrics: server")
        changed = asyncio.create_task(self._moved(listen), name="metrics: settings")
        try:
            await asyncio.wait({serving, changed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            server.should_exit = server.force_exit = True
            await asyncio.gather(serving, changed, return_exceptions=True)
            listener.close()

    async def _moved(self, listen: str) -> None:
        while self._agent.settings.metrics.listen == listen:
            self.news.clear()
            await self.news.wait()

    async def _changed_within(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.news.wait()
        except TimeoutError:
            pass

    def _say(self, listen: str, error: OSError) -> None:
        told = message(
            "metrics.listen: {listen} cannot be listened at: {reason}",
            listen=listen,
            reason=error.strerror or str(error),
        )
        if told != self._said:
            self._said = told
            _log.error(told)

    async def _live(self, _request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _ready(self, _request: Request) -> Response:
        hindrance = self._agent.hindrance
        if hindrance is None:
            return PlainTextResponse("ok\n")
        return PlainTextResponse(f"{hindrance}\n", status_code=503)

    async def _metrics(self, _request: Request) -> Response:
        return Response(exposition(await self._facts()), media_type=CONTENT_TYPE_LATEST)

    async def _facts(self) -> Facts:
        rounds, ready = self._agent.rounds, self._agent.hindrance is None
        known = None if rounds is None else rounds.leases.traits.signing.ends_at
        ends = known or credentials.ends(self._agent.settings)
        now = datetime.now(UTC).replace(tzinfo=None)
        expires_in = None if ends is None else (ends - now).total_seconds()
        if rounds is None:
            return Facts(ready, expires_in=expires_in)
        found = await self._found(rounds)
        tally, traffic = rounds.running.tally, rounds.lines.traffic
        if found is None:
            return Facts(ready, tally=tally, traffic=traffic, expires_in=expires_in)
        seen, links = found
        return Facts(ready, seen, tuple(problems(seen)), links, tally, traffic, expires_in)

    async def _found(self, rounds: Rounds) -> tuple[Situation, dict[ProfileId, int]] | None:
        """What the database tells, within a while; one look for all who ask meanwhile."""
        if self._reading is None or self._reading.done():
            reading = rounds.database.read(_read)
            self._reading = asyncio.create_task(reading, name="metrics: reading")
        asked = self._reading
        await asyncio.wait({asked}, timeout=PATIENCE)
        if not asked.done() or asked.cancelled():
            return None
        try:
            return asked.result()
        except (CalsyncError, sa.exc.SQLAlchemyError):  # the rounds say so
            _log.debug("the metrics lack what the database tells", exc_info=True)
            return None


class _Server(uvicorn.Server):
    """Signals are the agent's affair."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _read(connection: sa.Connection) -> tuple[Situation, dict[ProfileId, int]]:
    return situation.whole(connection), dict(profiles.read_linked(connection))


def _listening(listen: str) -> socket.socket:
    """A socket at that address. Raises OSError."""
    parts = urlsplit(f"//{listen}")
    found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    family, kind, protocol, _name, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # where it would share the port with another program
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)  # noqa: FBT003 - the standard library's own parameter
    return listener
