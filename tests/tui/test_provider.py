"""The provider's page: filled in, checked as typed, saved for the agent that runs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.database.engine import Database
from calsync_agent.health.provider import ProviderDraft, problems, tenant_problem
from calsync_agent.i18n import speaking
from calsync_agent.state.tables import agent, provider
from tests.support.cable import WHY, cut, read_only
from tests.support.snapshots import ALL, Look
from tests.support.terminal import Terminal
from tests.tui.conftest import NOW, Opened, a_provider, an_agent

pytestmark = pytest.mark.anyio

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def row(database: Database) -> dict[str, Any] | None:
    """What stands in the table."""
    with database.reading() as connection:
        found = connection.execute(sa.select(*provider.c)).mappings().one_or_none()
        return dict(found) if found else None


def takes_over(database: Database, revision: int, after: timedelta) -> None:
    """The agent works with these settings, so long after they were saved (at `NOW`)."""
    taken = {"settings_revision": revision, "settings_taken_at": NOW + after}
    with database.writing() as connection:
        connection.execute(sa.update(agent).values(taken))


async def test_the_first_save_makes_the_row(opened: Opened, people: Database) -> None:
    async with opened(page="provider") as terminal:
        await terminal.shows("Es gibt noch keinen Anbieter; Speichern legt ihn an.")
        await terminal.enter("tenant_id", "contoso.onmicrosoft.com")
        await terminal.press("ctrl+s")
        await terminal.shows("Gespeichert als Revision 1. Kein Agent läuft")
    assert row(people) == {
        "id": 1,
        "kind": "exchange365",
        "tenant_id": "contoso.onmicrosoft.com",
        "inbound": True,
        "outbound": True,
        "priority": "outbound_first",
        "interval_seconds": 5,
    }


async def test_every_field_is_edited_with_the_keyboard_alone(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.press("tab", "end", "ctrl+u")
        await terminal.type(GUID)
        await terminal.press("tab", "space", "tab", "enter", "tab", "right", "tab", "end", "ctrl+u")
        await terminal.type("60")
        await terminal.shows("5 ungespeicherte Änderungen", "* Tenant ID", "* Intervall")
        await terminal.press("ctrl+s")
        await terminal.shows("Gespeichert")
    assert row(people) == {
        "id": 7,
        "kind": "exchange365",
        "tenant_id": GUID,
        "inbound": False,
        "outbound": False,
        "priority": "inbound_first",
        "interval_seconds": 60,
    }


async def test_every_field_is_edited_with_the_mouse_alone(opened: Opened, people: Database) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.click("von Exchange nach Consolidate")
        await terminal.click("Inbound First")
        await terminal.shows("* Eingehende", "* Priorität", "2 ungespeicherte Änderungen")
        await terminal.click(" Änderungen speichern ")
        await terminal.shows("Gespeichert")
    saved = row(people)
    assert saved is not None
    assert (saved["inbound"], saved["priority"]) == (False, "inbound_first")


async def test_the_priority_is_explained_for_the_choice_made(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    async with opened(page="provider", size=(120, 40)) as terminal:
        await terminal.shows("Bei einem Konflikt gilt die Fassung aus Consolidate")
        await terminal.click("Inbound First")
        await terminal.shows("Bei einem Konflikt gilt die Fassung aus Exchange")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "fehlt: die GUID des Mandanten oder eine seiner Domänen"),
        ("con toso.com", "ist weder eine GUID noch eine Domäne"),
        ("[bold]contoso[/bold]", "ist eine Adresse"),
        (GUID[:-1], "ist keine vollständige GUID"),
    ],
)
async def test_a_tenant_that_is_none_is_told_at_the_field_and_nothing_is_saved(
    opened: Opened, people: Database, typed: str, told: str
) -> None:
    a_provider(people)
    before = row(people)
    async with opened(page="provider", size=(120, 40)) as terminal:
        await terminal.enter("tenant_id", typed)
        await terminal.shows(f"■ {told}")
        await terminal.press("ctrl+s")
        await terminal.settled()
        assert f"■ {told}" in terminal.text()
        assert terminal.value("tenant_id") == typed
        assert terminal.focused == "tenant_id"
    assert row(people) == before


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "is missing"),
        ("contoso", "is neither a GUID nor a domain"),
        ("contoso..com", "is neither a GUID nor a domain"),
        ("con toso.com", "is neither a GUID nor a domain"),
        ("-contoso.com", "is neither a GUID nor a domain"),
        ("contoso.com; DROP TABLE x", "is neither a GUID nor a domain"),
        ("contoso.1", "is neither a GUID nor a domain"),
        (GUID[:-1], "is no complete GUID"),
        (f"{{{GUID}}}", "is no complete GUID"),
        ("anna@contoso.com", "only what follows the @"),
        ("https://contoso.com", "only the domain or the GUID"),
        ("common", "must name one tenant"),
        ("Organizations", "must name one tenant"),
        (f"{'a' * 30}.{'b' * 30}.com", "is longer than 64 characters"),
    ],
)
def test_what_is_no_tenant(typed: str, told: str) -> None:
    with speaking("en"):
        assert told in str(tenant_problem(typed))


@pytest.mark.parametrize("typed", [GUID, GUID.upper(), "contoso.com", "a-b.co.at", "x.xn--p1ai"])
def test_a_tenant_is_a_guid_or_a_domain(typed: str) -> None:
    assert tenant_problem(typed) is None


async def test_spaces_around_the_tenant_are_not_saved(opened: Opened, people: Database) -> None:
    async with opened(page="provider") as terminal:
        await terminal.enter("tenant_id", " contoso.com ")
        await terminal.press("ctrl+s")
        await terminal.shows("Gespeichert")
    saved = row(people)
    assert saved is not None
    assert saved["tenant_id"] == "contoso.com"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "fehlt: eine ganze Zahl von Sekunden"),
        ("86401", "muss zwischen 1 und 86400 Sekunden liegen"),
        ("-5", "muss eine ganze Zahl von Sekunden sein"),
    ],
)
async def test_an_interval_that_is_none_is_told_at_the_field_and_nothing_is_saved(
    opened: Opened, people: Database, typed: str, told: str
) -> None:
    a_provider(people)
    before = row(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", typed)
        await terminal.shows(f"■ {told}")
        await terminal.press("ctrl+s")
        await terminal.settled()
        assert f"■ {told}" in terminal.text()
        assert terminal.value("interval") == typed
        assert terminal.focused == "interval"
    assert row(people) == before


@pytest.mark.parametrize("typed", ["", "0", "86401", "-5", "1,5", "fünf", "٣", "5 s", "1e3"])
def test_what_is_no_interval(typed: str) -> None:
    assert set(problems(ProviderDraft("contoso.com", interval=typed))) == {"interval"}


async def test_what_a_script_has_made_unusable_is_told_and_can_be_mended(
    opened: Opened, people: Database
) -> None:
    a_provider(people, priority="whoever", interval_seconds=0, tenant_id="")
    async with opened(page="provider", size=(120, 40)) as terminal:
        await terminal.shows(
            "■ whoever steht in der Datenbank", "■ muss zwischen 1 und", "■ fehlt: die GUID"
        )
        await terminal.click("Outbound First")
        await terminal.enter("interval", "5")
        await terminal.enter("tenant_id", "contoso.com")
        await terminal.press("ctrl+s")
        await terminal.shows("Gespeichert")
    saved = row(people)
    assert saved is not None
    assert (saved["priority"], saved["interval_seconds"]) == ("outbound_first", 5)


async def test_saving_tells_when_the_agent_has_taken_it_over(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    an_agent(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "7")
        await terminal.press("ctrl+s")
        await terminal.shows("◊ Gespeichert als Revision 2; der Agent hat noch nicht übernommen")
        saved = terminal.page._saved  # type: ignore[attr-defined]  # by the database's own clock
        takes_over(people, 2, saved.at - NOW + timedelta(seconds=0.42))
        await terminal.shows("● übernommen, Revision 2, 0,4 s")


async def test_with_two_agents_both_have_to_take_it_over(opened: Opened, people: Database) -> None:
    a_provider(people)
    an_agent(people)
    an_agent(people, number=2)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "7")
        await terminal.press("ctrl+s")
        with people.writing() as connection:
            connection.execute(
                sa.update(agent).where(agent.c.pid == 4712).values(settings_revision=2)
            )
        await terminal.look()
        assert "noch nicht übernommen …" in terminal.text()
        takes_over(people, 2, timedelta(0))
        await terminal.shows("übernommen, Revision 2")


async def test_leaving_asks_about_unsaved_changes(opened: Opened, people: Database) -> None:
    a_provider(people)
    before = row(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "7")
        await terminal.press("f5")
        await terminal.shows("Ungespeicherte Änderungen", "Intervall: 5 → 7")
        await terminal.press("enter")  # the focus is where nothing happens
        assert terminal.page.NAME == "provider"
        await terminal.shows("1 ungespeicherte Änderung")
        await terminal.press("f5")
        await terminal.click(" Verwerfen ")
        await terminal.shows("[1 Status]")
        assert row(people) == before
        await terminal.go("provider")
        assert "ungespeicherte" not in terminal.text()


async def test_leaving_may_save(opened: Opened, people: Database) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "7")
        await terminal.press("f5")
        await terminal.shows("Ungespeicherte Änderungen")
        await terminal.press("left", "left", "enter")
        await terminal.shows("[1 Status]")
    saved = row(people)
    assert saved is not None
    assert saved["interval_seconds"] == 7


async def test_quitting_asks_about_unsaved_changes(opened: Opened, people: Database) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "7")
        await terminal.press("ctrl+q")
        await terminal.shows("Ungespeicherte Änderungen")
        await terminal.press("escape")
        await terminal.shows("1 ungespeicherte Änderung")
        assert terminal.app.is_running


async def test_escape_takes_changes_back_when_that_is_meant(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "7")
        await terminal.press("escape")
        await terminal.shows("Änderungen verwerfen?")
        await terminal.press("escape")
        await terminal.shows("1 ungespeicherte Änderung")
        await terminal.press("escape")
        await terminal.click(" Verwerfen ")
        await terminal.until(lambda: "ungespeicherte" not in terminal.text())
        assert "contoso.com" in terminal.text()


async def test_another_language_keeps_what_was_typed(opened: Opened, people: Database) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "77")
        await terminal.press("ctrl+l")
        await terminal.shows("Inbound synchronization", "1 unsaved change", "77")
        await terminal.press("ctrl+l")
        await terminal.shows("Eingehende Synchronisation", "1 ungespeicherte Änderung", "77")


async def test_what_was_typed_outlives_a_lost_database(
    opened: Opened, people: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "77")
        with cut(monkeypatch):
            await terminal.press("ctrl+s")
            await terminal.shows(f"■ Nicht gespeichert: {WHY}", "1 ungespeicherte Änderung")
        await terminal.press("ctrl+s")
        await terminal.shows("Gespeichert")
    saved = row(people)
    assert saved is not None
    assert saved["interval_seconds"] == 77


async def test_a_login_that_may_not_write_is_told_so(opened: Opened, people: Database) -> None:
    a_provider(people)
    async with opened(page="provider") as terminal:
        await terminal.enter("interval", "77")
        with read_only():
            await terminal.press("ctrl+s")
            await terminal.shows(
                "■ Nicht gespeichert: Der Anmeldename", "1 ungespeicherte Änderung"
            )


async def test_the_consent_link_is_shown_for_the_tenant_typed(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    async with opened(page="provider", size=(160, 40)) as terminal:
        await terminal.enter("tenant_id", "fabrikam.com")
        await terminal.shows(
            "https://login.microsoftonline.com/fabrikam.com/adminconsent"
            "?client_id=11111111-2222-3333-4444-555555555555"
        )
        await terminal.press("f4")
        await terminal.shows("Der Link ist in der Zwischenablage")
        assert "fabrikam.com/adminconsent" in terminal.app.clipboard


@pytest.mark.parametrize("look", ALL)
async def test_provider(
    opened: Opened, people: Database, look: Look, matches: Callable[[Terminal], None]
) -> None:
    a_provider(people)
    an_agent(people)
    async with opened(look=look, page="provider") as terminal:
        await terminal.enter("interval", "0")
        await terminal.press("f6")
        matches(terminal)


async def test_digits_open_pages_and_are_not_typed_into_what_is_filled_in(
    opened: Opened, people: Database
) -> None:
    a_provider(people)
    async with opened() as terminal:
        await terminal.press("2")
        await terminal.shows("[2 Anbieter]", "Tenant ID")
        await terminal.press("3")
        await terminal.shows("[3 Profile]")
