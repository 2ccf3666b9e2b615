"""The question whether anything is new, put to all mailboxes together (A5)."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, TypeAlias

from calsync_agent.domain.calendar import Changes, Polled, Unchanged, Waiting
from calsync_agent.errors import CalsyncError, ForeignLink
from calsync_agent.service.beside import fallen
from calsync_agent.service.connections import Line
from calsync_agent.service.cycle_tasks import Running
from calsync_agent.service.profile_run import Standing
from calsync_agent.service.troubles import about, internal

_log: Final = logging.getLogger(__name__)

Begin: TypeAlias = Callable[[Standing, Changes], None]


class Polls:
    """The polls under way. A mailbox that is slow to answer keeps only itself waiting (A4)."""

    def __init__(self, running: Running) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self._running = running

    def ask(self, asked: Mapping[str, Standing], line: Line, begin: Begin) -> None:
        """Ask each mailbox, and `begin` a cycle for each that has news, with what it answered."""
        alone = next(iter(asked.values())) if len(asked) == 1 else None
        with about(alone):
            task = asyncio.create_task(self._ask(asked, line, begin), name="poll")
        self.tasks.add(task)
        task.add_done_callback(partial(self._ended, [(one, one.cycle) for one in asked.values()]))

    async def close(self) -> None:
        """End them: they only read."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _ended(self, asked: Iterable[tuple[Standing, int]], task: asyncio.Task[None]) -> None:
        """A poll is over; whatever it fell over, its profiles are asked again."""
        self.tasks.discard(task)
        error = fallen(task)
        for standing, begun in asked:
            if standing.cycle == begun and standing.profile.id not in self._running.tasks:
                standing.busy = False
                if error is not None:
                    self._running.failed(standing, internal(error))

    async def _ask(self, asked: Mapping[str, Standing], line: Line, begin: Begin) -> None:
        positions = {mailbox: standing.position or "" for mailbox, standing in asked.items()}
        waiting, troubled = dict(asked), dict[str, CalsyncError]()

        def hear(mailbox: str, polled: Polled) -> None:
            match polled:
                case Unchanged() | Changes():
                    self._hear(waiting.pop(mailbox), polled, begin)
                case Waiting():
                    waiting.pop(mailbox).wait()
                case ForeignLink():
                    # Where it leads nothing is asked any more: the calendar is read anew (B3).
                    waiting[mailbox].position = None
                    troubled[mailbox] = polled
                case _:
                    troubled[mailbox] = polled

        error: CalsyncError | None = None
        try:
            async with line:
                await line.calendars.poll(positions, hear)
        except CalsyncError as met:
            error = met
        except Exception as unforeseen:  # noqa: BLE001 - it must not end the agent
            error = internal(unforeseen)
        finally:
            for mailbox, standing in waiting.items():
                standing.busy = False
                # What refuses the app comes as trouble of each mailbox first.
                if (reason := error or troubled.get(mailbox)) is not None:
                    self._running.failed(standing, reason)

    def _hear(self, standing: Standing, polled: Unchanged | Changes, begin: Begin) -> None:
        with about(standing):
            try:
                if isinstance(polled, Changes):
                    begin(standing, polled)
                    return
                standing.position = polled.position
                self._running.succeeded(standing)
            except Exception as unforeseen:  # noqa: BLE001 - it costs this mailbox alone (B8)
                self._running.failed(standing, internal(unforeseen))
            standing.busy = False
