"""Where settings, logs and what the agent remembers lie on this platform."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from platformdirs import PlatformDirs

NAME: Final = "calsync"

_DIRS: Final = PlatformDirs(NAME, appauthor=False)


def config_folders() -> tuple[Path, ...]:
    """Where `agent.toml` is looked for: the site's folder, then the user's."""
    return _DIRS.site_config_path, _DIRS.user_config_path


def log_folder() -> Path:
    """Where log files go; made if it is missing. See `state_folder` for which one it is."""
    return _chosen("LOGS_DIRECTORY", _site("log"), _DIRS.user_log_path)


def state_folder() -> Path:
    """Where the agent keeps what belongs to this host; made if it is missing.

    In this order: what systemd names (`$STATE_DIRECTORY`), the user's folder if `$XDG_STATE_HOME`
    names one, the site's folder if this account may write there, the user's folder. So the service
    and an administrator's commands meet in the same place, and anybody can try the program out.
    """
    return _chosen("STATE_DIRECTORY", _site("lib"), _DIRS.user_state_path)


def _chosen(variable: str, site: Path, user: Path) -> Path:
    users = False
    if sys.platform != "win32":
        # systemd.exec(5): several directories are separated by colons.
        named = os.environ.get(variable, "").split(":")[0]
        if named:
            return Path(named)
        users = bool(os.environ.get("XDG_STATE_HOME"))
    if not users and _writable(site):
        return site
    _writable(user)
    return user


def _site(kind: str) -> Path:
    """The site's folder: `/var/lib` or `/var/log`; on Windows below `ProgramData`."""
    if sys.platform == "win32":
        folder = _DIRS.site_data_path / "Logs" if kind == "log" else _DIRS.site_data_path
    else:
        # Filesystem Hierarchy Standard 3.0, chapter 5. platformdirs has them only since 4.7.
        folder = Path("/var", kind, NAME)
    return folder


def _writable(folder: Path) -> bool:
    """Whether a file can be made in `folder`, which is made if it is missing.

    Tried rather than asked: on Windows `os.access` does not look at access control lists.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
