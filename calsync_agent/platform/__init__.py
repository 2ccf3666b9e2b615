"""Everything that differs between Windows and POSIX, and nothing else.

What concerns Windows is written from Microsoft's and Python's documentation; each place says so.
`access`, `service_control` and `service_host` are of Windows alone, and need pywin32.
"""

from calsync_agent.platform.clocks import seconds_passed
from calsync_agent.platform.console import console_utf8
from calsync_agent.platform.files import (
    NotOrdinary,
    TooLarge,
    changes_unheard,
    is_file,
    is_folder,
    is_there,
    private_mode,
    read_file,
    read_handed_over,
    readable_by_others,
    replace_file,
    sharing_group,
)
from calsync_agent.platform.folders import config_folders, log_folder, state_folder
from calsync_agent.platform.lifeline import when_stdin_closes
from calsync_agent.platform.locks import ProcessLock, is_held
from calsync_agent.platform.signals import stop_requested

__all__ = [
    "NotOrdinary",
    "ProcessLock",
    "TooLarge",
    "changes_unheard",
    "config_folders",
    "console_utf8",
    "is_file",
    "is_folder",
    "is_held",
    "is_there",
    "log_folder",
    "private_mode",
    "read_file",
    "read_handed_over",
    "readable_by_others",
    "replace_file",
    "seconds_passed",
    "sharing_group",
    "state_folder",
    "stop_requested",
    "when_stdin_closes",
]
