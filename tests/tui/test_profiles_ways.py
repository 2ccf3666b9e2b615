"""The page Profile: direction and window of profiles, and what they would mean (A7)."""

import json
import sys
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from textual.widgets import Input

from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database, open_database
from calsync_agent.state import tables as state
from calsync_tui.gateway.door import Gateway
from calsync_tui.screens.profile_ways import ProfileWays
from calsync_tui.widgets.choice import Choice
from tests.support import crowd
from tests.support.terminal import Terminal
from tests.tui.conftest import NOW, Opened

pytestmark = pytest.mark.anyio

PREVIEW = {
    "only_consolidate": [{}, {}, {}],
    "only_exchange": [],
    "changes": [{}],
    "deletions": [],
    "held": [],
    "mails": {"inside": 2, "outside": 1},
}
ANSWER = f"""
import sys
words = sys.argv[1:]
assert words[0] == "preview" and "--json" in words, words
assert "--past-months=6" in words and "--future-months=-" in words, words
assert "--inbound=0" in words and "--outbound=1" in words, words
print({json.dumps([PREVIEW])!r})
"""


@pytest.fixture
def gateway(file: str, settings: Settings) -> Callable[[str], Callable[[], Gateway]]:
    """A door whose program is this source."""

    def made(source: str) -> Callable[[], Gateway]:
        program = (sys.executable, "-c", source)
        return lambda: Gateway(open_database(file), settings, lambda: NOW, program)

    return made


@pytest.fixture
def three(people: Database) -> Database:
    with people.writing() as connection:
        crowd.crowd(connection, 3)
    return people


def ways(database: Database) -> list[tuple[object, ...]]:
    columns = [state.profile.c[n] for n in ("inbound", "outbound", "past_months", "future_months")]
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by("id"))]


async def dialog(terminal: Terminal) -> ProfileWays:
    await terminal.until(lambda: isinstance(terminal.app.screen, ProfileWays))
    screen = terminal.app.screen
    assert isinstance(screen, ProfileWays)
    return screen


async def test_a7_a_change_shows_first_what_it_would_mean_and_is_saved_after_that(
    opened: Opened, three: Database, gateway: Callable[[str], Callable[[], Gateway]]
) -> None:
    async with opened(page="profiles", opening=gateway(ANSWER)) as terminal:
        await terminal.press("ctrl+a", "r")
        screen = await dialog(terminal)
        screen.query_one(Choice).value = "outbound"
        screen.query_one("#past", Input).value = "6"
        await terminal.pilot.pause()
        await terminal.press("ctrl+s")
        await terminal.shows("in Exchange angelegt: 9", "geändert: 3", "6 innerhalb, 3 außerhalb")
        assert ways(three) == [(None,) * 4] * 3
        await terminal.press("ctrl+s")
        await terminal.shows("3 Profile geändert")
        assert ways(three) == [(False, True, 6, None)] * 3
    async with opened(page="profiles", size=(200, 40)) as terminal:
        await terminal.shows("nach Exchange -6 +~")


async def test_a7_what_is_entered_after_it_was_looked_at_is_looked_at_again(
    opened: Opened, three: Database, gateway: Callable[[str], Callable[[], Gateway]]
) -> None:
    async with opened(page="profiles", opening=gateway("raise SystemExit('no way')")) as terminal:
        await terminal.press("r")
        screen = await dialog(terminal)
        await terminal.press("ctrl+s")
        await terminal.shows("nicht sagen", "no way", "Speichern")
        screen.query_one("#past", Input).value = "200"
        await terminal.shows("von 0 bis 120")
        await terminal.press("ctrl+s", "escape")
        assert ways(three) == [(None,) * 4] * 3
