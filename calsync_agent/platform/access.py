"""Who may have a file on Windows: access lists, through pywin32.

Masks and the well-known SIDs are learn.microsoft.com's ("File access rights constants", "Well-known
SIDs"). pywin32 loads where it is needed: there is none elsewhere.
"""

import errno
import hashlib
import importlib
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

OWNER_RIGHTS: Final = "S-1-3-4"
SYSTEM: Final = "S-1-5-18"
ADMINISTRATORS: Final = "S-1-5-32-544"

READ: Final = 0x1200A9  # FILE_GENERIC_READ | FILE_GENERIC_EXECUTE
CHANGE: Final = 0x1301BF  # what icacls calls M: read, write, delete
EVERYTHING: Final = 0x1F01FF

_CONTENTS_TOO: Final = 3  # OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE
_FILE: Final = 1  # SE_FILE_OBJECT
_LIST: Final = 0x4  # DACL_SECURITY_INFORMATION
# PROTECTED_DACL_SECURITY_INFORMATION, the highest bit: pywin32 takes a C long, which has a sign.
_NOTHING_INHERITED: Final = 0x80000000 - 2**32
_ALLOWED: Final = 0  # ACCESS_ALLOWED_ACE_TYPE

_VIRTUAL: Final = "NT SERVICE\\"


def virtual_account_sid(service: str) -> str:
    r"""The SID of `NT SERVICE\service`, which is there before the service is.

    It is made of the SHA-1 of the name in capitals, as `sc showsid` does.
    """
    found = hashlib.sha1(service.upper().encode("utf-16-le"), usedforsecurity=False).digest()
    return "S-1-5-80-" + "-".join(map(str, struct.unpack("<5I", found)))


def account_sid(account: str) -> str:
    r"""The SID of an account, such as `NT SERVICE\name` or `DOMAIN\name$`. Raises OSError."""
    if account.upper().startswith(_VIRTUAL):
        return virtual_account_sid(account[len(_VIRTUAL) :])
    if account.upper() in {"LOCALSYSTEM", ".\\LOCALSYSTEM"}:
        return SYSTEM
    security = _security()
    with as_os_error(account):
        return str(security.ConvertSidToStringSid(security.LookupAccountName(None, account)[0]))


def keep_private(path: Path, *, readers: tuple[str, ...] = ()) -> None:
    """Let nobody have a file but the owner, the system, administrators, and `readers` (SIDs).

    Raises OSError.
    """
    rights = {OWNER_RIGHTS: EVERYTHING, SYSTEM: EVERYTHING, ADMINISTRATORS: EVERYTHING}
    _set(path, dict.fromkeys(readers, READ) | rights, inherit=0)


def keep_folder(path: Path, *, changed_by: str) -> None:
    """Leave a folder, with all that comes into it, to administrators and one account (a SID).

    Raises OSError.
    """
    rights = {SYSTEM: EVERYTHING, ADMINISTRATORS: EVERYTHING, changed_by: CHANGE}
    _set(path, rights, inherit=_CONTENTS_TOO)


def let_read(path: Path, sid: str) -> None:
    """Let an account read a file as well; whoever has it keeps it. Raises OSError."""
    security = _security()
    with as_os_error(str(path)):
        found = security.GetNamedSecurityInfo(str(path), _FILE, _LIST)
        entries = found.GetSecurityDescriptorDacl()
        if entries is None:  # everybody may everything
            return
        entries.AddAccessAllowedAce(
            security.ACL_REVISION, READ, security.ConvertStringSidToSid(sid)
        )
        security.SetNamedSecurityInfo(str(path), _FILE, _LIST, None, None, entries, None)


def allowed(path: Path) -> dict[str, int]:
    """Who may have a file or folder, by SID, and in which ways. Raises OSError."""
    security = _security()
    with as_os_error(str(path)):
        entries = security.GetNamedSecurityInfo(str(path), _FILE, _LIST).GetSecurityDescriptorDacl()
        found: dict[str, int] = {}
        for number in range(entries.GetAceCount()):
            (kind, _flags), mask, sid = entries.GetAce(number)
            if kind == _ALLOWED:
                name = security.ConvertSidToStringSid(sid)
                found[name] = found.get(name, 0) | mask
    return found


def _set(path: Path, rights: dict[str, int], inherit: int) -> None:
    security = _security()
    with as_os_error(str(path)):
        entries = security.ACL()
        for sid, mask in rights.items():
            entries.AddAccessAllowedAceEx(
                security.ACL_REVISION, inherit, mask, security.ConvertStringSidToSid(sid)
            )
        security.SetNamedSecurityInfo(
            str(path), _FILE, _LIST | _NOTHING_INHERITED, None, None, entries, None
        )


def _security() -> Any:  # noqa: ANN401 - pywin32 has no types
    return importlib.import_module("win32security")


@contextmanager
def as_os_error(name: str, load: Callable[[str], Any] = importlib.import_module) -> Iterator[None]:
    """Raise OSError, with `winerror`, in the place of pywin32's own error."""
    refused: type[Exception] = load("pywintypes").error
    try:
        yield
    except refused as error:
        number, function, reason = error.args[:3]
        raise Refused(number, str(reason), function, name) from error


class Refused(PermissionError):
    """Windows has not done what it was asked to; `winerror` says why."""

    def __init__(self, winerror: int, reason: str, function: str, name: str) -> None:
        super().__init__(errno.EACCES, f"{reason} ({function})", name)
        self.winerror = winerror
