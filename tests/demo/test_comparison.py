"""The demo's own comparison sees every difference."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from calsync_agent.consolidate import tables
from calsync_agent.database.engine import Database
from calsync_agent.demo.comparison import Comparison, compare
from calsync_agent.demo.entries import Day, EntryDraft, Where, after, at, entered
from calsync_agent.demo.office import Office
from calsync_agent.demo.story import ANNA
from calsync_agent.sandbox.tenant import Tenant

MONDAY = date(2026, 11, 16)
(ENTRY,) = entered(
    ANNA,
    Where.BOTH,
    EntryDraft("Termin", at(1, Day.TUE, "09:00", 60, "Europe/London"), reminder=15, also="Termin"),
)


@pytest.fixture(params=["sqlite"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def office(database: Database) -> Office:
    """Anna, with one appointment that she has entered on both sides alike."""
    made = Office(database, Tenant(), MONDAY)
    made.found()
    made.hire(ANNA)
    made.enter(ENTRY)
    return made


def compared(office: Office) -> Comparison:
    return compare(office, ANNA, after([ENTRY], ()))


def numbers(comparison: Comparison) -> tuple[int, int, int]:
    return comparison.in_step, comparison.everything, comparison.astray


def test_the_same_on_both_sides_is_in_step(office: Office) -> None:
    found = compared(office)
    assert numbers(found) == (1, 1, 0)
    assert found.right
    (pair,) = found.pairs
    assert pair.known.start.hour == 10  # Vienna's


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "termin"},
        {"subject": "Ter min"},
        {"location": "Graz"},
        {"body": "Text"},
        {"importance": "high"},
        {"sensitivity": "private"},
        {"showAs": "free"},
        {"isReminderOn": False},
        {"reminderMinutesBeforeStart": 16},
        {"start": ENTRY.when.start(MONDAY) + timedelta(minutes=1), "zone": "GMT Standard Time"},
        {"end": ENTRY.when.end(MONDAY) - timedelta(minutes=1), "zone": "GMT Standard Time"},
        {"start": date(2026, 11, 24), "end": date(2026, 11, 25)},
    ],
)
def test_a_difference_in_any_field_is_seen(office: Office, changes: Mapping[str, object]) -> None:
    (event,) = office.events
    office.person(ANNA).change(event, **changes)  # type: ignore[arg-type]
    found = compared(office)
    assert found.in_step == 0
    assert not found.right


def test_what_one_side_lacks_is_not_in_step(office: Office) -> None:
    (event,) = office.events
    office.person(ANNA).delete(event)
    assert numbers(compared(office)) == (0, 1, 1)


def test_a_double_is_not_in_step(office: Office) -> None:
    office.enter(ENTRY.__class__(**{**_fields(), "where": Where.OUTLOOK}))
    assert numbers(compared(office)) == (1, 2, 1)


def test_what_is_lost_on_both_sides_is_astray(office: Office) -> None:
    (event,) = office.events
    office.person(ANNA).delete(event)
    with office.database.writing() as connection:
        connection.execute(tables.activity.delete())
    found = compared(office)
    assert numbers(found) == (0, 0, 1)
    assert not found.right


def _fields() -> dict[str, object]:
    return {name: getattr(ENTRY, name) for name in ENTRY.__dataclass_fields__}
