"""What the log says, in Windows' event log: warnings and errors, and the ends of problems."""

import importlib
import logging
from collections.abc import Callable
from typing import Any, Final

from calsync_agent.logs.event_ids import event_id_of

_ERROR, _WARNING, _INFORMATION = 1, 2, 4  # winnt.h: EVENTLOG_ERROR_TYPE …
_LONGEST: Final = 31_000  # ReportEventW takes 31,839 characters


def kind_of(level: int) -> int:
    """How the event log marks a line of this level."""
    if level >= logging.ERROR:
        return _ERROR
    return _WARNING if level >= logging.WARNING else _INFORMATION


class EventLog(logging.Handler):
    """Reports lines under the numbers of `event_ids`; `report` takes a kind, a number and a text.

    What is less than a warning is reported where it is the end of a problem.
    """

    def __init__(self, report: Callable[[int, int, str], None]) -> None:
        super().__init__()
        self._report = report
        self.addFilter(_wanted)

    def emit(self, record: logging.LogRecord) -> None:
        """Report a line."""
        try:
            text = self.format(record)[:_LONGEST]
            self._report(kind_of(record.levelno), event_id_of(record), text)
        except Exception:  # noqa: BLE001 - as all handlers of `logging` do
            self.handleError(record)


def reporter(
    source: str, load: Callable[[str], Any] = importlib.import_module
) -> Callable[[int, int, str], None]:
    """What writes to this computer's event log (pywin32's `win32evtlog`)."""
    events = load("win32evtlog")
    handle = events.RegisterEventSource(None, source)

    def report(kind: int, number: int, text: str) -> None:
        # A NUL would end the text, and %1 stands for it in the message file.
        events.ReportEvent(handle, kind, 0, number, None, [text.replace("\0", " ")], None)

    return report


def _wanted(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or bool(record.__dict__.get("ended"))
