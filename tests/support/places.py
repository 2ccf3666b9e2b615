"""Folders of the test's own, where the platform's would be."""

import os
import sys
from pathlib import Path

import pytest


def of_its_own(folder: Path) -> dict[str, str]:
    """The environment in which settings, logs and locks lie below `folder`.

    `site` and `user` are the folders for settings, `state` is the user's for what an agent keeps;
    on Windows, which knows no such difference, the last is `user` as well.
    """
    if sys.platform == "win32":
        return {
            "WIN_PD_OVERRIDE_COMMON_APPDATA": str(folder / "site"),
            "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(folder / "user"),
        }
    return {
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "user"),
        "XDG_CONFIG_DIRS": str(folder / "site"),
    }


def environment(folder: Path) -> dict[str, str]:
    """The same for another process, with all that this one has."""
    return {**os.environ, **of_its_own(folder)}


def keep_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for this process."""
    for name, value in of_its_own(folder).items():
        monkeypatch.setenv(name, value)
