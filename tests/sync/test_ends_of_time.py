"""What lies at the ends of the calendar is taken in, sent or named, and costs itself alone (B8)."""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.i18n import Message
from calsync_agent.sandbox.adverse.content import shows
from calsync_agent.sandbox.model.items import ChangedOccurrence
from calsync_agent.sandbox.model.moments import Moment
from calsync_agent.state import tables as state
from tests.support.rig import SOON, Rig

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

OTHERS: Final = 5
HOUR: Final = timedelta(hours=1)
FIRST: Final = datetime.min
LAST: Final = datetime(9999, 12, 31)
EAST: Final = ("Line Islands Standard Time", "Pacific/Kiritimati")
HERE: Final = ("W. Europe Standard Time", "Europe/Vienna")
WEST: Final = ("Hawaiian Standard Time", "Pacific/Honolulu")
NOWHERE: Final = ("UTC", "UTC")
ZONES: Final = (EAST, HERE, WEST, NOWHERE)
TIMES: Final = {
    "the last morning": (LAST + 9 * HOUR, LAST + 10 * HOUR),
    "the last moment": (LAST + 23 * HOUR, datetime.max),
    "up to the last moment": (SOON, datetime.max),
    "the first moment": (FIRST, FIRST + HOUR),
    "the first evening": (FIRST + 20 * HOUR, FIRST + 21 * HOUR),
    "from the first moment": (FIRST, SOON),
    "all of time": (FIRST, datetime.max),
    "no time at the end": (datetime.max, datetime.max),
}
DAYS: Final = {
    "the last whole day": (LAST - timedelta(days=1), LAST),
    "the last day": (LAST, LAST),
    "the first day": (FIRST, FIRST + timedelta(days=1)),
    "all days": (FIRST, LAST),
    "up to the last day": (datetime.combine(SOON.date(), time()), LAST),
}
MOVED: Final = (LAST + 9 * HOUR, LAST + 22 * HOUR, FIRST, FIRST + 9 * HOUR)
WEEKLY: Final = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}
ENDS: Final = ("9999-12-31", "9999-12-27", "4500-09-01", "4500-09-02", "0001-01-01", "1600-12-31")


def with_others(rig: Rig) -> Any:
    """Anna's mailbox, in step and empty, and then appointments on both sides of it."""
    rig.page_size = 100
    anna = rig.world.hire("ANNA")
    asyncio.run(rig.until_quiet())
    for hour in range(OTHERS):
        start = SOON + timedelta(hours=hour)
        anna.create(f"aus Outlook {hour}", start, start + HOUR)
        rig.world.enter("ANNA", f"Termin {hour}", start + timedelta(days=1))
    return anna


def assert_others_came_through(rig: Rig) -> None:
    there = {event["subject"] for event in rig.tenant.user("anna").events()}
    here = {row["subject"] for row in rig.world.activities()}
    for hour in range(OTHERS):
        assert f"Termin {hour}" in there
        assert f"aus Outlook {hour}" in here


def assert_quiet(rig: Rig) -> None:
    """A second run does nothing."""
    asyncio.run(rig.until_quiet())
    before, rows = rig.tenant.counters.writes, rig.world.activities()
    rig.wait(seconds=5)
    agent = rig.agent()

    async def one() -> None:
        await agent.round()
        assert not agent.in_trouble
        await agent.stop()

    asyncio.run(one())
    assert rig.tenant.counters.writes == before
    assert rig.world.activities() == rows


def named(rig: Rig) -> dict[str, str]:
    """What is put aside, and why."""
    return {
        str(Message.from_json(row["name"])): str(Message.from_json(row["reason"]))
        for row in rig.world.rows(state.quarantine)
    }


async def one_round(rig: Rig) -> None:
    agent = rig.agent()
    await agent.round()
    errors = [str(one.error) for one in agent.in_trouble]
    await agent.stop()
    assert not errors


def assert_in_or_named(rig: Rig, *subjects: str) -> dict[str, str]:
    """Each came through, or the reason that is told fits it; the others all came through."""
    asyncio.run(one_round(rig))
    assert_others_came_through(rig)
    here = [row["subject"] for row in rig.world.activities()]
    reasons = named(rig)
    for subject in subjects:
        assert here.count(subject) + (subject in reasons) == 1, subject
    assert reasons.keys() <= set(subjects)
    assert not [reason for reason in reasons.values() if "Error" in reason]
    assert_quiet(rig)
    assert named(rig).keys() == reasons.keys()
    return reasons


def assert_sent_or_named(rig: Rig, *subjects: str) -> None:
    """The same outwards; what Exchange does not take is told in its words."""
    asyncio.run(one_round(rig))
    assert_others_came_through(rig)
    there = [event["subject"] for event in rig.tenant.user("anna").events()]
    reasons = named(rig)
    for subject in subjects:
        assert there.count(subject) <= 1, subject
        assert subject in there or subject in reasons, subject
    for reason in reasons.values():
        assert "Error" not in reason or "Exchange" in reason
    assert_quiet(rig)
    assert named(rig).keys() == reasons.keys()


def graph_time(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment.isoformat(timespec='microseconds')}0", "timeZone": "UTC"}


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone[1])
def test_b8_an_event_at_an_end_of_time_costs_itself_alone(rig: Rig, zone: tuple[str, str]) -> None:
    anna = with_others(rig)
    tomorrow = SOON.date() + timedelta(days=1)
    for subject, (start, end) in (TIMES | DAYS).items():
        if subject in DAYS:
            number = anna.create(subject, SOON.date(), tomorrow)
        else:
            number = anna.create(subject, SOON, SOON + HOUR, reminderMinutesBeforeStart=2_629_800)
        shown = {"start": graph_time(start), "end": graph_time(end)}
        shows(anna.item(number), **shown, originalStartTimeZone=zone[0])
    reasons = assert_in_or_named(rig, *TIMES, *DAYS)
    for reason in reasons.values():
        assert reason == "it lies beyond the first or the last day of the calendar"


def test_b8_a_series_until_an_end_of_time_costs_itself_alone(rig: Rig) -> None:
    anna = with_others(rig)
    rule = {"pattern": WEEKLY, "range": {"type": "noEnd"}}
    tomorrow = SOON.date() + timedelta(days=1)
    for last in ENDS:
        timed = anna.create(last, SOON, SOON + HOUR, recurrence=rule)
        all_day = anna.create(f"{last}, all day", SOON.date(), tomorrow, recurrence=rule)
        for number in (timed, all_day):
            shows(anna.item(number), recurrence={"range": {"type": "endDate", "endDate": last}})
    reasons = assert_in_or_named(rig, *ENDS, *(f"{last}, all day" for last in ENDS))
    assert {subject[:4] for subject in reasons} == {"0001", "1600"}
    assert set(reasons.values()) == {"its recurrence gives no occurrence"}


def test_b8_an_occurrence_moved_to_an_end_of_time_costs_its_series_alone(rig: Rig) -> None:
    anna = with_others(rig)
    rule = {"pattern": WEEKLY, "range": {"type": "numbered", "numberOfOccurrences": 3}}
    day = date(2026, 12, 7)
    series = {f"{zone} {moment}": (zone, moment) for zone, _ in ZONES for moment in MOVED}
    for subject, (zone, moment) in series.items():
        item = anna.item(anna.create(subject, SOON, SOON + HOUR, recurrence=rule, zone=zone))
        changes = {"start": Moment(moment, "UTC"), "end": Moment(moment + HOUR, "UTC")}
        item.exceptions[day] = ChangedOccurrence(changes=changes, modified=item.modified)
    assert_in_or_named(rig, *series)


def test_b8_a_row_at_an_end_of_time_costs_itself_alone(rig: Rig) -> None:
    with_others(rig)
    sent: list[str] = []
    for subject, (start, end) in (TIMES | DAYS).items():
        for _, zone in ZONES:
            name, all_day = f"{subject} {zone}", subject in DAYS
            times = {"time_zone": zone, "all_day": all_day, "reminder_minutes": 2_629_800}
            rig.world.enter("ANNA", name, start, end, **times)
            if end >= SOON:
                sent.append(name)
    assert_sent_or_named(rig, *sent)


def test_b8_a_recurring_row_at_an_end_of_time_costs_itself_alone(rig: Rig) -> None:
    with_others(rig)
    rows: list[str] = []
    for begin in (SOON, FIRST, datetime(9990, 1, 1, 9)):
        for last in ("99991231", "99991231T235959Z", "45000901", "00010101"):
            rule = f"FREQ=WEEKLY;BYDAY=MO;UNTIL={last}"
            rows += f"{begin} {last}", f"{begin} {last}, all day"
            rig.world.enter("ANNA", rows[-2], begin, begin + HOUR, recurrence=rule)
            rig.world.enter("ANNA", rows[-1], begin.date(), recurrence=rule)
    assert_sent_or_named(rig, *rows)


def test_b8_an_occurrence_of_a_row_at_an_end_of_time_costs_its_series_alone(rig: Rig) -> None:
    with_others(rig)
    for moment in MOVED:
        number = rig.world.enter("ANNA", str(moment), SOON, recurrence="FREQ=WEEKLY;COUNT=3")
        with rig.people.writing() as connection:
            for original, start, end in ((SOON, moment, moment + HOUR), (moment, None, None)):
                row = {
                    "id": uuid4(),
                    "activity_id": number,
                    "original_start": original,
                    "cancelled": start is None,
                    "starts_at": start,
                    "ends_at": end,
                }
                connection.execute(sa.insert(tables.activity_exception).values(row))
    assert_sent_or_named(rig, *map(str, MOVED))
