"""An office that worked with 0.1.0 goes on with this version, and nobody notices (B14).

With 10,000 links, and cut off at every statement: `python -m tests.benchmarks.upgrade`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync_agent.database.engine import Database
from calsync_agent.sandbox.server import running_sandbox
from calsync_agent.sandbox.tenant import Tenant
from tests.support.outgrown import as_left_by_0_1_0, in_step, upgraded
from tests.support.places import keep_to
from tests.support.world import World

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True),
]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    keep_to(tmp_path, monkeypatch)
    with running_sandbox(Tenant()) as sandbox:
        made = World(database, sandbox, tmp_path)
        made.provider()
        yield made


async def test_b14_an_upgrade_cut_off_anywhere_writes_nothing_on_either_side_and_mails_nobody(
    world: World, empty_database_url: str
) -> None:
    in_step(world, 60)
    await world.sync()
    as_left_by_0_1_0(world, empty_database_url)
    cuts, links = await upgraded(world, empty_database_url, every=13)
    assert cuts > 30
    assert links == 62  # two of BERND's
