"""`calsync-agent demo --stay` as a process of its own, as `calsync-tui --demo` starts it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from calsync_agent import bootstrap
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.state import tables as state
from tests.support.service import until

pytestmark = pytest.mark.anyio


@contextmanager
def staying(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """The demo; its temporary files in `folder`."""
    with (folder.parent / "errors.txt").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "calsync_agent", "demo", "--stay", "--lang", "de"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            env={**os.environ, "TMPDIR": str(folder), "TEMP": str(folder)},
        )
    with process:  # closes the pipes in the end
        try:
            yield process
        finally:
            process.kill()


def agents(settings: Settings) -> int:
    """How many agents show that they live."""
    database = bootstrap.open_database(settings)
    try:
        with database.reading() as connection:
            counted = sa.select(sa.func.count()).select_from(state.agent)
            return int(connection.execute(counted).scalar_one())
    finally:
        database.dispose()


async def test_it_names_its_settings_works_and_ends_with_whoever_started_it(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    with staying(folder) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        settings = reading.read(Path(process.stdout.readline().rstrip("\n")))
        await until(lambda: agents(settings) == 1)
        process.stdin.close()
        assert process.wait() == 0
    assert list(folder.iterdir()) == []
    assert (tmp_path / "errors.txt").read_text() == ""


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_cleanly_on_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    with staying(folder) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait() == 0
    assert list(folder.iterdir()) == []
    assert (tmp_path / "errors.txt").read_text() == ""
