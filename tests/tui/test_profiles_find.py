"""The page Profile: whom it shows, in which order, and what is asked before several change."""

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate.tables import employee
from calsync_agent.database.engine import Database
from calsync_agent.state import tables as state
from calsync_tui.pages.profiles import ProfilesPage
from calsync_tui.screens.confirmation import Confirmation
from calsync_tui.widgets.profile_cells import COLUMNS, widths
from tests.support import crowd
from tests.support.terminal import Terminal
from tests.tui.conftest import Opened

pytestmark = pytest.mark.anyio


@pytest.fixture
def many(people: Database) -> Database:
    """Twelve profiles, whose names end in a number."""
    with people.writing() as connection:
        crowd.crowd(connection, 12)
        for number, row in enumerate(connection.execute(sa.select(state.profile)).all(), 1):
            name = "Jörg Weiß" if number == 7 else f"Person {number}"
            mine = sa.update(employee).where(employee.c.id == row.employee_id)
            connection.execute(mine.values(name=name, code=name.replace(" ", "")))
            if number == 3:
                paused = sa.update(state.profile).where(state.profile.c.id == row.id)
                connection.execute(paused.values(active=False))
    return people


def names(terminal: Terminal) -> list[str]:
    assert isinstance(terminal.page, ProfilesPage)
    by_id = terminal.page.listing.by_id
    return [by_id[number].employee.name for number in terminal.page.table._shown]


@pytest.mark.usefixtures("many")
async def test_names_stand_in_the_order_of_their_numbers(opened: Opened) -> None:
    async with opened(page="profiles") as terminal:
        numbered = [name for name in names(terminal) if name.startswith("Person")]
        assert numbered == [f"Person {n}" for n in range(1, 13) if n != 7]


@pytest.mark.parametrize("typed", ["weiss", "WEIß jörg", "joerg", "jorg"])
@pytest.mark.usefixtures("many")
async def test_somebody_is_found_by_words_in_any_spelling(opened: Opened, typed: str) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("slash")
        await terminal.type(typed)
        assert names(terminal) == ["Jörg Weiß"]
        await terminal.shows("1 von 12 gezeigt")
        await terminal.press("down", "space")
        assert isinstance(terminal.page, ProfilesPage)
        assert len(terminal.page.marks) == 1
        await terminal.press("escape", "escape")
        assert len(names(terminal)) == 12


@pytest.mark.usefixtures("many")
async def test_letters_that_are_keys_are_typed_where_one_searches(opened: Opened) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("slash")
        await terminal.type("pdafs13")
        assert terminal.value("find") == "pdafs13"
        assert terminal.page.NAME == "profiles"
        assert names(terminal) == []


@pytest.mark.usefixtures("many")
async def test_a_filter_shows_the_paused_alone_and_all_of_them_are_marked_by_one_key(
    opened: Opened,
) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("f", "f", "f")
        assert names(terminal) == ["Person 3"]
        await terminal.press("ctrl+a", "escape", "f")
        assert isinstance(terminal.page, ProfilesPage)
        await terminal.until(lambda: len(names(terminal)) == 12)


async def test_what_is_done_to_several_is_asked_with_the_number(
    opened: Opened, many: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("slash")
        await terminal.type("person")
        await terminal.press("enter", "ctrl+a", "p")
        await terminal.until(lambda: isinstance(terminal.app.screen, Confirmation))
        await terminal.shows("11 Profile pausieren?", "und 5 weitere")
        await terminal.click(" Pausieren ")
        await terminal.shows("10 Profile pausiert")
    with many.reading() as connection:
        active = sa.select(sa.func.count()).where(state.profile.c.active == sa.true())
        assert connection.execute(active).scalar_one() == 1


@pytest.mark.parametrize("room", range(20, 240, 7))
def test_columns_fill_the_room_and_are_never_cut_while_there_is_some(room: int) -> None:
    longest = {"user": 30, "mailbox": 36}
    found = widths(room, longest)
    assert list(found) == [column.name for column in COLUMNS if column.name in found]
    assert sum(found.values()) == max(room, 19)
    if room >= 150:
        assert found["user"] > longest["user"]
        assert found["mailbox"] > longest["mailbox"]
