"""The UI beside a running agent in a process of its own, as on an admin's server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database, open_database
from calsync_agent.sandbox.server import running_sandbox
from calsync_agent.sandbox.tenant import Tenant
from calsync_agent.state.tables import provider
from calsync_tui.gateway.door import Gateway
from tests.support.places import keep_to
from tests.support.world import SOON, World
from tests.tui.conftest import Opened

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("dialect", ["sqlite"], indirect=True),
]


@pytest.fixture
def world(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A company with one employee, her mailbox, and an appointment."""
    keep_to(tmp_path, monkeypatch)
    with running_sandbox(Tenant()) as sandbox:
        made = World(database, sandbox, tmp_path)
        made.provider(interval_seconds=1)
        made.hire("ANNA")
        made.enter("ANNA", "Termin", SOON)
        yield made


@pytest.fixture
def agent_at_work(world: World) -> Iterator[None]:
    """`calsync-agent run` on that company."""
    world.settings()
    with (world.folder / "said.txt").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "calsync_agent", "run", "--config", "agent.toml"],
            cwd=world.folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, "LANG": "C"},
        )
    yield
    process.kill()
    process.wait()


def way(world: World, settings: Settings) -> Gateway:
    """The way to its database."""
    url = world.database.engine.url.render_as_string(hide_password=False)
    return Gateway(open_database(url), settings)


@pytest.mark.usefixtures("agent_at_work")
async def test_what_is_saved_is_taken_over_and_the_page_says_so(
    opened: Opened, world: World
) -> None:
    settings = world.settings()
    async with opened(every=0.2, opening=lambda: way(world, settings)) as terminal:
        await terminal.shows("● Agent läuft", "● in Ordnung")
        await terminal.go("provider")
        await terminal.shows(world.sandbox.tenant_id)
        await terminal.click("von Exchange nach Consolidate")
        await terminal.press("ctrl+s")
        await terminal.shows("● übernommen, Revision ")
        assert world.rows(provider)[0]["inbound"] is False


async def test_the_check_of_a_sound_company_finds_everything_in_order(
    opened: Opened, world: World
) -> None:
    settings = world.settings()
    async with opened(
        size=(140, 60), page="provider", opening=lambda: way(world, settings)
    ) as terminal:
        await terminal.press("f3")
        await terminal.shows("Alles ist in Ordnung.", "● Anmeldung: in Ordnung")


async def test_the_check_says_what_microsoft_refuses_and_where_that_is_mended(
    opened: Opened, world: World
) -> None:
    settings = world.settings()
    world.tenant.settings.sign_in_refusal = 7000222
    async with opened(
        size=(140, 60), page="provider", opening=lambda: way(world, settings)
    ) as terminal:
        await terminal.press("f3")
        await terminal.shows(
            "■ Anmeldung: nicht in Ordnung", "AADSTS7000222", "https://portal.azure.com/"
        )
