"""The guided setup, as somebody without settings goes through it."""

import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from textual.widgets import Button, Input, TextArea

from calsync_agent import installation
from calsync_agent.config import reading
from calsync_agent.config.drafting import SettingsDraft
from calsync_agent.database.engine import Database
from calsync_agent.errors import NotPermitted
from calsync_agent.i18n import Message, message
from calsync_tui.app import CalsyncApp
from calsync_tui.gateway import setup as gateway
from calsync_tui.gateway.start import Start
from calsync_tui.screens import setup_step
from calsync_tui.screens.setup import SetupScreen
from calsync_tui.screens.setup_step import SetupStep
from tests.support.old_schemas import kept, run
from tests.support.snapshots import ALL, Look
from tests.support.terminal import Terminal

pytestmark = pytest.mark.anyio

GUID = "11111111-2222-3333-4444-555555555555"
POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")


@asynccontextmanager
async def setting_up(
    config: Path, *, size: tuple[int, int] = (80, 24), look: Look | None = None
) -> AsyncIterator[Terminal]:
    """The program, started where there are no settings."""
    if look is not None:
        look.begin()
        size = look.size
    start = Start(config)
    plain = look is not None and look.plain
    app = CalsyncApp(start.open, start=start, plain=plain, every=None)
    if look is not None:
        app.theme = look.theme
    async with app.run_test(size=size) as pilot:
        terminal = Terminal(app, pilot)
        await terminal.begun()
        yield terminal


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "etc" / "agent.toml"


def move(path: Path, to: Path) -> None:
    """As somebody else does it."""
    path.rename(to)


async def shows(terminal: Terminal, *texts: str) -> None:
    """Return when all these texts are on the screen, however the lines are broken."""
    await terminal.until(lambda: all(joined(text) in joined(terminal.text()) for text in texts))


def joined(text: str) -> str:
    return "".join(text.replace("│", "").split())


def step(terminal: Terminal) -> SetupStep:
    screen = terminal.app.screen
    assert isinstance(screen, SetupScreen)
    return screen.step


async def enter(terminal: Terminal, **fields: str) -> None:
    """Go to each field and replace what stands there, as by pasting."""
    for name, value in fields.items():
        field = terminal.app.screen.query_one(f"#{name}", Input)
        field.focus()
        await terminal.pilot.pause()
        field.value = value
    await terminal.pilot.pause()


async def go_on(terminal: Terminal) -> None:
    """To the next step, and until it stands there."""
    before = step(terminal)
    await terminal.press("ctrl+n")
    await terminal.until(lambda: step(terminal) is not before)
    await terminal.settled()


async def to_the_app(terminal: Terminal, url: str) -> None:
    """Through the first two steps, with a database that has everything."""
    await enter(terminal, url=url)
    await go_on(terminal)
    await shows(terminal, "sind vollständig")
    await go_on(terminal)


async def to_the_end(terminal: Terminal, url: str) -> None:
    """Through all steps but the last."""
    await to_the_app(terminal, url)
    await enter(terminal, client_id=GUID, client_secret="ge~heim")
    await go_on(terminal)


async def test_it_begins_where_there_are_no_settings_and_ends_on_the_provider(
    config: Path, file: str
) -> None:
    async with setting_up(config) as terminal:
        await shows(terminal, "Schritt 1 von 4, Datenbank")
        await to_the_end(terminal, file)
        await shows(terminal, "Schritt 4 von 4", str(config.parent / "client-secret.txt"))
        assert not config.parent.exists()
        await terminal.press("ctrl+n")
        await shows(terminal, "[2 Anbieter]")
        assert terminal.page.NAME == "provider"
    settings = reading.read(config)
    assert settings.exchange.client_id == GUID
    assert settings.database.url.get_secret_value() == file


async def test_enter_alone_leads_from_field_to_field_and_on(config: Path, file: str) -> None:
    async with setting_up(config) as terminal:
        await terminal.type("x")
        assert terminal.app.screen.query_one("#url", Input).value == "x"
        await enter(terminal, url=file)
        await terminal.press("enter", "enter")
        assert terminal.app.focused is terminal.app.screen.query_one("#schema")
        await terminal.press("enter")
        await shows(terminal, "Schritt 2 von 4")
        assert terminal.app.focused is terminal.app.screen.query_one("#next")
        await terminal.press("enter")
        await shows(terminal, "Schritt 3 von 4")


async def test_the_mouse_alone_will_do(config: Path, file: str) -> None:
    async with setting_up(config) as terminal:
        await enter(terminal, url=file)
        await terminal.click("Weiter  ")
        await shows(terminal, "Schritt 2 von 4")
        await terminal.click("Zurück  ")
        await shows(terminal, "Schritt 1 von 4", "sind da")


async def test_the_database_is_tried_while_one_types(config: Path, file: str) -> None:
    async with setting_up(config) as terminal:
        await enter(terminal, url="postgresql://calsync@127.0.0.1:1/x")
        await shows(terminal, "antwortet keine Datenbank")
        await enter(terminal, url="postgresql+psycopg2://calsync@")
        await shows(terminal, "muss nach dem Server")
        await enter(terminal, url=file)
        await shows(terminal, "● Consolidate und die Tabellen von calsync sind da.")


async def test_half_a_password_is_never_tried(config: Path) -> None:
    async with setting_up(config) as terminal:
        await enter(terminal, url="postgresql://calsync@127.0.0.1:1/x")
        await shows(terminal, "antwortet keine Datenbank")
        await enter(terminal, password="hal")
        assert step(terminal).setup.known is None
        assert not list(terminal.app.workers)
        await terminal.press("tab")
        await shows(terminal, "antwortet keine Datenbank")


async def test_a_database_that_cannot_be_used_is_not_gone_on_with(config: Path) -> None:
    async with setting_up(config) as terminal:
        await enter(terminal, url="postgresql://calsync@127.0.0.1:1/x")
        await terminal.press("ctrl+n")
        await shows(terminal, "antwortet keine Datenbank")
        await terminal.settled()
        await shows(terminal, "Schritt 1 von 4")


async def test_going_back_loses_nothing_and_leaving_asks(config: Path, file: str) -> None:
    async with setting_up(config) as terminal:
        await to_the_app(terminal, file)
        await enter(terminal, client_id="halb", client_secret="ge~heim")
        await terminal.press("ctrl+b", "ctrl+b")
        await shows(terminal, "Schritt 1 von 4", "sind da")
        await terminal.press("ctrl+l")  # another language loses nothing either
        await shows(terminal, "step 1 of 4")
        await go_on(terminal)
        await go_on(terminal)
        assert terminal.app.screen.query_one("#client_id", Input).value == "halb"
        assert terminal.app.screen.query_one("#client_secret", Input).value == "ge~heim"
        await terminal.press("escape")
        await shows(terminal, "Leave the setup?")
        await terminal.press("escape")
        await shows(terminal, "step 3 of 4")
    assert not config.parent.exists()


async def test_leaving_ends_the_program_where_there_are_no_settings(config: Path) -> None:
    async with setting_up(config) as terminal:
        await terminal.press("escape")
        await terminal.until(lambda: terminal.app._exit)
    assert not config.parent.exists()


WRONG: Final = (
    ("client_id", "Termine", "muss eine GUID sein"),
    ("client_secret", GUID, "ID des Geheimnisses"),
    ("client_secret", "", "fehlt"),
    ("certificate_file", "fehlt.pem", "fehlt.pem"),
    ("authority", "http://login.example", "https://"),
    ("graph_url", "graph", "muss eine Adresse sein"),
    ("ca_file", "fehlt.pem", "fehlt.pem"),
    ("proxy", "ftp://proxy", "muss eine Adresse sein"),
)


async def test_wrong_input_is_said_at_its_field_and_kept(config: Path, file: str) -> None:
    async with setting_up(config, size=(120, 40)) as terminal:
        await to_the_app(terminal, file)
        for name, value, text in WRONG:
            secret = "" if name == "certificate_file" else "ge~heim"
            right = {"client_id": GUID, "client_secret": secret, name: ""}
            await enter(terminal, **right | {name: value})
            await terminal.press("ctrl+n")
            await terminal.settled()
            await shows(terminal, "Schritt 3 von 4", text)
            assert text in str(step(terminal).field(name).query_one("Note").render())
            assert terminal.app.screen.query_one(f"#{name}", Input).value == value
            await enter(terminal, **{name: getattr(SettingsDraft(), name)})
    assert not config.parent.exists()


async def test_missing_tables_are_shown_as_sql_and_made_on_consent(
    config: Path, people: Database, file: str
) -> None:
    with people.writing() as connection:
        connection.exec_driver_sql("DROP TABLE calsync_fare")
    async with setting_up(config) as terminal:
        await enter(terminal, url=file)
        await shows(terminal, "kommen als Nächstes")
        await go_on(terminal)
        await shows(terminal, "fehlen in", "BEGIN IMMEDIATE")
        assert "calsync_fare" in terminal.app.screen.query_one("#sql", TextArea).text
        with people.reading() as connection:
            assert not sa.inspect(connection).has_table("calsync_fare")
        await terminal.press("enter")
        await shows(terminal, "1 Teil wurde angelegt", "sind vollständig")
        with people.reading() as connection:
            assert sa.inspect(connection).has_table("calsync_fare")


async def test_b14_tables_of_an_older_version_are_brought_up_to_date_on_consent(
    config: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    run(url, kept(1, "sqlite"))
    async with setting_up(config) as terminal:
        await enter(terminal, url=url)
        await shows(terminal, "werden als Nächstes auf den neuesten Stand gebracht")
        await go_on(terminal)
        await shows(terminal, "einer älteren Version", "BEGIN IMMEDIATE", "Aktualisieren")
        assert "calsync-agent" not in terminal.text()
        sql = terminal.app.screen.query_one("#sql", TextArea).text
        found = gateway.look(SettingsDraft(url=url))
        assert (found.state, found.version) == (gateway.State.OLDER, 1)
        assert sql == gateway.ddl(found, SettingsDraft(url=url))
        assert "ALTER TABLE" in sql
        await terminal.press("enter")
        await shows(terminal, "sind vollständig")
    assert gateway.look(SettingsDraft(url=url)).state is gateway.State.READY


async def test_a_login_that_may_not_make_tables_is_told_and_keeps_the_sql(
    config: Path, people: Database, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_draft: SettingsDraft, *, with_consolidate: bool) -> list[Message]:
        assert not with_consolidate
        raise NotPermitted(message("The login may not create tables and triggers"))

    with people.writing() as connection:
        connection.exec_driver_sql("DROP TABLE calsync_fare")
    monkeypatch.setattr(gateway, "install", refuse)
    async with setting_up(config) as terminal:
        await enter(terminal, url=file)
        await go_on(terminal)
        await terminal.press("enter")
        await shows(terminal, "may not create tables", "SQL speichern", "BEGIN IMMEDIATE")
        await terminal.press("ctrl+n")  # somebody else will make them
        await shows(terminal, "Schritt 3 von 4")


async def test_the_sql_is_saved_for_somebody_else(
    config: Path, people: Database, file: str, tmp_path: Path
) -> None:
    with people.writing() as connection:
        connection.exec_driver_sql("DROP TABLE calsync_fare")
    async with setting_up(config) as terminal:
        await enter(terminal, url=file)
        await go_on(terminal)
        await enter(terminal, sql_file=str(tmp_path / "missing" / "calsync.sql"))
        terminal.app.screen.query_one("#save", Button).press()
        await shows(terminal, "lässt sich nicht schreiben")
        await enter(terminal, sql_file=str(tmp_path / "calsync.sql"))
        terminal.app.screen.query_one("#save", Button).press()
        await shows(terminal, "Gespeichert.")
        script = (tmp_path / "calsync.sql").read_text()
        assert script == terminal.app.screen.query_one("#sql", TextArea).text
        with people.writing() as connection:
            connection.connection.driver_connection.executescript(script)  # type: ignore[union-attr]
        terminal.app.screen.query_one("#again", Button).press()
        await shows(terminal, "sind vollständig")


@pytest.mark.parametrize(
    ("language", "missing", "complete"),
    [
        ("de", "fehlen in", "sind vollständig"),
        ("en", "are missing in", "are complete in"),
    ],
)
async def test_tables_made_by_somebody_else_are_noticed_while_the_page_is_open(
    config: Path,
    people: Database,
    file: str,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    missing: str,
    complete: str,
) -> None:
    monkeypatch.setattr(setup_step, "AGAIN", 0.05)
    with people.writing() as connection:
        connection.exec_driver_sql("DROP TABLE calsync_fare")
    async with setting_up(config) as terminal:
        if language == "en":
            await terminal.press("ctrl+l")
        await enter(terminal, url=file)
        await go_on(terminal)
        await shows(terminal, missing)
        installation.install(people)
        await shows(terminal, complete)
        assert not terminal.app.screen.query("#install")
        assert terminal.app.focused is terminal.app.screen.query_one("#next")
        await go_on(terminal)


@pytest.mark.parametrize(
    ("language", "nothing", "there", "third"),
    [
        ("de", "Es gibt keine Datei", "sind da", "Schritt 3 von 4"),
        ("en", "There is no file", "are there", "step 3 of 4"),
    ],
)
async def test_a_database_put_right_by_somebody_else_is_noticed_while_the_page_is_open(
    config: Path,
    file: str,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    nothing: str,
    there: str,
    third: str,
) -> None:
    monkeypatch.setattr(setup_step, "AGAIN", 0.05)
    path = Path(file.removeprefix("sqlite:///"))
    elsewhere = path.with_suffix(".away")
    move(path, elsewhere)
    async with setting_up(config) as terminal:
        if language == "en":
            await terminal.press("ctrl+l")
        await enter(terminal, url=file)
        await shows(terminal, nothing)
        move(elsewhere, path)
        await shows(terminal, there)
        await go_on(terminal)
        await go_on(terminal)
        await shows(terminal, third)


async def test_going_on_looks_at_the_database_once_more(
    config: Path, people: Database, file: str
) -> None:
    """Where nothing goes by itself: what stands there is long past."""
    mended = False

    def look(draft: SettingsDraft) -> gateway.Look:
        found = gateway.look(draft)
        return found if mended else replace(found, state=gateway.State.UNUSABLE)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setup_step, "AGAIN", 3600)
        patch.setattr(setup_step, "look", look)
        async with setting_up(config) as terminal:
            await enter(terminal, url=file)
            await terminal.press("ctrl+n")
            await terminal.settled()
            await shows(terminal, "Schritt 1 von 4")
            mended = True
            with people.writing() as connection:
                connection.exec_driver_sql("DROP TABLE calsync_fare")
            await go_on(terminal)
            await shows(terminal, "Schritt 2 von 4", "fehlen in")
            installation.install(people)
            await go_on(terminal)
            setup = step(terminal).setup
            assert setup.known is not None
            assert setup.known.state is gateway.State.READY


@pytest.mark.parametrize(
    ("language", "said"),
    [("de", "Adresse und Schema prüfen"), ("en", "Check the address and the schema")],
)
async def test_no_advice_names_a_command_that_needs_settings_which_are_not_there(
    config: Path, tmp_path: Path, language: str, said: str
) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE something (id INTEGER)")
    async with setting_up(config) as terminal:
        if language == "en":
            await terminal.press("ctrl+l")
        await enter(terminal, url=f"sqlite:///{path}")
        await shows(terminal, said)
        assert "calsync-agent" not in terminal.text()
        await go_on(terminal)
        assert "calsync-agent" not in terminal.text()


async def test_a_file_to_try_it_out_is_made_on_consent_only(config: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    async with setting_up(config) as terminal:
        await enter(terminal, url=f"sqlite:///{path}")
        await shows(terminal, "Es gibt keine Datei", "Ausprobieren")
        await go_on(terminal)
        assert not path.exists()
        await terminal.press("enter")
        await shows(terminal, "sind vollständig")


@POSIX
async def test_a_certificate_that_others_can_read_is_warned_of_but_taken(
    config: Path, file: str, app_certificate: Path
) -> None:
    async with setting_up(config, size=(120, 40)) as terminal:
        await to_the_app(terminal, file)
        await enter(terminal, client_id=GUID, certificate_file=str(app_certificate))
        warned = terminal.app.screen
        assert isinstance(warned, SetupScreen)
        if warned.step.warnings():  # the folders above may forbid it anyway
            await shows(terminal, "chmod 600")
        await go_on(terminal)
        await shows(terminal, "Schritt 4 von 4")


async def test_a_place_that_cannot_be_written_is_said_at_the_field(
    config: Path, file: str, tmp_path: Path
) -> None:
    async with setting_up(config) as terminal:
        await to_the_end(terminal, file)
        for path, text in (("", "muss angegeben"), (str(tmp_path), "ist ein Ordner")):
            await enter(terminal, path=path)
            await shows(terminal, text)
            await terminal.press("ctrl+n")
            await terminal.settled()
            await shows(terminal, "Schritt 4 von 4", text)


PROGRAM: Final = """
import json, pathlib, sys, tomllib
config = pathlib.Path(sys.argv[sys.argv.index("--config") + 1])
exchange = tomllib.loads(config.read_text())["exchange"]
secret = (config.parent / exchange["client_secret_file"]).read_text().strip()
tenant = sys.argv[sys.argv.index("--sign-in") + 1]
well = (tenant, secret) == ("contoso.com", "right")
step = {"name": "sign_in", "ok": well, "message": "refused"}
users = {"allowed": False, "found": []}
json.dump({"steps": [step], "consent_url": "", "users": users}, sys.stdout)
"""
"""Stands for `calsync-agent check`: one secret is right."""


async def signing_in(terminal: Terminal, url: str, secret: str) -> None:
    """To the app's step, and on from it with a tenant."""
    await to_the_app(terminal, url)
    screen = terminal.app.screen
    assert isinstance(screen, SetupScreen)
    screen.setup.program = (sys.executable, "-c", PROGRAM)
    await enter(terminal, tenant="contoso.com", client_id=GUID, client_secret=secret)
    await terminal.press("ctrl+n")


async def test_h3_the_sign_in_is_tried_before_anything_is_written(config: Path, file: str) -> None:
    async with setting_up(config) as terminal:
        await signing_in(terminal, file, "wrong")
        await shows(terminal, "Schritt 3 von 4", "refused", "trotzdem")
        await enter(terminal, client_secret="right")
        assert "refused" not in terminal.text()
        await go_on(terminal)
        await shows(terminal, "Schritt 4 von 4", "● Die App meldet sich bei contoso.com an")
        assert not config.parent.exists()
        await terminal.press("ctrl+n")
        await shows(terminal, "[2 Anbieter]", "contoso.com", "1 ungespeicherte Änderung")


async def test_whoever_cannot_sign_in_now_may_go_on_all_the_same(config: Path, file: str) -> None:
    async with setting_up(config) as terminal:
        await signing_in(terminal, file, "wrong")
        await shows(terminal, "refused")
        await go_on(terminal)
        await shows(terminal, "Schritt 4 von 4", "refused")


async def test_what_is_typed_after_the_setup_goes_into_the_first_empty_field(
    config: Path, file: str
) -> None:
    async with setting_up(config) as terminal:
        await to_the_end(terminal, file)
        await terminal.press("ctrl+n")
        await shows(terminal, "[2 Anbieter]", "Es gibt noch keinen Anbieter")
        await terminal.type("1a2b3c4d")
        await shows(terminal, "[2 Anbieter]")
        assert terminal.value("tenant_id") == "1a2b3c4d"


@POSIX
async def test_who_may_read_the_files_is_said_where_they_are_written(
    config: Path, file: str
) -> None:
    config.parent.mkdir()
    config.parent.chmod(0o2750)
    async with setting_up(config) as terminal:
        await to_the_end(terminal, file)
        await shows(terminal, f"die Gruppe {config.parent.group()} können sie lesen")
        await terminal.press("ctrl+n")
        await shows(terminal, "[2 Anbieter]")
    assert (config.parent / "client-secret.txt").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("look", ALL)
async def test_setup_database(
    config: Path, look: Look, matches: Callable[[Terminal], None]
) -> None:
    async with setting_up(config, look=look) as terminal:
        await enter(terminal, url="postgresql+psycopg2://calsync@db.example")
        matches(terminal)


@pytest.mark.parametrize("look", ALL)
async def test_setup_app(
    config: Path, file: str, look: Look, matches: Callable[[Terminal], None]
) -> None:
    async with setting_up(config, look=look) as terminal:
        await enter(terminal, url=file)
        await go_on(terminal)
        await go_on(terminal)
        await enter(terminal, client_id="Termine")
        matches(terminal)
