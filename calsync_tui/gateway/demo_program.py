"""The demo's world: `calsync-agent demo --stay` as a process that lives as long as this one."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from calsync_agent.errors import Refusal
from calsync_agent.i18n import current, message

PROGRAM: Final = (sys.executable, "-m", "calsync_agent", "demo", "--stay")
SECONDS: Final = 60.0
"""How long it may take until it is ready."""
GRACE: Final = 10.0
"""How long it may take to end."""
_SHOWN: Final = 200


class DemoRefused(Refusal):
    """The demo's world did not come to life."""


class Demo:
    """The process. It ends when its stdin closes, however this program ends."""

    def __init__(self, program: Sequence[str] = PROGRAM) -> None:
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self._draining: asyncio.Task[None] | None = None

    async def settings(self) -> Path:
        """Start it; the settings file, when all is ready. Raises DemoRefused."""
        process = self._process = await self._started()
        if process.stdout is None or process.stderr is None:
            raise RuntimeError("pipes were asked for")
        try:
            async with asyncio.timeout(SECONDS):
                line = (await process.stdout.readline()).decode().rstrip("\r\n")
                reason = "" if line else (await process.stderr.read()).decode(errors="replace")
        except TimeoutError as error:
            await self.close()
            raise DemoRefused(
                message("the demo was not ready within {seconds} s", seconds=round(SECONDS))
            ) from error
        if not line:
            said = reason.strip().splitlines()
            raise DemoRefused(
                message("the demo has ended: {reason}", reason=(said[-1] if said else "-")[:_SHOWN])
            )
        # What nobody reads would fill the pipes, and stop it.
        self._draining = asyncio.create_task(_drain(process.stdout, process.stderr))
        return Path(line)

    async def close(self) -> None:
        """Let it end, and clean up after itself."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(GRACE):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._draining is not None:
            await self._draining
        self._process = None

    async def _started(self) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._program,
                "--lang",
                current(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
                **_apart(),
            )
        except OSError as error:
            raise DemoRefused(
                message("calsync-agent cannot be started: {reason}", reason=str(error))
            ) from error


def _apart() -> dict[str, Any]:
    """What keeps the terminal's signals from it: it is to end by its stdin, and clean up."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


async def _drain(*streams: asyncio.StreamReader) -> None:
    async def one(stream: asyncio.StreamReader) -> None:
        while await stream.read(65536):
            pass

    await asyncio.gather(*map(one, streams))
