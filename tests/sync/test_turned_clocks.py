"""Times in the nights in which clocks are turned, for singles as for series (D3, A6)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_agent.appointment import hours, zones
from calsync_agent.appointment.content import differing
from calsync_agent.appointment.fields import ALL, BOTH_WAYS
from calsync_agent.appointment.people import Directory
from calsync_agent.consolidate.fields import activity_values
from calsync_agent.consolidate.rows import read_activity
from calsync_agent.domain.activity import Activity, BrokenActivity
from calsync_agent.domain.event import Event
from calsync_agent.exchange.calendar import writes
from calsync_agent.exchange.calendar.event_codec import read_event
from calsync_agent.state import tables as state
from tests.support.paper import Paper, empty_row
from tests.support.strategies import MANY
from tests.support.world import World

HALF: Final = timedelta(minutes=30)
BACK: Final = datetime(2026, 10, 25, 1)
"""The instant, in UTC, at which clocks in Vienna are put back, so that 02:00 is there again."""
FORWARD: Final = datetime(2027, 3, 28, 2)
"""What clocks in Vienna would show when they are put forward to 03:00."""

TURNED: Final = (
    ("Europe/Vienna", 2026),
    ("Europe/Dublin", 2026),
    ("America/New_York", 2026),
    ("America/St_Johns", 2026),
    ("Australia/Lord_Howe", 2026),
    ("Africa/Casablanca", 2026),
    ("Africa/Cairo", 2026),
    ("Asia/Beirut", 2026),
    ("America/Santiago", 2026),
    ("America/Sao_Paulo", 2018),
    ("Pacific/Apia", 2011),
    ("Antarctica/Troll", 2026),
)


def _turns(zone: str, year: int) -> list[datetime]:
    """The instants in a year at which clocks in a zone are turned, to the half hour."""
    info, first = ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC)
    moments = [first + HALF * n for n in range(2 * 24 * 366)]
    ahead = [moment.astimezone(info).utcoffset() for moment in moments]
    pairs = zip(moments[1:], ahead, ahead[1:], strict=False)
    return [moment.replace(tzinfo=None) for moment, was, now in pairs if was != now]


NIGHTS: Final = [(zone, turn) for zone, year in TURNED for turn in _turns(zone, year)]


def test_the_nights_are_there() -> None:
    assert {zone for zone, _ in NIGHTS} == {zone for zone, _ in TURNED}


@st.composite
def nights(draw: st.DrawFn) -> tuple[str, datetime, datetime]:
    """A zone, and two instants around one of its turns, the second not before the first."""
    zone, turn = draw(st.sampled_from(NIGHTS))
    begin = turn + timedelta(minutes=draw(st.integers(-1500, 1500)))
    return zone, begin, begin + timedelta(minutes=draw(st.integers(0, 240)))


def sent(zone: str, begin: datetime, finish: datetime, **more: object) -> dict[str, Any]:
    """An event as Graph sends it: in UTC, with the name of its zone beside."""
    return {
        "id": "1",
        "originalStartTimeZone": zone,
        "start": {"dateTime": f"{begin.isoformat()}.0000000", "timeZone": "UTC"},
        "end": {"dateTime": f"{finish.isoformat()}.0000000", "timeZone": "UTC"},
        **more,
    }


def read(body: Mapping[str, Any]) -> Event:
    event = read_event(body, Directory())
    assert isinstance(event, Event), event
    return event


def meant(row: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """The instants that a row means to any reader of its wall-clock times and zone."""
    zone = ZoneInfo(row["time_zone"])
    start, end = (row[name].replace(tzinfo=zone).astimezone(UTC) for name in COLUMNS)
    return start.replace(tzinfo=None), end.replace(tzinfo=None)


COLUMNS: Final = ("starts_at", "ends_at")


@MANY
@given(nights())
def test_a6_an_event_of_a_turned_night_keeps_its_instants_in_the_row(
    night: tuple[str, datetime, datetime],
) -> None:
    zone, begin, finish = night
    event = read(sent(zone, begin, finish))
    row = {**empty_row(), **activity_values(event.appointment, ALL, "")}
    assert meant(row) == (begin, finish)
    assert row["starts_at"] <= row["ends_at"]
    activity = read_activity(row, (), ())
    assert isinstance(activity, Activity)
    assert differing(activity.appointment, event.appointment) == frozenset()


@MANY
@given(nights())
def test_d3_an_event_outside_of_the_doubled_hour_keeps_its_zone(
    night: tuple[str, datetime, datetime],
) -> None:
    zone, begin, finish = night
    a = read(sent(zone, begin, finish)).appointment
    if hours.certain(a.start, a.end, zone) and (a.start, a.end) == tuple(
        zones.from_utc(moment, zone) for moment in (begin, finish)
    ):
        assert a.zone == zone


@settings(MANY, max_examples=300)
@given(nights())
def test_a6_a_row_of_a_turned_night_reads_back_from_exchange_as_it_was_meant(
    night: tuple[str, datetime, datetime],
) -> None:
    """Whichever of two hours Exchange takes a time for: it is asked by its instant."""
    zone, begin, finish = night
    start, end = begin, finish  # taken as wall-clock times: in gaps, twice, reversed
    row = {
        **empty_row(),
        "subject": "Nachtdienst",
        "body": "",
        "location": "",
        "starts_at": start,
        "ends_at": end,
        "time_zone": zone,
        "all_day": False,
        "importance": "normal",
        "private": False,
        "show_as": "busy",
        "reminder_minutes": None,
    }
    activity = read_activity(row, (), ())
    if isinstance(activity, BrokenActivity):
        assert hours.skipped(start, end, zone)
        return
    body = writes.event_body(activity.appointment, BOTH_WAYS)
    if not hours.certain(start, end, zone):
        assert body["start"]["timeZone"] == "UTC"
    paper = Paper()
    paper.create(activity.appointment)
    assert isinstance(paper.event, Event)
    assert differing(activity.appointment, paper.event.appointment) == frozenset()


@pytest.mark.parametrize(
    ("start", "end", "begin", "finish"),
    [
        # 02:30 summer time to 02:00 winter time: half an hour.
        (BACK + HALF + HALF * 2, BACK + HALF * 2, BACK - HALF, BACK),
        (BACK + HALF * 3, BACK + HALF * 2 + HALF / 2, BACK - HALF, BACK + HALF / 2),
    ],
)
def test_d3_a_row_that_ends_in_the_second_of_two_hours_does_not_end_before_it_begins(
    start: datetime, end: datetime, begin: datetime, finish: datetime
) -> None:
    assert hours.instants(start, end, "Europe/Vienna") == (begin, finish)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("begin", "finish"),
    [
        (BACK - HALF, BACK),  # 02:30 to 02:00
        (BACK - HALF, BACK + HALF),  # 02:30 to 02:30
        (BACK, BACK + HALF),  # the second 02:00 to 02:30
        (BACK - HALF - HALF / 2, BACK + HALF),  # 02:15 to 02:30, but an hour and a quarter
        (BACK - 4 * HALF, BACK + HALF),
        (BACK + HALF, BACK + 6 * HALF),
    ],
)
async def test_d3_an_event_across_the_hour_that_is_there_twice_comes_in_and_stays(
    world: World, begin: datetime, finish: datetime
) -> None:
    anna = world.hire("ANNA")
    made = anna.create("Nachtdienst", begin, finish, zone="UTC")
    anna.label_zone(made, "W. Europe Standard Time")
    assert all(outcome.in_step for outcome in await world.sync())
    (row,) = world.activities()
    assert meant(row) == (begin, finish)
    world.tenant.reset_counters()
    await world.sync()
    assert world.tenant.counters.writes == 0
    assert world.activities() == [row]


@pytest.mark.anyio
@pytest.mark.parametrize("recurrence", [None, "FREQ=WEEKLY"])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (FORWARD + HALF * 3 / 2, FORWARD + HALF * 5 / 2),  # 02:45 to 03:15
        (FORWARD + HALF / 2, FORWARD + HALF),
        (FORWARD - HALF, FORWARD + HALF),
        (FORWARD + HALF, FORWARD + timedelta(hours=5)),
    ],
)
async def test_b8_what_begins_or_ends_in_an_hour_that_is_not_there_is_refused_here(
    world: World, start: datetime, end: datetime, recurrence: str | None
) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "Nachtdienst", start, end, recurrence=recurrence)
    world.enter("ANNA", "Am Tag", FORWARD + timedelta(hours=12))
    await world.sync()
    assert [event["subject"] for event in anna.events()] == ["Am Tag"]
    (row,) = world.rows(state.quarantine)
    assert "while clocks are put forward" in row["reason"]


@pytest.mark.anyio
async def test_d3_a_row_across_the_hour_that_is_there_twice_goes_out(world: World) -> None:
    anna = world.hire("ANNA")
    number = world.enter("ANNA", "Nachtdienst", BACK + 3 * HALF, BACK + 2 * HALF)
    before = world.activity(number)
    assert all(outcome.in_step for outcome in await world.sync())
    (event,) = anna.events()
    assert event["start"]["dateTime"][:16] == "2026-10-25T00:30"
    assert event["end"]["dateTime"][:16] == "2026-10-25T01:00"
    await world.sync()
    assert world.activity(number)["starts_at"] == before["starts_at"]


@pytest.mark.parametrize("zone", ["Africa/Cairo", "Asia/Beirut", "America/Santiago"])
def test_d4_an_all_day_row_keeps_its_dates_where_midnight_is_not_there(zone: str) -> None:
    turns = [turn for where, turn in NIGHTS if where == zone]
    for turn in turns:
        day = datetime.combine(zones.from_utc(turn, zone).date(), datetime.min.time())
        for first in (day - timedelta(days=1), day, day + timedelta(days=1)):
            row = {
                **empty_row(),
                "subject": "Urlaub",
                "body": "",
                "location": "",
                "starts_at": first,
                "ends_at": first + timedelta(days=1),
                "time_zone": zone,
                "all_day": True,
                "importance": "normal",
                "private": False,
                "show_as": "busy",
                "reminder_minutes": None,
            }
            activity = read_activity(row, (), ())
            assert isinstance(activity, Activity)
            body = writes.event_body(activity.appointment, BOTH_WAYS)
            sent_in = zones.resolve(body["start"]["timeZone"])
            assert sent_in is not None
            assert not hours.skipped(first, first + timedelta(days=1), sent_in)
            paper = Paper()
            paper.create(activity.appointment)
            assert isinstance(paper.event, Event)
            back = paper.event.appointment
            assert (back.start, back.end) == (first, first + timedelta(days=1))
