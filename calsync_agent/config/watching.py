"""Noticing a changed `agent.toml`, or a change in a file that it names, while the agent runs.

Where nothing is heard of changes (network drives, exhausted watches), the contents are compared
from time to time instead.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calsync_agent.config.listening import Ears
from calsync_agent.config.reading import Outcome, attempt, digest
from calsync_agent.config.settings import Settings
from calsync_agent.errors import ConfigurationRefused
from calsync_agent.platform import is_there


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the watch is, in seconds."""

    calm: float = 0.3
    """A file is read when it has not been touched for so long."""

    missing: float = 2.0
    """A file that disappears is missed only after so long: editors save by removing first."""

    check: float = 30.0
    """The contents are compared at least this often."""

    deaf: float = 1.0
    """The same where a folder cannot be watched, as on a network share."""


PACE: Final = Pace()


async def changes(
    path: Path, stop: asyncio.Event, known: Settings | None = None, pace: Pace = PACE
) -> AsyncGenerator[Outcome, None]:
    """Other settings, or why they are refused, each time that the files have come to rest.

    Never raises because of what the files hold, nor because they are missing. Only what differs in
    effect from the outcome before is told; the first one is compared with `known`, or, without it,
    with what the files hold at the beginning. Ends when `stop` is set. Whoever leaves earlier
    closes it (`contextlib.aclosing`).
    """
    touched = asyncio.Event()
    stopping = asyncio.create_task(_ring(stop, touched), name="settings: stop")
    ears = Ears(touched)
    try:
        watch = _Watch(path, stop, touched, ears, pace)
        await watch.begin(known)
        while (outcome := await watch.next()) is not None:
            yield outcome
    finally:
        stopping.cancel()
        await ears.close()


async def _ring(stop: asyncio.Event, touched: asyncio.Event) -> None:
    await stop.wait()
    touched.set()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was last found; `missing` are those of the files that were not there."""

    outcome: Outcome | None
    files: frozenset[Path]
    digest: str = ""
    missing: frozenset[Path] = frozenset()


def _look(path: Path, files: frozenset[Path]) -> _Seen:
    # The digest first: what changes while reading is then found at the next look.
    before = digest(files)
    found = attempt(path)
    contents = before if found.files == files else digest(found.files)
    return _Seen(found.outcome, found.files, contents, _missing(found.files))


def _missing(files: Iterable[Path]) -> frozenset[Path]:
    return frozenset(file for file in files if not is_there(file))


def _differ(before: Outcome | None, now: Outcome | None) -> bool:
    match before, now:
        case ConfigurationRefused(message=told), ConfigurationRefused(message=found):
            return told != found
        case None, _:
            return False
        case _:
            return before != now


class _Watch:
    """The files as they were last read, and the next time that this changes."""

    def __init__(
        self, path: Path, stop: asyncio.Event, touched: asyncio.Event, ears: Ears, pace: Pace
    ) -> None:
        self._path = path.absolute()
        self._stop = stop
        self._touched = touched
        self._ears = ears
        self._pace = pace
        self._seen = _Seen(None, frozenset({self._path}))

    async def begin(self, known: Settings | None) -> None:
        """Listen, and from then on miss nothing."""
        await self._ears.listen(self._seen.files)
        if known is None:
            self._seen = await asyncio.to_thread(_look, self._path, self._seen.files)
        else:
            self._seen = _Seen(known, self._seen.files)
            self._touched.set()

    async def next(self) -> Outcome | None:
        """The next outcome that differs; None when it is time to stop."""
        while True:
            await self._heard_within(self._pace.check if self._ears.sharp else self._pace.deaf)
            found = await self._settled()
            if self._stop.is_set():
                return None
            before = self._seen
            if found != before.digest:
                self._seen = await asyncio.to_thread(_look, self._path, before.files)
            await self._ears.listen(self._seen.files)
            if _differ(before.outcome, self._seen.outcome):
                return self._seen.outcome

    async def _settled(self) -> str:
        """What the files hold when they have come to rest and none is gone for a moment only."""
        clock = asyncio.get_running_loop().time
        patience = clock() + self._pace.missing
        found = await asyncio.to_thread(digest, self._seen.files)
        while not self._stop.is_set():
            heard = await self._heard_within(self._pace.calm)
            before, found = found, await asyncio.to_thread(digest, self._seen.files)
            # What one hears comes late; so the contents have to agree as well.
            if heard or found != before:
                continue
            left = patience - clock()
            gone = await asyncio.to_thread(_missing, self._seen.files)
            if left <= 0 or gone <= self._seen.missing:
                break
            await self._heard_within(left)
        return found

    async def _heard_within(self, seconds: float) -> bool:
        """Whether something was touched before that time was up; False at once when stopping."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._touched.wait()
                if not self._stop.is_set():
                    self._touched.clear()
                    return True
        return False
