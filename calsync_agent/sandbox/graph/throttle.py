"""Exchange's limits per app and mailbox: requests at once, and requests in ten minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from calsync_agent.sandbox.counters import Counters
from calsync_agent.sandbox.model.refusals import GraphRefusal
from calsync_agent.sandbox.model.world import World

_PERIOD: Final = timedelta(minutes=10)


@dataclass(slots=True)
class _Use:
    """What a mailbox is being asked."""

    running: int = 0
    begun: datetime | None = None
    requests: int = 0


class Throttle:
    """Counts the requests of the app, mailbox by mailbox; refused ones count, too."""

    def __init__(self, world: World, counters: Counters) -> None:
        self._world = world
        self._counters = counters
        self._uses: dict[str, _Use] = {}

    def enter(self, mailbox: str) -> None:
        """A request for the mailbox (its id) begins; 429 ApplicationThrottled over a limit."""
        settings = self._world.settings
        use = self._uses.setdefault(mailbox, _Use())
        now = self._world.clock.now()
        if use.begun is None or now - use.begun >= _PERIOD:
            use.begun, use.requests = now, 0
        use.requests += 1
        seen = self._counters.at_once
        seen[mailbox] = max(seen.get(mailbox, 0), use.running + 1)
        if settings.mailbox_concurrency is not None and use.running >= settings.mailbox_concurrency:
            raise self._refusal("MailboxConcurrency", settings.retry_after)
        if settings.mailbox_requests is not None and use.requests > settings.mailbox_requests:
            left = (use.begun + _PERIOD - now).total_seconds()
            wait = None if settings.retry_after is None else max(1, round(left))
            raise self._refusal("RequestsPerTenMinutes", wait)
        use.running += 1

    def leave(self, mailbox: str) -> None:
        """A request that had entered ends."""
        self._uses[mailbox].running -= 1

    def reset(self) -> None:
        """Forget the ten minutes."""
        for use in self._uses.values():
            use.requests = 0

    def _refusal(self, limit: str, retry_after: float | None) -> GraphRefusal:
        self._counters.throttled += 1
        return GraphRefusal(
            self._world.settings.throttle_status,
            "ApplicationThrottled",
            f"Application is over its {limit} limit.",
            retry_after=retry_after,
            terse=True,
        )
