"""Files that others read while they are written."""

import os
import stat
import sys
import tempfile
import time
from pathlib import Path, PureWindowsPath

import pytest

from calsync_agent.platform import (
    access,
    changes_unheard,
    private_mode,
    readable_by_others,
    replace_file,
    service_control,
)
from calsync_agent.platform.files import handed_over


class Held(PermissionError):
    """As Windows says that another process has the file; None where that is not the reason."""

    def __init__(self, code: int | None) -> None:
        super().__init__(13, "held")
        self.winerror = code


posix = pytest.mark.skipif(sys.platform == "win32", reason="permission bits")


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    replace_file(path, b"one")
    assert path.read_bytes() == b"one"
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="there a file that is read stays until then")
def test_a_reader_keeps_the_old_content_whole(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        replace_file(path, b"new")
        assert reader.read() == b"old"


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere a reader holds nobody up")
def test_on_windows_a_file_is_replaced_once_its_reader_has_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "agent.toml"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        monkeypatch.setattr(time, "sleep", lambda _seconds: reader.close())
        replace_file(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "agent.toml"
    path.write_bytes(b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_permissions_stay_and_a_new_file_gets_the_usual_ones(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        path = tmp_path / "agent.toml"
        replace_file(path, b"one")
        assert _mode(path) == 0o640
        path.chmod(0o604)
        replace_file(path, b"two")
        assert _mode(path) == 0o604
    finally:
        os.umask(before)


@posix
def test_a_secret_is_for_its_owner_alone_whatever_the_old_file_allowed(tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.write_bytes(b"old")
    path.chmod(0o644)
    replace_file(path, b"new", mode=0o600)
    assert _mode(path) == 0o600


@posix
def test_the_owner_stays_where_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret.txt"
    path.write_bytes(b"old")
    asked = []

    def chown(_path: Path, user: int, group: int) -> None:
        asked.append((user, group))
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", chown)
    replace_file(path, b"new")
    assert asked == [(path.stat().st_uid, path.stat().st_gid)]
    assert path.read_bytes() == b"new"


@posix
def test_in_a_folder_that_a_group_shares_a_replaced_file_is_that_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that root put there by hand was root's alone; the service is to read the next."""
    path = tmp_path / "secret.txt"
    path.write_bytes(b"old")
    tmp_path.chmod(0o2770)
    asked = []
    monkeypatch.setattr(os, "chown", lambda _path, _user, group: asked.append(group))
    usual = Path.stat

    def stat_with_groups(file: Path, **how: bool) -> os.stat_result:
        found = usual(file, **how)
        group = 4711 if file == tmp_path else found.st_gid
        return os.stat_result((*found[:5], group, *found[6:]))

    monkeypatch.setattr(Path, "stat", stat_with_groups)
    replace_file(path, b"new", mode=0o640)
    assert asked == [4711]


@posix
@pytest.mark.parametrize(("folder", "mode"), [(0o700, 0o600), (0o2770, 0o660), (0o755, 0o600)])
def test_a_private_file_is_the_groups_too_where_it_shares_the_folder(
    tmp_path: Path, folder: int, mode: int
) -> None:
    tmp_path.chmod(folder)
    assert private_mode(tmp_path) == mode
    assert private_mode(tmp_path / "missing") == 0o600


@posix
@pytest.mark.parametrize(
    ("content", "handed"),
    [(b"geheim", True), (b"\n", False), (b"", False), (None, False)],
    ids=repr,
)
def test_a_credential_stands_for_a_file_unless_it_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, handed: bool
) -> None:
    path = Path("/etc/xdg/calsync/client-secret.txt")
    assert handed_over(path) is None
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    if content is not None:
        (tmp_path / path.name).write_bytes(content)
    assert handed_over(path) == (tmp_path / path.name if handed else None)


@posix
def test_a_link_goes_on_pointing_at_the_file(tmp_path: Path) -> None:
    path = tmp_path / "real" / "agent.toml"
    path.parent.mkdir()
    link = tmp_path / "agent.toml"
    link.symlink_to(path)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("code", [5, 32, 33])
def test_a_file_that_is_held_on_windows_is_replaced_when_it_is_let_go(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "agent.toml"
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(Path, "replace", _held(3, code))
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert pauses == [0.02, 0.04, 0.08]


def test_a_file_that_is_never_let_go_is_an_error_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "agent.toml"
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(Path, "replace", _held(99, 32))
    with pytest.raises(PermissionError):
        replace_file(path, b"new")
    assert 2.0 < sum(pauses) < 5.0
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_that_does_not_pass_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: pytest.fail("waited"))
    monkeypatch.setattr(Path, "replace", _held(99, None))
    with pytest.raises(PermissionError):
        replace_file(tmp_path / "agent.toml", b"new")


@posix
@pytest.mark.parametrize(
    ("mode", "folder", "told"),
    [(0o600, 0o755, False), (0o640, 0o755, False), (0o644, 0o755, True), (0o644, 0o750, False)],
)
def test_a_file_is_open_to_others_only_through_folders_that_are(
    mode: int, folder: int, *, told: bool
) -> None:
    # Not pytest's folder, which is closed to others already.
    with tempfile.TemporaryDirectory() as made:
        path = Path(made, "secret.txt")
        reachable = all(each.stat().st_mode & stat.S_IXOTH for each in path.parent.parents)
        path.touch()
        path.chmod(mode)
        path.parent.chmod(folder)
        assert readable_by_others(path) is (told and reachable)


def test_whether_a_missing_file_is_open_to_others_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        readable_by_others(tmp_path / "gone")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (r"\\server\share\calsync\agent.toml", True),
        (r"\\?\UNC\server\share\agent.toml", True),
        (r"C:\ProgramData\calsync\agent.toml", False),
        ("/etc/xdg/calsync/agent.toml", False),
        ("agent.toml", False),
    ],
)
def test_a_network_share_is_known_by_its_path(path: str, *, told: bool) -> None:
    assert changes_unheard(PureWindowsPath(path)) is told


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _held(times: int, code: int | None) -> object:
    """A `Path.replace` that fails as often as that, as Windows does for `code`."""
    left = [times]

    def replace(source: Path, target: Path) -> None:
        if left[0]:
            left[0] -= 1
            raise Held(code)
        source.rename(target)

    return replace


class Lists:
    """Stands in for access lists, which are not here."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.asked: list[tuple[bytes, tuple[str, ...]]] = []

    def keep_private(self, path: Path, *, readers: tuple[str, ...]) -> None:
        if self.refuses:
            raise access.Refused(5, "Access is denied.", "SetNamedSecurityInfo", str(path))
        self.asked.append((path.read_bytes(), readers))


@posix
@pytest.mark.parametrize(("mode", "times"), [(0o600, 1), (0o644, 0), (None, 0)])
def test_on_windows_a_secret_is_its_owners_and_the_services_before_it_is_written(
    mode: int | None, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = Lists()
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(access, "keep_private", lists.keep_private)
    there = service_control.Registered("", service_control.ACCOUNT, automatic=True)
    monkeypatch.setattr(service_control, "registered", lambda: there)
    replace_file(tmp_path / "secret.txt", b"secret", mode)
    reader = access.virtual_account_sid("calsync-agent")
    assert lists.asked == [(b"", (reader,))] * times


@posix
def test_on_windows_a_secret_is_written_while_the_service_manager_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def registered() -> None:
        raise access.Refused(1722, "The RPC server is unavailable.", "OpenService", "calsync-agent")

    lists = Lists()
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(access, "keep_private", lists.keep_private)
    monkeypatch.setattr(service_control, "registered", registered)
    replace_file(tmp_path / "secret.txt", b"secret", 0o600)
    assert lists.asked == [(b"", ())]


@posix
def test_on_windows_a_secret_that_cannot_be_guarded_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(access, "keep_private", Lists(refuses=True).keep_private)
    monkeypatch.setattr(service_control, "registered", lambda: None)
    with pytest.raises(PermissionError, match="Access is denied"):
        replace_file(tmp_path / "secret.txt", b"secret", 0o600)
    assert list(tmp_path.iterdir()) == []
