"""What all pages have in common."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.containers import Vertical
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.widget import Widget
from textual.widgets import Input

from calsync_agent.errors import CalsyncError, Trouble
from calsync_agent.health.overview import Pulse
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.explanations import Asked


class LookSoon(Message):
    """Asks the frame to look into the database now instead of within the second."""


class Page(Vertical):
    """One of the pages. It lives as long as the window, and is shown or not.

    `compose` builds everything from the page's own attributes, so that `translate` may call it
    again without anything typed being lost.
    """

    NAME: ClassVar[str]
    """Its name in the program."""
    TITLE: ClassVar[str]
    """Its name for people, marked for translation."""
    KEYS: ClassVar[str]
    """What opens it: a digit, and an F-key that also works while one types: `1,f5`."""

    DEFAULT_CSS = """
    Page {
        height: 1fr;
        padding: 0 1;
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(id=self.NAME)
        self.gateway = gateway
        self.pulse: Pulse | None = None
        """How things stood when they were last looked at; None before the first time."""

    async def on_shown(self) -> None:
        """The page has come into sight; `refresh_data` follows when there is a pulse."""

    async def refresh_data(self, pulse: Pulse) -> None:
        """About each second while the page is in sight: read what changed, show it.

        May raise CalsyncError: the frame tells it, and what is shown stays.
        """

    async def may_leave(self) -> bool:
        """Whether the page may be left: asks where something is unsaved."""
        return True

    async def leave(self) -> bool:
        """`may_leave`; where saving fails, it says so and stays."""
        try:
            return await self.may_leave()
        except CalsyncError as error:
            self._complain(error)
            return False

    async def translate(self) -> None:
        """Say everything anew, in the language spoken now."""
        await self.recompose()

    async def update(self, pulse: Pulse) -> None:
        """A new pulse, from the frame."""
        self.pulse = pulse
        await self.refresh_data(pulse)

    def enter(self) -> None:
        """Put the focus into the page, so that its keys work; on itself where it has no fields.

        Nor on a text field: the digits that open pages would be typed into it.
        """
        first = next(filter(_takes_focus, self.query("*")), None)
        self.can_focus = first is None or isinstance(first, Input)
        (self if first is None or self.can_focus else first).focus(scroll_visible=False)

    def in_question(self) -> Asked:
        """What the page's current row is about, for whoever asks why it is not there (H4)."""
        return Asked()

    def act(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do something that takes time, one thing at a time, and say it where it fails."""
        group = f"{self.NAME}.act"
        if not any(one.group == group and one.is_running for one in self.workers):
            self.run_worker(self._acting(work), group=group)

    async def _acting(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except CalsyncError as error:
            self._complain(error)

    def _complain(self, error: CalsyncError) -> None:
        passing = isinstance(error, Trouble)
        severity: SeverityLevel = "warning" if passing else "error"
        self.notify(str(error), severity=severity, markup=False)


def _takes_focus(widget: Widget) -> bool:
    return widget.focusable
