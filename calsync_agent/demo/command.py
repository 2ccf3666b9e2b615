"""`calsync-agent demo`: the play from its first line to its last, and whether it ended well."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from calsync_agent.demo.entries import VIENNA
from calsync_agent.demo.play import play
from calsync_agent.demo.screen import Screen, screen_of
from calsync_agent.demo.staying import stay
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import message
from calsync_agent.platform import stop_requested, when_stdin_closes

_INTERRUPTED: Final = 130  # what a shell reports after Ctrl+C


def run(options: argparse.Namespace) -> int:
    """Show the demo on stdout; 0 if everything is in step at its end, and 1 if not.

    With `--stay` it goes on until it is told to end, and the first line names its settings file.
    Raises ConfigurationRefused where the folder to be kept cannot be used.
    """
    today = datetime.now(ZoneInfo(VIENNA)).date()
    with _folder(options.keep) as folder:
        if options.stay:
            return asyncio.run(_stayed(folder, today, options.keep))
        return asyncio.run(_shown(screen_of(sys.stdout), folder, today, options.keep))


async def _shown(screen: Screen, folder: Path, today: date, kept: Path | None) -> int:
    """The exit status; the play is broken off when the process is asked to stop."""
    with stop_requested(asyncio.get_running_loop()) as stop:
        playing = asyncio.create_task(play(screen, folder, today, keep=kept is not None))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (playing, stopping):
            task.cancel()
        right, _ = await asyncio.gather(playing, stopping, return_exceptions=True)
    if isinstance(right, asyncio.CancelledError):
        return _INTERRUPTED
    if isinstance(right, BaseException):
        raise right
    return 0 if right else 1


async def _stayed(folder: Path, today: date, kept: Path | None) -> int:
    """Play on until the process is asked to stop, or whoever started it is gone."""
    loop = asyncio.get_running_loop()
    with stop_requested(loop) as stop:

        def end() -> None:
            # Where the loop is closed, all has ended already.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(stop.set)

        def say(line: object) -> None:
            try:
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
            except OSError:  # nobody reads any more
                end()

        when_stdin_closes(end)
        await stay(folder, today, stop, say, say, keep=kept is not None)
    return 0


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder to play in: one that is removed in the end, or that which is to be kept."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="calsync-demo-") as name:
            yield Path(name)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        used = any(keep.iterdir())
    except OSError as error:
        raise ConfigurationRefused(
            message(
                "--keep {path}: {reason}; name a folder that can be written to",
                path=str(keep),
                reason=error.strerror or str(error),
            )
        ) from error
    if used:
        raise ConfigurationRefused(
            message("--keep {path}: is not empty; name a new folder", path=str(keep))
        )
    yield keep
