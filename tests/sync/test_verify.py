"""H5: `verify` finds what differs, whatever the sync believes, and nothing where nothing does."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.verifying.company import compared
from calsync_agent.verifying.values import Difference
from tests.support import golden
from tests.support.golden import DAY, HOUR, Scenario, Step, anna, create, enter, event
from tests.support.golden_meetings import MEETINGS, hire_three
from tests.support.golden_series import RULE, SERIES, WEEK, day, except_
from tests.support.loopback import answer_now, connected
from tests.support.points import Faulty, Points
from tests.support.rig import SOON, Rig, _settings

SCENARIOS = {one.name: one for one in (*golden.SCENARIOS, *SERIES, *MEETINGS)}
SQLITE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def verified(rig: Rig) -> list[Difference]:
    wire = Faulty(Points(), rig.tenant, answer_now(rig.tenant))
    graph = connected(rig.tenant, wire, rig._clock(), rig.page_size)
    settings = _settings(rig.url, rig.folder, {})

    async def run() -> list[Difference]:
        found, unread = await compared(graph, rig.people, settings, now=rig.now)
        await graph.aclose()
        assert not unread
        return found

    writes = rig.tenant.counters.writes
    found = asyncio.run(run())
    assert rig.tenant.counters.writes == writes
    return found


def lived(rig: Rig, scenario: Scenario) -> None:
    scenario.start(rig)
    if not scenario.first:
        asyncio.run(rig.until_quiet())
    for step in scenario.steps:
        step(rig)
        asyncio.run(rig.until_quiet())


@SQLITE
@pytest.mark.parametrize("name", SCENARIOS)
def test_h5_after_a_sync_nothing_differs(rig: Rig, name: str) -> None:
    lived(rig, SCENARIOS[name])
    assert verified(rig) == []


# -- what is planted -------------------------------------------------------------------------------


def office(rig: Rig) -> None:
    """One of each kind, in step: 1 single, 2 series, 3 meeting, 4 days, 5 from Outlook."""
    hire_three(rig)
    enter(rig, 1, "Einzeln", body="Erste Zeile\n\nZweite", location="Süd", reminder_minutes=15)
    with rig.people.writing() as connection:
        connection.execute(sa.insert(tables.activity_type).values(name="nie", calendar_sync="none"))
    enter(rig, 2, "Serie", recurrence=RULE)
    except_(rig, 2, 1, cancelled=True)
    except_(rig, 2, 3, subject="Serie anders", location="Saal")
    enter(rig, 3, "Treffen")
    rig.world.invite(UUID(int=3), "BERND", "CLARA")
    first = SOON.date()
    rig.world.enter("ANNA", "Urlaub", first, first + 3 * DAY, id=UUID(int=4))
    create(rig, 5, "Aus Outlook", body="Text", location="Nord")
    asyncio.run(rig.until_quiet())
    rig.world.respond(UUID(int=3), "BERND", "accepted")
    asyncio.run(rig.until_quiet())
    assert verified(rig) == []


def row(number: int, **values: object) -> Step:
    return lambda rig: rig.world.edit(numbered(rig, number), **values)


def numbered(rig: Rig, number: int) -> UUID:
    """The fifth came from Outlook."""
    if number != FROM_OUTLOOK:
        return UUID(int=number)
    (found,) = (one["id"] for one in rig.world.activities() if "Outlook" in one["subject"])
    assert isinstance(found, UUID)
    return found


def there(which: str, /, **values: Any) -> Step:
    return lambda rig: anna(rig).change(event(rig, which), **values)


def day_there(week: int, **values: Any) -> Step:
    return lambda rig: anna(rig).change(day(rig, "Serie", week), **values)


def children(table: sa.Table, number: int, **values: object) -> Step:
    """What hangs on a row is changed, or removed where nothing is said."""

    def plant(rig: Rig) -> None:
        change = sa.update(table).values(values) if values else sa.delete(table)
        with rig.people.writing() as connection:
            connection.execute(change.where(table.c.activity_id == UUID(int=number)))

    return plant


FROM_OUTLOOK = 5
LATER = SOON + 2 * WEEK + 3 * HOUR
PLANTED: dict[str, tuple[Step, int | None, str]] = {
    "subject here": (row(1, subject="Anders"), 1, "subject"),
    "subject there": (there("Einzeln", subject="Anders"), 1, "subject"),
    "body here": (row(1, body="Erste Zeile\n\nDritte"), 1, "body"),
    "body there": (there("Einzeln", body="Erste Zeile"), 1, "body"),
    "body of one from there": (row(5, body=""), 5, "body"),
    "location here": (row(1, location=""), 1, "location"),
    "location there": (there("Aus Outlook", location="Ost"), 5, "location"),
    "start here": (row(1, starts_at=SOON), 1, "start"),
    "end there": (there("Einzeln", end=SOON + 4 * HOUR), 1, "end"),
    "another zone here": (row(1, time_zone="Europe/London"), 1, "start"),
    "importance here": (row(1, importance="high"), 1, "importance"),
    "importance there": (there("Einzeln", importance="low"), 1, "importance"),
    "private here": (row(1, private=True), 1, "private"),
    "private there": (there("Einzeln", sensitivity="private"), 1, "private"),
    "shown as here": (row(1, show_as="free"), 1, "show_as"),
    "shown as there": (there("Einzeln", showAs="oof"), 1, "show_as"),
    "reminder here": (row(1, reminder_minutes=None), 1, "reminder_minutes"),
    "reminder there": (
        there("Einzeln", reminderMinutesBeforeStart=30),
        1,
        "reminder_minutes",
    ),
    "row gone": (lambda rig: rig.world.remove(UUID(int=1), row=True), 1, "missing"),
    "row deleted": (lambda rig: rig.world.remove(UUID(int=2)), 2, "missing"),
    "row of a type that stays here": (row(1, type_id=2), 1, "missing"),
    "event gone": (lambda rig: anna(rig).delete(event(rig, "Einzeln")), 1, "missing"),
    "series gone there": (lambda rig: anna(rig).delete(event(rig, "Serie")), 2, "missing"),
    "new here": (lambda rig: enter(rig, 9, "Neu"), 9, "missing"),
    "new there": (lambda rig: create(rig, 9, "Neu"), None, "missing"),
    "all day here": (
        row(1, all_day=True, starts_at=datetime(2026, 11, 30), ends_at=datetime(2026, 12, 1)),
        1,
        "all_day",
    ),
    "days shifted here": (
        row(4, starts_at=datetime(2026, 12, 1), ends_at=datetime(2026, 12, 4)),
        4,
        "start",
    ),
    "days longer there": (
        there("Urlaub", end=SOON.date() + 4 * DAY),
        4,
        "end",
    ),
    "no series here": (row(2, recurrence=None), 2, "recurrence"),
    "fewer days here": (row(2, recurrence="FREQ=WEEKLY;BYDAY=MO;COUNT=5"), 2, "occurrence"),
    "every other week here": (
        row(2, recurrence="FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;COUNT=6"),
        2,
        "occurrence",
    ),
    "exceptions lost here": (children(tables.activity_exception, 2), 2, "occurrence"),
    "day renamed there": (day_there(2, subject="Anders"), 2, "subject"),
    "day moved there": (
        day_there(2, start=LATER, end=LATER + HOUR),
        2,
        "start",
    ),
    "day deleted there": (lambda rig: anna(rig).delete(day(rig, "Serie", 4)), 2, "occurrence"),
    "day restored here": (
        children(tables.activity_exception, 2, cancelled=False),
        2,
        "occurrence",
    ),
    "day's place here": (
        children(tables.activity_exception, 2, location="Keller"),
        2,
        "location",
    ),
    "nobody invited here": (children(tables.activity_participant, 3), 3, "participants"),
    "nobody invited there": (there("Treffen", attendees=[]), 3, "participants"),
    "answers here": (
        children(tables.activity_participant, 3, response="tentative"),
        3,
        "responses",
    ),
    "zone unknown here": (row(1, time_zone="Nowhere/Land"), 1, "unreadable"),
    "rule unreadable here": (row(2, recurrence="FREQ=OFTEN"), 2, "unreadable"),
}


@SQLITE
@pytest.mark.parametrize("name", PLANTED)
def test_h5_a_silent_divergence_is_found(rig: Rig, name: str) -> None:
    plant, number, field = PLANTED[name]
    office(rig)
    rig.wait(seconds=1)
    plant(rig)
    found = [one for one in verified(rig) if one.profile == 1]
    assert field in {one.field for one in found}, found
    wanted = None if number is None else numbered(rig, number)
    assert {one.activity for one in found} == {wanted}
    for one in found:
        assert one.here != one.there or one.field == "unreadable"


# -- what differs and is right so ------------------------------------------------------------------


def _long(rig: Rig) -> None:
    enter(rig, 1, "Ä😀" * 120, body="Zeile 1\n\n\tZeile 2  \n<b>&amp;", location="Ort " * 60)
    create(rig, 2, "x" * 255, body="<p>Eins</p><ul><li>zwei</li></ul>")


def _clamped(rig: Rig) -> None:
    last = datetime(2026, 12, 31, 10)
    monthly = {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}
    rule = {"pattern": monthly, "range": {"type": "noEnd"}}
    anna(rig).create("Monatsletzter", last, last + HOUR, recurrence=rule)


def _begins_beside_its_rule(rig: Rig) -> None:
    enter(rig, 1, "Mittwochs", recurrence="FREQ=WEEKLY;BYDAY=WE;COUNT=4")
    enter(rig, 2, "Am zweiten Freitag", recurrence="FREQ=MONTHLY;BYDAY=2FR;COUNT=4")
    enter(rig, 3, "Bis", recurrence="FREQ=DAILY;UNTIL=20261215T080000Z")
    enter(rig, 4, "Bis Tag", recurrence="FREQ=DAILY;INTERVAL=3;UNTIL=20270401")


def _across_summer_time(rig: Rig) -> None:
    days = SOON.date()
    weekly = "FREQ=WEEKLY;BYDAY=MO"
    enter(rig, 1, "Jede Woche", recurrence=weekly)
    enter(rig, 2, "Ferne", recurrence=weekly, time_zone="America/New_York")
    whole = {"id": UUID(int=3), "recurrence": weekly, "time_zone": "Asia/Tokyo"}
    rig.world.enter("ANNA", "Ganztags", days, days + DAY, **whole)


def _private(rig: Rig) -> None:
    with rig.people.writing() as connection:
        private = {"name": "privat", "calendar_sync": "private"}
        connection.execute(sa.insert(tables.activity_type).values(private))
    enter(rig, 1, "Arzt", type_id=2)
    create(rig, 2, "Persönlich", sensitivity="personal", showAs="unknown")


def _kept_here(rig: Rig) -> None:
    with rig.people.writing() as connection:
        stays = {"name": "nie", "calendar_sync": "none"}
        connection.execute(sa.insert(tables.activity_type).values(stays))
    enter(rig, 1, "Bleibt hier", type_id=2)
    old = SOON - 300 * DAY
    rig.world.enter("ANNA", "Alt", old, old + HOUR)


def _plain(rig: Rig) -> None:
    rig.world.hire("OTTO", profile=False)
    number = rig.world.enter("OTTO", "Ottos", SOON)
    rig.world.invite(number, "ANNA", response="accepted")


def _online(rig: Rig) -> None:
    create(rig, 1, "Online", body="Eigener Text", isOnlineMeeting=True)


def _online_with_words_around(rig: Rig) -> None:
    asyncio.run(rig.until_quiet())
    create(rig, 1, "Online", body="Agenda", isOnlineMeeting=True)
    asyncio.run(rig.until_quiet())
    rig.wait(seconds=1)
    html = anna(rig).item(event(rig, "Online")).content.body.html
    around = html.replace("</body>", "<p>Danach</p></body>")
    assert around != html
    anna(rig).change(event(rig, "Online"), body={"contentType": "html", "content": around})


def _left_the_window(rig: Rig) -> None:
    enter(rig, 1, "Alt geworden")
    enter(rig, 2, "Alte Serie", recurrence="FREQ=WEEKLY;BYDAY=MO;COUNT=2")
    asyncio.run(rig.until_quiet())
    rig.wait(days=200)


@SQLITE
@pytest.mark.parametrize(
    "scene",
    [
        _long,
        _clamped,
        _begins_beside_its_rule,
        _across_summer_time,
        _private,
        _kept_here,
        _plain,
        _online,
        _online_with_words_around,
        _left_the_window,
    ],
)
def test_h5_what_is_right_so_is_no_difference(rig: Rig, scene: Step) -> None:
    rig.world.hire("ANNA")
    scene(rig)
    asyncio.run(rig.until_quiet())
    assert verified(rig) == []


@SQLITE
def test_h5_the_reason_is_told_where_the_sync_knows_it(rig: Rig) -> None:
    rig.world.hire("ANNA")
    enter(rig, 1, "Zu oft", recurrence="FREQ=HOURLY")
    asyncio.run(rig.until_quiet())
    (found,) = verified(rig)
    assert (found.field, found.activity) == ("missing", UUID(int=1))
    assert found.reason
