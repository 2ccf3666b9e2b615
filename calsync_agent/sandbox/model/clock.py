"""The tenant's clock: the real one, until a test moves it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time of the tenant, in UTC. Moving it never makes real time stand still."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._stopped: datetime | None = None

    def now(self) -> datetime:
        """The present moment, with zone UTC."""
        return (self._stopped or datetime.now(UTC)) + self._offset

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self._offset += timedelta(seconds=seconds)

    def stop(self, at: datetime) -> None:
        """Stand still at `at` (aware), moving only by `advance`."""
        self._stopped, self._offset = at.astimezone(UTC), timedelta()

    def resume(self) -> None:
        """Follow the real time again."""
        self._stopped, self._offset = None, timedelta()
