"""A profile added in the UI is taken up by an agent in another process, and nothing else is."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events

from calsync_agent.database.engine import Database
from calsync_agent.sandbox.server import running_sandbox
from calsync_agent.sandbox.tenant import Tenant
from calsync_agent.state import tables as state
from calsync_tui.app import CalsyncApp
from calsync_tui.gateway.door import open_gateway
from calsync_tui.screens.add_profile import AddProfile
from tests.support.places import keep_to
from tests.support.terminal import Terminal
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.name == "nt", reason="POSIX signals"),
    pytest.mark.parametrize("dialect", ["sqlite"], indirect=True),
    pytest.mark.timeout(120),
]


@pytest.fixture
def world(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A company with a provider row, whose agent asks each second."""
    keep_to(tmp_path, monkeypatch)
    with running_sandbox(Tenant()) as sandbox:
        made = World(database, sandbox, tmp_path)
        made.provider(interval_seconds=1)
        yield made


@contextmanager
def an_agent(world: World) -> Iterator[subprocess.Popen[Any]]:
    """`calsync-agent run`."""
    with (world.folder / "agent.txt").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "calsync_agent", "run", "--config", "agent.toml"],
            cwd=world.folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def a_window(world: World) -> AsyncIterator[Terminal]:
    """`calsync-tui` with the same settings."""
    app = CalsyncApp(lambda: open_gateway(world.folder / "agent.toml"), every=0.2)
    async with app.run_test(size=(120, 40)) as pilot:
        terminal = Terminal(app, pilot)
        await terminal.until(lambda: len(app.screen_stack) > 1)
        await terminal.shows("Profile")
        await terminal.press("f7")
        yield terminal


async def test_a_profile_added_in_the_ui_has_its_first_sync_without_anything_else_touched(
    world: World,
) -> None:
    anna, bert = world.hire("ANNA"), world.hire("BERT", profile=False)
    world.enter("ANNA", "von Anna", SOON)
    for number in range(3):
        world.enter("BERT", f"hier {number}", SOON)
    bert.create("dort", SOON, SOON)
    world.settings()
    with an_agent(world) as agent:
        async with a_window(world) as terminal:
            await terminal.shows("ANNA", "● in Ordnung")
            assert len(bert.events()) == 1
            before = [row["id"] for row in world.rows(state.log)]
            await terminal.press("a")
            await terminal.until(lambda: isinstance(terminal.app.screen, AddProfile))
            await terminal.shows("bert@")
            terminal.app.post_message(events.Paste("bert"))
            await terminal.pilot.pause()
            await terminal.press("enter")
            terminal.app.post_message(events.Paste(bert.id))
            await terminal.pilot.pause()
            await terminal.press("enter")
            await terminal.until(lambda: len(bert.events()) == 4)
            await terminal.shows("2 Profile", "BERT")
            await terminal.until(
                lambda: [one for one in terminal.lines() if "BERT" in one and "● in Ordnung" in one]
            )
            await terminal.until(
                lambda: [one for one in terminal.lines() if " 4 " in one and "] BERT" in one]
            )
            lines = [row for row in world.rows(state.log) if row["id"] not in before]
            assert agent.poll() is None
    about = {row["profile_id"] for row in lines if row["kind"] in {"created", "linked"}}
    (new,) = [row["id"] for row in world.rows(state.profile) if row["id"] != 1]
    assert about == {new}
    assert len(anna.events()) == 1
    assert_in_step(world)


async def test_the_agent_follows_what_the_ui_pauses_and_what_it_deletes(world: World) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "eins", SOON)
    world.settings()
    with an_agent(world):
        async with a_window(world) as terminal:
            await terminal.until(anna.events)
            await terminal.shows("● in Ordnung")
            await terminal.press("p")
            await terminal.shows("○ pausiert")
            await terminal.until(lambda: world.rows(state.lease) == [])
            world.enter("ANNA", "zwei", SOON)
            await terminal.press("p")
            await terminal.until(lambda: len(anna.events()) == 2)
            await terminal.press("delete")
            await terminal.shows("Kein Termin wird gelöscht")
            await terminal.press("left", "enter")
            await terminal.shows("Es gibt noch kein Profil.")
            await terminal.until(lambda: world.rows(state.lease) == [])
    assert len(anna.events()) == len(world.activities()) == 2
    assert world.rows(state.link) == []
