"""Files that others read while they are written."""

import errno
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePath, PureWindowsPath
from typing import Final

from calsync_agent.platform import access, service_control

# Virus scanners, indexers and readers hold a file for some milliseconds (WinError 5, 32, 33).
_REPLACE_ATTEMPTS: Final = 8
_FIRST_PAUSE: Final = 0.02
_PASSING: Final = frozenset({5, 32, 33})

# Windows has neither flag; its text mode would end a file at Ctrl+Z.
_UNBLOCKED: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_OTHERS: Final = 0o077


class NotOrdinary(OSError):
    """What a path names is a device, a pipe or a socket: reading it might never end."""


class TooLarge(OSError):
    """A file holds more than whoever reads it has use for."""


def read_file(path: Path, most: int) -> bytes:
    """What an ordinary file of up to `most` bytes holds. Never waits, whatever `path` names.

    Raises OSError: FileNotFoundError, IsADirectoryError, PermissionError, NotOrdinary, TooLarge …
    """
    try:
        # Without O_NONBLOCK, opening a pipe waits for its writer.
        handle = os.open(path, os.O_RDONLY | _UNBLOCKED)
    except ValueError as error:  # NUL in the path
        raise FileNotFoundError(errno.ENOENT, str(error)) from None
    with os.fdopen(handle, "rb") as file:
        kind = os.fstat(handle).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(kind):
            raise NotOrdinary(errno.EINVAL, "not an ordinary file")
        content = file.read(most + 1)
    if len(content) > most:
        raise TooLarge(errno.EFBIG, os.strerror(errno.EFBIG))
    return content


def is_file(path: Path) -> bool:
    """Whether there is an ordinary file that this account may see; never raises."""
    return _kind(path, stat.S_ISREG)


def is_folder(path: Path) -> bool:
    """Whether there is a folder that this account may see; never raises."""
    return _kind(path, stat.S_ISDIR)


def is_there(path: Path) -> bool:
    """Whether there is anything at `path` that this account may see; never raises."""
    return _kind(path, lambda _: True)


def _kind(path: Path, fits: Callable[[int], bool]) -> bool:
    try:
        return fits(path.stat().st_mode)
    except (OSError, ValueError):  # the latter for NUL in the path
        return False


def replace_file(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write `path` so that a reader finds either the old content or the new, never a part.

    `mode` are the permission bits (0o600 for a secret); without it those of the old file stay, or
    the account's usual ones are taken. On Windows a mode that gives others nothing means: for the
    owner, the system, administrators and the service's account. The owner stays where this account
    may keep it; in a folder that a group shares, the file is that group's. A symbolic link goes on
    pointing at the file. Raises OSError; the old file is then untouched.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if sys.platform == "win32" and mode is not None and not mode & _OTHERS:
                _restrict(temporary)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _like(target, temporary, mode)
        _replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def readable_by_others(path: Path) -> bool | None:
    """Whether accounts other than the owner's and the group's can read `path`.

    None where permission bits do not tell (Windows). Raises OSError where the file is missing.
    """
    path = path.resolve(strict=True)
    if sys.platform == "win32":
        readable = None
    else:
        readable = bool(path.stat().st_mode & stat.S_IROTH) and all(
            folder.stat().st_mode & stat.S_IXOTH for folder in path.parents
        )
    return readable


def shared_by_group(folder: Path) -> bool:
    """Whether the folder passes its group on to what is made in it (its set-group-ID bit is set).

    That is how a service and its administrators share a folder (inode(7)). Never raises.
    """
    return sys.platform != "win32" and _kind(folder, lambda mode: bool(mode & stat.S_ISGID))


def private_mode(folder: Path, group: int = 0o060) -> int:
    """The permission bits of a file in `folder` that is nobody else's business.

    Its owner's, and `group` for the folder's group where that shares the folder.
    """
    return 0o600 | (group if shared_by_group(folder) else 0)


def sharing_group(folder: Path) -> str | None:
    """The name of the group that shares a folder, which may still have to be made; or None."""
    while not is_there(folder) and folder != folder.parent:
        folder = folder.parent
    if not shared_by_group(folder):
        return None
    import grp  # noqa: PLC0415 - there is none on Windows, nor such a folder

    number = folder.stat().st_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def handed_over(path: Path) -> Path | None:
    """What systemd hands over to this service under the name of this file; None where nothing is.

    An empty line stands for a file that there is not: `SetCredential=` takes nothing shorter
    (systemd.exec(5)).
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "") if sys.platform != "win32" else ""
    found = Path(folder, path.name)
    return found if folder and is_file(found) and found.read_bytes().strip() else None


def read_handed_over(path: Path, most: int) -> bytes:
    """As `read_file`; where this account cannot read the file, what systemd hands over for it.

    Raises OSError, as that does.
    """
    try:
        return read_file(path, most)
    except (FileNotFoundError, PermissionError):
        credential = handed_over(path)
        if credential is None:
            raise
        return read_file(credential, most)


def changes_unheard(path: PurePath) -> bool:
    """Whether the system tells nobody of changes to `path`, because it is a network share's.

    Only a UNC path shows that; a drive letter or a mount may be remote as well.
    """
    return PureWindowsPath(path).drive.startswith("\\\\")


def _restrict(file: Path) -> None:
    """Let nobody but the owner, the system, administrators and the service have the file.

    On Windows a file has the rights of its folder, which below ProgramData lets everybody read.
    Where the service manager does not answer, whoever writes it has it; `service install` lets the
    service read what it needs.
    """
    try:
        service = service_control.registered()
    except access.Refused:
        service = None
    readers = () if service is None else (access.account_sid(service.account),)
    access.keep_private(file, readers=readers)


def _like(target: Path, temporary: Path, mode: int | None) -> None:
    """Give `temporary` the owner and the permissions that the new `target` is to have."""
    if sys.platform != "win32":
        try:
            old = target.stat()
        except FileNotFoundError:
            temporary.chmod(0o666 & ~_umask() if mode is None else mode)
            return
        # Only root gives files away; otherwise the new file is this account's.
        folder = target.parent
        group = folder.stat().st_gid if shared_by_group(folder) else old.st_gid
        with suppress(PermissionError):
            os.chown(temporary, old.st_uid, group)
        temporary.chmod(stat.S_IMODE(old.st_mode) if mode is None else mode)


def _umask() -> int:
    # The mask can only be read by setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _replace(temporary: Path, target: Path) -> None:
    pause = _FIRST_PAUSE
    for _attempt in range(_REPLACE_ATTEMPTS - 1):
        try:
            temporary.replace(target)
        except PermissionError as error:
            # POSIX errors have no `winerror`: there a refusal is final.
            if getattr(error, "winerror", None) not in _PASSING:
                raise
            time.sleep(pause)
            pause *= 2
        else:
            return
    temporary.replace(target)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut; Windows cannot open a folder for that."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
