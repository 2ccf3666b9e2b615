"""journald gets the priority of each line, so that `journalctl -p err` selects (H2)."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import logging, pathlib
from calsync_agent.config.settings import Log
from calsync_agent.logs import logs
log = logging.getLogger("calsync_agent.test")
with logs.set_up(Log(file=pathlib.Path("agent.log"), level="debug")):
    log.debug("a"); log.info("b"); log.warning("c\\nd"); log.error("e")
"""


def run(folder: Path, stream: str | None) -> list[str]:
    """The lines on stderr, which is a pipe; `stream`: what JOURNAL_STREAM says of it."""
    env = {name: value for name, value in os.environ.items() if name != "JOURNAL_STREAM"}
    if stream is not None:
        env["JOURNAL_STREAM"] = stream
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=folder, env=env, capture_output=True, check=True
    )
    return done.stderr.decode().splitlines()


def test_under_systemd_each_line_has_its_priority_and_the_file_none(tmp_path: Path) -> None:
    lines = run(tmp_path, "8:4711")
    assert [line[:3] for line in lines] == ["<7>", "<6>", "<4>", "<4>", "<3>"]
    written = (tmp_path / "agent.log").read_text().splitlines()
    assert written == [line[3:] for line in lines]


def test_elsewhere_no_line_has_one(tmp_path: Path) -> None:
    assert not [line for line in run(tmp_path, None) if line.startswith("<")]
