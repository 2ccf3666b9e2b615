"""The log file: rotated by size, shared with others, and never a reason to stop."""

import logging
import os
import stat
import sys
import time
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from calsync_agent.i18n import Message, message
from calsync_agent.platform import private_mode

MOST_BYTES: Final = 10_000_000
KEPT_FILES: Final = 5
PATIENCE: Final = 60.0


class LogFile(RotatingFileHandler):
    """Appends to `path`; older parts are `path.1`, `path.2`, ….

    Another process may write to the same file and rotate it, and so may logrotate. Where it cannot
    be renamed, because a reader on Windows has it open, it grows on and is tried again later. The
    folder is made if it is missing, and the file is for its owner alone, whatever the umask: it
    tells whom people meet. Raises OSError where the file cannot be opened at all; whatever fails
    later is said on stderr, once in a while, and changes nothing else.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(
            path,
            maxBytes=most_bytes,
            backupCount=KEPT_FILES,
            encoding="utf-8",
            errors="backslashreplace",
        )
        self._rotate_after = 0.0
        self._complain_after = 0.0

    def shouldRollover(self, record: logging.LogRecord) -> int:  # noqa: N802 - logging's name
        """Whether the file is too long for one more record."""
        self._follow()
        return time.monotonic() >= self._rotate_after and super().shouldRollover(record)

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        """Begin a new file, or go on with the old one for a while."""
        try:
            super().doRollover()
        except OSError:
            self._rotate_after = time.monotonic() + PATIENCE

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say on stderr, once in a while, that the file cannot be written (disk full)."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            self._complain(error)
        else:
            super().handleError(record)

    def close(self) -> None:
        """Let go of the file. What it had no room for is lost, which is said."""
        stream = self.stream
        try:
            super().close()
        except OSError as error:
            self._complain(error)
            if stream is not None:
                with suppress(OSError):  # it tries to write the rest once more
                    stream.close()

    def _open(self) -> TextIOWrapper:
        handle = _opened_for_its_owner(self.baseFilename)
        return TextIOWrapper(os.fdopen(handle, "ab"), encoding=self.encoding, errors=self.errors)

    def _complain(self, error: OSError) -> None:
        if time.monotonic() >= self._complain_after and sys.stderr is not None:
            self._complain_after = time.monotonic() + PATIENCE
            with suppress(OSError):  # the same disk may be full under stderr
                sys.stderr.write(f"{unwritable(Path(self.baseFilename), error)}\n")

    def _follow(self) -> None:
        """Open the file anew where somebody moved it away."""
        if self.stream is not None:
            here = os.fstat(self.stream.fileno())
            try:
                moved = not os.path.samestat(here, Path(self.baseFilename).stat())
            except FileNotFoundError:
                moved = True
            if moved:
                old, self.stream = self.stream, None
                with suppress(OSError):  # the disk may be full; what goes on is another file
                    old.close()
                self.stream = self._open()


def _opened_for_its_owner(path: str) -> int:
    """A handle to append by, got without waiting; others lose what rights they had.

    A group that shares the folder has the file as well: the service goes on with what an
    administrator's command began.
    """
    flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
    found = os.fstat(handle)
    if stat.S_ISREG(found.st_mode) and sys.platform != "win32":
        with suppress(PermissionError):  # somebody else's file, which we may write to
            shared = private_mode(Path(path).parent) & 0o060
            os.fchmod(handle, stat.S_IMODE(found.st_mode) & 0o770 | shared)
    return handle


def unwritable(path: Path, error: OSError) -> Message:
    """The sentence for a log file that cannot be written."""
    return message(
        "the log file {path} cannot be written ({reason}); see [log] file in agent.toml",
        path=str(path),
        reason=error.strerror or type(error).__name__,
    )
