"""A program that stands for `calsync-agent calendar`: a week in which something of each kind is."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

MONDAY: Final = datetime(2026, 11, 23)
"""00:00 of this computer's clock, which is an hour ahead of UTC (`conftest`)."""
_AHEAD: Final = timedelta(hours=1)


def at(day: int, hour: float) -> datetime:
    """An hour of a day of the week."""
    return MONDAY + timedelta(days=day, hours=hour)


def side(start: datetime, hours: float, subject: str, location: str = "") -> dict[str, Any]:
    """What one side has."""
    return {
        "start": f"{(start - _AHEAD).isoformat()}Z",
        "end": f"{(start - _AHEAD + timedelta(hours=hours)).isoformat()}Z",
        "all_day": False,
        "subject": subject,
        "location": location,
    }


def pair(
    number: int,
    here: dict[str, Any] | None,
    there: dict[str, Any] | None,
    fields: Sequence[str] = (),
    reason: str = "",
) -> dict[str, Any]:
    """One appointment on both sides."""
    return {
        "activity_id": None if here is None else str(UUID(int=number)),
        "event_id": None if there is None else f"event-{number}",
        "series": False,
        "private": False,
        "fields": list(fields),
        "reason": reason or None,
        "consolidate": here,
        "exchange": there,
    }


def same(number: int, start: datetime, hours: float, subject: str, location: str = "") -> Any:
    """One that is equal."""
    one = side(start, hours, subject, location)
    return pair(number, one, one)


def a_week() -> list[dict[str, Any]]:
    """Equal ones, and one of each other kind."""
    whole = {"all_day": True, "subject": "Messe", "location": "Wels"}
    days = {"start": "2026-11-26", "end": "2026-11-28"}
    angebot = side(at(0, 14), 1, "Angebot 2501", "Büro")
    moved = side(at(0, 15), 1, "Angebot 2501", "Herrengasse 7")
    stoerung = side(at(3, 11), 1, "Störung 7101", "Wels")
    return [
        same(1, at(0, 8.5), 0.75, "Jourfixe Leitung", "Büro"),
        same(2, at(0, 10), 1.5, "Kundenbesuch Fa. Weiß", "Innsbruck"),
        pair(3, angebot, moved, ["start", "end", "location"]),
        same(4, at(1, 9), 1, "Rückruf 901"),
        same(5, at(1, 9.5), 1.5, "Baubesprechung 41", "Hall"),
        pair(6, side(at(1, 13), 1, "Reklamation Steiner", "Telefon"), None),
        same(7, at(1, 16), 1, "Preisliste prüfen"),
        same(8, at(2, 8), 4, "Schulung Kältetechnik", "Hall"),
        pair(9, None, side(at(2, 13), 1, "Zahnarzt")),
        pair(
            10, side(at(2, 15), 1, "Rohrkontrolle 301"), None, reason="die Zeitzone ist unbekannt"
        ),
        same(11, at(3, 9), 1, "Vertriebsrunde", "Teams"),
        pair(12, stoerung, {**stoerung, "subject": "Störung 7101 erledigt"}, ["subject", "body"]),
        same(13, at(3, 14), 2, "Bilanz mit Dr. Köck", "Kanzlei"),
        pair(14, {**whole, **days}, {**whole, **days}),
        same(15, at(4, 8), 1.5, "Provision abrechnen"),
        same(16, at(4, 10), 2, "Händlertag Innsbruck", "Messe"),
        same(17, at(4, 11), 1.5, "privater Termin"),
    ]


def program(folder: Path, pairs: Sequence[Any] | None = None, trouble: str = "") -> Sequence[str]:
    """The words that start it; each start is noted in `asked.txt`."""
    told = {
        "profile_id": 1,
        "mailbox": "anna@contoso.com",
        "from": "",
        "to": "",
        "trouble": trouble or None,
        "appointments": a_week() if pairs is None else list(pairs),
    }
    path = folder / "program.py"
    asked = folder / "asked.txt"
    empty = {**told, "appointments": []}
    path.write_text(
        "import sys\n"
        f"with open({str(asked)!r}, 'a') as file:\n    print(*sys.argv[1:], file=file)\n"
        "sys.stdout.reconfigure(encoding='utf-8')\n"
        f"week = {json.dumps(told, ensure_ascii=False)!r}\n"
        f"print(week if '2026-11-23' in sys.argv else {json.dumps(empty)!r})\n",
        encoding="utf-8",
    )
    return sys.executable, str(path)
