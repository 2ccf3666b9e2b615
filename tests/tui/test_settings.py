"""The settings file is changed in the terminal UI, tried before it is saved."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.widgets import Input

from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database, open_database
from calsync_tui.gateway.door import Gateway
from calsync_tui.screens.confirmation import Confirmation
from calsync_tui.screens.settings import SettingsScreen
from tests.support.terminal import Terminal
from tests.tui.conftest import NOW, Opened, a_provider

pytestmark = pytest.mark.anyio


def program(*steps: dict[str, object]) -> tuple[str, ...]:
    """Stands for calsync-agent: answers with these steps, and says what it was asked."""
    answer = {"steps": steps, "consent_url": "", "users": {"allowed": False, "found": []}}
    return (sys.executable, "-c", f"print({json.dumps(json.dumps(answer))})")


WELL = {"name": "sign_in", "ok": True, "message": "signed in"}
REFUSED = {"name": "sign_in", "ok": False, "message": "the secret is refused"}
SENT = {"name": "alerts", "ok": True, "message": "mail: delivered"}


@asynccontextmanager
async def changing(
    opened: Opened, file: str, settings: Settings, *steps: dict[str, object]
) -> AsyncIterator[Terminal]:
    """On the page of settings, where the program answers so."""

    def opening() -> Gateway:
        return Gateway(open_database(file), settings, lambda: NOW, program(*steps))

    async with opened(page="provider", opening=opening) as terminal:
        await terminal.press("f2")
        await terminal.until(lambda: isinstance(terminal.app.screen, SettingsScreen))
        yield terminal


async def enter(terminal: Terminal, field: str, text: str) -> None:
    entry = terminal.app.screen.query_one(f"#{field}", Input)
    entry.focus()
    await terminal.pilot.pause()
    entry.value = text
    await terminal.pilot.pause()


async def test_a_limit_is_changed_and_the_comments_stay(
    opened: Opened, file: str, settings: Settings
) -> None:
    settings.path.write_text(settings.path.read_text() + "[sync]\nmax_mails = 50 # mind\n")
    async with changing(opened, file, settings) as terminal:
        assert terminal.value("sync-max_mails") == "50"
        await enter(terminal, "sync-max_mails", "80")
        await terminal.shows("1 ungespeicherte Änderung")
        await terminal.press("ctrl+s")
        await terminal.shows("Gespeichert")
    assert reading.read(settings.path).sync.max_mails == 80
    assert "max_mails = 80 # mind" in settings.path.read_text()


async def test_what_is_wrong_is_said_at_its_field_and_not_saved(
    opened: Opened, file: str, settings: Settings
) -> None:
    before = settings.path.read_text()
    async with changing(opened, file, settings) as terminal:
        await enter(terminal, "sync-past_months", "500")
        await terminal.shows("■ ")
        await terminal.press("ctrl+s")
        await terminal.shows("sync.past_months")
        assert terminal.focused == "sync-past_months"
        await terminal.press("escape")
        await terminal.until(lambda: isinstance(terminal.app.screen, Confirmation))
        await terminal.click(" Verwerfen ")
        await terminal.shows("[2 Anbieter]")
    assert settings.path.read_text() == before


async def test_h3_a_new_secret_is_tried_by_signing_in_before_it_is_saved(
    opened: Opened, file: str, settings: Settings, people: Database
) -> None:
    a_provider(people)
    secret = settings.path.parent / "secret.txt"
    async with changing(opened, file, settings, REFUSED) as terminal:
        await enter(terminal, "exchange-client_secret_file", "new")
        await terminal.press("ctrl+s")
        await terminal.shows("the secret is refused", "Trotzdem speichern?")
        await terminal.press("escape")
        assert secret.read_text() == "s3cret-value\n"
        terminal.window.gateway.program = program(WELL)
        await terminal.press("ctrl+s")
        await terminal.shows("Gespeichert")
    assert secret.read_text() == "new\n"


async def test_h2_a_test_message_goes_out_from_what_stands_there(
    opened: Opened, file: str, settings: Settings
) -> None:
    before = settings.path.read_text()
    async with changing(opened, file, settings, SENT) as terminal:
        await enter(terminal, "alerts-command", "/usr/bin/true")
        await terminal.press("f4")
        await terminal.shows("mail: delivered")
        assert settings.path.read_text() == before
