"""The status page: everything at a glance, and what is not as it should be."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.appointment.model import ProfileId
from calsync_agent.database.engine import Database
from calsync_agent.domain.hold import HoldKind
from calsync_agent.health import overview
from calsync_agent.health import situation as situations
from calsync_agent.i18n import message
from calsync_agent.state import quarantine
from calsync_agent.state.log import Kind
from calsync_agent.state.profile_status import Condition
from calsync_agent.state.tables import agent, deed, profile
from calsync_agent.state.tables import quarantine as quarantined
from calsync_tui.gateway import status
from calsync_tui.pages import status_text
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
    proved,
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
    proved(database, numbers["ANNA"], timedelta(hours=6))
    for minutes_ago in range(0, 60, 7):
        carried(database, minutes_ago, 60 - minutes_ago)


def a_deletion(database: Database, number: ProfileId, count: int, kind: HoldKind) -> None:
    """The guards remember so many."""
    rows = [
        {
            "at": NOW - timedelta(minutes=30),
            "profile_id": number,
            "activity_id": UUID(int=100 + index),
            "kind": kind.value,
            "inside": 1,
        }
        for index in range(count)
    ]
    with database.writing() as connection:
        connection.execute(sa.insert(deed), rows)


async def test_every_profile_is_shown_with_how_it_fares(opened: Opened, people: Database) -> None:
    an_office(people)
    async with opened(size=(200, 60)) as terminal:
        lines = terminal.lines()

        def line(name: str) -> str:
            return next(one for one in lines if f" {name}  " in one)

        assert "● Anna" in line("Anna")
        assert "vor 2 s" in line("Anna")  # its agent's last round
        assert " 2 " in line("Anna")  # in quarantine
        assert "■ Bert" in line("Bert")
        assert "gestört" in line("Bert")
        assert "vor 30 min" in line("Bert")  # the last cycle that went through
        assert "◊ Clara" in line("Clara")
        assert "gedrosselt" in line("Clara")
        assert "▲ Dora" in line("Dora")
        assert " 12 " in line("Dora")
        assert "pausiert" in line("Emil")
        assert "erster Abgleich" in line("Franz")
        assert "1 ▲ angehalten  1 ■ gestört  1 ◊ gedrosselt  1 ◊ erster Abgleich" in terminal.text()


async def test_throughput_rounds_and_throttling_have_figures(
    opened: Opened, people: Database
) -> None:
    an_office(people)
    carried(people, 3, 50, Kind.RELOAD)  # nothing that is carried
    carried(people, 61, 50)  # too long ago
    carried(people, 5, 1234, said="created in Consolidate: {subject}")
    async with opened() as terminal:
        outwards = next(line for line in terminal.lines() if "nach Exchange" in line)
        inwards = next(line for line in terminal.lines() if "nach Consolidate" in line)
        assert " 288 " in outwards
        assert " 1.234 " in inwards
        assert "█" in outwards
        assert "0,3 s von 5 s (7 %)" in terminal.text()
        assert "gedrosselt: 1 Profil bis 09:02:00" in terminal.text()


async def test_h5_it_is_told_since_when_both_sides_are_proved_equal(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    an_agent(people)
    anna, bert = (a_profile(people, code) for code in ("ANNA", "BERT"))
    a_profile(people, "CLARA")
    proved(people, anna, timedelta(hours=5))
    proved(people, bert, timedelta(hours=6), differences=2)
    async with opened(size=(200, 60)) as terminal:
        await terminal.shows("nachweislich gleich: 1 von 3, zuletzt vor 5 h")
        lines = {name: line for line in terminal.lines() for name in line.split() if "◊" in line}
        assert "vor 5 h" in lines["Anna"]
        assert "≠ 2" in lines["Bert"]
        assert "vor" not in lines["Clara"]


def test_a_long_peak_does_not_flatten_the_rest_of_a_curve() -> None:
    assert status_text.sparkline([0, 1, 4, 9, 100]) == "▁▂▃▄█"
    assert status_text.sparkline([1, 0, 0, 0, 4, 0], 3) == "▅▁█"
    assert status_text.sparkline([0, 0], 4) == "▁▁▁▁"
    # Whatever the highest is, it is the highest bar.
    assert {status_text.sparkline([most]) for most in range(1, 2000)} == {"█"}


async def test_b7_a_limit_that_is_near_is_told_before_anybody_is_held(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    number = a_profile(people, "ANNA")
    a_deletion(people, number, 69, HoldKind.DELETE_IN_EXCHANGE)
    async with opened(size=(120, 40)) as terminal:
        await terminal.shows("69 von 100")
        assert "verbraucht" not in terminal.text()
        a_deletion(people, number, 1, HoldKind.DELETE_IN_EXCHANGE)
        carried(people, 0, 1)
        terminal.window.page._figures = None  # type: ignore[attr-defined, union-attr]
        await terminal.look()
        await terminal.shows("▲ Löschungen, 24 Stunden: 70 von 100 verbraucht")


async def test_alike_problems_of_many_profiles_are_told_once(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    for number in range(12):
        profile_ = a_profile(people, f"P{number}")
        a_hold(people, profile_, 2)
        a_quarantined(people, profile_, f"Termin {number}")
    async with opened(size=(120, 60)) as terminal:
        await terminal.shows(
            "■ 12 Profile sind angehalten, 24 Änderungen warten auf Ihre Antwort",
            "P0, P1, P2 und 9 weitere",
            "▲ 12 Termine von 12 Personen werden nicht synchronisiert",
        )
        names = re.findall(r"▲ (P\d+) ", terminal.text())
        assert names == [f"P{number}" for number in range(12)]


async def test_enter_leads_to_where_a_problem_is_answered(opened: Opened) -> None:
    async with opened() as terminal:
        await terminal.shows("Es gibt noch keinen Anbieter")
        await terminal.press("down", "enter")
        await terminal.until(lambda: terminal.page.NAME == "provider")


async def test_enter_on_a_row_opens_the_profiles_own_page(opened: Opened, people: Database) -> None:
    an_office(people)
    async with opened() as terminal:
        await terminal.press("tab", "enter")
        await terminal.shows("Profil ► Dora", "▲ angehalten", "Das Profil von Dora ist angehalten")
        await terminal.press("escape")
        await terminal.shows("[1 Status]")


@pytest.mark.parametrize("plain", [False, True])
async def test_in_sixty_columns_and_fifteen_lines_rows_are_in_sight(
    opened: Opened, people: Database, plain: bool
) -> None:
    an_office(people)
    async with opened(size=(60, 15), plain=plain) as terminal:
        shown = terminal.text()
        assert "Dora" in shown
        assert "Bert" in shown
        assert "Clara" in shown


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
    carried(database, 2, 4, said="deleted in Consolidate: {subject}")
    counts = await database.read(status.carried(now))
    assert len(counts.outwards) == len(counts.inwards) == 60
    assert counts.outwards[-2:] == (2, 3)
    assert counts.outwards[0] == 1
    assert counts.inwards[-3] == 4
    assert counts.total == 10


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
async def test_b7_what_the_guards_allow_is_read_of_the_profile_nearest_to_it(
    database: Database,
) -> None:
    a_provider(database)
    anna, bert = a_profile(database, "ANNA"), a_profile(database, "BERT")
    a_deletion(database, anna, 3, HoldKind.DELETE_IN_EXCHANGE)
    a_deletion(database, bert, 5, HoldKind.DELETE_IN_CONSOLIDATE)
    a_deletion(database, anna, 7, HoldKind.MAIL)
    found = await database.read(status.used(NOW))
    assert found.deleted_in_day == (5, bert)
    assert found.mailed_in_hour == (7, anna)


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
        await terminal.press("u")
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
        await terminal.press("u")
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
        await terminal.press("u")
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
        assert "braucht Sie" not in terminal.text()
        assert terminal.lines()[0].endswith("● Agent läuft")
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
