"""Calendars as Outlook, Google and Thunderbird export them, through the sync, both ways (E1-E3).

They come into the sandbox and into Consolidate by two readers of their own; what is left out is
told with its reason, and all the rest happens on both sides, occurrence by occurrence.
"""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from calsync_agent.consolidate.importing import Imported, import_file
from calsync_agent.i18n import Message
from calsync_agent.state import tables as state
from tests.support import verify
from tests.support.rig import NOW, Rig

CALENDARS: Final = Path(__file__).parent.parent / "sandbox" / "calendars"
NAMES: Final = ("outlook-team", "google-family", "thunderbird-office")
FROM, TO = NOW - timedelta(days=40), NOW + timedelta(days=700)

# What Exchange has no counterpart for, and what of it the reason names.
NOT_IN_EXCHANGE: Final = {
    "outlook-team": {"Am 30.": "2027-02-28"},
    "google-family": {"338. Tag": "BYYEARDAY"},
    "thunderbird-office": {
        "Mit Zusatztagen": "RDATE",
        "Ab Dezember später": "following days",
        "In der Zeit des Büros": "Büro",
        "Über den Nachbarn": "overlapping adjacent",
    },
}
# What Consolidate has no place for; a rule of any kind it has.
NOT_IN_CONSOLIDATE: Final[dict[str, dict[str, str]]] = {
    "outlook-team": {},
    "google-family": {},
    "thunderbird-office": {
        "Mit Zusatztagen": "RDATE",
        "Ab Dezember später": "following days",
        "In der Zeit des Büros": "Büro",
    },
}
# What Consolidate has, and the sync says of it.
QUARANTINED: Final = {
    "outlook-team": {"BYMONTHDAY=30"},
    "google-family": {"BYYEARDAY=338"},
    "thunderbird-office": {"neighbour"},
}

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _anna(rig: Rig) -> None:
    rig.page_size = 1000
    rig.world.hire("ANNA")


def path(name: str) -> Path:
    return CALENDARS / f"{name}.ics"


def entered(rig: Rig, name: str, code: str = "ANNA") -> Imported:
    """Enter a file into Consolidate."""
    with rig.people.writing() as connection:
        return import_file(connection, path(name), code, "Europe/Vienna", NOW)


def told(refused: Any) -> dict[str, str]:
    return {each.subject: str(each.reason) for each in refused}


def assert_told(refused: dict[str, str], expected: dict[str, str]) -> None:
    assert list(refused) == list(expected)
    for subject, part in expected.items():
        assert part in refused[subject]


def both_sides(rig: Rig) -> tuple[Counter[Any], Counter[Any]]:
    anna = rig.tenant.user("anna")
    return verify.occurrences(rig.world, "ANNA", FROM, TO), verify.events_seen(anna, FROM, TO)


@pytest.mark.parametrize("name", NAMES)
def test_e1_a_real_calendar_in_outlook_comes_in_occurrence_by_occurrence(
    rig: Rig, name: str
) -> None:
    refused = rig.tenant.import_ics("anna", path(name))
    assert_told(told(refused), NOT_IN_EXCHANGE[name])
    _, imported = both_sides(rig)
    asyncio.run(rig.until_quiet())
    ours, theirs = both_sides(rig)
    assert ours == theirs == imported
    assert rig.world.rows(state.quarantine) == []
    assert len(rig.world.activities()) == len(rig.tenant.user("anna").events())


@pytest.mark.parametrize("name", NAMES)
def test_e1_a_real_calendar_in_consolidate_goes_out_occurrence_by_occurrence(
    rig: Rig, name: str
) -> None:
    assert_told(told(entered(rig, name).refused), NOT_IN_CONSOLIDATE[name])
    asyncio.run(rig.until_quiet())
    reasons = [str(Message.from_json(row["reason"])) for row in rig.world.rows(state.quarantine)]
    assert len(reasons) == len(QUARANTINED[name])
    assert all(any(part in reason for reason in reasons) for part in QUARANTINED[name])
    ours, theirs = both_sides(rig)
    left_out = set(NOT_IN_EXCHANGE[name])
    assert _without(ours, left_out) == _without(theirs, left_out)
    assert _without(theirs, left_out)


@pytest.mark.parametrize("name", NAMES)
def test_both_readers_find_the_same_and_b4_links_what_they_found(rig: Rig, name: str) -> None:
    refused = {each.subject for each in rig.tenant.import_ics("anna", path(name))}
    entered(rig, name)
    ours, theirs = both_sides(rig)
    assert _without(ours, refused) == _without(theirs, refused)
    events = len(rig.tenant.user("anna").events())
    asyncio.run(rig.until_quiet())
    again = [e for e in rig.tenant.user("anna").events() if e["subject"] not in refused]
    assert len(again) == events


def test_d3_the_times_are_those_of_the_file(rig: Rig) -> None:
    """By hand, from the files: moved, shortened, cancelled, before and after both changes."""
    entered(rig, "outlook-team")
    entered(rig, "google-family")
    asyncio.run(rig.until_quiet())
    seen: dict[str, list[str]] = {}
    for event in rig.tenant.user("anna").view(FROM, TO, zone="W. Europe Standard Time"):
        seen.setdefault(event["subject"], []).append(event["start"]["dateTime"][:16])
    weekly = [datetime(2026, 10, 19, 9) + timedelta(weeks=n) for n in range(37)]
    gone = {datetime(2026, 10, 26, 9), datetime(2026, 12, 7, 9), datetime(2026, 12, 28, 9)}
    gone |= {datetime(2027, 3, 29, 9)}
    expected = {f"{m:%Y-%m-%dT%H:%M}" for m in weekly if m not in gone} | {"2026-12-08T10:00"}
    assert set(seen["Teambesprechung"]) == expected
    assert seen["Teambesprechung (kurz, nach der Zeitumstellung)"] == ["2027-03-29T09:00"]
    assert seen["Letzter Freitag"][:3] == [
        "2026-11-27T15:00",
        "2026-12-25T15:00",
        "2027-01-29T15:00",
    ]
    assert seen["Chor 🎶"][:6] == [
        "2026-10-18T18:30",
        "2026-10-20T18:30",
        "2026-11-03T18:30",
        "2026-11-15T18:30",
        "2026-11-17T18:00",
        "2026-11-29T18:30",
    ]
    assert len(seen["Adventkalender"]) == 22
    assert seen["Adventkalender (Oma)"] == ["2026-12-13T00:00"]
    assert seen["Elternverein"][-1] == "2027-11-08T17:00"


def test_a_calendar_is_entered_once(rig: Rig) -> None:
    first = entered(rig, "google-family")
    again = entered(rig, "google-family")
    assert again.entered == 0
    assert len(again.refused) == first.entered
    assert {str(each.reason) for each in again.refused} == {"it has been imported before"}


def _without(found: Counter[Any], subjects: set[str]) -> Counter[Any]:
    return Counter({facts: n for facts, n in found.items() if facts[0] not in subjects})
