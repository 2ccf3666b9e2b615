"""A world for each test of the sync, on each of the databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync_agent.database.engine import Database
from calsync_agent.sandbox.server import running_sandbox
from calsync_agent.sandbox.tenant import Tenant
from tests.support.places import keep_to
from tests.support.rig import Rig, rigged
from tests.support.world import World


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A company of nobody yet, with a provider row."""
    keep_to(tmp_path, monkeypatch)
    with running_sandbox(Tenant()) as sandbox:
        made = World(database, sandbox, tmp_path)
        made.provider()
        yield made


@pytest.fixture
def rig(database_url: str, tmp_path: Path) -> Iterator[Rig]:
    """Both sides without sockets, on a clock of their own, and agents that may die anywhere."""
    with rigged(database_url, tmp_path) as made:
        yield made
