"""A world for each test of the service, on each of the databases, and a quick-eyed agent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync_agent.database.engine import Database
from calsync_agent.i18n import speaking
from calsync_agent.sandbox.server import running_sandbox
from calsync_agent.sandbox.tenant import Tenant
from calsync_agent.service import watch
from tests.support.world import World


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with speaking("en"):
        yield


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A company of nobody yet, with a provider row."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(watch, "LOOKS_EVERY", 0.05)
    with running_sandbox(Tenant()) as sandbox:
        made = World(database, sandbox, tmp_path)
        made.provider(interval_seconds=1)
        yield made
