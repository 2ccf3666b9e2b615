"""Which settings the program begins with, and where new ones belong."""

from pathlib import Path

import pytest

from calsync_agent.config import reading, writing
from calsync_tui.gateway.start import Start


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The site's folder and the user's; neither is there."""
    found = (tmp_path / "site", tmp_path / "user")
    for module in (reading, writing):
        monkeypatch.setattr(module, "config_folders", lambda: found)
    return found


def test_without_settings_new_ones_belong_where_they_are_looked_for(
    folders: tuple[Path, Path],
) -> None:
    assert Start(None).existing() is None
    assert Start(None).place() == folders[0] / "agent.toml"


def test_settings_that_are_there_are_found_and_stay_where_they_are(
    folders: tuple[Path, Path],
) -> None:
    path = folders[1] / "agent.toml"
    path.parent.mkdir()
    path.write_text("broken")
    assert Start(None).existing() == Start(None).place() == path


def test_a_file_that_is_named_is_not_replaced_by_another(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    path = folders[0] / "agent.toml"
    path.parent.mkdir()
    path.write_text("")
    named = tmp_path / "named.toml"
    assert Start(named).existing() is None
    assert Start(named).place() == named
    (tmp_path / "file").touch()
    assert Start(tmp_path / "file" / "agent.toml").existing() is None


def test_the_variable_names_one_too(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del folders
    monkeypatch.setenv(reading.VARIABLE, str(tmp_path / "named.toml"))
    assert Start(None).existing() is None
    assert Start(None).place() == tmp_path / "named.toml"
