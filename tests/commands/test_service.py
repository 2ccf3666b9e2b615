"""`calsync-agent service`: elsewhere it says what to do; what Windows refuses is told in a line."""

import sys
from pathlib import Path

import pytest

from calsync_agent.commands import hosting, service
from calsync_agent.errors import Refusal
from calsync_agent.logs import event_ids
from calsync_agent.platform import service_control
from calsync_agent.platform.access import Refused
from calsync_agent.platform.service_host import Bell
from tests.commands.conftest import Run

VERBS = ("install", "remove", "start", "stop")


@pytest.mark.skipif(sys.platform == "win32", reason="there are services")
@pytest.mark.parametrize("verb", VERBS)
def test_elsewhere_each_says_what_runs_the_agent_there(run: Run, verb: str) -> None:
    said = run("service", verb)
    assert (said.status, said.out) == (2, "")
    assert "systemctl enable --now calsync-agent" in said.err


@pytest.fixture
def _windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_windows", lambda: True)


@pytest.mark.usefixtures("_windows")
@pytest.mark.parametrize(
    ("number", "told"),
    [(5, "administrator's prompt"), (1060, "calsync-agent service install"), (1072, "marked")],
)
def test_what_windows_refuses_is_told_with_what_mends_it(
    run: Run, number: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_seconds: float) -> bool:
        raise Refused(number, "marked for deletion", "ControlService", "calsync-agent")

    monkeypatch.setattr(service_control, "stop", refuse)
    said = run("service", "stop")
    assert said.status == 2
    assert told in said.err


@pytest.mark.usefixtures("_windows")
def test_it_is_not_started_before_it_is_set_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_control, "start", lambda _seconds: pytest.fail("started"))
    said = run("service", "start")
    assert said.status == 2
    assert "there are no settings" in said.err


@pytest.mark.usefixtures("_windows")
def test_one_that_does_not_stop_in_time_is_told_of(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_control, "stop", lambda _seconds: False)
    said = run("service", "stop")
    assert said.status == 1
    assert "30 seconds" in said.err


def test_in_a_virtual_environment_the_interpreter_itself_is_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", r"C:\env\Scripts\python.exe")
    monkeypatch.setattr(sys, "_base_executable", r"C:\Python 3\python.exe")
    monkeypatch.setattr(sys, "prefix", r"C:\env")
    monkeypatch.setattr(sys, "base_prefix", r"C:\Python 3")
    monkeypatch.setattr(sys, "path", [r"C:\Python 3\Lib", r"C:\env\Lib\site-packages"])
    line = service_control.command_line(["--config", r"C:\a b\agent.toml"])
    assert line.startswith(r'"C:\Python 3\python.exe" -c "import site; site.addsitedir(')
    assert line.endswith(r'--config "C:\a b\agent.toml"')
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    line = service_control.command_line([])
    assert line == r"C:\env\Scripts\python.exe -m calsync_agent.commands.hosting"


@pytest.mark.parametrize(
    ("error", "status", "number"),
    [
        (None, 0, event_ids.SERVICE_STOPPED),
        ("refused", 2, event_ids.LINES[40]),
        ("failed", 1, event_ids.LINES[40]),
    ],
)
def test_the_service_s_end_is_told_in_the_event_log(
    error: str | None, status: int, number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def serve(*_given: object) -> None:
        if error == "refused":
            raise Refusal(service.message("wrong settings"))
        if error == "failed":
            raise KeyError

    monkeypatch.setattr("calsync_agent.commands.serving.serve", serve)
    told: list[tuple[int, int, str]] = []
    ended = hosting.live(tmp_path / "agent.toml", Bell(), lambda *line: told.append(line))
    assert ended == status
    assert [line[1] for line in told] == [event_ids.SERVICE_STARTED, number]
