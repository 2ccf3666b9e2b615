"""When what the agent signs in with ends (H3): by the provider where it tells, else the settings.

The provider is asked once a day, beside the rounds; nothing waits for it.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from calsync_agent.config import credentials
from calsync_agent.config.settings import ClientSecret, Settings
from calsync_agent.errors import CalsyncError
from calsync_agent.service.connections import Line
from calsync_agent.service.troubles import internal
from calsync_agent.state.agents import CERTIFICATE, SECRET, Signing

_log: Final = logging.getLogger(__name__)

ASKED_EVERY: Final = 86_400.0
"""Seconds until the provider is asked again."""

ASKED_AGAIN_AFTER: Final = 3_600.0
"""Seconds until it is asked again where that failed."""


def credential_kind(settings: Settings) -> str:
    """What the agent signs in with, as its row says."""
    return SECRET if isinstance(settings.credential, ClientSecret) else CERTIFICATE


class Expiry:
    """What is known of it; `monotonic` tells seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._line: Line | None = None
        self._told: datetime | None = None
        self._next_at = 0.0
        self._asking: asyncio.Task[None] | None = None

    def signing(self, settings: Settings) -> Signing:
        """What the agent signs in with, as others are to know it."""
        kind = credential_kind(settings)
        told = self._told if kind == SECRET else None
        spare = self._line is not None and self._line.calendars.spare
        return Signing(kind, told or credentials.ends(settings), spare)

    def follow(self, line: Line) -> None:
        """Ask through this line, as soon as that is due."""
        if line is not self._line:
            self._line, self._told, self._next_at = line, None, self._monotonic()
            self._leave()
        if self._asking is None and self._monotonic() >= self._next_at:
            self._asking = asyncio.create_task(self._ask(line), name="expiry")

    async def close(self) -> None:
        """Ask no more."""
        asking = self._asking
        self._leave()
        if asking is not None:
            await asyncio.wait({asking})

    def _leave(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    async def _ask(self, line: Line) -> None:
        pause = ASKED_AGAIN_AFTER
        try:
            async with line:
                told = await line.calendars.credential_ends()
            pause = ASKED_EVERY
        except CalsyncError:  # the cycles meet it too, and say so
            _log.debug("it is not told when the secret ends", exc_info=True)
        except Exception as error:  # noqa: BLE001 - it is of no use to anybody else
            internal(error)
        else:
            if line is self._line:
                self._told = told
        if line is self._line:
            self._next_at = self._monotonic() + pause
            self._asking = None
