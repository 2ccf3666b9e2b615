"""The five pages, in the order of their tabs."""

from typing import Final

from calsync_tui.pages.history import HistoryPage
from calsync_tui.pages.log import LogPage
from calsync_tui.pages.page import Page
from calsync_tui.pages.profiles import ProfilesPage
from calsync_tui.pages.provider import ProviderPage
from calsync_tui.pages.status import StatusPage

PAGES: Final[tuple[type[Page], ...]] = (
    StatusPage,
    ProviderPage,
    ProfilesPage,
    LogPage,
    HistoryPage,
)
