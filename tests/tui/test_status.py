"""The status page: everything at a glance, and what is not as it should be."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from calsync_agent.database.engine import Database
from calsync_agent.health import overview
from calsync_agent.health import situation as situations
from calsync_agent.i18n import message
from calsync_agent.state import quarantine
from calsync_agent.state.log import Kind
from calsync_agent.state.profile_status import Condition
from calsync_agent.state.tables import agent, profile
from calsync_agent.state.tables import quarantine as quarantined
from calsync_tui.gateway import status
from tests.support.cable import cut
from tests.support.snapshots import ALL, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import Opened, a_provider, an_agent
from tests.tui.office import (
    NOW,
    a_hold,
    a_profile,
    a_quarantined,
    carried,
    fares_so,
)

pytestmark = pytest.mark.anyio


def an_office(database: Database) -> None:
    """Seven people, each of whom fares differently."""
    a_provider(database)
    numbers = {
        code: a_profile(database, code, active=code != "EMIL")
        for code in ("ANNA", "BERT", "CLARA", "DORA", "EMIL", "FRANZ")
    }
    who = an_agent(database)
    with database.writing() as connection:
        ran = {"round_at": NOW - timedelta(seconds=2), "round_ms": 340}
        connection.execute(sa.update(agent).values(ran))
    fares_so(database, numbers["ANNA"], agent=who)
    fares_so(
        database,
        numbers["BERT"],
        Condition.FAILING,
        agent=who,
        error=message("another agent has taken this profile over"),
    )
    fares_so(
        database,
        numbers["CLARA"],
        Condition.THROTTLED,
        agent=who,
        retry_at=NOW + timedelta(minutes=2),
    )
    fares_so(database, numbers["DORA"], agent=who)
    a_hold(database, numbers["DORA"], 12)
    a_quarantined(database, numbers["ANNA"], "Jour fixe")
    a_quarantined(database, numbers["ANNA"], "Arzt", private=True, never=True)
    for minutes_ago in range(0, 60, 7):
        carried(database, minutes_ago, 60 - minutes_ago)


async def test_every_profile_is_shown_with_how_it_fares(opened: Opened, people: Database) -> None:
    an_office(people)
    async with opened(size=(120, 40)) as terminal:
        lines = terminal.lines()

        def line(name: str) -> str:
            return next(one for one in lines if one.lstrip().startswith(name))

        assert "● in Ordnung" in line("Anna")
        assert "08:59" in line("Anna")  # its agent's last round
        assert " 2 " in line("Anna")  # in quarantine
        assert "■ gestört" in line("Bert")
        assert "08:30" in line("Bert")  # the last cycle that went through
        assert "◊ gedrosselt" in line("Clara")
        assert "▲ angehalten" in line("Dora")
        assert " 12 " in line("Dora")
        assert "○ pausiert" in line("Emil")
        assert "◊ erster Abgleich" in line("Franz")
        assert "1 ▲ angehalten  1 ■ gestört  1 ◊ gedrosselt  1 ◊ erster Abgleich" in terminal.text()


async def test_throughput_rounds_and_throttling_have_figures(
    opened: Opened, people: Database
) -> None:
    an_office(people)
    carried(people, 3, 50, Kind.RELOAD)  # nothing that is carried
    carried(people, 61, 50)  # too long ago
    async with opened() as terminal:
        text = terminal.text()
        assert "288 in der letzten Stunde, höchstens 60 je Minute, 60 in dieser" in text
        assert "█" in text
        assert "0,3 s von 5 s (7 %)" in text
        assert "1 Profil bis 09:02:00" in text


async def test_in_a_plain_terminal_the_sparkline_is_ascii(opened: Opened, people: Database) -> None:
    an_office(people)
    async with opened(plain=True) as terminal:
        text = terminal.text()
        assert "@" in text
        assert not [sign for sign in text if ord(sign) > 0x2000]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
async def test_what_was_carried_is_counted_by_the_minute(database: Database) -> None:
    now = NOW + timedelta(seconds=30)
    for minutes_ago, count in ((0, 3), (1, 2), (59, 1), (60, 9)):
        carried(database, minutes_ago, count)
    counts = await database.read(status.carried(now))
    assert len(counts) == 60
    assert counts[-2:] == (2, 3)
    assert counts[0] == 1
    assert sum(counts) == 6


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
async def test_the_situation_is_read_on_every_database(database: Database) -> None:
    an_office(database)
    pulse = await database.read(overview.pulse)
    found = await database.read(situations.situation(pulse))
    health = await database.read(situations.health)
    assert [one.name for one in found.profiles] == "Anna Bert Clara Dora Emil Franz".split()
    assert [one.held for one in found.profiles] == [0, 0, 0, 12, 0, 0]
    assert [one.subject for one in found.items] == ["Jour fixe", None]
    assert health == situations.Health()


async def test_quarantined_items_are_shown_with_their_reason(
    opened: Opened, people: Database
) -> None:
    an_office(people)
    number = a_profile(people, "GUDRUN")
    a_quarantined(people, number, None)
    async with opened(size=(120, 40)) as terminal:
        await terminal.shows(
            "3 Termine in Quarantäne",
            "Jour fixe",
            "09:00",  # the next attempt
            "wenn er sich ändert",
            "Grund: die Zeitzone Mars/Olympus ist unbekannt",
        )
        assert "Arzt" not in terminal.text()


async def test_b8_retry_makes_the_chosen_item_due_at_once(opened: Opened, people: Database) -> None:
    an_office(people)
    with people.reading() as connection:
        anna = connection.execute(sa.select(sa.func.min(profile.c.id))).scalar_one()
        assert quarantine.due(connection, anna, NOW) == []
    async with opened(size=(120, 40)) as terminal:
        await terminal.click("(privat oder nur")
        await terminal.press("r")
        await terminal.shows("Mit dem nächsten Durchgang wird es wieder versucht")
        await terminal.look()
        await terminal.shows("jetzt")
    with people.reading() as connection:
        due = quarantine.due(connection, anna, NOW)
        assert len(due) == 1
        assert quarantine.due_profiles(connection, NOW) == {anna}


async def test_retrying_what_somebody_has_mended_meanwhile_says_so(
    opened: Opened, people: Database
) -> None:
    an_office(people)
    async with opened(size=(120, 40)) as terminal:
        await terminal.shows("Jour fixe")
        with people.writing() as connection:
            connection.execute(sa.delete(quarantined))
        await terminal.press("r")
        await terminal.shows("Der Termin ist nicht mehr in Quarantäne")
        await terminal.look()
        assert "Jour fixe" not in terminal.text()


async def test_retry_is_offered_only_where_there_is_something_to_retry(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    async with opened() as terminal:
        assert "Noch einmal" not in terminal.lines()[-1]
        a_quarantined(people, a_profile(people, "ANNA"), "Jour fixe")
        await terminal.look()
        assert "r Noch einmal" in terminal.lines()[-1]


async def test_a_problem_stays_listed_until_it_is_gone(opened: Opened, people: Database) -> None:
    async with opened(size=(120, 40)) as terminal:
        await terminal.shows(
            "■ Kein Agent läuft",
            "→ Den Dienst starten, oder von Hand: calsync-agent run",
            "■ Es gibt noch keinen Anbieter",
            "▲ Es gibt noch kein Profil",
        )
        a_provider(people)
        fares_so(people, a_profile(people, "ANNA"), agent=an_agent(people))
        with people.writing() as connection:
            connection.execute(sa.update(agent).values(round_at=NOW, round_ms=300))
        await terminal.look()
        assert "● Keine Probleme" in terminal.text()
        with people.writing() as connection:
            connection.execute(sa.delete(agent))
        await terminal.look()
        assert "■ Kein Agent läuft" in terminal.text()


async def test_what_was_shown_stays_while_the_database_is_away(
    opened: Opened, people: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_office(people)
    async with opened(size=(120, 40)) as terminal:
        with cut(monkeypatch):
            await terminal.look()
            assert "Anna" in terminal.text()
            assert "Gezeigt wird der Stand von 09:00:00" in terminal.text()
        carried(people, 0, 5)
        await terminal.look()
        assert "Gezeigt wird" not in terminal.text()


@pytest.mark.parametrize("look", ALL)
async def test_status(
    opened: Opened, people: Database, look: Look, matches: Callable[[Terminal], None]
) -> None:
    an_office(people)
    async with opened(look=look) as terminal:
        matches(terminal)
