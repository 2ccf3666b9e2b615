"""The page Profile: several at once - marking, pausing, deleting - and held profiles."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from calsync_agent.database.engine import Database
from calsync_agent.domain.hold import HoldKind
from calsync_agent.state import tables as state
from calsync_tui.pages.profiles import ProfilesPage
from calsync_tui.screens.confirmation import Confirmation
from calsync_tui.screens.held_profile import HeldProfile
from tests.support import crowd
from tests.support.snapshots import FEW, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import Opened

pytestmark = pytest.mark.anyio


@pytest.fixture
def five(people: Database) -> Database:
    """Five profiles with two links each."""
    with people.writing() as connection:
        for number in crowd.crowd(connection, 5):
            crowd.link(connection, number, 2)
    return people


@pytest.fixture
def held(five: Database) -> Database:
    """The second of them is held."""
    with five.writing() as connection:
        crowd.wait(connection, 2, "Jour fixe [/b]", "Zahnarzt")
        crowd.wait(connection, 2, "Klausur", kind=HoldKind.MAIL)
    return five


def rows(database: Database) -> dict[int, bool]:
    """The profiles by id, and whether they are active."""
    with database.reading() as connection:
        found = connection.execute(sa.select(state.profile.c.id, state.profile.c.active))
        return {row.id: row.active for row in found}


def verdicts(database: Database) -> set[str | None]:
    with database.reading() as connection:
        return set(connection.execute(sa.select(state.hold.c.verdict)).scalars())


def by_subject(database: Database) -> dict[str, str | None]:
    with database.reading() as connection:
        found = connection.execute(sa.select(state.hold.c.subject, state.hold.c.verdict))
        return {row.subject: row.verdict for row in found}


def marks(terminal: Terminal) -> list[int]:
    assert isinstance(terminal.page, ProfilesPage)
    return sorted(terminal.page.marks)


async def asked(terminal: Terminal, screen: type = Confirmation) -> None:
    await terminal.until(lambda: isinstance(terminal.app.screen, screen))


async def answered(terminal: Terminal) -> None:
    await terminal.until(lambda: terminal.app.screen is terminal.window)
    await terminal.settled()


async def test_profiles_are_marked_by_keys(opened: Opened, five: Database) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("space", "down", "down", "space")
        assert marks(terminal) == [1, 3]
        await terminal.shows("2 ausgewählt", "[x] E001", "[ ] E002", "[x] E003")
        await terminal.press("space", "shift+down", "shift+down", "shift+down")
        assert marks(terminal) == [1, 3, 4, 5]
        await terminal.press("shift+up")
        assert marks(terminal) == [1, 3, 4], "what the range leaves again loses its mark"
        await terminal.press("ctrl+a")
        assert marks(terminal) == [1, 2, 3, 4, 5]
        await terminal.press("ctrl+a")
        assert marks(terminal) == []
        await terminal.press("space", "escape")
        assert marks(terminal) == []
        assert len(rows(five)) == 5


async def test_profiles_are_marked_by_mouse(opened: Opened, five: Database) -> None:
    async with opened(page="profiles") as terminal:
        lines = terminal.lines()
        (y,) = (y for y, line in enumerate(lines) if "] E002" in line)
        x = lines[y].index("[ ]") + 1
        await terminal.pilot.click(offset=(x, y))
        await terminal.pilot.click(offset=(x + 10, y + 2), shift=True)
        await terminal.until(lambda: marks(terminal) == [2, 3, 4])
        await terminal.pilot.click(offset=(x + 10, y - 1), control=True)
        await terminal.until(lambda: marks(terminal) == [1, 2, 3, 4])
        await terminal.pilot.click(offset=(x, y))
        await terminal.until(lambda: marks(terminal) == [1, 3, 4])
        await terminal.pilot.click(offset=(x, y - 2))
        await terminal.until(lambda: marks(terminal) == [1, 2, 3, 4, 5])
        assert len(rows(five)) == 5


async def test_deleting_asks_with_the_number_and_what_it_means_and_begins_on_cancel(
    opened: Opened, held: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("down", "space", "down", "space")
        await terminal.click("Ausgewählte Profile löschen")
        await asked(terminal)
        await terminal.shows(
            "2 Profile löschen?",
            "E002 Person 002, E003 Person 003",
            "4 Verknüpfungen werden vergessen.",
            "Kein Termin wird gelöscht, weder in Consolidate noch in Exchange.",
            "Was auf Ihre Entscheidung wartet, wird nicht ausgeführt.",
        )
        await terminal.press("enter")
        await answered(terminal)
        assert len(rows(held)) == 5, "the focus was on Cancel"
        await terminal.press("delete")
        await asked(terminal)
        await terminal.click(" 2 Profile löschen ")
        await answered(terminal)
        assert sorted(rows(held)) == [1, 4, 5]
        await terminal.shows("3 Profile", "2 Profile gelöscht")
        assert marks(terminal) == []
        with held.reading() as connection:
            left = sa.select(state.link.c.profile_id).distinct()
            assert sorted(connection.execute(left).scalars()) == [1, 4, 5]


async def test_without_marks_a_command_is_about_the_profile_under_the_cursor(
    opened: Opened, five: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("down", "d")
        await asked(terminal)
        await terminal.shows("1 Profil löschen?", "E002 Person 002")
        await terminal.press("left", "enter")
        await answered(terminal)
        assert sorted(rows(five)) == [1, 3, 4, 5]


async def test_nothing_is_deleted_that_somebody_else_has_just_changed(
    opened: Opened, five: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("ctrl+a", "delete")
        await asked(terminal)
        with five.writing() as connection:
            theirs = sa.update(state.profile).where(state.profile.c.id == 4)
            connection.execute(theirs.values(active=False))
        await terminal.press("left", "enter")
        await answered(terminal)
        await terminal.shows("Jemand anderer hat soeben 1 dieser", "pausiert")
        assert rows(five) == {1: True, 2: True, 3: True, 4: False, 5: True}


async def test_profiles_are_paused_and_resumed(opened: Opened, five: Database) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("shift+down", "p")
        await terminal.shows("2 Profile pausieren?")
        await terminal.press("left", "enter")
        await terminal.until(lambda: list(rows(five).values()) == [False, False, True, True, True])
        await terminal.shows("2 Profile pausiert")
        terminal.app.clear_notifications()
        await terminal.shows("Fortsetzen")
        await terminal.click(" Fortsetzen ")
        await terminal.shows("2 Profile fortsetzen?")
        await terminal.press("left", "enter")
        await terminal.until(lambda: all(rows(five).values()))
        await terminal.shows("2 Profile fortgesetzt")


async def test_b7_a_held_profile_shows_why_and_for_what_and_a_mere_enter_decides_nothing(
    opened: Opened, held: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("down", "h")
        await asked(terminal, HeldProfile)
        await terminal.shows(
            "E002 Person 002 ist angehalten",
            "▲ 2 von 2 verknüpften Terminen würden in Consolidate auf einmal",
            "gelöscht, weil sie in Exchange verschwunden sind.",
            "Durch 1 Änderung würde Exchange mehr Personen",
            "in Consolidate löschen: Jour fixe [/b]",
            "in Consolidate löschen: Zahnarzt",
            "würde Personen schreiben: Klausur",
        )
        await terminal.press("enter")
        await answered(terminal)
        assert verdicts(held) == {None}


@pytest.mark.parametrize(
    ("button", "verdict"), [("Ausführen", "confirmed"), ("Zurückholen", "discarded")]
)
async def test_b7_confirm_and_discard_are_a_click_each(
    opened: Opened, held: Database, button: str, verdict: str
) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("down")
        await terminal.click("Entscheiden")
        await asked(terminal, HeldProfile)
        await terminal.click(f" {button} ")
        await answered(terminal)
        assert verdicts(held) == {verdict}
        await terminal.shows("Ihre Entscheidung wird mit dem nächsten Zyklus ausgeführt.")


async def test_b7_lines_are_marked_and_decided_about_alone(opened: Opened, held: Database) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("down", "h")
        await asked(terminal, HeldProfile)
        await terminal.press("down", "down", "space")
        await terminal.shows("[√] in Consolidate löschen: Zahnarzt", "1 ausführen", "1 zurückholen")
        assert verdicts(held) == {None}
        await terminal.click(" 1 zurückholen ")
        await terminal.shows("1 von 2 verknüpften Terminen", "[ ] würde Personen schreiben")
        assert by_subject(held) == {
            "Jour fixe [/b]": None,
            "Zahnarzt": "discarded",
            "Klausur": None,
        }
        await terminal.press("ctrl+a")
        await terminal.shows("2 ausführen")
        await terminal.press("ctrl+a")
        await terminal.shows("Ausführen")
        await terminal.press("down", "space", "down", "enter", "up", "space")
        await terminal.shows("[ ] in Consolidate löschen: Jour", "[√] würde Personen schreiben")
        await terminal.click(" 1 ausführen ")
        await terminal.until(lambda: by_subject(held)["Klausur"] == "confirmed")
        await asked(terminal, HeldProfile)
        await terminal.press("escape")
        await answered(terminal)
        assert by_subject(held)["Jour fixe [/b]"] is None


async def test_b7_a_marked_line_that_waits_no_longer_is_not_answered(
    opened: Opened, held: Database
) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("down", "h")
        await asked(terminal, HeldProfile)
        await terminal.press("down", "space")
        await terminal.shows("1 ausführen")
        with held.writing() as connection:
            connection.execute(sa.delete(state.hold).where(state.hold.c.subject.like("Jour%")))
        await terminal.click(" 1 ausführen ")
        await terminal.shows("was wartet, hat sich inzwischen geändert")
        assert verdicts(held) == {None}


async def test_b7_nobody_confirms_what_they_have_not_seen(opened: Opened, held: Database) -> None:
    async with opened(page="profiles") as terminal:
        await terminal.press("down", "h")
        await asked(terminal, HeldProfile)
        with held.writing() as connection:
            crowd.wait(connection, 2, "Weihnachtsfeier", kind=HoldKind.DELETE_IN_EXCHANGE)
        await terminal.click(" Ausführen ")
        await terminal.shows("was wartet, hat sich inzwischen geändert", "Weihnachtsfeier")
        assert verdicts(held) == {None}
        await terminal.click(" Ausführen ")
        await answered(terminal)
        assert verdicts(held) == {"confirmed"}


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("look", FEW)
async def test_profiles_held(
    opened: Opened, look: Look, matches: Callable[[Terminal], None]
) -> None:
    async with opened(look=look, page="profiles") as terminal:
        await terminal.press("down", "h")
        await asked(terminal, HeldProfile)
        matches(terminal)


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("look", FEW)
async def test_profiles_held_marked(
    opened: Opened, look: Look, matches: Callable[[Terminal], None]
) -> None:
    async with opened(look=look, page="profiles") as terminal:
        await terminal.press("down", "h")
        await asked(terminal, HeldProfile)
        await terminal.press("down", "space", "down")
        matches(terminal)
