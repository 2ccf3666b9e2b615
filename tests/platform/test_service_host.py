"""The service's life on Windows, told by a stand-in for what pywin32 calls."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from calsync_agent.platform import service_host
from calsync_agent.platform.access import Refused
from calsync_agent.platform.service_host import Bell, Hosted, host

STOPPED, STOP_PENDING, RUNNING = 1, 3, 4
STOP, PAUSE, INTERROGATE, SHUTDOWN = 1, 2, 4, 5


class PyWinError(Exception):
    """As `pywintypes.error`."""


@dataclass
class Windows:
    """`servicemanager` and `win32service`, and a dispatcher with a thread for each call."""

    told: list[tuple[int, ...]] = field(default_factory=list)
    running: threading.Event = field(default_factory=threading.Event)
    meanwhile: Callable[[], None] = lambda: None
    refuses: PyWinError | None = None
    _made: Any = None
    _control: Any = None

    def load(self, name: str) -> Any:
        return SimpleNamespace(error=PyWinError) if name == "pywintypes" else self

    def Initialize(self, _name: str, _file: str) -> None:  # noqa: N802
        pass

    def PrepareToHostSingle(self, made: Any) -> None:  # noqa: N802
        self._made = made

    def RegisterServiceCtrlHandler(self, name: str, control: Any, details: object) -> int:  # noqa: N802
        assert (name, details) == ("calsync-agent", True)
        self._control = control
        return 7

    def SetServiceStatus(self, handle: int, status: tuple[int, ...]) -> None:  # noqa: N802
        assert handle == 7
        self.told.append(status[1:])
        if status[1] == RUNNING:
            self.running.set()

    def StartServiceCtrlDispatcher(self) -> None:  # noqa: N802
        if self.refuses:
            raise self.refuses
        life = threading.Thread(target=lambda: self._made(("calsync-agent",)).SvcRun())
        life.start()
        assert self.running.wait(20)
        self.meanwhile()
        life.join(20)
        assert not life.is_alive()

    def ask(self, code: int) -> int:
        """As the service manager does, in another thread than the service's."""
        answers: list[int] = []
        asking = threading.Thread(target=lambda: answers.append(self._control(code, 0, None)))
        asking.start()
        asking.join(20)
        return answers[0]

    @property
    def states(self) -> list[int]:
        return [status[0] for status in self.told]


def waiting(begun: threading.Event) -> Callable[[Bell], int]:
    """Work whose loop waits for the bell."""

    def work(bell: Bell) -> int:
        async def wait() -> None:
            with bell.listening(asyncio.get_running_loop()) as asked:
                begun.set()
                await asyncio.wait_for(asked.wait(), 20)

        asyncio.run(wait())
        return 0

    return work


@pytest.mark.parametrize("code", [STOP, SHUTDOWN])
def test_what_the_service_manager_asks_reaches_the_running_loop(code: int) -> None:
    begun = threading.Event()

    def meanwhile() -> None:
        assert begun.wait(20)
        assert windows.ask(INTERROGATE) == 0
        assert windows.ask(PAUSE) != 0
        assert windows.ask(code) == 0

    windows = Windows(meanwhile=meanwhile)
    host("calsync-agent", waiting(begun), windows.load)
    assert windows.states == [RUNNING, STOP_PENDING]
    wait_ms = windows.told[-1][-1]
    assert wait_ms == service_host.STOP_WITHIN_MS == 30_000


def test_asked_before_the_loop_is_there_the_service_stops_as_soon_as_it_is() -> None:
    asked = threading.Event()
    patient = waiting(threading.Event())

    def work(bell: Bell) -> int:
        assert asked.wait(20)
        return patient(bell)

    def meanwhile() -> None:
        windows.ask(STOP)
        asked.set()

    windows = Windows(meanwhile=meanwhile)
    host("calsync-agent", work, windows.load)
    assert windows.states == [RUNNING, STOP_PENDING]


def test_asked_after_the_loop_has_ended_nothing_happens() -> None:
    bell = Bell()

    async def listen() -> None:
        with bell.listening(asyncio.get_running_loop()):
            pass

    asyncio.run(listen())
    bell.ring()
    bell.ring()


@pytest.mark.parametrize(
    ("status", "states"), [(2, [RUNNING, STOPPED]), (1, [RUNNING])], ids=["refused", "failed"]
)
def test_b9_what_starting_again_mends_is_left_without_a_word_and_wrong_settings_are_told(
    status: int, states: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr(Hosted, "leave", left.append)
    windows = Windows()
    host("calsync-agent", lambda _bell: status, windows.load)
    assert left == [status]
    assert windows.states == states
    if status == 2:
        _state, _accepted, error, reason, *_ = windows.told[-1]
        assert (error, reason) == (1066, 2)


def test_without_a_service_manager_that_is_an_error_with_windows_own_number() -> None:
    windows = Windows(refuses=PyWinError(1063, "StartServiceCtrlDispatcher", "no connection"))
    with pytest.raises(Refused, match="no connection") as caught:
        host("calsync-agent", lambda _bell: 0, windows.load)
    assert caught.value.winerror == 1063
