"""Both sides, and agents between them that may die at any point, on a clock that nobody waits for.

The agent is the real one but for the sockets. What undoes a run is cheap: `snapshot` and `restore`
put back both sides and all that the agent remembers.
"""

import asyncio
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast
from unittest.mock import patch
from uuid import uuid4

import sqlalchemy as sa
from pydantic import SecretStr

from calsync_agent import bootstrap
from calsync_agent.config.settings import ClientSecret, Settings
from calsync_agent.consolidate import tables
from calsync_agent.database.engine import Database, Patience, open_database
from calsync_agent.errors import CalsyncError
from calsync_agent.exchange.calendar.connection import Exchange
from calsync_agent.exchange.transport.pace import Clock
from calsync_agent.platform import ProcessLock
from calsync_agent.sandbox.adverse.registry import TROUBLES
from calsync_agent.sandbox.adverse.trouble import Content, Wire
from calsync_agent.sandbox.model.world import Stored
from calsync_agent.sandbox.server import SandboxServer
from calsync_agent.sandbox.tenant import Tenant
from calsync_agent.service import first_sync_progress
from calsync_agent.service.connections import Connect
from calsync_agent.service.previewing import preview_all
from calsync_agent.service.profile_run import Standing
from calsync_agent.service.restore_detection import Memory, Remembered
from calsync_agent.service.rounds import Rounds
from calsync_agent.state import tables as state
from calsync_agent.state.agents import Identity
from calsync_agent.sync.preview import Preview
from tests.support.loopback import GRAPH, answer_now, connected
from tests.support.points import Faulty, Killed, Points, Watched
from tests.support.world import World

NOW: Final = datetime(2026, 11, 23, 8, 0)
"""When everything begins: a Monday, UTC."""
SOON: Final = datetime(2026, 11, 30, 9, 0)
"""A morning well inside the window, wall-clock in Vienna."""

CONTENT: Final = frozenset(each.name for each in TROUBLES if isinstance(each, Content))
UNTIMED: Final = frozenset(
    each.name for each in TROUBLES if not (isinstance(each, Wire) and each.timed)
)
"""All troubles but those that take real time, for which nobody waits here."""

WHILE_ADVERSE: Final = 400
"""Rounds until it has to be quiet, most of which an agent waits through."""

_RUNNING: Final = frozenset({state.agent, state.lease})
_AT_ONCE: Final = Patience(first=0, longest=0)
_TABLES: Final = (*tables.CONSOLIDATE_TABLES, tables.feed, *state.PLUGIN_TABLES)
# Provider and profiles count the revision up, so that it is put back after them.
_IN_ORDER: Final = sorted(
    sa.schema.sort_tables(_TABLES), key=lambda table: table in {state.meta, tables.feed}
)


@dataclass(frozen=True)
class Adverse:
    """How the tenant is adverse: a seed, which troubles may come, how likely each is."""

    seed: int
    kinds: frozenset[str] = UNTIMED
    rate: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """Both sides at one moment, and all that agents remember."""

    rows: dict[str, list[dict[str, Any]]]
    tenant: bytes
    now: datetime


class InMemory(Memory):
    """What agents remember of a database outside it; a file would cost more than all the rest."""

    def __init__(self) -> None:
        self.known: dict[str, Remembered] = {}

    def of(self, number: str) -> Remembered | None:
        return self.known.get(number)

    def as_now(self) -> Memory:
        then = InMemory()
        then.known = dict(self.known)
        return then

    def note(self, number: str, seen: Remembered) -> None:
        self.known[number] = seen


@dataclass
class Agent:
    """One life of an agent."""

    rounds: Rounds
    database: Database
    lock: ProcessLock
    points: Points
    leave: Callable[[], None]

    async def round(self) -> None:
        """One round, as the service does it. Raises Killed."""
        asyncio.get_running_loop().set_exception_handler(_unless_killed)
        try:
            with suppress(CalsyncError):
                await self.rounds.leases.beat()
                await self.rounds.begin()
            await self.rounds.finished()
        except BaseException:
            if not self.points.dead:
                raise
        finally:
            self.points.outage = None
        if self.points.dead:
            raise Killed

    @property
    def in_trouble(self) -> list[Standing]:
        """The profiles whose cycle has failed, or whose answer is still to come."""
        standings = self.rounds.standings.values()
        return [one for one in standings if one.error is not None or one.waiting]

    async def die(self) -> None:
        """The process is gone: nothing is given back, but the system lets go of what it held."""
        self.points.dead = True
        tasks = list(self.rounds.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Killed):
            await self.rounds.lines.close()
        self.database.dispose()
        self.leave()
        self.lock.release()

    async def stop(self) -> None:
        """End well. Raises Killed."""
        await self.rounds.close(5)
        self.points.outage = None
        self.leave()
        self.lock.release()


@dataclass
class Rig:
    """A company without people yet. `people` is the database as they use it.

    `ahead`: by how much the agents' clock is put forward. `connect`: the agents' way to another
    provider than the sandbox.
    """

    people: Database
    folder: Path
    page_size: int = 3
    world: World = field(init=False)
    tenant: Tenant = field(init=False)
    points: Points = field(default_factory=Points)
    memory: InMemory = field(default_factory=InMemory)
    limits: dict[str, int] = field(default_factory=dict)
    ahead: timedelta = timedelta()
    connect: Connect | None = None
    adverse: Adverse | None = None
    _idle: list[Watched] = field(default_factory=list)
    _opened: list[Watched] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._tenant(Stored(seed="rig", tenant_id=str(uuid4()), domain="contoso.example"), NOW)
        self.world.provider()

    def _tenant(self, stored: Stored, now: datetime) -> None:
        self.tenant = Tenant(stored)
        self.tenant.clock.stop(now.replace(tzinfo=UTC))
        self.tenant.settings.token_seconds = 10**9
        where = SimpleNamespace(tenant=self.tenant, tenant_id=self.tenant.tenant_id)
        employees = self.world.employees if hasattr(self, "world") else {}
        self.world = World(self.people, cast("SandboxServer", where), self.folder, employees)
        if self.adverse is not None:
            kinds = self.adverse.kinds - CONTENT
            self.tenant.be_adverse(self.adverse.seed, kinds, rate=self.adverse.rate)

    @property
    def url(self) -> str:
        """The database's address, password and all."""
        return self.people.engine.url.render_as_string(hide_password=False)

    def be_adverse(self, adverse: Adverse) -> None:
        """Let the tenant be adverse, after `restore` too; who is hired now has odd events."""
        self.adverse = adverse
        self.tenant.be_adverse(adverse.seed, adverse.kinds, rate=adverse.rate)

    # -- time ---------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """UTC, without zone."""
        return self.tenant.clock.now().replace(tzinfo=None)

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.tenant.clock.advance(timedelta(**time).total_seconds())

    def _clock(self) -> Clock:
        async def sleep(seconds: float) -> None:
            self.wait(seconds=seconds)

        return Clock(
            monotonic=lambda: self.tenant.clock.now().timestamp(),
            now=self.tenant.clock.now,
            sleep=sleep,
            random=lambda: 0.5,
        )

    # -- agents -------------------------------------------------------------------------------

    def agent(self, points: Points | None = None) -> Agent:
        """A new agent, as after the start of its process."""
        points = points or self.points
        points.dead = False
        watched, database = self._database(points)
        lock = ProcessLock(self.folder / f"agent-{uuid4()}.lock")
        lock.acquire()
        who = Identity(uuid4(), "here", 1, "test", lock.path)
        settings = _settings(self.url, self.folder, self.limits)
        rounds = bootstrap.rounds(
            settings,
            database,
            who,
            connect=self._connect(points),
            memory=self.memory,
            clock=lambda: self.now + self.ahead,
            monotonic=self._clock().monotonic,
        )
        return Agent(rounds, database, lock, points, lambda: self._idle.append(watched))

    def _connect(self, points: Points) -> Connect:
        """An agent's way to Exchange."""
        if self.connect is not None:
            return self.connect
        wire = Faulty(points, self.tenant, answer_now(self.tenant))
        return lambda _settings, _provider: Exchange(
            connected(self.tenant, wire, self._clock(), self.page_size)
        )

    async def preview(self) -> list[Preview]:
        """What `calsync-agent preview` finds; nothing may be written meanwhile."""
        points = Points()
        watched, database = self._database(points)
        settings, writes = (
            _settings(self.url, self.folder, self.limits),
            self.tenant.counters.writes,
        )
        previews = await preview_all(
            database, settings, self._connect(points), clock=lambda: self.now
        )
        assert "commit" not in points.places
        assert self.tenant.counters.writes == writes
        self._idle.append(watched)
        return previews

    def _database(self, points: Points) -> tuple[Watched, Database]:
        """An agent's own way to the database; engines are kept, as their statements cost most."""
        if not self._idle:
            opened = Watched(open_database(self.url).engine)
            self._opened.append(opened)
            self._idle.append(opened)
        watched = self._idle.pop()
        watched.points = points
        database = Database(watched.engine, _AT_ONCE)
        database._in_thread = _here  # type: ignore[method-assign] - threads cost half the time
        return watched, database

    def close(self) -> None:
        """Let go of the database, whatever became of the agents."""
        for opened in self._opened:
            opened.engine.dispose()

    async def until_quiet(self, limit: int = 40) -> None:
        """Rounds until one does nothing; after a death with a new agent."""
        for _ in range(limit):
            with suppress(Killed):
                return await self.live(limit)
        raise AssertionError("it dies again and again")

    async def live(self, limit: int = 40) -> None:
        """One agent's life: rounds until one does nothing. Raises Killed when it ends before.

        While Exchange is adverse it may ask to wait for an hour again and again, for each mailbox.
        """
        agent = self.agent()
        try:
            for _ in range(limit if self.tenant.adversity.seed is None else WHILE_ADVERSE):
                began, writes = len(self.points.trace), self.tenant.counters.writes
                await agent.round()
                if agent.in_trouble:
                    self.wait(minutes=6)
                elif not self._wrote_since(began, writes):
                    return await agent.stop()
                self.wait(seconds=5)
        except Killed:
            await agent.die()
            raise
        reasons = [str(one.error) for one in agent.in_trouble] or self.points.trace[-12:]
        await agent.stop()
        raise AssertionError(f"never quiet: {reasons}")

    def _wrote_since(self, began: int, writes: int) -> bool:
        """Whether anything was committed or sent; mailboxes are asked in batches, which are POSTs.

        What never arrived was intended before, which is a commit.
        """
        committed = any(" commit " in line for line in self.points.trace[began:])
        return committed or self.tenant.counters.writes > writes

    # -- there and back -----------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Everything as it is."""
        rows = {table.name: self.world.rows(table) for table in _IN_ORDER if table not in _RUNNING}
        return Snapshot(rows, pickle.dumps(self.tenant.world.stored), self.now)

    def restore(self, snapshot: Snapshot) -> None:
        """Everything as it was, what agents remember outside the database included."""
        self.memory.known.clear()
        self._rows_back(snapshot)
        self._tenant(pickle.loads(snapshot.tenant), snapshot.now)  # noqa: S301 - our own
        self.points = Points()

    def put_back(self, snapshot: Snapshot) -> None:
        """The database as it was, as from a backup; Exchange and the agents' memory go on."""
        self._rows_back(snapshot)

    def _rows_back(self, snapshot: Snapshot) -> None:
        with self.people.writing() as connection:
            for table in reversed(_IN_ORDER):
                connection.execute(sa.delete(table))
            for table in _IN_ORDER:
                if table in {tables.feed, state.meta}:
                    connection.execute(sa.delete(table))
                if rows := snapshot.rows.get(table.name):
                    connection.execute(sa.insert(table), rows)


def _unless_killed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody waits for any more is worth telling unless the process has ended meanwhile."""
    if not isinstance(context.get("exception"), Killed):
        loop.default_exception_handler(context)


async def _here(call: Callable[[], Any]) -> Any:
    return call()


def _settings(url: str, folder: Path, limits: dict[str, int]) -> Settings:
    return Settings.model_validate(
        {
            "database": {"url": SecretStr(url)},
            "exchange": {"client_id": "rig", "client_secret_env": "NONE", "graph_url": GRAPH},
            "sync": limits,
            "path": folder / "agent.toml",
            "credential": ClientSecret(SecretStr("none")),
        }
    )


@contextmanager
def rigged(url: str, folder: Path) -> Iterator[Rig]:
    """A rig on a database that is installed and empty.

    Nobody is told how far a first sync has come: that comes by the computer's own clock, and would
    be a request and a commit more where it is slow.
    """
    people = open_database(url)
    rig = Rig(people, folder)
    try:
        with patch.object(first_sync_progress, "_pauses", lambda: iter(())):
            yield rig
    finally:
        rig.close()
        people.dispose()
