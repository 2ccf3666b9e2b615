"""Verlauf: several versions marked, shown what comes of it, and restored at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent import undoing
from calsync_agent.consolidate.tables import activity
from calsync_agent.database.engine import Database
from calsync_agent.domain.activity import Stamp
from calsync_agent.state import history, tables
from calsync_agent.undoing import Deed
from tests.support import kept_rows
from tests.support.samples import a_profile, an_activity
from tests.support.snapshots import FEW, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import NOW, Opened

pytestmark = pytest.mark.anyio


@pytest.fixture
def filled(people: Database) -> Database:
    """Versions of three people's appointments; of the newest four only one row is still there."""
    with people.writing() as connection:
        for employee, code in ((1, "anna"), (2, "bert"), (3, "clara")):
            a_profile(connection, employee, f"{code}@example.com")
        kept_rows.write(connection, 30, (1, 2, 3))
        an_activity(connection, 1, id=UUID(int=28), subject="jetzt anders")
        an_activity(connection, 1, id=UUID(int=27), subject="kaputt", time_zone="Mars/Olympus")
    return people


def subjects(people: Database) -> dict[UUID, str]:
    with people.reading() as connection:
        found = connection.execute(sa.select(activity.c.id, activity.c.subject))
        return {row.id: row.subject for row in found}


async def asked(terminal: Terminal, *texts: str) -> None:
    """Return when the question is on the screen, with the focus on what changes nothing."""
    await terminal.shows(*texts)
    await terminal.until(lambda: terminal.focused == "stay")


async def said(terminal: Terminal, text: str) -> None:
    await terminal.until(lambda: any(text in told.message for told in terminal.app._notifications))


async def test_h6_marked_versions_are_restored_at_once_after_showing_what_that_means(
    opened: Opened, filled: Database
) -> None:
    before = subjects(filled)
    async with opened(page="history", size=(120, 40)) as terminal:
        await terminal.press("space", "down", "space", "space")
        await terminal.shows("3 Fassungen markiert")
        await terminal.press("r")
        await asked(
            terminal,
            "2 Termine wiederherstellen?",
            "1 Termin wird in Consolidate wieder eingetragen.",
            "1 Termin wird in Consolidate wieder, was er war.",
            "1 Termin muss bleiben, wie er ist.",
            "Jour fixe 29 (CLARA, 20.11.2026 07:29) · wiederhergestellt",
            "Jour fixe 27 (ANNA, 20.11.2026 07:27) · zurückgeändert: Betreff",
            "Jour fixe 26 (CLARA, 20.11.2026 07:26) · bleibt, wie es ist:",
            "Mars/Olympus",
        )
        await terminal.press("escape")
        await terminal.settled()
        assert subjects(filled) == before
        await terminal.press("r")
        await asked(terminal, "2 Termine wiederherstellen?")
        await terminal.press("left", "enter")
        await said(terminal, "2 Termine wurden in Consolidate zurückgeholt")
        await terminal.settled()
        assert "markiert" not in terminal.text()
    restored = {UUID(int=30): "Jour fixe 29", UUID(int=28): "Jour fixe 27"}
    assert subjects(filled) == {**before, **restored}


async def test_h6_marks_are_set_for_all_that_is_listed_and_taken_away_before_the_filter(
    opened: Opened, filled: Database
) -> None:
    del filled
    async with opened(page="history") as terminal:
        await terminal.press("slash")
        await terminal.type("fixe 2")
        await terminal.press("enter")
        await terminal.settled()
        await terminal.press("escape", "ctrl+a")
        await terminal.shows("9 Fassungen markiert")  # 2, 12, 20, 21, 23, 24, 26, 27, 29
        await terminal.press("escape")
        await terminal.settled()
        assert "markiert" not in terminal.text()
        assert "Jour fixe 21" in terminal.text()
        await terminal.press("shift+down")
        await terminal.shows("2 Fassungen markiert", "►√", " √")
        await terminal.pilot.click("#history-lines", offset=(1, 1))
        await terminal.shows("1 Fassung markiert")


async def test_h6_where_nothing_is_to_be_done_it_says_why(opened: Opened, filled: Database) -> None:
    with filled.writing() as connection:
        connection.execute(sa.delete(tables.history).where(tables.history.c.id != 27))
    async with opened(page="history") as terminal:
        await terminal.press("space", "r")
        await asked(terminal, "Es gibt nichts zurückzuholen", "bleibt, wie es ist", "Mars/Olympus")
        await terminal.press("enter")
        await terminal.settled()
        assert "1 Fassung markiert" in terminal.text()


def test_h6_of_chosen_versions_of_one_appointment_the_oldest_counts(people: Database) -> None:
    with people.writing() as connection:
        for minute, subject in enumerate(("erste", "zweite", "dritte")):
            one = kept_rows.kept(0)
            kept = replace(one, lost=replace(one.lost, subject=subject))
            history.keep(connection, [kept], kept_rows.BEGIN + timedelta(minutes=minute))
        kept_rows.write(connection, 1, first=5)
        numbers = {one.subject: one.id for one in history.read(connection)}
    with people.reading() as connection:
        chosen = [numbers["dritte"], numbers["zweite"], numbers["Jour fixe 5"], 999]
        found = [(one.version.subject, one.deed) for one in undoing.look_at(connection, chosen)]
        assert found == [("zweite", Deed.BRING_BACK), ("Jour fixe 5", Deed.BRING_BACK)]
        assert undoing.look_at(connection, []) == []


async def test_h6_how_far_it_is_is_told_and_what_fails_costs_itself_alone(
    filled: Database,
) -> None:
    with filled.reading() as connection:
        items = undoing.look_at(connection, [27, 28, 30])
    taken = {item.version.id: replace(item, deed=Deed.CHANGE_BACK, reason=None) for item in items}
    heard: list[int] = []
    stamp = Stamp(NOW, NOW.replace(tzinfo=UTC))
    become = await undoing.put_back(filled.write, taken.values(), stamp, heard.append)
    assert heard == [1, 2, 3]
    assert [item.deed for item in become] == [Deed.LEFT, Deed.CHANGE_BACK, Deed.CHANGE_BACK]
    assert subjects(filled)[UUID(int=27)] == "kaputt"
    assert subjects(filled)[UUID(int=30)] == "Jour fixe 29"


@pytest.mark.parametrize("look", FEW)
async def test_history_undo(
    opened: Opened, filled: Database, look: Look, matches: Callable[[Terminal], None]
) -> None:
    del filled
    async with opened(look=look, page="history") as terminal:
        await terminal.press(*["space"] * 5, "r")
        await terminal.until(lambda: terminal.focused == "stay")
        matches(terminal)
