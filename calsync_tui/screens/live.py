"""Screens over the window that follow what happens, as its pages do."""

from abc import abstractmethod

from calsync_agent.health.overview import Pulse
from calsync_tui.screens.translated import TranslatedScreen


class LiveScreen(TranslatedScreen[None]):
    """The window brings each pulse, about once a second."""

    @abstractmethod
    async def update_data(self, pulse: Pulse) -> None:
        """Read what changed, show it. May raise CalsyncError: the window tells it."""
