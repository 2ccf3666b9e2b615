"""`calsync-agent sandbox` as a program, and the tenant kept in a file."""

import argparse
import json
import os
import signal
import ssl
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import httpx
import pytest

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.sandbox.command import add_arguments, run
from calsync_agent.sandbox.server import SandboxServer
from calsync_agent.sandbox.state_file import StateFile
from tests.sandbox.client import Client
from tests.support.asking import FLAGS, SIGNALS, askable, end

CALENDARS = Path(__file__).parent / "calendars"
PROGRAM = """
import argparse, sys
from calsync_agent.sandbox.command import add_arguments, run
parser = argparse.ArgumentParser()
add_arguments(parser)
sys.exit(run(parser.parse_args()))
"""


@contextmanager
def program(*options: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own; asked to end, and ended, afterwards."""
    started = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        creationflags=FLAGS,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with started:
        try:
            yield started
        finally:
            if started.poll() is None:
                started.kill()


def lines(started: subprocess.Popen[str], number: int) -> list[str]:
    assert started.stdout is not None
    return [started.stdout.readline().rstrip("\n") for _ in range(number)]


@askable
@pytest.mark.parametrize("how", SIGNALS)
def test_it_says_how_to_reach_it_and_ends_cleanly(how: signal.Signals) -> None:
    with program("--mailbox", "eva", "--mailbox", "otto@contoso.example") as started:
        shown = dict(line.split(": ", 1) for line in lines(started, 8))
        assert list(shown) == [
            "base URL",
            "authority URL",
            "CA file",
            "tenant",
            "client id",
            "client secret",
            "control URL",
            "mailboxes",
        ]
        assert shown["mailboxes"] == "eva@contoso.example, otto@contoso.example"
        assert shown["base URL"] == shown["authority URL"] + "/v1.0"
        assert Path(shown["CA file"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
        started.send_signal(how)
        assert started.wait(10) == 0
        assert started.stderr is not None
        assert started.stderr.read() == ""


def test_adverse_from_the_start_with_a_seed() -> None:
    with program("--json", "--adverse", "7") as started:
        shown = json.loads(lines(started, 1)[0])
        trust = _trust(shown["ca_file"])
        answer = httpx.get(f"{shown['control_url']}/adverse", verify=trust, trust_env=False)
        assert answer.json()["seed"] == 7
        end(started)


def test_json_and_a_ready_configuration_on_demand(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    with program("--json", "--config-dir", str(folder)) as started:
        shown = json.loads(lines(started, 1)[0])
        written = tomllib.loads((folder / "agent.toml").read_text())
        assert written["exchange"] == {
            "client_id": shown["client_id"],
            "client_secret_file": "secret.txt",
            "authority": shown["authority"],
            "graph_url": shown["graph_url"],
            "ca_file": "ca.pem",
        }
        assert (folder / "secret.txt").read_text().strip() == shown["client_secret"]
        assert shown["ca_file"] == str(folder / "ca.pem")
        token = httpx.get(
            f"{shown['authority']}/{shown['tenant_id']}/v2.0/.well-known/openid-configuration",
            verify=_trust(shown["ca_file"]),
            trust_env=False,
        )
        assert token.status_code == 200
        end(started)


def _trust(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


@askable
def test_what_could_not_be_imported_is_said_on_stderr(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    source = str(CALENDARS / "google.ics")
    with program("--import", source, "--mailbox", "eva", "--state", str(state)) as started:
        lines(started, 8)
        end(started)
        assert started.stderr is not None
        (said,) = started.stderr.read().splitlines()
        assert "Abgesagt" in said
    assert len(StateFile(state).tenant.user("eva").events()) == 4


@askable
def test_the_same_import_twice_changes_nothing_and_is_said(tmp_path: Path) -> None:
    state, other = tmp_path / "state.json", tmp_path / "other.ics"
    source = CALENDARS / "google.ics"
    other.write_bytes(source.read_bytes())  # the same events, whatever the file is called
    found = []
    for path in (source, source, other):
        options = ("--import", str(path), "--mailbox", "eva", "--state", str(state))
        with program(*options) as started:
            lines(started, 8)
            end(started)
            assert started.stderr is not None
            said = started.stderr.read().splitlines()
        events = StateFile(state).tenant.user("eva").events()
        again = sum("it has been imported before" in line for line in said)
        found.append(([event["subject"] for event in events], again))
    assert found[1:] == [(found[0][0], 4)] * 2
    assert (len(found[0][0]), found[0][1]) == (4, 0)


def refused(*options: str) -> str:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(ConfigurationRefused) as error:
        run(parser.parse_args(options))
    return str(error.value)


def test_wrong_options_are_refused_in_one_line(tmp_path: Path) -> None:
    assert "70000" in refused("--port", "70000")
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    assert str(broken) in refused("--state", str(broken))
    two = ("--mailbox", "a", "--mailbox", "b")
    assert "--import" in refused(*two, "--import", str(CALENDARS / "google.ics"))
    assert "nothing.ics" in refused("--import", str(tmp_path / "nothing.ics"))


def test_a_configuration_of_somebody_else_stays(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text("[database]\n")
    assert "agent.toml" in refused("--config-dir", str(tmp_path))
    assert (tmp_path / "agent.toml").read_text() == "[database]\n"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_port_in_use_is_refused(server: SandboxServer) -> None:
    assert str(server.port) in refused("--port", str(server.port))


# -- the state file -------------------------------------------------------------------------------


def test_a_tenant_in_a_file_outlives_the_program(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    first = StateFile(path)
    tenant = first.tenant.with_default_people()
    tenant.settings.stamp_delay = None
    anna, bernd = tenant.user("anna.berger"), tenant.user("bernd.huber")
    start = datetime(2026, 3, 2, 9)
    made = anna.create(
        "Serie",
        start,
        start.replace(hour=10),
        attendees=[bernd.upn],
        recurrence={
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
            "range": {"type": "numbered", "numberOfOccurrences": 6},
        },
        body="Zeile 1\nZeile 2",
        isOnlineMeeting=True,
        transactionId="t1",
        singleValueExtendedProperties=[
            {"id": "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name x", "value": "1"}
        ],
    )
    moved = anna.occurrence(made, date(2026, 3, 9))
    later = datetime(2026, 3, 10, 14)
    anna.change(moved, start=later, end=later.replace(hour=15), location="anderswo")
    anna.delete(anna.occurrence(made, date(2026, 3, 16)))
    bernd.respond(str(bernd.events()[0]["id"]), "accepted")
    server = _served(first)
    graph = Client(server)
    link = graph.round().link.removeprefix(server.authority)
    graph.http.close()
    server.stop()

    second = StateFile(path)
    again = second.tenant.user("anna.berger")
    assert again.events() == anna.events()
    assert again.event(moved) == anna.event(moved)
    view = (datetime(2026, 1, 1), datetime(2027, 1, 1))
    assert again.view(*view) == anna.view(*view)
    assert second.tenant.user("bernd.huber").events() == bernd.events()
    assert second.tenant.outbox == tenant.outbox
    assert second.tenant.client_secret == tenant.client_secret
    assert second.tenant.settings.stamp_delay is None
    assert second.ca.cert_pem.bytes() == first.ca.cert_pem.bytes()

    server = _served(second)
    graph = Client(server)
    assert graph.round(server.authority + link).items == []
    graph.patch(made, {"subject": "neu"})
    assert graph.round(server.authority + link).items[0]["subject"] == "neu"
    graph.http.close()
    server.stop()


def _served(state: StateFile) -> SandboxServer:
    server = SandboxServer(state.tenant, ca=state.ca, keep=state.keep)
    server.start()
    return server


def test_the_file_is_written_only_after_changes_and_never_in_part(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = StateFile(path)
    state.keep()
    written = path.stat().st_mtime_ns
    state.keep()
    assert path.stat().st_mtime_ns == written
    state.tenant.add_mailbox("eva")
    state.keep()
    assert "eva@contoso.example" in path.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"]
