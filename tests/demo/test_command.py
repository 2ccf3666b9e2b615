"""What the command makes of its options, and of being interrupted."""

import argparse
import asyncio
import signal
from datetime import date
from pathlib import Path

import pytest

from calsync_agent.demo import command
from calsync_agent.demo.screen import Screen
from calsync_agent.errors import ConfigurationRefused


def run(keep: Path | None = None) -> int:
    return command.run(argparse.Namespace(keep=keep, stay=False))


def test_a_folder_to_keep_must_be_empty(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text("mine")
    with pytest.raises(ConfigurationRefused, match="is not empty; name a new folder"):
        run(tmp_path)
    assert (tmp_path / "agent.toml").read_text() == "mine"


def test_a_folder_to_keep_must_be_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ConfigurationRefused, match="name a folder that can be written to"):
        run(file)


@pytest.mark.parametrize(("right", "status"), [(True, 0), (False, 1)])
def test_the_exit_status_tells_how_it_ended(
    right: bool,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def played(_screen: Screen, _folder: Path, _today: date, *, keep: bool) -> bool:
        assert not keep
        return right

    monkeypatch.setattr(command, "play", played)
    assert run() == status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_cleans_up_and_is_no_success(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = []

    async def played(_screen: Screen, folder: Path, _today: date, *, keep: bool) -> bool:
        folders.append(folder)
        signal.raise_signal(number)
        await asyncio.Event().wait()
        return keep

    monkeypatch.setattr(command, "play", played)
    assert run() == 130
    assert not folders[0].exists()
