"""Who may have a file on Windows."""

import sys
from pathlib import Path
from typing import Any

import pytest

from calsync_agent.platform import access
from tests.support.asking import WINE

windows = pytest.mark.skipif(sys.platform != "win32", reason="access lists of Windows")
kept = pytest.mark.skipif(WINE, reason="Wine keeps no access list but a file's mode bits")

SERVICE = access.virtual_account_sid("calsync-agent")


def test_the_account_of_a_service_is_known_by_its_name_alone() -> None:
    # Microsoft's own example: NT SERVICE\TrustedInstaller owns Windows' files.
    assert access.virtual_account_sid("TrustedInstaller") == (
        "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
    )
    assert access.account_sid(r"nt service\CALSYNC-agent") == SERVICE
    assert access.account_sid("LocalSystem") == access.SYSTEM


class Security:
    """`win32security`, as far as it is asked to set a list; entries are (flags, mask, SID)."""

    ACL_REVISION = 2

    def __init__(self) -> None:
        self.lists: dict[str, tuple[int, list[tuple[int, int, str]]]] = {}
        self.made: list[tuple[int, int, str]] = []

    def ACL(self) -> "Security":  # noqa: N802
        self.made = []
        return self

    def ConvertStringSidToSid(self, sid: str) -> str:  # noqa: N802
        return sid

    def AddAccessAllowedAceEx(self, _revision: int, flags: int, mask: int, sid: str) -> None:  # noqa: N802
        self.made.append((flags, mask, sid))

    def SetNamedSecurityInfo(self, path: str, _kind: int, what: int, *_rest: Any) -> None:  # noqa: N802
        self.lists[path] = what, self.made


class PyWinTypes:
    """`pywintypes`."""

    error = ValueError


@pytest.fixture
def security(monkeypatch: pytest.MonkeyPatch) -> Security:
    stand_in = Security()
    monkeypatch.setitem(sys.modules, "win32security", stand_in)
    monkeypatch.setitem(sys.modules, "pywintypes", PyWinTypes)
    return stand_in


def test_a_secret_is_its_owners_the_systems_the_administrators_and_read_by_the_service(
    security: Security, tmp_path: Path
) -> None:
    path = tmp_path / "secret.txt"
    access.keep_private(path, readers=(SERVICE,))
    what, entries = security.lists[str(path)]
    assert what & 0xFFFFFFFF == 0x80000004  # a list, and none inherited
    assert -(2**31) <= what < 2**31  # what pywin32 takes
    assert set(entries) == {
        (0, access.READ, SERVICE),
        *((0, access.EVERYTHING, sid) for sid in ("S-1-3-4", "S-1-5-18", "S-1-5-32-544")),
    }


def test_the_system_as_the_services_account_keeps_its_rights(
    security: Security, tmp_path: Path
) -> None:
    access.keep_private(tmp_path, readers=(access.SYSTEM,))
    assert (0, access.EVERYTHING, access.SYSTEM) in security.lists[str(tmp_path)][1]


def test_the_folder_is_the_administrators_and_changed_by_the_service_with_all_in_it(
    security: Security, tmp_path: Path
) -> None:
    access.keep_folder(tmp_path, changed_by=SERVICE)
    what, entries = security.lists[str(tmp_path)]
    assert what & 0xFFFFFFFF == 0x80000004
    assert set(entries) == {
        (3, access.CHANGE, SERVICE),
        (3, access.EVERYTHING, "S-1-5-18"),
        (3, access.EVERYTHING, "S-1-5-32-544"),
    }


@windows
@kept
def test_what_was_set_is_what_windows_keeps(tmp_path: Path) -> None:
    folder = tmp_path / "calsync"
    folder.mkdir()
    access.keep_folder(folder, changed_by=SERVICE)
    inside = folder / "agent.log"
    inside.touch()
    both = {access.SYSTEM: access.EVERYTHING, access.ADMINISTRATORS: access.EVERYTHING}
    assert access.allowed(folder) == access.allowed(inside) == both | {SERVICE: access.CHANGE}
    access.keep_private(inside)
    assert access.allowed(inside) == both | {access.OWNER_RIGHTS: access.EVERYTHING}
    access.let_read(inside, SERVICE)
    assert access.allowed(inside)[SERVICE] == access.READ


@windows
def test_windows_takes_a_list_as_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.write_bytes(b"x")
    access.keep_private(path, readers=(SERVICE,))
    access.let_read(path, SERVICE)
    access.keep_folder(tmp_path, changed_by=SERVICE)
    assert path.read_bytes() == b"x"


@windows
def test_a_file_that_is_not_there_is_an_oserror_with_windows_own_number(tmp_path: Path) -> None:
    with pytest.raises(access.Refused) as caught:
        access.keep_private(tmp_path / "gone")
    assert caught.value.winerror == 2
