"""Telling whether a process on this host still lives."""

import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from filelock import FileLock, Timeout

from calsync_agent.platform.files import private_mode, shared_by_group

# A process that asks `is_held` holds the lock for a moment itself.
_PATIENCE: Final = 2.0
# On Windows `filelock` removes the file when it lets go; a dead agent's would then be gone when it
# is asked for a second time. On Linux it never does, and asked to, would do without `flock`'s kin.
_STAYS: Final = sys.platform == "win32"


class ProcessLock:
    """A lock on a file in `state_folder()`, held until `release` or the end of the process.

    However the process ends, the operating system lets go of the lock; so does Python when nothing
    refers to this object any more. The file stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Not bound to a thread: what was taken in one may be released in another.
        self._lock = FileLock(path, thread_local=False, preserve_lock_file=_STAYS)

    def acquire(self) -> bool:
        """Take the lock; False if another process has it. Raises OSError as files do."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=_PATIENCE)
        except Timeout:
            return False
        # Another account of the group that shares the folder may ask whether it is held.
        if sys.platform != "win32" and shared_by_group(self.path.parent):
            with suppress(PermissionError):  # somebody else's file, which we may write to
                self.path.chmod(private_mode(self.path.parent))
        return True

    def release(self) -> None:
        """Let go; nothing happens where the lock is not held."""
        self._lock.release(force=True)

    def end(self) -> None:
        """Let go, then remove the file, which Windows refuses as long as anybody has it open.

        A file that stays, because somebody is just looking at it, does no harm.
        """
        self.release()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Take the lock. Raises BlockingIOError if another process has it."""
        if not self.acquire():
            raise BlockingIOError(f"{self.path} is held by another process")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go."""
        self.release()


def is_held(path: Path) -> bool:
    """Whether a process on this host lives that holds `path` as its `ProcessLock`.

    True as well where this account may not tell, because the file belongs to another one: whoever
    takes work over from the dead must not do so on a guess.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:  # the folder belongs to another account
        return True
    lock = FileLock(path, thread_local=False, preserve_lock_file=_STAYS)
    try:
        lock.acquire(blocking=False)
    except (Timeout, PermissionError):
        return True
    lock.release()
    return False
