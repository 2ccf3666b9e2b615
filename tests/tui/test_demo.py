"""`calsync-tui --demo`: opened on a world that lives as long as the window."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from calsync_agent.config.settings import Settings
from calsync_tui.app import CalsyncApp
from calsync_tui.gateway.demo_program import Demo
from calsync_tui.gateway.start import Start
from calsync_tui.screens.refused import RefusedScreen
from tests.support.terminal import Terminal

pytestmark = pytest.mark.anyio

STAND_IN = """
import pathlib, sys
print(sys.argv[1], flush=True)
for _ in range(3000):
    print("Anna moves in Outlook: " + "x" * 80, flush=True)  # more than a pipe holds
sys.stdin.read()
pathlib.Path(sys.argv[2]).write_text("ended")
"""


@asynccontextmanager
async def showing(demo: Demo, *, every: float | None = None) -> AsyncIterator[Terminal]:
    app = CalsyncApp(Start(None).open, demo=demo, every=every)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        yield Terminal(app, pilot)
        app.exit()


def last_line(terminal: Terminal) -> int:
    """How far the log has come, as the window knows."""
    pulse = terminal.window.pulse
    return 0 if pulse is None else pulse.last_log_id


async def test_the_demo_ends_when_the_window_is_left(settings: Settings, tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    program = (sys.executable, "-c", STAND_IN, str(settings.path), str(ended))
    async with showing(Demo(program)) as terminal:
        await terminal.shows("[1 Status]")
        await terminal.until(lambda: terminal.window.page)
        assert not ended.exists()
    assert ended.read_text() == "ended"


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ((sys.executable, "-c", "import sys; sys.exit('no room left')"), "no room left"),
        (("/no/such/program",), "lässt sich nicht starten"),
    ],
)
async def test_why_there_is_no_demo_is_said(program: tuple[str, ...], text: str) -> None:
    async with showing(Demo(program)) as terminal:
        await terminal.shows("Die Vorführung kann nicht beginnen", text)
        assert isinstance(terminal.app.screen, RefusedScreen)


async def test_agent_and_people_are_at_work_while_one_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("TEMP", str(folder))
    async with showing(Demo(), every=0.2) as terminal:
        await terminal.shows("[1 Status]", "Agent läuft")
        before = last_line(terminal)
        await terminal.until(lambda: last_line(terminal) > before)
        assert len(list(folder.glob("calsync-demo-*"))) == 1
    assert list(folder.glob("calsync-demo-*")) == []
