"""One profile's own page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from calsync_agent.database.engine import Database
from calsync_agent.domain.hold import Verdict
from calsync_agent.state import quarantine
from calsync_agent.state.tables import agent, hold, profile
from tests.support.snapshots import FEW, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import Opened, a_provider, an_agent
from tests.tui.office import NOW, a_hold, a_profile, a_quarantined, carried, fares_so, proved

pytestmark = pytest.mark.anyio


def somebody(database: Database) -> None:
    """Anna, who is held, with something in quarantine."""
    a_provider(database)
    who = an_agent(database)
    with database.writing() as connection:
        connection.execute(sa.update(agent).values(round_at=NOW, round_ms=200))
    number = a_profile(database, "ANNA")
    fares_so(database, number, agent=who)
    a_hold(database, number, 3)
    a_quarantined(database, number, "Jour fixe")
    other = a_profile(database, "BERT")
    fares_so(database, other, agent=who)
    a_quarantined(database, other, "Geheim")
    proved(database, number, timedelta(hours=6))
    carried(database, 2, 4)


async def opened_page(terminal: Terminal) -> None:
    """Enter on the first row of the status' profiles."""
    await terminal.press("tab", "enter")
    await terminal.shows("Profil ► Anna")


async def test_the_page_tells_of_one_profile_alone(opened: Opened, people: Database) -> None:
    somebody(people)
    async with opened(size=(120, 40)) as terminal:
        await opened_page(terminal)
        await terminal.shows(
            "▲ angehalten",
            "2 Sachen brauchen Sie",
            "anna@contoso.com",
            "3 warten auf Ihre Antwort",
            "1 in Quarantäne",
            "Jour fixe",
        )
        assert "Geheim" not in terminal.text()
        await terminal.press("escape")
        await terminal.shows("[1 Status]", "2 Profile")


async def test_b7_what_waits_is_answered_from_the_page(opened: Opened, people: Database) -> None:
    somebody(people)
    async with opened() as terminal:
        await opened_page(terminal)
        await terminal.press("h")
        await terminal.click("Zurückholen    Zurück")
        await terminal.shows("0 warten auf Ihre Antwort")
    with people.reading() as connection:
        verdicts = connection.execute(sa.select(hold.c.verdict)).scalars().all()
    assert verdicts == [Verdict.DISCARDED.value] * 3


async def test_b8_an_item_is_tried_again_from_the_page(opened: Opened, people: Database) -> None:
    somebody(people)
    async with opened(size=(120, 40)) as terminal:
        await opened_page(terminal)
        await terminal.press("r")
        await terminal.shows("Mit dem nächsten Durchgang wird es wieder versucht")
    with people.reading() as connection:
        anna = connection.execute(sa.select(sa.func.min(profile.c.id))).scalar_one()
        assert quarantine.due_profiles(connection, NOW) == {anna}


async def test_pausing_and_going_on_from_the_page(opened: Opened, people: Database) -> None:
    somebody(people)
    async with opened() as terminal:
        await opened_page(terminal)
        await terminal.press("p")
        await terminal.shows("○ pausiert")
        await terminal.press("p")
        await terminal.shows("▲ angehalten")


async def test_the_page_follows_what_happens(opened: Opened, people: Database) -> None:
    somebody(people)
    async with opened(size=(120, 40)) as terminal:
        await opened_page(terminal)
        with people.writing() as connection:
            connection.execute(sa.delete(hold))
        await terminal.look()
        await terminal.shows("● in Ordnung", "0 warten auf Ihre Antwort")


async def test_a_profile_that_is_deleted_meanwhile_is_said_to_be_gone(
    opened: Opened, people: Database
) -> None:
    somebody(people)
    async with opened() as terminal:
        await opened_page(terminal)
        with people.writing() as connection:
            connection.execute(sa.delete(profile))
        await terminal.look()
        await terminal.shows("Dieses Profil gibt es nicht mehr")


@pytest.mark.parametrize(
    ("differences", "shown"),
    [
        pytest.param(None, "Gleich       noch nicht nachgesehen", id="never"),
        pytest.param(0, "Gleich       vor 5 h 0 min", id="equal"),
        pytest.param(2, "Gleich       ≠ 2 Stellen verschieden, vor 5 h", id="different"),
    ],
)
async def test_h5_the_page_tells_since_when_both_sides_are_proved_equal(
    opened: Opened, people: Database, differences: int | None, shown: str
) -> None:
    a_provider(people)
    anna = a_profile(people, "ANNA")
    if differences is not None:
        proved(people, anna, timedelta(hours=5), differences)
    async with opened(size=(120, 40)) as terminal:
        await terminal.press("tab", "enter")
        await terminal.shows("Profil ► Anna", shown)
        assert ("unterscheiden sich an 2 Stellen" in terminal.text()) == bool(differences)


@pytest.mark.parametrize("look", FEW)
async def test_profile_page(
    opened: Opened, people: Database, look: Look, matches: Callable[[Terminal], None]
) -> None:
    somebody(people)
    async with opened(look=look) as terminal:
        await terminal.press("tab", "enter")
        await terminal.settled()
        await terminal.look()
        matches(terminal)
