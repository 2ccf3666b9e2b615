"""Logging of the running agent: to stderr and to a file.

    loggers ──▶ queue ──▶ one thread ──▶ stderr, file

Nothing that logs ever waits for a disk. Every line says which profile and which cycle it is about:

    with logs.set_up(settings.log, settings.secrets()) as running:
        with logs.cycle(profile="MM", number=17):
            log.info(message("…"), extra={"requests": 3})
        running.apply(changed.log, changed.secrets())
"""

import atexit
import copy
import logging
import os
import stat
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Final, Self, TextIO

from pydantic import SecretStr

from calsync_agent.config.settings import Log
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import Message
from calsync_agent.logs.log_file import LogFile, unwritable
from calsync_agent.logs.log_lines import Prefixed, Redaction, formatter
from calsync_agent.platform import log_folder

FILE_NAME: Final = "calsync-agent.log"

_OURS: Final = "calsync_agent"

# At their usual levels they tell of each request, with addresses that are nobody's business.
_NOISY: Final = ("httpx", "httpcore", "msal", "urllib3", "uvicorn", "watchfiles", "filelock")

_log: Final = logging.getLogger(__name__)
_PROFILE: Final[ContextVar[str | None]] = ContextVar("profile", default=None)
_CYCLE: Final[ContextVar[int | None]] = ContextVar("cycle", default=None)


@contextmanager
def cycle(profile: str | None, number: int | None = None) -> Iterator[None]:
    """Whatever is logged inside is about this profile and this cycle of it.

    It holds in tasks begun inside and in `asyncio.to_thread`; a bare `run_in_executor` does not
    take it along.
    """
    outer_profile, outer_cycle = _PROFILE.set(profile), _CYCLE.set(number)
    try:
        yield
    finally:
        _CYCLE.reset(outer_cycle)
        _PROFILE.reset(outer_profile)


def set_up(
    settings: Log, secrets: Iterable[SecretStr] = (), also: Sequence[logging.Handler] = ()
) -> "Logs":
    """Log as the settings say, from now on; a second call changes what the first one set up.

    `also` gets every line as well, as text: Windows' event log.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Entrance):
            handler.logs.apply(settings, secrets)
            return handler.logs
    return Logs(settings, secrets, also)


class Logs:
    """The logging of this process, until it is closed; there is one at a time (`set_up`)."""

    def __init__(
        self,
        settings: Log,
        secrets: Iterable[SecretStr] = (),
        also: Sequence[logging.Handler] = (),
    ) -> None:
        self.file: Path | None = None
        """What is written to, besides stderr."""
        self._levels = {name: logging.getLogger(name).level for name in ("", _OURS, *_NOISY)}
        self._entrance = _Entrance(self)
        self._outlets: list[logging.Handler] = []
        self._also = also
        self._hushed: set[str] = set()
        self._listener: QueueListener | None = None
        logging.getLogger().addHandler(self._entrance)
        atexit.register(self.close)
        self.apply(settings, secrets)

    def apply(self, settings: Log, secrets: Iterable[SecretStr] = ()) -> None:
        """Go on with these settings; nothing that was logged before or meanwhile is lost.

        What the secrets say is never written. Where the file cannot be written, a line says so,
        `file` is None, and stderr has to do.
        """
        self._pause()
        level = logging.getLevelNamesMapping()[settings.level.upper()]
        for name in self._levels:
            own = name == _OURS
            logging.getLogger(name).setLevel(level if own else max(level, logging.WARNING))
        self._entrance.traces = settings.level == "debug"
        path = settings.file or log_folder() / FILE_NAME
        trouble = self._redirect(path) if path != self.file else None
        redaction = Redaction(secrets)
        style = formatter(settings.format, redaction)
        for outlet in self._also:
            outlet.setFormatter(formatter("text", redaction))
        for outlet in self._outlets:
            to_journal = not isinstance(outlet, LogFile) and _in_journal(sys.stderr)
            outlet.setFormatter(Prefixed(style) if to_journal else style)
        self._listener = QueueListener(self._entrance.queue, *self._outlets, *self._also)
        self._listener.start()
        if trouble is not None:
            _log.warning(unwritable(path, trouble))

    def keep_from_stderr(self, *loggers: str) -> None:
        """Write to the file alone what these log: it is told otherwise."""
        self._hushed |= set(loggers)

    def close(self) -> None:
        """Write what is left and let go of the file; nothing happens the second time."""
        logging.getLogger().removeHandler(self._entrance)
        atexit.unregister(self.close)
        self._pause()
        self._shut()
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        self._entrance.close()

    def __enter__(self) -> Self:
        """The logging itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _redirect(self, path: Path) -> OSError | None:
        """Write to stderr and to `path` from now on; what is wrong with the latter, if anything."""
        self._shut()
        self._outlets = []
        if sys.stderr is not None:  # a service on Windows may have none
            self._outlets.append(logging.StreamHandler())
            self._outlets[0].addFilter(lambda record: record.name not in self._hushed)
        try:
            self._outlets.append(LogFile(path))
        except OSError as error:
            return error
        self.file = path
        return None

    def _pause(self) -> None:
        """Write what the queue holds; what comes after that waits in it."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    def _shut(self) -> None:
        self.file = None
        for outlet in self._outlets:
            outlet.close()
        self._outlets = []


class _Entrance(QueueHandler):
    """Makes a record fit for another thread, while the context is still the one it came from."""

    def __init__(self, logs: Logs) -> None:
        super().__init__(SimpleQueue[Any]())
        self.logs = logs
        self.traces = False

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """A copy with its text, its profile and cycle, and its exception in one line."""
        line = copy.copy(record)
        line.msg, line.args = record.getMessage(), None
        found = line.__dict__
        found.setdefault("profile", _PROFILE.get())
        found.setdefault("cycle", _CYCLE.get())
        if isinstance(record.msg, Message):
            found["template"] = record.msg.template
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            found["error"] = in_one_line(error)
            if self.traces:
                found["trace"] = _trace(error)
        line.exc_info = line.exc_text = line.stack_info = None
        return line


def _in_journal(stream: TextIO | None) -> bool:
    """Whether systemd's journal reads what is written there: its `JOURNAL_STREAM` names it.

    What goes through a pipe under systemd counts as well, for it ends there.
    """
    named = os.environ.get("JOURNAL_STREAM", "")
    if not named or stream is None:
        return False
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):  # it is no file
        return False
    return named == f"{found.st_dev}:{found.st_ino}" or stat.S_ISFIFO(found.st_mode)


def _trace(error: BaseException) -> str:
    """Where it happened and what led to it, each error in one line."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    earlier = "" if before is None else f"{_trace(before)}which led to:\n"
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{earlier}Traceback (most recent call last):\n{frames}{in_one_line(error)}\n"


def in_one_line(error: BaseException) -> str:
    """What happened and where; further lines may hold data (a database's parameters)."""
    text = str(error).partition("\n")[0]
    if isinstance(error, CalsyncError):
        return text
    frames = list(traceback.walk_tb(error.__traceback__))
    place = ""
    if frames:
        frame, number = frames[-1]
        place = f" ({Path(frame.f_code.co_filename).name}:{number})"
    return f"{type(error).__name__}: {text}{place}"
