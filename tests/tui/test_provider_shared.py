"""Two UIs and a script on the same provider: nobody's change is lost unnoticed."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.database.engine import Database
from calsync_agent.health.provider import ProviderDraft, Row
from calsync_agent.state.tables import provider
from calsync_tui.pages.provider_editing import Editing
from tests.tui.conftest import Opened, a_provider

pytestmark = pytest.mark.anyio

ROW = Row(
    id=1,
    tenant_id="contoso.com",
    inbound=True,
    outbound=True,
    priority="outbound_first",
    interval_seconds=5,
)


def script(database: Database, **values: object) -> None:
    """Somebody's script sets columns."""
    with database.writing() as connection:
        connection.execute(sa.update(provider).values(values))


def stored(database: Database) -> dict[str, Any]:
    """What stands in the table."""
    with database.reading() as connection:
        return dict(connection.execute(sa.select(*provider.c)).mappings().one())


def test_what_is_untouched_here_follows_others() -> None:
    editing = Editing(ROW, ProviderDraft("contoso.com", interval="9"))
    followed = editing.followed(replace(ROW, tenant_id="fabrikam.com"))
    assert followed.draft == ProviderDraft("fabrikam.com", interval="9")
    assert followed.changed == {"interval"}
    assert not followed.contested
    assert followed.moved == {"tenant_id"}


def test_what_was_changed_here_and_there_is_contested() -> None:
    editing = Editing(ROW, ProviderDraft("contoso.com", interval="9"))
    followed = editing.followed(replace(ROW, interval_seconds=60))
    assert followed.draft.interval == "9"
    assert followed.contested == {"interval"}
    assert followed.decided(theirs=True).draft.interval == "60"
    assert followed.decided(theirs=False).changed == {"interval"}


def test_what_was_changed_alike_is_not_contested() -> None:
    editing = Editing(ROW, ProviderDraft("contoso.com", interval="9"))
    followed = editing.followed(replace(ROW, interval_seconds=9))
    assert not followed.contested
    assert not followed.changed


async def test_a_script_s_change_is_seen_and_told(opened: Opened, people: Database) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        script(people, interval_seconds=33)
        await terminal.look()
        assert "33" in terminal.text()
        assert "▲ Jemand anderer hat geändert: Intervall" in terminal.text()


async def test_two_who_change_different_fields_both_get_them(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("tenant_id", "fabrikam.com")
        script(people, interval_seconds=33)
        await terminal.press("ctrl+s")
        await terminal.shows("Gespeichert")
    saved = stored(people)
    assert (saved["tenant_id"], saved["interval_seconds"]) == ("fabrikam.com", 33)


@pytest.mark.parametrize(
    ("answer", "interval"), [(" Andere übernehmen ", 33), (" Meine speichern ", 9)]
)
async def test_two_who_change_the_same_field_are_asked(
    opened: Opened, people: Database, answer: str, interval: int
) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "9")
        script(people, interval_seconds=33)
        await terminal.press("ctrl+s")
        await terminal.shows("Jemand anderer war schneller", "Intervall: hier 9, dort 33")
        assert stored(people)["interval_seconds"] == 33
        await terminal.click(answer)
        await terminal.until(lambda: "ungespeicherte" not in terminal.text())
    assert stored(people)["interval_seconds"] == interval


async def test_the_question_may_be_left_open(opened: Opened, people: Database) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "9")
        script(people, interval_seconds=33)
        await terminal.look()
        assert "▲ Jemand anderer hat eingetragen: 33" in terminal.text()
        await terminal.press("ctrl+s")
        await terminal.shows("Jemand anderer war schneller")
        await terminal.press("escape")
        await terminal.shows("1 ungespeicherte Änderung")
    assert stored(people)["interval_seconds"] == 33


async def test_a_provider_that_somebody_removed_meanwhile_is_made_anew(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "9")
        with people.writing() as connection:
            connection.execute(sa.delete(provider))
        await terminal.look()
        assert "contoso.com" not in terminal.text()
        await terminal.enter("tenant_id", "contoso.com")
        await terminal.press("ctrl+s")
        await terminal.shows("Gespeichert")
    assert stored(people)["interval_seconds"] == 9


async def test_a_provider_that_somebody_made_meanwhile_is_not_overwritten(
    opened: Opened, people: Database
) -> None:
    async with opened(page="provider") as terminal:
        await terminal.enter("tenant_id", "fabrikam.com")
        a_provider(people)
        await terminal.press("ctrl+s")
        await terminal.shows("Tenant ID: hier fabrikam.com, dort contoso.com")
    assert stored(people)["tenant_id"] == "contoso.com"


async def test_two_uis_one_after_the_other(opened: Opened, people: Database) -> None:
    a_provider(people)
    async with opened(page="provider") as one, opened(page="provider") as other:
        await one.enter("interval", "11")
        await other.enter("interval", "12")
        await one.press("ctrl+s")
        await one.shows("Gespeichert")
        await other.press("ctrl+s")
        await other.shows("Intervall: hier 12, dort 11")
        await other.click(" Meine speichern ")
        await other.shows("Gespeichert")
        await one.look()
        assert "▲ Jemand anderer hat geändert: Intervall" in one.text()
    assert stored(people)["interval_seconds"] == 12
