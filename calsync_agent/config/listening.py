"""Hearing from the operating system that one of some files was touched.

Folders are watched, not files: an atomic save puts another file in the place of the one that was
watched.
"""

import asyncio
import logging
import os
from pathlib import Path
from typing import Final

from watchfiles import Change, awatch

from calsync_agent.i18n import message
from calsync_agent.platform import changes_unheard

_log: Final = logging.getLogger(__name__)

_STEP_MS: Final = 100  # how long a change may go unheard, and how often the thread looks up


class Ears:
    """Rings `touched` when something happens to one of the files."""

    def __init__(self, touched: asyncio.Event) -> None:
        self._touched = touched
        self._quiet = asyncio.Event()
        self._names: frozenset[str] = frozenset()
        self._folders: dict[Path, tuple[int, int]] = {}
        self._task: asyncio.Task[None] | None = None
        self._deaf = False
        self.sharp = False
        """Whether every change is heard of."""

    async def listen(self, files: frozenset[Path]) -> None:
        """Listen for these files; nothing happens where that is done already.

        A folder that was put in the place of another one is listened to anew.
        """
        self._names, wanted = await asyncio.to_thread(_places, files)
        folders = {
            folder: identity
            for folder, identity in wanted.items()
            if identity is not None and not changes_unheard(folder)
        }
        if self._task is None or self._task.done() or folders != self._folders:
            await self._begin(folders)
        hearing = self._task is not None and not self._task.done()
        self.sharp = hearing and len(folders) == len(wanted)

    async def close(self) -> None:
        """Listen no longer."""
        self._quiet.set()
        if self._task is not None:
            await self._task
            self._task = None

    async def _begin(self, folders: dict[Path, tuple[int, int]]) -> None:
        await self.close()
        self._folders = folders
        if folders:
            self._quiet = asyncio.Event()
            self._task = asyncio.create_task(self._hear(), name="settings: watch")
            # Lets the task begin: from its first step on, nothing goes unheard.
            await asyncio.sleep(0)
            if not self._task.done():
                self._deaf = False
                self._touched.set()  # for what happened until then

    async def _hear(self) -> None:
        try:
            async for _ in awatch(
                *self._folders,
                watch_filter=self._concerns,
                stop_event=self._quiet,
                step=_STEP_MS,
                recursive=False,
                ignore_permission_denied=True,
            ):
                self._touched.set()
        except (OSError, RuntimeError) as error:  # the latter is what watchfiles' own derive from
            if not self._deaf:
                self._deaf = True
                _log.warning(
                    message(
                        "changes of the settings are not announced here ({reason}); the files are"
                        " compared each second instead",
                        reason=str(error),
                    )
                )

    def _concerns(self, _change: Change, path: str) -> bool:
        name = os.path.normcase(Path(path).name)
        # Kubernetes changes a mounted file by turning the link `..data` beside it.
        return name in self._names or name.startswith("..")


def _places(files: frozenset[Path]) -> tuple[frozenset[str], dict[Path, tuple[int, int] | None]]:
    """The names to listen for, and their folders with what tells one folder from another."""
    # A link is watched at both ends.
    places = files | {file.resolve() for file in files}
    names = frozenset(os.path.normcase(place.name) for place in places)
    return names, {place.parent: _identity(place.parent) for place in places}


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
