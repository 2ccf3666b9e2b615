"""How one profile fares in this process: its place in the feeds, its troubles, what it did."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from calsync_agent.errors import CalsyncError, MailboxTrouble
from calsync_agent.state.profiles import Profile
from calsync_agent.state.progress import Progress
from calsync_agent.sync.job import Count

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=5)
TOLD_AGAIN_AFTER: Final = timedelta(hours=1)


@dataclass(slots=True)
class Standing:
    """One profile.

    `position` is the newest place in Exchange's feed; `unsaved` items lie between the stored place
    and this one. `counts` are of all cycles, `last` of the one that ended last.
    """

    profile: Profile
    progress: Progress
    position: str | None
    unsaved: int = 0
    cycle: int = 0
    busy: bool = False
    failures: int = 0
    retry_at: datetime | None = None
    error: CalsyncError | None = None
    told_at: datetime | None = None
    counts: Counter[Count] = field(default_factory=Counter)
    last: Counter[Count] = field(default_factory=Counter)

    def may_begin(self, now: datetime) -> bool:
        """Whether a cycle may begin: none is under way, and no pause is due (A4, B9)."""
        return not self.busy and (self.retry_at is None or self.retry_at <= now)

    def succeeded(self) -> bool:
        """A cycle went through; returns whether that ends a trouble."""
        mended = self.error is not None
        self.failures, self.retry_at, self.error, self.told_at = 0, None, None, None
        return mended

    def failed(self, error: CalsyncError, now: datetime) -> bool:
        """A cycle failed; returns whether that is worth telling: it is new, or goes on for long."""
        self.failures += 1
        pause = min(FIRST_PAUSE * 2 ** min(self.failures - 1, 10), LONGEST_PAUSE)
        asked = error.retry_after if isinstance(error, MailboxTrouble) else None
        pause = max(pause * random.uniform(0.5, 1), timedelta(seconds=asked or 0))  # noqa: S311 - spreads the load
        self.retry_at = now + pause
        new = self.error is None or self.error.message.template != error.message.template
        long_ago = self.told_at is not None and now - self.told_at >= TOLD_AGAIN_AFTER
        self.error = error
        if new or long_ago:
            self.told_at = now
        return new or long_ago
