"""The log file is rotated, shared, and never a reason to stop."""

import logging
import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync_agent.config.settings import Log
from calsync_agent.i18n import speaking
from calsync_agent.logs import log_file, logs
from calsync_agent.logs.log_file import LogFile


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with speaking("en"):
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "agent.log"


@pytest.fixture
def file(path: Path) -> Iterator[LogFile]:
    made = LogFile(path, most_bytes=100)
    yield made
    made.close()


def test_a_full_file_is_put_aside_and_the_oldest_go(path: Path, file: LogFile) -> None:
    for number in range(20):
        _write(file, f"{number:>60}")
    names = sorted(each.name for each in path.parent.iterdir())
    assert names == ["agent.log", *(f"agent.log.{n}" for n in range(1, log_file.KEPT_FILES + 1))]
    assert path.read_text(encoding="utf-8").strip() == "19"
    assert (path.parent / "agent.log.1").read_text(encoding="utf-8").strip() == "18"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows moves no file that is open")
def test_a_file_that_somebody_moved_is_begun_anew(path: Path, file: LogFile) -> None:
    _write(file, "one")
    path.rename(path.with_suffix(".moved"))
    _write(file, "two")
    assert path.read_text(encoding="utf-8") == "two\n"
    assert path.with_suffix(".moved").read_text(encoding="utf-8") == "one\n"


def test_two_processes_rotate_one_file_without_losing_lines(path: Path, file: LogFile) -> None:
    other = LogFile(path, most_bytes=100)
    for number in range(3):
        _write(file, f"a{number:>39}")
        _write(other, f"b{number:>39}")
    other.close()
    text = "".join(each.read_text(encoding="utf-8") for each in path.parent.iterdir())
    assert len(text.splitlines()) == 6


def test_a_file_that_cannot_be_renamed_grows_on_and_is_tried_again_later(
    path: Path, file: LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def held(_source: str, _target: str) -> None:
        raise PermissionError(13, "held by a reader")

    with monkeypatch.context() as patch:
        patch.setattr(file, "rotate", held)
        for number in range(4):
            _write(file, f"{number:>60}")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 4
    _write(file, "soon after")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 5
    now[0] += log_file.PATIENCE
    _write(file, "later")
    assert path.read_text(encoding="utf-8") == "later\n"


def test_a_full_disk_is_said_on_stderr_once_in_a_while(
    path: Path, file: LogFile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def full(_record: logging.LogRecord) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file, "format", full)
    for later in (0.0, 1.0, log_file.PATIENCE):
        now[0] += later
        _write(file, "x")
    sentence = (
        f"the log file {path} cannot be written (No space left on device);"
        " see [log] file in agent.toml"
    )
    assert capsys.readouterr().err.splitlines() == [sentence, sentence]


def test_a_mistake_in_the_program_is_not_taken_for_a_full_disk(
    file: LogFile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def mistaken(_record: logging.LogRecord) -> str:
        raise KeyError("x")

    monkeypatch.setattr(file, "format", mistaken)
    _write(file, "x")
    assert "--- Logging error ---" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows moves no file that is open")
def test_a_folder_that_disappears_is_said_and_comes_back(
    path: Path, file: LogFile, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(file, "one")
    path.rename(path.parent.parent / "agent.log")
    path.parent.rmdir()
    _write(file, "lost")
    assert "cannot be written" in capsys.readouterr().err
    path.parent.mkdir()
    _write(file, "two")
    assert path.read_text(encoding="utf-8") == "two\n"


def test_every_character_can_be_written(path: Path, file: LogFile) -> None:
    _write(file, "Größe → 漢字 \ud800")
    assert path.read_text(encoding="utf-8") == "Größe → 漢字 \\ud800\n"


def _write(file: LogFile, text: str) -> None:
    file.handle(logging.makeLogRecord({"msg": text, "levelname": "INFO"}))


@pytest.mark.skipif(sys.platform == "win32", reason="access lists instead of permission bits")
def test_the_file_is_for_its_owner_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        made = LogFile(path, most_bytes=100)
        for number in range(3):
            _write(made, f"{number:>60}")
        made.close()
    finally:
        os.umask(before)
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}


@pytest.mark.skipif(sys.platform == "win32", reason="access lists instead of permission bits")
def test_a_file_from_before_is_closed_to_others_but_not_to_its_group(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    path.chmod(0o664)
    LogFile(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


@pytest.mark.skipif(sys.platform == "win32", reason="access lists instead of permission bits")
def test_the_file_is_the_groups_too_where_it_shares_the_folder(path: Path) -> None:
    """What an administrator's command began, the service goes on with."""
    path.parent.mkdir()
    path.parent.chmod(0o2770)
    before = os.umask(0o077)
    try:
        LogFile(path).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_said_once_and_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    made = LogFile(Path("/dev/full"))
    for number in range(3):
        _write(made, str(number))
    made.close()
    made.close()
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "No space left on device" in told[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_another_file_is_gone_on_with_after_a_full_disk(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logs.set_up(Log(file=Path("/dev/full"))) as running:
        logging.getLogger("calsync_agent.test").warning("lost")
        running.apply(Log(file=path))
        logging.getLogger("calsync_agent.test").warning("kept")
    assert "kept" in path.read_text(encoding="utf-8")
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
def test_a_pipe_without_a_reader_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        LogFile(tmp_path / "pipe")
