"""The channel that is a program of the admin's own."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from calsync_agent.alerts.notice import Notice, Undelivered
from calsync_agent.i18n import message
from calsync_agent.platform import is_file
from calsync_agent.platform.words import command_words


@dataclass(frozen=True, slots=True)
class Program:
    """Starts a program for each message, which gets it as JSON on its standard input.

    No shell is between. Relative to the settings file's `folder`, where it lies there.
    """

    command: str
    folder: Path

    @property
    def label(self) -> str:
        """The program without its arguments, which may be secret."""
        return f"command ({Path(self._words[0]).name})"

    @property
    def _words(self) -> list[str]:
        if is_file(self.folder / self.command):
            return [str(self.folder / self.command)]
        words = command_words(self.command)
        here = self.folder / words[0]
        return [str(here) if is_file(here) else words[0], *words[1:]]

    async def send(self, notice: Notice) -> None:
        """Run it to its end; ended by force when that is cut off. Raises Undelivered."""
        name = self.label
        try:
            running = await asyncio.create_subprocess_exec(
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            told = message("{name} cannot be started: {reason}", name=name, reason=reason)
            raise Undelivered(told) from None
        try:
            await running.communicate(notice.to_json().encode() + b"\n")
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()
        if running.returncode:
            raise Undelivered(
                message("{name} ended with {status}", name=name, status=running.returncode)
            )
