"""E4, G8, G9: a series stays the same series through every edit, and is never written out singly.

After each edit both sides hold the same occurrences; no event was made or deleted as a whole, no
row came or went.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.i18n import Message
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support import verify
from tests.support.rig import NOW, SOON, Rig

Edit: TypeAlias = Callable[[Rig], None]

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)
NUMBER: Final = UUID(int=1)
CREATION: Final = "POST /users/{user}/events"

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _anna(rig: Rig) -> None:
    rig.page_size = 1000
    rig.world.hire("ANNA")


def anna(rig: Rig) -> Person:
    return rig.tenant.user("anna")


def series(rig: Rig) -> str:
    """The id of the only event."""
    (event,) = anna(rig).events()
    return str(event["id"])


def happening_alike(rig: Rig) -> None:
    """Sync until nothing is left to do, and see that the same happens on both sides."""
    asyncio.run(rig.until_quiet())
    assert [row["reason"] for row in rig.world.rows(state.quarantine)] == []
    start, end = NOW - 30 * DAY, NOW + 500 * DAY
    ours = verify.occurrences(rig.world, "ANNA", start, end)
    theirs = verify.events_seen(anna(rig), start, end)
    assert ours == theirs, f"only here {ours - theirs}, only there {theirs - ours}"


def enter(rig: Rig, rule: str | None = "FREQ=WEEKLY;BYDAY=MO;COUNT=10", **values: object) -> None:
    """A weekly series from a Monday on, in Consolidate."""
    row = {"id": NUMBER, "recurrence": rule, **values}
    rig.world.enter("ANNA", "Jour fixe", SOON, SOON + HOUR, **row)


def row(**values: object) -> Edit:
    """Somebody changes the whole series in Consolidate."""
    return lambda rig: rig.world.edit(NUMBER, **values)


def day(week: int, **values: object) -> Edit:
    """Somebody changes one occurrence in Consolidate."""

    def change(rig: Rig) -> None:
        child = {
            "id": uuid4(),
            "activity_id": NUMBER,
            "original_start": SOON + week * WEEK,
            **values,
        }
        with rig.people.writing() as connection:
            connection.execute(sa.insert(tables.activity_exception).values(child))

    return change


def as_before(week: int) -> Edit:
    """Somebody takes back what was changed of one occurrence."""
    table = tables.activity_exception

    def take_back(rig: Rig) -> None:
        with rig.people.writing() as connection:
            mine = table.c.original_start == SOON + week * WEEK
            connection.execute(sa.delete(table).where(mine))

    return take_back


def shifted(by: timedelta) -> Edit:
    """Somebody shifts the series in Consolidate, and its exceptions with it (G8)."""
    table = tables.activity_exception

    def shift(rig: Rig) -> None:
        found = rig.world.activity(NUMBER)
        rig.world.edit(NUMBER, starts_at=found["starts_at"] + by, ends_at=found["ends_at"] + by)
        with rig.people.writing() as connection:
            for child in rig.world.rows(table):
                moved = {
                    name: child[name] + by
                    for name in ("original_start", "starts_at", "ends_at")
                    if child[name] is not None
                }
                connection.execute(sa.update(table).where(table.c.id == child["id"]).values(moved))

    return shift


def single(rig: Rig) -> None:
    """Somebody makes it a single appointment, of which no occurrence can be odd."""
    rig.world.edit(NUMBER, recurrence=None)
    with rig.people.writing() as connection:
        connection.execute(sa.delete(tables.activity_exception))


IN_CONSOLIDATE: Final[dict[str, Edit]] = {
    "renamed": row(subject="Neuer Betreff"),
    "relocated": row(location="Saal"),
    "another text": row(body="Neuer Text"),
    "another category of things": row(importance="high", show_as="oof", reminder_minutes=30),
    "private": row(private=True),
    "one cancelled": day(1, cancelled=True),
    "one moved": day(2, starts_at=SOON + 2 * WEEK + DAY, ends_at=SOON + 2 * WEEK + DAY + HOUR),
    "one renamed": day(3, subject="Anders"),
    "one shortened": day(4, starts_at=SOON + 4 * WEEK, ends_at=SOON + 4 * WEEK + HOUR / 2),
    "one relocated": day(5, location="Anderswo"),
    "one as before": as_before(3),
    "shifted by hours": shifted(2 * HOUR),
    "shifted back": shifted(-2 * HOUR),
    "longer": row(ends_at=SOON + 3 * HOUR),
    "another end": row(recurrence="FREQ=WEEKLY;BYDAY=MO;COUNT=20"),
    "an end by date": row(recurrence="FREQ=WEEKLY;BYDAY=MO;UNTIL=20270301"),
    "no end": row(recurrence="FREQ=WEEKLY;BYDAY=MO"),
    "two days a week": row(recurrence="FREQ=WEEKLY;BYDAY=MO,TH"),
    "every other week": row(recurrence="FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"),
    "monthly": row(recurrence="FREQ=MONTHLY;BYDAY=-1MO"),
    "weekly again": row(recurrence="FREQ=WEEKLY;BYDAY=MO"),
    "another zone": row(time_zone="America/New_York"),
    "home again": row(time_zone="Europe/Vienna"),
    "single": single,
    "a series again": row(recurrence="FREQ=DAILY;COUNT=5"),
    "all-day": row(
        all_day=True,
        starts_at=SOON.replace(hour=0),
        ends_at=SOON.replace(hour=0) + DAY,
        recurrence="FREQ=WEEKLY;COUNT=5",
    ),
    "with a clock again": row(all_day=False, starts_at=SOON, ends_at=SOON + HOUR),
}


def test_e4_no_edit_in_consolidate_makes_a_series_anew_or_writes_it_out_singly(rig: Rig) -> None:
    enter(rig)
    happening_alike(rig)
    before = series(rig)
    for name, edit in IN_CONSOLIDATE.items():
        rig.tenant.counters.reset()
        edit(rig)
        try:
            happening_alike(rig)
        except AssertionError as error:
            raise AssertionError(name) from error
        assert (name, rig.tenant.counters.kinds[CREATION]) == (name, 0)
        assert series(rig) == before, name


def pattern(kind: str, **values: object) -> dict[str, Any]:
    return {"pattern": {"type": kind, "interval": 1, **values}, "range": {"type": "noEnd"}}


MONDAYS: Final = pattern("weekly", daysOfWeek=["monday"], firstDayOfWeek="monday")


def event(**values: Any) -> Edit:
    """Somebody changes the whole series in Outlook."""
    return lambda rig: anna(rig).change(series(rig), **values)


def occurrence(week: int, **values: Any) -> Edit:
    """Somebody changes one occurrence in Outlook, or deletes it."""

    def change(rig: Rig) -> None:
        one = anna(rig).occurrence(series(rig), (SOON + week * WEEK).date())
        if values:
            anna(rig).change(one, **values)
        else:
            anna(rig).delete(one)

    return change


def at(moment: datetime, length: timedelta = HOUR) -> dict[str, datetime]:
    return {"start": moment, "end": moment + length}


IN_OUTLOOK: Final[dict[str, Edit]] = {
    "renamed": event(subject="Neuer Betreff"),
    "relocated": event(location={"displayName": "Saal"}),
    "another text": event(body={"contentType": "text", "content": "Neuer Text"}),
    "private": event(sensitivity="private", showAs="oof", importance="low"),
    "one cancelled": occurrence(1),
    "one moved": occurrence(2, **at(SOON + 2 * WEEK + DAY)),
    "one renamed": occurrence(3, subject="Anders"),
    "one shortened": occurrence(4, **at(SOON + 4 * WEEK, HOUR / 2)),
    "one relocated": occurrence(5, location={"displayName": "Anderswo"}),
    "one as before": occurrence(3, subject="Neuer Betreff"),
    "another end": event(
        recurrence={**MONDAYS, "range": {"type": "numbered", "numberOfOccurrences": 20}}
    ),
    "an end by date": event(
        recurrence={**MONDAYS, "range": {"type": "endDate", "endDate": "2027-03-01"}}
    ),
    "shifted, which drops exceptions": event(**at(SOON + 2 * HOUR)),
    "another weekday": event(
        recurrence=pattern("weekly", daysOfWeek=["tuesday"], firstDayOfWeek="monday")
    ),
    "the last Friday": event(
        recurrence=pattern("relativeMonthly", daysOfWeek=["friday"], index="last")
    ),
    "the 31st, clamped": event(recurrence=pattern("absoluteMonthly", dayOfMonth=31)),
    "yearly": event(recurrence=pattern("absoluteYearly", dayOfMonth=29, month=2)),
    "weekly again": event(recurrence=MONDAYS, **at(SOON)),
    "single": event(recurrence=None),
    "a series again": event(recurrence=pattern("daily")),
}


def test_e4_no_edit_in_outlook_makes_a_series_anew_or_writes_it_out_singly(rig: Rig) -> None:
    anna(rig).create("Jour fixe", SOON, SOON + HOUR, recurrence=MONDAYS)
    happening_alike(rig)
    (before,) = rig.world.activities()
    for name, edit in IN_OUTLOOK.items():
        rig.tenant.counters.reset()
        rig.wait(seconds=1)
        edit(rig)
        happening_alike(rig)
        (found,) = rig.world.activities()
        assert found["id"] == before["id"], name
        assert rig.world.activities(deleted=True) == []
        assert (name, rig.tenant.counters.writes) == (name, 0)


def test_g9_only_a_cancelled_day_brought_back_makes_a_series_anew_once(rig: Rig) -> None:
    enter(rig)
    day(1, cancelled=True)(rig)
    day(3, subject="Anders")(rig)
    happening_alike(rig)
    before = series(rig)
    rig.tenant.counters.reset()
    as_before(1)(rig)
    happening_alike(rig)
    assert series(rig) != before
    assert rig.tenant.counters.kinds[CREATION] == 1


def test_e4_this_and_following_split_in_outlook_is_two_series_in_consolidate(rig: Rig) -> None:
    enter(rig)
    day(1, cancelled=True)(rig)
    day(6, subject="Anders")(rig)
    happening_alike(rig)
    rig.wait(seconds=1)
    new = anna(rig).split(series(rig), (SOON + 4 * WEEK).date())
    anna(rig).change(new, subject="Jour fixe neu", **at(SOON + 4 * WEEK + 2 * HOUR))
    happening_alike(rig)
    first, second = rig.world.activities()
    assert (first["id"], second["subject"]) == (NUMBER, "Jour fixe neu")
    assert (
        first["recurrence"] == f"FREQ=WEEKLY;BYDAY=MO;UNTIL={SOON + 4 * WEEK - DAY:%Y%m%dT%H%M%S}"
    )
    assert second["recurrence"] == "FREQ=WEEKLY;BYDAY=MO;COUNT=6"
    assert len(anna(rig).events()) == 2


def test_e4_this_and_following_split_in_consolidate_is_two_series_in_outlook(rig: Rig) -> None:
    enter(rig)
    day(1, cancelled=True)(rig)
    happening_alike(rig)
    before = series(rig)
    rig.tenant.counters.reset()
    begin = SOON + 4 * WEEK
    row(recurrence=f"FREQ=WEEKLY;BYDAY=MO;UNTIL={begin - DAY:%Y%m%d}")(rig)
    rule = {"recurrence": "FREQ=WEEKLY;BYDAY=MO;COUNT=6"}
    rig.world.enter("ANNA", "Jour fixe neu", begin + HOUR, begin + 3 * HOUR, **rule)
    happening_alike(rig)
    assert rig.tenant.counters.kinds[CREATION] == 1
    ids = {found["id"]: found["subject"] for found in anna(rig).events()}
    assert ids[before] == "Jour fixe"
    assert sorted(ids.values()) == ["Jour fixe", "Jour fixe neu"]


def test_g8_an_exception_that_fits_no_occurrence_is_ignored_with_a_warning(rig: Rig) -> None:
    enter(rig)
    day(1, subject="Anders")(rig)
    with rig.people.writing() as connection:
        lost = SOON + DAY
        connection.execute(
            sa.insert(tables.activity_exception).values(
                id=uuid4(), activity_id=NUMBER, original_start=lost, cancelled=True
            )
        )
    asyncio.run(rig.until_quiet())
    subjects = [e["subject"] for e in anna(rig).view(SOON - DAY, SOON + 20 * WEEK)]
    assert (len(subjects), subjects.count("Anders")) == (10, 1)
    warnings = [one for one in rig.world.rows(state.log) if one["level"] == "warning"]
    assert any(f"{lost:%Y-%m-%d %H:%M}" in one["message"] for one in warnings)


def test_g8_a_start_off_its_rule_begins_at_the_first_occurrence_and_stays_in_consolidate(
    rig: Rig,
) -> None:
    enter(rig, "FREQ=WEEKLY;BYDAY=TH;COUNT=4")
    happening_alike(rig)
    (made,) = anna(rig).events()
    assert made["start"]["dateTime"][:10] == f"{SOON + 3 * DAY:%Y-%m-%d}"
    assert rig.world.activity(NUMBER)["starts_at"] == SOON


def test_g8_e4_exceptions_that_outlook_drops_in_a_shift_go_in_consolidate_too(rig: Rig) -> None:
    enter(rig)
    day(1, cancelled=True)(rig)
    day(2, subject="Anders")(rig)
    happening_alike(rig)
    rig.wait(seconds=1)
    anna(rig).change(series(rig), **at(SOON + HOUR))
    happening_alike(rig)
    assert rig.world.rows(tables.activity_exception) == []


def test_e2_occurrences_that_overlap_are_quarantined_in_words(rig: Rig) -> None:
    rig.world.enter("ANNA", "Zu lang", SOON, SOON + 30 * HOUR, recurrence="FREQ=DAILY;COUNT=5")
    asyncio.run(rig.until_quiet())
    (quarantined,) = rig.world.rows(state.quarantine)
    assert "its occurrences overlap" in str(Message.from_json(quarantined["reason"]))
    assert anna(rig).events() == []
