"""Registering, starting and stopping a service of Windows, through pywin32's `win32service`.

Every function raises `access.Refused`, an OSError with `winerror`, where Windows refuses.
"""

import importlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from calsync_agent.platform.access import Refused, as_os_error

NAME: Final = "calsync-agent"
ACCOUNT: Final = rf"NT SERVICE\{NAME}"
"""The service's own account: Windows makes it, nobody knows a password, and it has no rights but
what is given to it."""

# winsvc.h, winerror.h
_STOPPED, _START_PENDING, _STOP_PENDING, _RUNNING = 1, 2, 3, 4
_OWN_PROCESS, _AUTOMATIC, _BY_HAND, _NORMAL = 0x10, 2, 3, 1
_PASSING: Final = frozenset({_START_PENDING, _STOP_PENDING})
_SYNCHRONIZE: Final = 0x100000  # the right to wait for a process (winnt.h)
_STOP: Final = 1
_RESTART: Final = 1  # SC_ACTION_RESTART
_DESCRIPTION, _FAILURE_ACTIONS, _DELAYED = 1, 2, 3
MISSING, ALREADY_RUNNING, NOT_RUNNING, DENIED = 1060, 1056, 1062, 5
_EXISTS, _UNKNOWN_LEVEL, _NOT_NOW = 1073, 124, 1061

_PAUSES_MS: Final = (10_000, 60_000, 300_000)
"""After which a service that died is started again; the last holds from then on."""
_FORGOTTEN_AFTER_S: Final = 86_400

_EVENT_SOURCE: Final = rf"SYSTEM\CurrentControlSet\Services\EventLog\Application\{NAME}"
# Comes with Windows and has a text for each number up to 1000, which is the line itself.
_MESSAGES: Final = r"%SystemRoot%\System32\EventCreate.exe"


@dataclass(frozen=True, slots=True)
class Registered:
    """A service as it is registered."""

    command: str
    account: str
    automatic: bool


def command_line(arguments: list[str]) -> str:
    """What starts this program's own interpreter with `calsync_agent.commands.hosting`.

    In a virtual environment `python.exe` only starts the interpreter that it was made from, and the
    service manager would wait for the wrong process: that interpreter is started, with what the
    environment holds (https://docs.python.org/3/library/venv.html, "How venvs work").
    """
    if sys.prefix == sys.base_prefix:
        words = [sys.executable, "-m", "calsync_agent.commands.hosting"]
    else:
        packages = next(path for path in sys.path if path.endswith("site-packages"))
        begin = (
            f"import site; site.addsitedir({packages!r});"
            " from calsync_agent.commands.hosting import main; main()"
        )
        words = [str(Path(sys._base_executable)), "-c", begin]  # type: ignore[attr-defined] # noqa: SLF001
    return subprocess.list2cmdline([*words, *arguments])


def install(command: str, account: str, title: str, description: str) -> bool:
    """Register the service, or bring it up to date; whether it is new. It is not started.

    It starts some minutes after Windows, and again when it has died. The account's password is
    never needed: it is a virtual account, a group managed service account, or the system.
    """
    name = None if account.upper() == "LOCALSYSTEM" else account
    with _manager(0x3) as (control, manager):  # SC_MANAGER_CONNECT | CREATE_SERVICE
        new = True
        try:
            with as_os_error(NAME):
                service = control.CreateService(
                    manager,
                    NAME,
                    title,
                    control.SERVICE_ALL_ACCESS,
                    _OWN_PROCESS,
                    _AUTOMATIC,
                    _NORMAL,
                    command,
                    None,
                    0,
                    None,
                    name,
                    None,
                )
        except Refused as error:
            if error.winerror != _EXISTS:
                raise
            new = False
            service = _opened(control, manager, control.SERVICE_ALL_ACCESS)
        if not new:
            with as_os_error(NAME):
                control.ChangeServiceConfig(
                    service,
                    _OWN_PROCESS,
                    _AUTOMATIC,
                    _NORMAL,
                    command,
                    None,
                    0,
                    None,
                    name or "LocalSystem",
                    None,
                    title,
                )
        _describe(control, service, description)
    _register_events()
    return new


def registered() -> Registered | None:
    """How the service is registered; None where it is not, or nobody may say."""
    try:
        with _service(0x1) as (control, service):  # SERVICE_QUERY_CONFIG
            found = control.QueryServiceConfig(service)
    except Refused as error:
        if error.winerror in {MISSING, DENIED}:
            return None
        raise
    return Registered(found[3], found[7], found[1] == _AUTOMATIC)


def remove() -> None:
    """Take the service, which has stopped, and its source of events out of Windows."""
    with _service(0x10000) as (control, service), as_os_error(NAME):  # DELETE
        control.DeleteService(service)
    registry = importlib.import_module("winreg")
    with suppress(FileNotFoundError):  # it was registered by other means
        registry.DeleteKey(registry.HKEY_LOCAL_MACHINE, _EVENT_SOURCE)


def start(within_s: float) -> bool:
    """Start the service; whether it runs. False: it ended at once, or takes longer than that."""
    with _service(0x14) as (control, service):  # SERVICE_QUERY_STATUS | SERVICE_START
        try:
            with as_os_error(NAME):
                control.StartService(service, None)
        except Refused as error:
            if error.winerror != ALREADY_RUNNING:
                raise
        return _until(control, service, lambda state: state != _START_PENDING, within_s) == _RUNNING


def stop(within_s: float) -> bool:
    """Stop the service; whether it has stopped by then, and its process has let go of its files.

    One that is just starting takes no word: it is asked when it has started.
    """
    until = time.monotonic() + within_s
    with _service(0x24) as (control, service), _process(control, service) as ended:
        while not _asked_to_stop(control, service):
            left = until - time.monotonic()
            if _until(control, service, lambda state: state not in _PASSING, left) in _PASSING:
                return False
        left = until - time.monotonic()
        stopped = _until(control, service, lambda state: state == _STOPPED, left) == _STOPPED
        return stopped and ended(until - time.monotonic())


def _asked_to_stop(control: Any, service: Any) -> bool:  # noqa: ANN401
    """Whether it was, or does not run; False: it is just starting, or stopping."""
    try:
        with as_os_error(NAME):
            control.ControlService(service, _STOP)
    except Refused as error:
        if error.winerror == _NOT_NOW:
            return False
        if error.winerror != NOT_RUNNING:
            raise
    return True


@contextmanager
def _process(control: Any, service: Any) -> Iterator[Callable[[float], bool]]:  # noqa: ANN401
    """What waits so many seconds for the service's process, which ends after the service has."""
    with as_os_error(NAME):
        number = control.QueryServiceStatusEx(service)["ProcessId"]
    handle = None
    if number:
        with suppress(Refused), as_os_error(NAME):  # it has just ended, or is another account's
            handle = importlib.import_module("win32api").OpenProcess(_SYNCHRONIZE, False, number)  # noqa: FBT003

    def ended(within_s: float) -> bool:
        if handle is None:
            return True
        wait = importlib.import_module("win32event").WaitForSingleObject
        return bool(wait(handle, max(0, int(within_s * 1000))) == 0)

    yield ended


def running() -> bool:
    """Whether the service is there and has not stopped."""
    try:
        with _service(0x4) as (control, service):
            return _state(control, service) != _STOPPED
    except Refused as error:
        if error.winerror == MISSING:
            return False
        raise


def _describe(control: Any, service: Any, description: str) -> None:  # noqa: ANN401
    restarts = {
        "ResetPeriod": _FORGOTTEN_AFTER_S,
        "RebootMsg": "",
        "Command": "",
        "Actions": [(_RESTART, pause) for pause in _PAUSES_MS],
    }
    for level, value in (
        (_DESCRIPTION, description),
        (_DELAYED, True),
        (_FAILURE_ACTIONS, restarts),
    ):
        try:
            with as_os_error(NAME):
                control.ChangeServiceConfig2(service, level, value)
        except Refused as error:
            # Wine knows nothing of the last two; Windows has had them since 2008.
            if error.winerror != _UNKNOWN_LEVEL:
                raise


def _register_events() -> None:
    registry = importlib.import_module("winreg")
    with registry.CreateKey(registry.HKEY_LOCAL_MACHINE, _EVENT_SOURCE) as key:
        registry.SetValueEx(key, "EventMessageFile", 0, registry.REG_EXPAND_SZ, _MESSAGES)
        registry.SetValueEx(key, "TypesSupported", 0, registry.REG_DWORD, 7)


def _until(control: Any, service: Any, done: Callable[[int], bool], within_s: float) -> int:  # noqa: ANN401
    until = time.monotonic() + within_s
    while not done(state := _state(control, service)) and time.monotonic() < until:
        time.sleep(0.1)  # the service manager tells of changes in no other way to a console
    return state


def _state(control: Any, service: Any) -> int:  # noqa: ANN401
    with as_os_error(NAME):
        return int(control.QueryServiceStatus(service)[1])


def _opened(control: Any, manager: Any, access: int) -> Any:  # noqa: ANN401
    with as_os_error(NAME):
        return control.OpenService(manager, NAME, access)


@contextmanager
def _manager(access: int) -> Iterator[tuple[Any, Any]]:
    control = importlib.import_module("win32service")
    with as_os_error(NAME):
        manager = control.OpenSCManager(None, None, access)
    yield control, manager  # pywin32 closes a handle that nothing refers to


@contextmanager
def _service(access: int) -> Iterator[tuple[Any, Any]]:
    with _manager(0x1) as (control, manager):  # SC_MANAGER_CONNECT
        yield control, _opened(control, manager, access)
