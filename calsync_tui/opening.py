"""What the one search finds opens here, whatever screen it was called from."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from textual.app import App
from textual.screen import Screen

from calsync_agent.appointment.model import ProfileId
from calsync_agent.errors import CalsyncError
from calsync_agent.health import provider
from calsync_agent.i18n import _
from calsync_tui import keys
from calsync_tui.commands import commands
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.explanations import Asked
from calsync_tui.pages import PAGES
from calsync_tui.pages.profiles import ProfilesPage
from calsync_tui.screens.calendar import CalendarScreen
from calsync_tui.screens.explain import ExplainScreen
from calsync_tui.screens.profile import ProfileScreen
from calsync_tui.screens.search import Doors, Hit, SearchScreen
from calsync_tui.screens.settings import SettingsScreen
from calsync_tui.screens.story import StoryScreen
from calsync_tui.window import MainScreen

_FREE: Final = MainScreen, ProfileScreen, StoryScreen, ExplainScreen, CalendarScreen
"""Screens that hold nothing unsaved, so that others may be opened over them or in their place."""


def search(app: App[Any], gateway: Gateway | None) -> SearchScreen:
    """The search as it is to be shown over the screen in sight."""
    below = app.screen
    if not isinstance(below, _FREE) or gateway is None:
        return SearchScreen(None, None, _fixed(app, below, pages=False))
    return SearchScreen(gateway, _doors(app, gateway), _fixed(app, below, pages=True))


def _doors(app: App[Any], gateway: Gateway) -> Doors:
    def explain(asked: Asked) -> None:
        app.push_screen(ExplainScreen(gateway, asked))

    def profile(number: int) -> None:
        app.push_screen(ProfileScreen(gateway, ProfileId(number)))

    def add(typed: str) -> None:
        app.run_worker(_add(app, typed), group="open", exclusive=True)

    def setting(key: str) -> None:
        app.run_worker(_setting(app, gateway, key), group="open", exclusive=True)

    return Doors(explain, profile, add, setting)


def _fixed(app: App[Any], below: Screen[Any], *, pages: bool) -> Mapping[str, Sequence[Hit]]:
    """Pages and commands."""
    opened = [
        Hit(_(page.TITLE), _pressed(page.KEYS), _("Open"), partial(_go, app, page.NAME))
        for page in PAGES
        if pages
    ]
    done = [Hit(one.title, "", one.key, one.run) for one in commands(app, below) if one.title]
    return {_("Pages"): opened, _("Commands"): done}


def _pressed(page_keys: str) -> str:
    return ", ".join(map(keys.written, page_keys.split(",")))


def _go(app: App[Any], name: str) -> None:
    app.run_worker(_show(app, name), group="open", exclusive=True)


async def _show(app: App[Any], name: str) -> MainScreen | None:
    """A page, in the place of what lies over it; None where the one in sight wants to stay."""
    while isinstance(app.screen, _FREE) and not isinstance(app.screen, MainScreen):
        await app.pop_screen()
    window = app.screen
    if not isinstance(window, MainScreen):
        return None
    before = window.page
    if before is not None and name != before.NAME and not await before.leave():
        return None
    await window.show(name)
    return window


async def _add(app: App[Any], typed: str) -> None:
    """The dialog that adds a profile, with somebody's name in it."""
    window = await _show(app, ProfilesPage.NAME)
    page = window and window.page
    if isinstance(page, ProfilesPage):
        page.act(partial(page.add_profile, typed))


async def _setting(app: App[Any], gateway: Gateway, key: str) -> None:
    """The page of settings, at a field."""
    settings = gateway.settings
    if settings is None:
        return
    try:
        row = await gateway.read(provider.read)
        app.push_screen(SettingsScreen(gateway, settings, row.tenant_id if row else "", key))
    except CalsyncError as error:
        app.notify(str(error), severity="error", markup=False)
