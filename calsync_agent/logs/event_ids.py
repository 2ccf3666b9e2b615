"""The numbers by which Windows' event log, and whoever watches it, knows what was written.

They never change; what is new gets a number that was never used. All lie between 1 and 1000, which
the message file that comes with Windows (EventCreate.exe) has a text for.
"""

import logging
from collections.abc import Mapping
from typing import Final

SERVICE_STARTED: Final = 1
SERVICE_STOPPED: Final = 2

LINES: Final[Mapping[int, int]] = {
    logging.DEBUG: 10,
    logging.INFO: 20,
    logging.WARNING: 30,
    logging.ERROR: 40,
    logging.CRITICAL: 50,
}
"""Lines of the log that are about no problem, by their level."""

PROBLEMS: Final[Mapping[str, int]] = {
    "database_away": 100,
    "database_refused": 110,
    "database_copied": 120,
    "no_agent": 130,
    "agent_silent": 140,
    "agent_version": 150,
    "provider": 160,
    "directions_off": 170,
    "settings_behind": 180,
    "standing_still": 190,
    "round_slow": 200,
    "profile_failing": 210,
    "profile_held": 220,
    "quarantined": 230,
    "credential_expires": 240,
    "alert_channel": 250,
    "no_profile": 260,
    "differences": 270,
}
"""The beginning of a problem, by its kind; its end has the next number."""

OTHER_PROBLEM: Final = 990
"""A kind that this table does not know."""


def event_id(level: int, problem: str = "", *, ended: bool = False) -> int:
    """The number of a line of that level (as `logging` counts), or of a problem of that kind."""
    if problem:
        return PROBLEMS.get(problem, OTHER_PROBLEM) + ended
    return next((LINES[least] for least in sorted(LINES, reverse=True) if level >= least), 10)


def event_id_of(record: logging.LogRecord) -> int:
    """The number of a line: what it tells of a problem stands in its `problem` and `ended`."""
    found = record.__dict__
    problem = found.get("problem")
    ended = bool(found.get("ended"))
    return event_id(record.levelno, problem if isinstance(problem, str) else "", ended=ended)
