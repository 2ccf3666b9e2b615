"""The line to the calendars: made anew when tenant or sign-in change, closed when unused."""

from collections.abc import Callable
from types import TracebackType
from typing import TypeAlias

from calsync_agent.config.settings import Settings
from calsync_agent.domain.calendar import Connection, Traffic
from calsync_agent.domain.policy import Provider

Connect: TypeAlias = Callable[[Settings, Provider], Connection]
"""Makes the way to a provider's calendars; raises ConfigurationRefused."""


class Line:
    """One connection, in use by as many cycles as have entered it."""

    def __init__(self, calendars: Connection, tenant: str) -> None:
        self.calendars = calendars
        self.tenant = tenant
        self.looked = False
        """Whether it has been looked up what the tenant is known to honour."""
        self._users = 0
        self._retired = False

    async def __aenter__(self) -> None:
        """Begin to use it."""
        self._users += 1

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Use it no longer."""
        self._users -= 1
        await self._close_if_idle()

    async def retire(self) -> None:
        """Close it as soon as nobody uses it."""
        self._retired = True
        await self._close_if_idle()

    async def _close_if_idle(self) -> None:
        if self._retired and self._users == 0:
            await self.calendars.aclose()


class Lines:
    """The present line, and those before it that are still in use."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._line: Line | None = None
        self._made_with: tuple[object, ...] = ()

    @property
    def traffic(self) -> Traffic:
        """Of the present line."""
        return Traffic() if self._line is None else self._line.calendars.traffic

    async def to(self, settings: Settings, provider: Provider) -> Line:
        """The line for these settings. Raises ConfigurationRefused."""
        wanted = (settings.exchange, settings.credential, settings.contents, provider.tenant_id)
        if self._line is None or wanted != self._made_with:
            line = Line(self._connect(settings, provider), provider.tenant_id)
            await self.close()
            self._line, self._made_with = line, wanted
        return self._line

    async def close(self) -> None:
        """Retire the present line."""
        if self._line is not None:
            await self._line.retire()
        self._line = None
