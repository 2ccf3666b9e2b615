"""How one profile fares in this process: its place in the feeds, its troubles, what it did."""

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from calsync_agent.appointment.model import ActivityId, EventId
from calsync_agent.domain.policy import Policy, Profile
from calsync_agent.errors import (
    CalsyncError,
    DatabaseTrouble,
    FeedTrouble,
    MailboxTrouble,
    Refusal,
    Unreachable,
)
from calsync_agent.i18n import Message
from calsync_agent.plan.job import Count
from calsync_agent.service.leases import Silent
from calsync_agent.state.progress import Progress

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=5)

GIVEN_UP_AFTER: Final = 3600.0
"""Seconds after which a place in Exchange's feed that does not answer is given up (B3)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a cycle begins with and must not outlive: whose calendar, where, and which ways."""

    profile: Profile
    tenant: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Silence:
    """Exchange has not said what has changed since `since`, and is asked again from `until` on.

    Both in monotonic seconds.
    """

    since: float
    until: float


@dataclass(slots=True)
class Standing:
    """One profile; `name` is how the log calls it.

    `position` is the newest place in Exchange's feed; `unsaved` items lie between the stored place
    and this one. `left`: events that were met while somebody was at work on their appointments in
    Consolidate, because of which no place is stored; `in_use`: these appointments, and
    those that are to be sent. `busy`: it is being asked or a cycle is under way, on these `terms`;
    `withdrawn`: they no longer hold. `counts` are of all cycles, `last` of the one that ended last.
    `ended_at`: when a cycle last went through (UTC); `took`: how many seconds the last one took, or
    the present one so far. What is waited for is measured in monotonic seconds; `retry_at`,
    for people, is UTC. `silence`: what has changed in Exchange cannot be had, but it can be sent
    to. `waiting`: it was asked, and the answer is still to come.
    `named`: the lines in which the log has named its items in quarantine.
    """

    profile: Profile
    name: str
    progress: Progress
    position: str | None
    unsaved: int = 0
    left: Mapping[EventId, ActivityId] = field(default_factory=dict)
    in_use: frozenset[ActivityId] = frozenset()
    cycle: int = 0
    busy: bool = False
    terms: Terms | None = None
    withdrawn: bool = False
    failures: int = 0
    retry_at: datetime | None = None
    silence: Silence | None = None
    waiting: bool = False
    error: CalsyncError | None = None
    counts: Counter[Count] = field(default_factory=Counter)
    last: Counter[Count] = field(default_factory=Counter)
    ended_at: datetime | None = None
    named: dict[int, Message] = field(default_factory=dict)
    _resumes: float = 0.0
    _begun: float | None = None
    _took: float = 0.0

    @property
    def took(self) -> float:
        """Seconds, from its beginning until all is done."""
        return self._took if self._begun is None else time.monotonic() - self._begun

    @property
    def is_idle(self) -> bool:
        """Whether another agent could go on from what is stored."""
        rests = not (self.busy or self.waiting or self.left or self.unsaved)
        return rests and self.error is None and self.progress.compared_at is not None

    def may_begin(self, at: float) -> bool:
        """Whether a cycle may begin: none is under way, and no pause is due (A4, B9)."""
        return not self.busy and (self.retry_at is None or self._resumes <= at)

    def may_listen(self, at: float) -> bool:
        """Whether Exchange may be asked what has changed."""
        return self.silence is None or self.retry_at is None or self.silence.until <= at

    def is_unheard(self, at: float) -> bool:
        """Whether Exchange has been silent at this place for so long that it is given up (B3)."""
        if self.silence is None or self.position is None:
            return False
        return at - self.silence.since >= GIVEN_UP_AFTER

    def pause(self, at: float) -> float:
        """Seconds until the next attempt at what has failed."""
        until = self._resumes if self.silence is None else max(self.silence.until, self._resumes)
        return max(until - at, 0.0)

    def begin(self, terms: Terms) -> None:
        """A cycle begins."""
        self.busy, self.terms, self.withdrawn, self.waiting = True, terms, False, False
        self.cycle += 1
        self.last = Counter()
        self._begun = time.monotonic()

    def succeeded(self, now: datetime) -> None:
        """A cycle went through."""
        self.failures, self.retry_at, self.error = 0, None, None
        self.silence, self.waiting = None, False
        self.ended_at = now
        self._stop()

    def sent(self) -> None:
        """A cycle went through that only sent, as long as Exchange does not say what changed."""
        self._stop()

    def wait(self) -> None:
        """It was asked, and the answer is still to come; others may be to blame for that."""
        self.busy, self.waiting = False, True
        self._stop()

    def failed(self, error: CalsyncError, now: datetime, at: float) -> None:
        """A cycle failed: the next one waits, longer each time, and as long as it was told.

        What keeps all from going on costs little to try again, and is over at one stroke. Where it
        is only the feed that fails, sending goes on. `now` is UTC, `at` in monotonic seconds.
        """
        self.failures = 1 if concerns_all(error) else self.failures + 1
        pause = min(FIRST_PAUSE * 2 ** min(self.failures - 1, 10), LONGEST_PAUSE)
        asked = error.retry_after if isinstance(error, MailboxTrouble) else None
        pause = max(pause * random.uniform(0.5, 1), timedelta(seconds=asked or 0))  # noqa: S311 - spreads the load
        self.retry_at, self.error, self.waiting = now + pause, error, False
        if isinstance(error, FeedTrouble):
            since = at if self.silence is None else self.silence.since
            self.silence = Silence(since, at + pause.total_seconds())
        else:
            self._resumes = at + pause.total_seconds()
        self._stop()

    def _stop(self) -> None:
        self._took, self._begun = self.took, None


def concerns_all(error: CalsyncError) -> bool:
    """Whether this keeps every profile from being synced, not only the one that met it."""
    return isinstance(error, Refusal | DatabaseTrouble | Silent | Unreachable)
