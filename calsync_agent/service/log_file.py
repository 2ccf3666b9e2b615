"""The log file: rotated by size, shared with others, and never a reason to stop."""

import logging
import os
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from calsync_agent.i18n import Message, message

MOST_BYTES: Final = 10_000_000
KEPT_FILES: Final = 5
PATIENCE: Final = 60.0


class LogFile(RotatingFileHandler):
    """Appends to `path`; older parts are `path.1`, `path.2`, ….

    Another process may write to the same file and rotate it, and so may logrotate. Where it cannot
    be renamed, because a reader on Windows has it open, it grows on and is tried again later. The
    folder is made if it is missing. Raises OSError where the file cannot be opened at all.
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
        if not isinstance(error, OSError):
            super().handleError(record)
        elif time.monotonic() >= self._complain_after and sys.stderr is not None:
            self._complain_after = time.monotonic() + PATIENCE
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
                self.stream.close()
                self.stream = None
                self.stream = self._open()


def unwritable(path: Path, error: OSError) -> Message:
    """The sentence for a log file that cannot be written."""
    return message(
        "the log file {path} cannot be written ({reason}); see [log] file in agent.toml",
        path=str(path),
        reason=error.strerror or type(error).__name__,
    )
