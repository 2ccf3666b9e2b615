"""Messages on their way: each channel has a queue and a task of its own; none delays another.

A message that does not get through is tried again, less and less often, for a day. What is wrong
with a channel is said once, and stands in `troubles` until it takes something again.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from calsync_agent.alerts.notice import Channel, Notice
from calsync_agent.alerts.web import Heartbeat
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import Message, message
from calsync_agent.logs import logs
from calsync_agent.service.beside import Beside

_log: Final = logging.getLogger(__name__)

WITHIN: Final = 10.0
"""Seconds that a channel has for one message."""

FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 300.0

GIVEN_UP_AFTER: Final = 86_400.0
"""Seconds after which a message is of no use any more."""

MOST: Final = 200
"""Messages that may wait for one channel."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message, and the names of the cases that it tells of; `until` in monotonic seconds."""

    notice: Notice
    names: frozenset[str]
    until: float


@dataclass(slots=True)
class _Line:
    """One channel, and what waits for it."""

    channel: Channel
    waiting: deque[Parcel] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Outlets:
    """All that the settings name."""

    channels: tuple[Channel, ...] = ()
    heartbeat: Heartbeat | None = None

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.channels) or self.heartbeat is not None


class Delivery:
    """The channels, until they are closed. `well`: the sign of life may go out.

    `delivered` collects the names of cases of which somebody was told.
    """

    def __init__(self) -> None:
        self.troubles: dict[str, Message] = {}
        self.delivered: set[str] = set()
        self.well = False
        self._lines: dict[str, _Line] = {}
        self._heartbeat: Heartbeat | None = None
        self._beside: Beside | None = None

    @property
    def under_way(self) -> frozenset[str]:
        """The names of cases of which a message waits somewhere."""
        lines = self._lines.values()
        return frozenset(name for line in lines for one in line.waiting for name in one.names)

    async def use(self, outlets: Outlets) -> None:
        """Go on with these channels; what waits for those that stay the same is kept."""
        await self.close()
        before, self._lines = self._lines, {}
        for channel in outlets.channels:
            known = before.get(channel.label)
            same = known is not None and known.channel == channel
            line = _Line(channel, known.waiting if same and known is not None else deque())
            line.news.set()
            self._lines[channel.label] = line
        self._heartbeat = outlets.heartbeat
        labels = {*self._lines, *([outlets.heartbeat.label] if outlets.heartbeat else [])}
        self.troubles = {one: told for one, told in self.troubles.items() if one in labels}
        work: dict[str, Callable[[], Awaitable[None]]] = {
            f"alerts: {one}": partial(self.work, line) for one, line in self._lines.items()
        }
        if outlets.heartbeat is not None:
            work["alerts: heartbeat"] = self._beat
        self._beside = Beside(work, _log.error)
        self._beside.begin()

    def send(self, notice: Notice, names: Collection[str], but: Collection[str] = ()) -> None:
        """Have all channels deliver a message, apart from those whose labels are in `but`."""
        parcel = Parcel(notice, frozenset(names), time.monotonic() + GIVEN_UP_AFTER)
        lines = [line for label, line in self._lines.items() if label not in but]
        for line in lines:
            if len(line.waiting) >= MOST:
                line.waiting.popleft()
            line.waiting.append(parcel)
            line.news.set()
        if not lines:
            self.delivered |= parcel.names  # there is nobody to be told again

    async def close(self) -> None:
        """End; what waits is kept for `use`."""
        if self._beside is not None:
            await self._beside.close()
            self._beside = None

    async def work(self, line: _Line) -> None:
        """Deliver what waits for a channel, one after the other."""
        while True:
            line.news.clear()
            while line.waiting:
                parcel = line.waiting[0]
                if await self.attempt(line.channel, parcel.notice):
                    self.delivered |= parcel.names
                elif time.monotonic() < parcel.until:
                    line.failures += 1
                    await asyncio.sleep(_pause(line.failures))
                    continue
                line.failures = 0
                if line.waiting and line.waiting[0] is parcel:
                    line.waiting.popleft()
            await line.news.wait()

    async def attempt(self, channel: Channel, notice: Notice) -> bool:
        """Whether a message got through; what is wrong is noted."""
        trouble = await tried(channel, notice)
        self._note(channel.label, trouble)
        return trouble is None

    async def _beat(self) -> None:
        """Show, each time that it is due, that all is well."""
        heartbeat = self._heartbeat
        while heartbeat is not None:
            if self.well:
                self._note(heartbeat.label, await beaten(heartbeat))
                await asyncio.sleep(heartbeat.seconds)
            else:
                await asyncio.sleep(min(heartbeat.seconds, 1.0))

    def _note(self, label: str, trouble: Message | None) -> None:
        before = self.troubles.pop(label, None)
        if trouble is not None:
            self.troubles[label] = trouble
            if before != trouble:
                _log.warning(Message("{channel}: {reason}", {"channel": label, "reason": trouble}))
        elif before is not None:
            _log.info(message("{channel} works again", channel=label))


async def tried(channel: Channel, notice: Notice) -> Message | None:
    """Send a message; what is wrong, if anything."""
    try:
        async with asyncio.timeout(WITHIN):
            await channel.send(notice)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the channel's trouble alone
        return _trouble(error)
    return None


async def beaten(heartbeat: Heartbeat) -> Message | None:
    """Give the sign of life; what is wrong, if anything."""
    try:
        async with asyncio.timeout(WITHIN):
            await heartbeat.beat()
    except Exception as error:  # noqa: BLE001 - as above
        return _trouble(error)
    return None


def _trouble(error: Exception) -> Message:
    if isinstance(error, TimeoutError):
        return message("no answer within {seconds} seconds", seconds=round(WITHIN))
    if isinstance(error, CalsyncError):
        return error.message
    _log.debug("unexpected", exc_info=error)
    return message("internal error: {detail}", detail=logs.in_one_line(error))


def _pause(failures: int) -> float:
    return min(FIRST_PAUSE * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE)
