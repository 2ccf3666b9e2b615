"""Draws pages of the terminal UI, for the README.

    python packaging/record_tui.py            writes packaging/tui-calendar.svg, -status and others
    python packaging/record_tui.py --lang de  the same in German

The rows behind them are made up and of a fixed hour, so that the pictures change only with the UI.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from textual.pilot import Pilot

from calsync_agent import __version__, i18n
from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.config.reading import read
from calsync_agent.consolidate.tables import activity, activity_type, employee
from calsync_agent.database.engine import open_database
from calsync_agent.i18n import message
from calsync_agent.installation import install
from calsync_agent.state import log, profile_status, quarantine
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_agent.state.profile_status import Condition, Fare
from calsync_agent.state.quarantine import Item
from calsync_agent.state.tables import agent, lease, profile, provider
from calsync_tui.app import CalsyncApp
from calsync_tui.gateway.door import Gateway
from calsync_tui.screens.profile import ProfileScreen
from calsync_tui.window import MainScreen

FOLDER = Path(__file__).parent
PAGES = ("status", "provider", "log")
SIZE = (120, 36)
MONDAY = datetime(2026, 11, 23)
AHEAD = timedelta(hours=1)
"""By how much this computer's clock is said to be ahead of UTC."""
NOW = datetime(2026, 11, 23, 8, 15)
STAFF = ("Anna Huber", "Bernd Maier", "Clara Winkler", "David Steiner", "Eva Gruber", "Felix Moser")
SUBJECTS = ("Jour fixe", "Angebot Fa. Berger", "Urlaub", "Quartalszahlen", "Termin beim Notar")
AGENT = UUID(int=1)

# Textual's pictures load their font from the web.
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")


def main() -> None:
    """Draw them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lang", choices=i18n.LANGUAGES, default="en")
    i18n.use(parser.parse_args().lang)
    os.environ["TZ"] = "Europe/Vienna"
    time.tzset()
    with tempfile.TemporaryDirectory() as folder:
        fill(f"sqlite:///{folder}/data.db")
        for page, picture in asyncio.run(draw(settings_file(Path(folder)))).items():
            (FOLDER / f"tui-{page}.svg").write_text(picture, encoding="utf-8", newline="\n")


def settings_file(folder: Path) -> Path:
    """An agent.toml for the database in that folder."""
    (folder / "secret.txt").write_text("made up\n")
    path = folder / "agent.toml"
    path.write_text(
        '[database]\nurl = "sqlite:///data.db"\n[exchange]\n'
        'client_id = "11111111-2222-3333-4444-555555555555"\n'
        'client_secret_file = "secret.txt"\n'
    )
    return path


def fill(url: str) -> None:
    """An office at work."""
    database = open_database(url)
    install(database, with_consolidate=True)
    with database.writing() as connection:
        tenant = {"id": 1, "kind": "exchange365", "tenant_id": "contoso.onmicrosoft.com"}
        connection.execute(sa.insert(provider).values(tenant))
        for number, name in enumerate(STAFF, 1):
            code = name.split()[0].upper()
            address = f"{code.lower()}@contoso.com"
            person = {"id": number, "code": code, "name": name, "email": address}
            connection.execute(sa.insert(employee).values(person))
            bound = {"provider_id": 1, "employee_id": number, "external_user_id": address}
            connection.execute(sa.insert(profile).values(id=number, **bound))
            connection.execute(sa.insert(lease).values(profile_id=number, agent_id=AGENT))
        connection.execute(sa.insert(agent).values(running()))
        profile_status.write(connection, faring())
        log.write(connection, entries(), NOW)
        refused = Item(an_appointment(connection), None)
        reason = message("the time zone {name} is unknown", name="Mars/Olympus")
        quarantine.update(connection, ProfileId(3), {refused: reason}, [], NOW)
    database.dispose()


def an_appointment(connection: sa.Connection) -> ActivityId:
    """One that cannot be synced."""
    kind = connection.execute(sa.select(sa.func.min(activity_type.c.id))).scalar_one()
    number = UUID(int=7)
    row = {
        "id": number,
        "type_id": kind,
        "subject": SUBJECTS[1],
        "starts_at": NOW,
        "ends_at": NOW + timedelta(hours=1),
        "time_zone": "Mars/Olympus",
        "responsible_id": 3,
    }
    connection.execute(sa.insert(activity).values(row))
    return ActivityId(number)


def running() -> dict[str, object]:
    """The agent's row."""
    return {
        "id": AGENT,
        "host": "consolidate-server",
        "pid": 4711,
        "version": __version__,
        "lock_file": os.devnull,
        "started_at": NOW - timedelta(days=3),
        "seen_at": NOW,
        "settings_revision": 1 + len(STAFF),
        "settings_taken_at": NOW - timedelta(days=3),
        "round_at": NOW,
        "round_ms": 340,
    }


def faring() -> Iterator[Fare]:
    """All are well but one, whom Exchange slows down."""
    for number in range(1, len(STAFF) + 1):
        slowed = number == len(STAFF)
        condition = Condition.THROTTLED if slowed else Condition.WELL
        retry_at = NOW + timedelta(seconds=40) if slowed else None
        yield Fare(ProfileId(number), condition, NOW - timedelta(minutes=1), NOW, None, retry_at)


def entries() -> Iterator[LogEntry]:
    """An hour in which some things changed on either side."""
    kinds = (
        (Kind.CREATED, message("created in Consolidate: {subject}", subject="")),
        (Kind.CREATED, message("created in Exchange: {subject}", subject="")),
    )
    for minute in range(59, -1, -1):
        for turn in range(minute * minute % 7):
            kind, said = kinds[(minute + turn) % len(kinds)]
            subject = SUBJECTS[(minute + 2 * turn) % len(SUBJECTS)]
            yield LogEntry(
                Level.INFO,
                kind,
                message(said.template, subject=subject),
                ProfileId((minute + turn) % len(STAFF) + 1),
                at=NOW - timedelta(minutes=minute, seconds=-turn),
            )


def side(
    day: int, hour: float, hours: float, subject: str, location: str = ""
) -> dict[str, object]:
    """What one side has, as `calsync-agent calendar` tells it."""
    start = MONDAY - AHEAD + timedelta(days=day, hours=hour)
    return {
        "start": f"{start.isoformat()}Z",
        "end": f"{(start + timedelta(hours=hours)).isoformat()}Z",
        "all_day": False,
        "subject": subject,
        "location": location,
    }


def week() -> Iterator[dict[str, object]]:
    """Appointments on both sides, some of which differ."""
    equal = (
        side(0, 8.5, 0.75, SUBJECTS[0]),
        side(0, 10, 1.5, "Kundenbesuch Fa. Weiß", "Innsbruck"),
        side(1, 9, 1, "Rückruf Steiner"),
        side(1, 9.5, 1.5, "Baubesprechung", "Hall"),
        side(2, 8, 4, "Schulung", "Wels"),
        side(3, 9, 1, "Vertriebsrunde"),
        side(3, 14, 2, "Bilanz mit Dr. Köck", "Kanzlei"),
        side(4, 8, 1.5, SUBJECTS[3]),
        side(4, 10, 2, "Händlertag", "Messe"),
    )
    pairs: list[tuple[object, object, list[str], str | None]] = [
        *((one, one, [], None) for one in equal),
        (
            side(0, 14, 1, SUBJECTS[1], "Büro"),
            side(0, 15, 1, SUBJECTS[1], "Herrengasse 7"),
            ["start", "end", "location"],
            None,
        ),
        (side(1, 13, 1, "Reklamation"), None, [], None),
        (None, side(2, 13, 1, "Zahnarzt"), [], None),
        (side(2, 15, 1, SUBJECTS[4]), None, [], "Mars/Olympus"),
        (side(3, 11, 1, "Störung"), side(3, 11, 1, "Störung erledigt"), ["subject"], None),
    ]
    for number, (here, there, fields, reason) in enumerate(pairs, 1):
        yield {
            "activity_id": None if here is None else str(UUID(int=number)),
            "event_id": None if there is None else f"event-{number}",
            "series": False,
            "private": False,
            "fields": fields,
            "reason": reason,
            "consolidate": here,
            "exchange": there,
        }


def program(folder: Path) -> tuple[str, str]:
    """What stands for the agent's program, which would ask Exchange."""
    path = folder / "program.py"
    told = json.dumps({"trouble": None, "appointments": list(week())})
    path.write_text(f"print({told!r})\n", encoding="utf-8")
    return sys.executable, str(path)


async def draw(config: Path) -> dict[str, str]:
    """Each page as SVG."""
    settings = read(config)

    def opening() -> Gateway:
        url = settings.database.url.get_secret_value()
        gateway = Gateway(open_database(url), settings, lambda: NOW, program(config.parent))
        gateway.place = "db.contoso.com/consolidate"
        return gateway

    app = CalsyncApp(opening, every=None)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        window = app.screen
        if not isinstance(window, MainScreen):
            raise SystemExit("the window did not open")
        found = {page: await picture(pilot, window, page) for page in PAGES}
        await window.show("status")
        app.push_screen(ProfileScreen(window.gateway, ProfileId(1)))
        await settled(pilot)
        found["profile"] = drawn(pilot)
        await pilot.press("k")
        await settled(pilot)
        found["calendar"] = drawn(pilot)
        return found


async def picture(pilot: Pilot[None], window: MainScreen, page: str) -> str:
    """One page, as soon as it stands still."""
    await window.show(page)
    window.look()
    await settled(pilot)
    return drawn(pilot)


def drawn(pilot: Pilot[None]) -> str:
    """What stands there now."""
    return _FONT_FACE.sub("", pilot.app.export_screenshot(title="calsync-tui"))


async def settled(pilot: Pilot[None]) -> None:
    """Return when nothing is under way."""
    while any(worker.is_running for worker in pilot.app.workers):
        await pilot.pause(0.02)
    await pilot.pause()


if __name__ == "__main__":
    main()
