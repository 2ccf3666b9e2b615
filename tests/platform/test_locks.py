"""Telling whether a process on this host still lives."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from calsync_agent.platform import ProcessLock, is_held, locks

HOLDER = """
import sys
from pathlib import Path
from calsync_agent.platform import ProcessLock
lock = ProcessLock(Path(sys.argv[1]))
assert lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_PATIENCE", 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "agent.lock"


def test_a_lock_is_held_until_it_is_let_go(path: Path) -> None:
    lock = ProcessLock(path)
    assert not is_held(path)
    assert lock.acquire()
    assert is_held(path)
    lock.release()
    assert not is_held(path)
    lock.release()


def test_asking_makes_no_file(path: Path) -> None:
    assert not is_held(path)
    assert not path.parent.exists()


def test_b11_the_file_of_a_dead_process_is_there_however_often_one_asks(path: Path) -> None:
    lock = ProcessLock(path)
    lock.acquire()
    lock.release()
    for _again in range(2):
        assert not is_held(path)
        assert path.is_file()


def test_a_lock_is_had_by_one_at_a_time(path: Path) -> None:
    with ProcessLock(path):
        assert not ProcessLock(path).acquire()
        with pytest.raises(BlockingIOError), ProcessLock(path):
            pytest.fail("held twice")
    with ProcessLock(path):
        assert is_held(path)


def test_a_lock_taken_in_one_thread_is_let_go_in_another(path: Path) -> None:
    lock = ProcessLock(path)
    thread = threading.Thread(target=lock.acquire)
    thread.start()
    thread.join()
    assert is_held(path)
    lock.release()
    assert not is_held(path)


def test_b11_a_killed_process_holds_nothing(path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert is_held(path)
        assert not ProcessLock(path).acquire()
        process.kill()
        process.wait(20)
        assert not is_held(path)


def test_a_lock_that_cannot_be_looked_at_counts_as_held(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    path.touch()

    def denied(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(FileLock, "acquire", denied)
    assert is_held(path)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_b11_a_lock_in_a_folder_that_others_may_not_enter_counts_as_held(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", denied)
    assert is_held(path)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
@pytest.mark.parametrize(("folder", "mode"), [(0o2770, 0o660), (0o700, 0o600)])
def test_b11_a_group_that_shares_the_folder_may_ask_whether_a_lock_is_held(
    path: Path, folder: int, mode: int
) -> None:
    path.parent.mkdir()
    path.parent.chmod(folder)
    before = os.umask(0o077)
    try:
        with ProcessLock(path):
            assert path.stat().st_mode & 0o777 == mode
    finally:
        os.umask(before)


def test_b11_a_lock_file_is_removed_only_after_it_was_let_go(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to remove what anybody has open (WinError 32)."""
    lock = ProcessLock(path)
    assert lock.acquire()
    usual = Path.unlink

    def as_on_windows(file: Path, *, missing_ok: bool) -> None:
        if is_held(file):
            raise PermissionError(13, "The process cannot access the file", str(file), 32)
        usual(file, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", as_on_windows)
    lock.end()
    assert not path.exists()


def test_b11_a_lock_file_that_somebody_looks_at_stays_and_nothing_fails(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(file: Path, **_options: bool) -> None:
        raise PermissionError(13, "The process cannot access the file", str(file), 32)

    lock = ProcessLock(path)
    assert lock.acquire()
    monkeypatch.setattr(Path, "unlink", refused)
    lock.end()
    assert not is_held(path)
