"""Where the demo plays: a folder with a database and settings, a sandbox, and the real agent.

Everything that it writes is in the folder, so that nothing is left when that is removed, and that
an admin can go on with what was kept:

    agent.toml  secret.txt  consolidate.db  sandbox.json  sandbox.json.ca.pem  agent.log
"""

import asyncio
import json
import os
import socket
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent import __version__, bootstrap, installation
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database
from calsync_agent.logs import logs
from calsync_agent.logs.logs import Logs
from calsync_agent.plan.job import Count
from calsync_agent.platform import ProcessLock, replace_file
from calsync_agent.sandbox.server import SandboxServer
from calsync_agent.sandbox.state_file import StateFile
from calsync_agent.sandbox.tenant import Tenant
from calsync_agent.service.agent import Agent
from calsync_agent.service.once import Outcome, once
from calsync_agent.state import tables as state
from calsync_agent.state.agents import Identity

SETTINGS_FILE: Final = "agent.toml"
STATE_FILE: Final = "sandbox.json"
_CA_FILE: Final = f"{STATE_FILE}.ca.pem"  # where `calsync-agent sandbox --state` writes it too
_DATABASE: Final = "consolidate.db"
_LOG_FILE: Final = "agent.log"
_SECRET_FILE: Final = "secret.txt"  # noqa: S105 - a file's name
_OWNER_ONLY: Final = 0o600
_LOOKED_AT_EVERY: Final = 0.05
_GRACE: Final = 5.0

Watch = Callable[[Mapping[int, int]], None]
"""Is told now and then how many appointments each employee (by id) has on both sides."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did, by the employees' ids; `linked`: how many appointments are on both sides."""

    outcomes: tuple[Outcome, ...]
    counts: Mapping[int, Counter[Count]]
    linked: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Stage:
    """The folder, both sides, and the agent's settings."""

    folder: Path
    database: Database
    sandbox: SandboxServer
    settings: Settings
    logs: Logs

    @property
    def tenant(self) -> Tenant:
        """The simulated Exchange 365."""
        return self.sandbox.tenant

    async def serve(self, stop: asyncio.Event) -> None:
        """Keep everything in step until `stop` is set, as `calsync-agent run` does."""
        with _identity(self.folder) as who:
            agent = Agent(
                self.settings,
                bootstrap.open_database,
                lambda now, database: bootstrap.rounds(now, database, who),
                self.logs,
            )
            await agent.run(stop)

    async def sync(self, watch: Watch | None = None) -> Synced:
        """Bring everything in step, as `calsync-agent once` does."""
        with _identity(self.folder) as who:
            rounds = bootstrap.rounds(self.settings, self.database, who)
            working = asyncio.create_task(once(rounds, self.database))
            try:
                while watch and not working.done():
                    await asyncio.wait({working}, timeout=_LOOKED_AT_EVERY)
                    watch(await self.database.read(_linked))
                outcomes = await working
                counts: dict[int, Counter[Count]] = defaultdict(Counter)
                for standing in rounds.standings.values():
                    counts[standing.profile.employee] += standing.counts
                return Synced(tuple(outcomes), counts, await self.database.read(_linked))
            finally:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
                await rounds.close(_GRACE)


@contextmanager
def staged(folder: Path, domain: str, *, keep: bool) -> Iterator[Stage]:
    """A stage in an empty folder, while the context lasts; `keep`: the tenant is saved as well."""
    saved = StateFile(folder / STATE_FILE)
    saved.tenant = Tenant(domain=domain)
    sandbox = SandboxServer(
        saved.tenant,
        ca=saved.ca,
        ca_file=folder / _CA_FILE,
        keep=saved.keep if keep else None,
    )
    sandbox.start()
    try:
        settings = _settings(folder, sandbox)
        quiet = settings.log.model_copy(update={"level": "warning"})
        with logs.set_up(quiet, settings.secrets()) as running:
            database = bootstrap.open_database(settings)
            try:
                installation.install(database, with_consolidate=True)
                yield Stage(folder, database, sandbox, settings, running)
            finally:
                database.dispose()
    finally:
        sandbox.stop()


def _settings(folder: Path, sandbox: SandboxServer) -> Settings:
    """The agent's settings, written to a file and read from it."""
    database = sa.URL.create("sqlite", database=(folder / _DATABASE).resolve().as_posix())
    written = f"""\
# Written by calsync-agent demo. The sandbox has to listen on the port named here:
#   calsync-agent sandbox --state {STATE_FILE} --port {sandbox.port}

[database]
url = {_quoted(database.render_as_string())}

[exchange]
client_id = {_quoted(sandbox.client_id)}
client_secret_file = {_quoted(_SECRET_FILE)}
authority = {_quoted(sandbox.authority)}
graph_url = {_quoted(sandbox.graph_url)}
ca_file = {_quoted(_CA_FILE)}

[sync]
past_months = 12                # so that the holidays of the whole year are in sight
max_deletes = 3                 # so that an office as small as this one shows the guard
max_delete_percent = 10

[log]
file = {_quoted(_LOG_FILE)}
"""
    replace_file(folder / _SECRET_FILE, f"{sandbox.client_secret}\n".encode(), _OWNER_ONLY)
    path = folder / SETTINGS_FILE
    path.write_text(written, encoding="utf-8")
    return reading.read(path)


def _quoted(text: str) -> str:
    """A basic string of TOML, which is written like one of JSON."""
    return json.dumps(text, ensure_ascii=False)


@contextmanager
def _identity(folder: Path) -> Iterator[Identity]:
    """Who the agent is; its lock is in the folder, so that no other place has to be writable."""
    with ProcessLock(folder / "agent.lock") as lock:
        yield Identity(uuid4(), socket.gethostname(), os.getpid(), __version__, lock.path)
    lock.end()


def _linked(connection: sa.Connection) -> dict[int, int]:
    """How many appointments each employee has that are known on both sides."""
    found = (
        sa.select(state.profile.c.employee_id, sa.func.count().label("number"))
        .join(state.link, state.link.c.profile_id == state.profile.c.id)
        .where(state.link.c.event_id.is_not(None))
        .group_by(state.profile.c.employee_id)
    )
    return {row.employee_id: row.number for row in connection.execute(found)}
