"""Prometheus' own tool reads the packaged rules, where it is installed (Debian: `prometheus`)."""

import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"
PROMTOOL = shutil.which("promtool")


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_h2_prometheus_own_tool_accepts_the_packaged_rules() -> None:
    command = [str(PROMTOOL), "check", "rules", str(PACKAGING / "prometheus-rules.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules found" in done.stdout
