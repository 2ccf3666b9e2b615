"""Where the program cannot begin: a clear page, which goes away when that was put right."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from calsync_agent.config.settings import Settings
from calsync_agent.consolidate.tables import module, system_info
from calsync_agent.database.engine import Database
from calsync_agent.errors import LoginRefused, NotPermitted
from calsync_agent.i18n import message
from calsync_agent.state.tables import SCHEMA_VERSION, meta
from calsync_tui.app import CalsyncApp
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.start import Start
from calsync_tui.screens.refused import RefusedScreen
from tests.support.snapshots import ALL, Look
from tests.support.terminal import Terminal

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def beginning(
    settings: Path | None,
    *,
    every: float | None = None,
    opening: Callable[[], Gateway] | None = None,
    look: Look | None = None,
) -> AsyncIterator[Terminal]:
    """The program with these settings."""
    start = Start(settings)
    plain = look is not None and look.plain
    app = CalsyncApp(opening or start.open, start=start, plain=plain, every=every)
    if look is not None:
        look.begin()
        app.theme = look.theme
    async with app.run_test(size=look.size if look else (80, 24)) as pilot:
        terminal = Terminal(app, pilot)
        await terminal.begun()
        yield terminal


async def begun(terminal: Terminal) -> None:
    """Return when the window stands there."""
    await terminal.shows("[1 Status]")


def refused(terminal: Terminal) -> str:
    """What the page says, in one line."""
    assert isinstance(terminal.app.screen, RefusedScreen)
    return " ".join(" ".join(line.strip(" │|") for line in terminal.lines()).split())


async def test_broken_settings_are_said_and_taken_up_when_mended(settings: Settings) -> None:
    path = settings.path
    right = path.read_text()
    path.write_text(right + "[sync]\npast_months = 500\nmax_deltes = 3\n")
    async with beginning(path, every=0.05) as terminal:
        await terminal.shows("Die Einstellungen stimmen nicht")
        page = refused(terminal)
        assert "sync.past_months" in page
        assert "max_deletes" in page
        assert "Neu einrichten" in page
        path.write_text(right)
        await begun(terminal)


async def test_what_is_wrong_now_is_said_when_it_is_something_else(settings: Settings) -> None:
    right = settings.path.read_text()
    settings.path.write_text("[database\n")
    async with beginning(settings.path) as terminal:
        assert "Zeile 1" in refused(terminal)
        settings.path.write_text(right.replace("client_id", "client"))
        await terminal.press("r")
        await terminal.shows("exchange.client")


async def test_an_unreachable_database_is_tried_again_by_key(settings: Settings) -> None:
    right = settings.path.read_text()
    url = settings.database.url.get_secret_value()
    settings.path.write_text(right.replace(url, "postgresql+psycopg2://a@127.0.0.1:1/x"))
    async with beginning(settings.path) as terminal:
        page = refused(terminal)
        assert "Bei 127.0.0.1:1/x antwortet keine Datenbank" in page
        assert "agent.toml" in page.replace(" ", "")
        settings.path.write_text(right)
        await terminal.press("r")
        await begun(terminal)


async def test_missing_tables_are_made_on_consent(settings: Settings, people: Database) -> None:
    with people.writing() as connection:
        connection.exec_driver_sql("DROP TABLE calsync_fare")
    async with beginning(settings.path) as terminal:
        assert "calsync_fare" in refused(terminal)
        await terminal.press("t")
        await terminal.shows("BEGIN IMMEDIATE")
        await terminal.press("enter")
        await terminal.shows("sind vollständig")
        await terminal.press("enter")
        await terminal.shows("[2 Anbieter]")


@pytest.mark.parametrize("named", [True, False])
async def test_advice_names_the_settings_that_the_program_was_begun_with(
    settings: Settings, people: Database, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    with people.writing() as connection:
        connection.exec_driver_sql("DROP TABLE calsync_fare")
    monkeypatch.setenv("CALSYNC_CONFIG", str(settings.path))
    async with beginning(settings.path if named else None) as terminal:
        page = refused(terminal).replace(" ", "")
        advised = "calsync-agentdbinstall--config" + str(settings.path)
        assert (advised in page) == named
        assert "calsync-agentdbinstall" in page


async def test_b14_older_tables_are_brought_up_to_date_on_consent(
    settings: Settings, people: Database
) -> None:
    with people.writing() as connection:
        connection.exec_driver_sql("DROP TABLE calsync_fare")
        older = sa.update(meta).where(meta.c.name == "schema_version")
        connection.execute(older.values(value=str(SCHEMA_VERSION - 1)))
    async with beginning(settings.path) as terminal:
        page = refused(terminal)
        assert "einer älteren Version" in page
        assert "fehlen" not in page
        assert "calsync-agentdbupgrade--config" in page.replace(" ", "")
        await terminal.press("t")
        await terminal.shows("Aktualisieren")
        await terminal.press("enter")
        await terminal.shows("sind vollständig")
        await terminal.press("enter")
        await terminal.shows("[2 Anbieter]")


async def test_b10_newer_tables_are_said(settings: Settings, people: Database) -> None:
    newer = sa.update(meta).where(meta.c.name == "schema_version")
    with people.writing() as connection:
        connection.execute(newer.values(value="99"))
    async with beginning(settings.path) as terminal:
        page = refused(terminal)
        assert "neueres Programm installieren" in page or "neuer als dieses Programm" in page
        assert "Tabellen anlegen" not in page
        with people.writing() as connection:
            connection.execute(newer.values(value=str(SCHEMA_VERSION)))
        await terminal.press("r")
        await begun(terminal)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (sa.update(system_info).values(version="5.1.9"), "5.1.9"),
        (sa.update(module).values(licensed=False), "nicht lizenziert"),
    ],
)
async def test_b10_consolidate_that_is_not_ready_may_be_looked_at(
    change: sa.Update, text: str, settings: Settings, people: Database
) -> None:
    with people.writing() as connection:
        connection.execute(change)
    async with beginning(settings.path) as terminal:
        page = refused(terminal)
        assert text in page
        assert "Neu einrichten" not in page
        await terminal.press("o")
        await begun(terminal)


async def test_a_login_that_may_only_read_is_said(settings: Settings) -> None:
    def opening() -> Gateway:
        raise NotPermitted(message("The login has too few rights ({reason})", reason="read-only"))

    async with beginning(settings.path, opening=opening) as terminal:
        page = refused(terminal)
        assert "Die Anmeldung an der Datenbank darf zu wenig" in page
        assert "Trotzdem öffnen" in page


async def test_a_refused_login_is_not_tried_until_the_settings_change(settings: Settings) -> None:
    attempts: list[str] = []

    def opening() -> Gateway:
        attempts.append(settings.path.read_text())
        raise LoginRefused(message("{where} refuses the login", where="db.example"))

    async with beginning(settings.path, opening=opening, every=0.02) as terminal:
        await terminal.shows("lehnt die Anmeldung ab")
        page = terminal.app.screen
        assert isinstance(page, RefusedScreen)
        await terminal.until(lambda: page._settings_now)
        assert len(attempts) == 1
        settings.path.write_text(attempts[0] + "[sync]\npast_months = 4\n")
        await terminal.until(lambda: len(attempts) == 2)
        await terminal.press("r")
        await terminal.until(lambda: len(attempts) == 3)


async def test_setting_up_anew_begins_with_what_is_there(settings: Settings) -> None:
    broken = settings.path.read_text() + "[sync]\nmax_mails = 7\npast_months = 500\n"
    settings.path.write_text(broken)
    async with beginning(settings.path) as terminal:
        await terminal.press("s")
        await terminal.shows("Schritt 1 von 4", "sqlite:")
        await terminal.press("escape")
        await terminal.shows("stimmen nicht")


@pytest.mark.parametrize("look", ALL)
async def test_refused(
    look: Look, settings: Settings, people: Database, matches: Callable[[Terminal], None]
) -> None:
    with people.writing() as connection:
        connection.execute(sa.update(module).values(licensed=False))
    async with beginning(settings.path, look=look) as terminal:
        terminal.app.screen._settings = Path("/etc/calsync/agent.toml")  # type: ignore[attr-defined]
        await terminal.app.screen.translate()  # type: ignore[attr-defined]
        await terminal.pilot.pause()
        matches(terminal)
