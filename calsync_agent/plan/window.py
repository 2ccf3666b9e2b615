"""The stretch of time that is synced (C1, C2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from dateutil.relativedelta import relativedelta

from calsync_agent.appointment import zones
from calsync_agent.domain.activity import Activity
from calsync_agent.domain.policy import Profile

ZONE_MARGIN: Final = timedelta(hours=26)
"""Wall-clock times in any two zones lie no further apart than this."""

RENEWED_AFTER: Final = timedelta(days=6)
"""A listing is made anew when its window has moved this far (C2: at least weekly)."""


@dataclass(frozen=True, slots=True)
class Window:
    """From a midnight UTC to a midnight UTC."""

    start: datetime
    end: datetime

    def covers(self, activity: Activity) -> bool:
        """Whether an activity is to be sent: it ends late enough, or recurs and is open (C1)."""
        appointment = activity.appointment
        if appointment.rule is not None and activity.open:
            return True
        return zones.to_utc(appointment.end, appointment.zone) >= self.start

    def moved_from(self, start: datetime, end: datetime) -> bool:
        """Whether a listing of that window has to be made anew (C2)."""
        return max(abs(self.start - start), abs(self.end - end)) >= RENEWED_AFTER

    @property
    def wall_clock_start(self) -> datetime:
        """A wall-clock time before which nothing in any zone lies in the window."""
        return self.start - ZONE_MARGIN


def window(now: datetime, past_months: int, future_months: int) -> Window:
    """The window at `now` (UTC)."""
    return _of(datetime(now.year, now.month, now.day), past_months, future_months)


@lru_cache(maxsize=256)  # asked for every mailbox in every round, and the same all day long
def _of(today: datetime, past_months: int, future_months: int) -> Window:
    return Window(
        today - relativedelta(months=past_months),
        today + relativedelta(months=future_months) + timedelta(days=1),
    )


def own_window(profile: Profile, now: datetime, past_months: int, future_months: int) -> Window:
    """A profile's window at `now` (UTC): its own months, or those given (A7)."""
    past, future = profile.past_months, profile.future_months
    return window(
        now,
        past_months if past is None else past,
        future_months if future is None else future,
    )
