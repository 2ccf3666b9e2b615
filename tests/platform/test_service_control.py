"""Stopping the service: what its service manager is asked, and what is waited for."""

import sys
import types
from typing import Any

import pytest

from calsync_agent.platform import service_control
from calsync_agent.platform.access import Refused

STOPPED, START_PENDING, RUNNING = 1, 2, 4


class Manager:
    """Stands in for Windows' service manager: `states` follow one another, asked or not."""

    class Error(Exception):
        """As pywin32's own."""

    def __init__(self, *states: int, ends: bool = True) -> None:
        self.states = list(states)
        self.ends = ends
        self.stops = 0
        self.waited: list[int] = []

    def OpenSCManager(self, *_given: object) -> str:  # noqa: N802 - pywin32's names
        return "manager"

    def OpenService(self, *_given: object) -> str:  # noqa: N802
        return "service"

    def QueryServiceStatus(self, _service: object) -> tuple[int, int]:  # noqa: N802
        state = self.states[0]
        if len(self.states) > 1:
            self.states.pop(0)
        return 0x10, state

    def QueryServiceStatusEx(self, _service: object) -> dict[str, int]:  # noqa: N802
        return {"ProcessId": 0 if self.states[0] == STOPPED else 4711}

    def ControlService(self, _service: object, _code: int) -> None:  # noqa: N802
        refused = {START_PENDING: 1061, STOPPED: 1062}.get(self.states[0])
        if refused:
            raise self.Error(refused, "ControlService", "not now")
        self.stops += 1
        self.states = [STOPPED]

    def OpenProcess(self, *_given: object) -> str:  # noqa: N802
        return "process"

    def WaitForSingleObject(self, _handle: object, wait_ms: int) -> int:  # noqa: N802
        self.waited.append(wait_ms)
        return 0 if self.ends else 258


@pytest.fixture
def manage(monkeypatch: pytest.MonkeyPatch) -> Any:
    def begin(*states: int, ends: bool = True) -> Manager:
        manager = Manager(*states, ends=ends)
        for name in ("win32service", "win32api", "win32event"):
            monkeypatch.setitem(sys.modules, name, manager)
        errors = types.SimpleNamespace(error=Manager.Error)
        monkeypatch.setitem(sys.modules, "pywintypes", errors)
        return manager

    return begin


def test_contract_1_a_service_that_is_just_starting_is_stopped_when_it_has_started(
    manage: Any,
) -> None:
    manager = manage(START_PENDING, START_PENDING, RUNNING)
    assert service_control.stop(30)
    assert manager.stops == 1


def test_contract_1_one_that_never_gets_anywhere_is_told_of_in_time(manage: Any) -> None:
    manager = manage(START_PENDING)
    assert not service_control.stop(0)
    assert manager.stops == 0


def test_contract_1_one_that_does_not_run_has_stopped(manage: Any) -> None:
    manager = manage(STOPPED)
    assert service_control.stop(30)
    assert manager.stops == 0


@pytest.mark.parametrize("ends", [True, False])
def test_contract_1_it_has_stopped_when_its_process_has_let_go_of_its_files(
    manage: Any, *, ends: bool
) -> None:
    manager = manage(RUNNING, ends=ends)
    assert service_control.stop(30) is ends
    assert len(manager.waited) == 1


def test_contract_1_what_windows_refuses_otherwise_is_raised(
    manage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = manage(RUNNING)

    def refuse(*_given: object) -> None:
        raise Manager.Error(5, "ControlService", "Access is denied.")

    monkeypatch.setattr(manager, "ControlService", refuse)
    with pytest.raises(Refused) as refused:
        service_control.stop(30)
    assert refused.value.winerror == 5
