"""A running service in the test's own process, and what it says and does."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from calsync_agent import bootstrap
from calsync_agent.config.settings import Settings
from calsync_agent.logs import logs
from calsync_agent.service.agent import Agent
from calsync_agent.service.profile_run import Standing
from calsync_agent.service.rounds import Rounds
from tests.support.world import World


async def until(condition: Callable[[], object]) -> None:
    """Return when the condition holds; the test's own time limit ends the wait."""
    while not condition():  # noqa: ASYNC110 - what is waited for happens in other processes too
        await asyncio.sleep(0.01)


@dataclass
class Service:
    """An agent at work."""

    agent: Agent
    stop: asyncio.Event
    task: asyncio.Task[None]
    log: Path

    @property
    def rounds(self) -> Rounds:
        """Its rounds, once it has opened the database."""
        assert self.agent._rounds is not None
        return self.agent._rounds

    @property
    def working(self) -> bool:
        """Whether it has a database, and has looked into it."""
        return self.agent._rounds is not None and self.agent._rounds.view is not None

    def standing(self, name: str) -> Standing | None:
        """How a profile fares, by its employee's code."""
        if self.agent._rounds is None:
            return None
        found = self.agent._rounds.standings.values()
        return next((one for one in found if one.name == name), None)

    def in_step(self, name: str) -> bool:
        """Whether a profile has had its first sync, and nothing is under way."""
        standing = self.standing(name)
        synced = standing is not None and standing.progress.compared_at is not None
        return synced and standing is not None and not standing.busy

    def lines(self, *words: str) -> list[str]:
        """The lines of the log file that hold all these words."""
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        return [line for line in text.splitlines() if all(word in line for word in words)]


@asynccontextmanager
async def serving(world: World, settings: Settings | None = None) -> AsyncIterator[Service]:
    """The service, as `calsync-agent run` makes it; it has ended when the context is left."""
    given = settings or world.settings()
    with bootstrap.identity() as who, logs.set_up(given.log, given.secrets()) as running:
        agent = Agent(
            given,
            bootstrap.open_database,
            lambda now, database: bootstrap.rounds(now, database, who),
            running,
            outlets=bootstrap.outlets,
        )
        stop = asyncio.Event()
        task = asyncio.create_task(agent.run(stop))
        try:
            yield Service(agent, stop, task, world.folder / "agent.log")
        finally:
            stop.set()
            await task


@dataclass
class Statements:
    """What was asked of the database, but for the bounds of transactions."""

    texts: list[str] = field(default_factory=list)

    @property
    def writes(self) -> list[str]:
        """Those that may have touched a row."""
        return [text for text in self.texts if not text.lstrip().upper().startswith("SELECT")]

    def about(self, table: str) -> list[str]:
        """Those that read or write a table."""
        return [text for text in self.texts if f"FROM {table}" in text or f"INTO {table}" in text]


_BOUNDS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET ")


@contextmanager
def watching() -> Iterator[Statements]:
    """Every statement of this process while the context lasts."""
    seen = Statements()

    def note(*given: Any) -> None:
        text = " ".join(given[2].split())
        if not text.startswith(_BOUNDS):
            seen.texts.append(text)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def json_lines(log: Path) -> list[dict[str, Any]]:
    """The objects of a log in JSON."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
