"""Others' clients, unmodified, work with the sandbox as they do with Exchange 365.

Not part of the usual run, because they are large and not ours: `CALSYNC_CLIENTS=1` installs them
into an environment of their own; a path of a Python that has them is taken as it is.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from calsync_agent.sandbox.server import SandboxServer, running_sandbox
from tests.clients.tunnel import tunnel

ASKED = os.environ.get("CALSYNC_CLIENTS", "")
CLIENTS = ("msgraph-sdk", "O365")
HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.skipif(
        not ASKED, reason="CALSYNC_CLIENTS=1 installs others' clients and runs them"
    ),
    pytest.mark.timeout(1200),
]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that has the clients."""
    if ASKED != "1":
        return ASKED
    folder = tmp_path_factory.mktemp("clients")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    made = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    subprocess.run([made, "-m", "pip", "install", "--quiet", *CLIENTS], check=True)
    return made


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with running_sandbox() as server:
        yield server


@pytest.fixture
def run(python: str, server: SandboxServer) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Runs a script with a client, which meets the sandbox wherever it turns."""
    arguments = [
        server.tenant_id,
        server.client_id,
        server.client_secret,
        "anna.berger@contoso.example",
    ]
    with tunnel(server.port) as proxy:
        trust = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), server.ca_file)
        environment = {**os.environ, **trust, "HTTPS_PROXY": proxy, "NO_PROXY": "", "no_proxy": ""}

        def drive(script: str) -> dict[str, Any]:
            command = [python, str(HERE / script), *arguments]
            done = subprocess.run(
                command, capture_output=True, text=True, env=environment, check=False
            )
            assert done.returncode == 0, done.stderr
            told: dict[str, Any] = json.loads(done.stdout)
            return told

        yield drive


def test_microsofts_own_client_works_unmodified(
    run: Callable[[str], dict[str, Any]], server: SandboxServer
) -> None:
    told = run("drive_msgraph.py")
    occurrences = [["occurrence", None]] * 3
    assert told.pop("patched")[:2] == ["Neu", "Saal"]
    assert told == {
        "user": "anna.berger@contoso.example",
        "once": True,
        "first": [*occurrences, ["seriesMaster", "Serie"], ["singleInstance", "Besprechung"]],
        "changed": ["Neu"],
        "found": ["Neu"],
        "listed": ["Neu", "Serie"],
        "gone": [{"reason": "deleted"}],
        "refused": [404, "ErrorItemNotFound"],
    }
    assert [mail.kind for mail in server.tenant.outbox] == ["invitation", "update", "cancellation"]


def test_python_o365_works_unmodified(run: Callable[[str], dict[str, Any]]) -> None:
    assert run("drive_o365.py") == {
        "signed in": True,
        "created": True,
        "read": ["Besprechung", "Saal", False],
        "patched": True,
        "series": True,
        "listed": ["Neu", "Serie"],
        "view": ["Neu", "Serie", "Serie", "Serie"],
        "found": ["Neu"],
        "first": ["occurrence"] * 3 + ["seriesMaster", "singleInstance"],
        "deleted": True,
        "gone": ["gone"],
    }
