"""Where agent.toml is looked for (contract, section 2)."""

from pathlib import Path

import pytest

from calsync_agent.config.reading import find
from calsync_agent.errors import ConfigurationRefused
from tests.support.places import keep_to


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The site's and the user's place, and one that the variable may name; none has a file yet."""
    monkeypatch.delenv("CALSYNC_CONFIG", raising=False)
    keep_to(tmp_path, monkeypatch)
    found = {
        name: tmp_path / name / "calsync" / "agent.toml" for name in ("site", "user", "variable")
    }
    for path in found.values():
        path.parent.mkdir(parents=True)
    return found


def test_the_site_s_file_goes_before_the_user_s(places: dict[str, Path]) -> None:
    places["user"].touch()
    assert find(None) == places["user"]
    places["site"].touch()
    assert find(None) == places["site"]


def test_the_variable_goes_before_the_folders_and_the_option_before_the_variable(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    places["site"].touch()
    monkeypatch.setenv("CALSYNC_CONFIG", str(places["variable"]))
    assert find(None) == places["variable"]
    assert find(tmp_path / "given.toml") == tmp_path / "given.toml"


def test_an_empty_variable_names_nothing(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    places["site"].touch()
    monkeypatch.setenv("CALSYNC_CONFIG", "")
    assert find(None) == places["site"]


def test_a_file_that_was_named_is_not_replaced_by_another_one(
    places: dict[str, Path], tmp_path: Path
) -> None:
    places["site"].touch()
    assert find(tmp_path / "gone.toml") == tmp_path / "gone.toml"


def test_where_there_is_no_file_all_places_are_told(places: dict[str, Path]) -> None:
    with pytest.raises(ConfigurationRefused) as caught:
        find(None)
    assert str(caught.value) == (
        f"there are no settings: tried {places['site']}, {places['user']}; write one of these"
        " files, or name another one with --config FILE or the environment variable CALSYNC_CONFIG"
    )
