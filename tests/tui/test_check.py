"""Verbindung prüfen: what is missing, in plain words, and where it is put right."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database, open_database
from calsync_tui.gateway.door import Gateway
from tests.tui.conftest import Opened, a_provider

pytestmark = pytest.mark.anyio

FINE: dict[str, Any] = {
    "steps": [
        {"name": "settings", "ok": True, "message": "agent.toml ist vollständig"},
        {"name": "sign_in", "ok": True, "message": "angemeldet"},
    ],
    "consent_url": "https://login.example/contoso.com/adminconsent?client_id=1",
    "users": {"allowed": False, "found": []},
}
WRONG: dict[str, Any] = {
    **FINE,
    "steps": [
        FINE["steps"][0],
        {
            "name": "sign_in",
            "ok": False,
            "message": "AADSTS7000222: das Geheimnis ist abgelaufen",
            "mend": "https://portal.azure.com/#view/Credentials",
        },
    ],
}


def answering(file: str, settings: Settings, folder: Path, source: str) -> Gateway:
    """A way to the data whose calsync-agent is a program of a few lines."""
    program = folder / "program.py"
    program.write_text(source, encoding="utf-8")
    return Gateway(
        open_database(file), settings, program=(sys.executable, "-X", "utf8", str(program))
    )


@pytest.mark.parametrize("by", ["key", "mouse"])
async def test_what_is_wrong_stands_first_with_where_it_is_put_right(
    opened: Opened, people: Database, file: str, settings: Settings, tmp_path: Path, by: str
) -> None:
    a_provider(people)
    source = f"print({json.dumps(WRONG, ensure_ascii=False)!r})"
    way = answering(file, settings, tmp_path, source)
    async with opened(page="provider", opening=lambda: way) as terminal:
        if by == "key":
            await terminal.press("f3")
        else:
            await terminal.click("Verbindung prüfen")
        await terminal.shows(
            "1 Punkt ist zu beheben",
            "■ Anmeldung: nicht in Ordnung",
            "AADSTS7000222: das Geheimnis ist abgelaufen",
            "https://portal.azure.com/#view/Credentials",
            "https://login.example/contoso.com/adminconsent?client_id=1",
        )
        text = terminal.text()
        assert text.index("Anmeldung: nicht") < text.index("Einstellungsdatei: in Ordnung")
        await terminal.press("escape")
        assert "AADSTS" not in terminal.text()


async def test_where_nothing_is_wrong_it_says_so(
    opened: Opened, people: Database, file: str, settings: Settings, tmp_path: Path
) -> None:
    a_provider(people)
    way = answering(file, settings, tmp_path, f"print({json.dumps(FINE)!r})")
    async with opened(page="provider", opening=lambda: way) as terminal:
        await terminal.press("f3")
        await terminal.shows("Alles ist in Ordnung", "● Anmeldung: in Ordnung")


async def test_it_looks_at_what_is_saved_and_says_so(
    opened: Opened, people: Database, file: str, settings: Settings, tmp_path: Path
) -> None:
    a_provider(people)
    way = answering(file, settings, tmp_path, f"print({json.dumps(FINE)!r})")
    async with opened(page="provider", opening=lambda: way) as terminal:
        await terminal.enter("interval", "9")
        await terminal.press("f3")
        await terminal.shows("▲ Geprüft wird, was gespeichert ist")


async def test_a_check_that_hangs_is_given_up_by_closing_it(
    opened: Opened, people: Database, file: str, settings: Settings, tmp_path: Path
) -> None:
    a_provider(people)
    way = answering(file, settings, tmp_path, "import time\ntime.sleep(600)")
    async with opened(page="provider", opening=lambda: way) as terminal:
        await terminal.press("f3")
        await terminal.shows("Anmelden und lesen")
        await terminal.press("escape")
        await terminal.settled()
        assert "Anmelden und lesen" not in terminal.text()


async def test_an_agent_program_that_is_broken_is_told(
    opened: Opened, people: Database, file: str, settings: Settings, tmp_path: Path
) -> None:
    a_provider(people)
    way = answering(file, settings, tmp_path, "raise SystemExit('it is [broken]')")
    async with opened(page="provider", opening=lambda: way) as terminal:
        await terminal.press("f3")
        await terminal.shows("■ calsync-agent check hat keine brauchbare Antwort", "[broken]")
