"""A world for each test of the service, on each of the databases, and a quick-eyed agent."""

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from calsync_agent.database.engine import Database
from calsync_agent.exchange import provider
from calsync_agent.exchange.transport.auth import MsalTokens
from calsync_agent.exchange.transport.client import Graph
from calsync_agent.exchange.transport.pace import Clock
from calsync_agent.i18n import speaking
from calsync_agent.sandbox.server import running_sandbox
from calsync_agent.sandbox.tenant import Tenant
from calsync_agent.service import heartbeat, profile_run
from calsync_agent.service.agent import Agent
from tests.support.places import keep_to
from tests.support.world import World


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with speaking("en"):
        yield


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


HASTE = 40
"""How much faster than usual time passes for whoever waits."""


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pause is short: between rounds, after failures, and where Graph asks for one."""
    clock = Clock(
        monotonic=lambda: time.monotonic() * HASTE,
        sleep=lambda seconds: asyncio.sleep(seconds / HASTE),
    )
    monkeypatch.setattr(provider, "Graph", partial(Graph, clock=clock))
    monkeypatch.setattr(provider, "MsalTokens", partial(MsalTokens, clock=clock))
    monkeypatch.setattr(profile_run, "FIRST_PAUSE", profile_run.FIRST_PAUSE / HASTE)
    monkeypatch.setattr(heartbeat, "LOOKS_EVERY", heartbeat.LOOKS_EVERY / 20)
    pause = Agent._pause

    async def shortened(agent: Agent, news: asyncio.Event, seconds: float) -> None:
        await pause(agent, news, seconds / HASTE)

    monkeypatch.setattr(Agent, "_pause", shortened)


@pytest.fixture
def world(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A company of nobody yet, with a provider row."""
    keep_to(tmp_path, monkeypatch)
    with running_sandbox(Tenant()) as sandbox:
        made = World(database, sandbox, tmp_path)
        made.provider(interval_seconds=5)
        yield made
