"""The systemd unit: closed where it may be, and open where the agent needs it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from calsync_agent.config.drafting import PASSWORD_FILE, SECRET_FILE

UNIT = Path(__file__).parents[2] / "packaging" / "calsync-agent.service"


@pytest.mark.parametrize(
    "line",
    [
        "User=calsync",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        "CapabilityBoundingSet=",
        "SystemCallFilter=@system-service",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "StateDirectoryMode=2770",
        "RestartPreventExitStatus=2",
    ],
)
def test_the_unit_says(line: str) -> None:
    assert line in UNIT.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", [PASSWORD_FILE, SECRET_FILE])
def test_each_secret_that_the_setup_writes_is_handed_over_and_none_needs_to_be_there(
    name: str,
) -> None:
    text = UNIT.read_text(encoding="utf-8")
    assert f"LoadCredential={name}:/etc/xdg/calsync/{name}\n" in text
    assert f"SetCredential={name}:\\n\n" in text


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_its_exposure_is_below_3() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None
    assert float(found[1]) < 3
