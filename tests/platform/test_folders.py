"""Where logs and state lie on each platform."""

import sys
from pathlib import Path

import pytest

from calsync_agent.platform import config_folders, folders, log_folder, state_folder
from tests.support.places import keep_to

SITE = folders._site
VARIABLES = ("STATE_DIRECTORY", "LOGS_DIRECTORY", "XDG_STATE_HOME")

posix = pytest.mark.skipif(sys.platform == "win32", reason="neither systemd nor XDG is on Windows")


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(tmp_path / "home"))
    monkeypatch.setattr(folders, "_site", lambda kind: tmp_path / "site" / kind)


def the_user_s(folder: Path) -> tuple[Path, Path]:
    """The user's folders for what is kept and for logs."""
    if sys.platform == "win32":
        return folder / "home" / "calsync", folder / "home" / "calsync" / "Logs"
    kept = folder / "home" / ".local" / "state" / "calsync"
    return kept, kept / "log"


def test_the_site_s_folders_are_taken_where_this_account_may_write_there(tmp_path: Path) -> None:
    assert state_folder() == tmp_path / "site" / "lib"
    assert log_folder() == tmp_path / "site" / "log"
    assert state_folder().is_dir()


def test_the_user_s_folders_are_taken_where_it_may_not(tmp_path: Path) -> None:
    (tmp_path / "site").touch()
    assert (state_folder(), log_folder()) == the_user_s(tmp_path)
    assert log_folder().is_dir()


@posix
def test_what_systemd_names_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/calsync:/var/lib/more")
    monkeypatch.setenv("LOGS_DIRECTORY", "/var/log/calsync")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))
    assert state_folder() == Path("/var/lib/calsync")
    assert log_folder() == Path("/var/log/calsync")


@posix
def test_a_folder_that_the_user_names_goes_before_the_site_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))
    assert state_folder() == tmp_path / "mine" / "calsync"
    assert log_folder() == tmp_path / "mine" / "calsync" / "log"


def test_where_nothing_can_be_written_a_folder_is_named_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "site").touch()
    (tmp_path / "home").touch()
    assert (state_folder(), log_folder()) == the_user_s(tmp_path)


def test_settings_are_looked_for_in_the_site_s_folder_then_in_the_user_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_to(tmp_path, monkeypatch)
    assert config_folders() == (tmp_path / "site" / "calsync", tmp_path / "user" / "calsync")


@pytest.mark.skipif(sys.platform != "win32", reason="the folders of Windows")
def test_on_windows_everything_lies_below_the_site_s_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_to(tmp_path, monkeypatch)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))  # that is no concern of Windows
    monkeypatch.setattr(folders, "_site", SITE)
    assert state_folder() == tmp_path / "site" / "calsync"
    assert log_folder() == tmp_path / "site" / "calsync" / "Logs"
