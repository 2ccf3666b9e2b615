"""A series of which Exchange does not tell the days that are not as the others (E3, B5).

Its master comes with both arrays empty, now and then, although there are some. Whichever way it
came to be read, the days stay as they are on both sides.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.consolidate import tables
from calsync_agent.plan.window import window
from calsync_agent.state import tables as state
from calsync_agent.sync.days import LONGEST, MARGIN, spans
from tests.support.golden import HOUR, Step, anna, change, does, event, hire, policy
from tests.support.golden_series import (
    WEEK,
    WEEKLY,
    day,
    except_,
    with_exceptions_in_consolidate,
    with_exceptions_in_outlook,
)
from tests.support.machine.sides import differences
from tests.support.rig import NOW, SOON, Rig

on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

SERIES: Final = ("Serie hier", "Serie dort")


def moved_to_another_server(rig: Rig) -> None:
    """Every event has a new id."""
    rig.tenant.world.relocate(anna(rig).mailbox)


def brought_back(rig: Rig) -> None:
    """Both come back from the wastebasket under other ids."""
    for subject in SERIES:
        item = anna(rig).item(event(rig, subject))
        rig.tenant.world.bring_back(anna(rig).mailbox, item)


def position_lost(rig: Rig) -> None:
    """The listing begins anew."""
    rig.tenant.forget_generations()


def changed_in_consolidate(rig: Rig) -> None:
    """The rows are changed, and the events are read for it."""
    for row in rig.world.activities():
        rig.world.edit(row["id"], location="aus Consolidate")


def changed_in_outlook(rig: Rig) -> None:
    """The series, not their days."""
    for subject in SERIES:
        change(rig, subject, importance="high")


def in_another_calendar_and_back(rig: Rig) -> None:
    """Out of the view, where each is asked for by its id."""
    private = next(c.id for c in anna(rig).mailbox.calendars.values() if c.name == "Privat")
    numbers = [event(rig, subject) for subject in SERIES]
    for number in numbers:
        anna(rig).move(number, private)
    asyncio.run(rig.until_quiet())
    for number in numbers:
        anna(rig).move(number, anna(rig).mailbox.default_calendar)


def links_lost(rig: Rig) -> None:
    """Nothing is remembered of them."""
    with rig.people.writing() as connection:
        for table in (state.link, state.profile_state, state.pending, state.quarantine):
            connection.execute(sa.delete(table))


def tried_again(rig: Rig) -> None:
    """What failed for a while is due."""
    for row in rig.world.activities():
        rig.world.edit(row["id"], time_zone="Mars/Olympus")
    asyncio.run(rig.until_quiet())
    for row in rig.world.activities():
        rig.world.edit(row["id"], time_zone="Europe/Vienna")
    rig.wait(days=1, minutes=1)


WAYS: Final[tuple[Step, ...]] = (
    moved_to_another_server,
    brought_back,
    position_lost,
    changed_in_consolidate,
    changed_in_outlook,
    in_another_calendar_and_back,
    links_lost,
    tried_again,
    does(moved_to_another_server, changed_in_consolidate),
    does(brought_back, changed_in_outlook),
    does(changed_in_outlook, changed_in_consolidate),
)


def named(way: Callable[[Rig], None]) -> str:
    return way.__name__


def days(rig: Rig) -> list[tuple[Any, ...]]:
    """What is remembered in Consolidate of days that are not as the others."""
    names = {row["id"]: row["subject"] for row in rig.world.activities()}
    rows = rig.world.rows(tables.activity_exception)
    return sorted(
        tuple(str(each) for each in (names[row["activity_id"]], *_own(row)))
        for row in rows
        if row["activity_id"] in names
    )


def _own(row: dict[str, Any]) -> tuple[Any, ...]:
    columns = ("original_start", "cancelled", "subject", "location", "starts_at", "ends_at")
    return tuple(row[name] for name in columns)


@on_sqlite
@pytest.mark.parametrize("priority", ["outbound_first", "inbound_first"])
@pytest.mark.parametrize("way", WAYS, ids=named)
def test_e3_days_of_which_exchange_says_nothing_stay_as_they_are(
    rig: Rig, way: Step, priority: str
) -> None:
    does(hire, policy(priority=priority))(rig)
    does(with_exceptions_in_consolidate, with_exceptions_in_outlook)(rig)
    asyncio.run(rig.until_quiet())
    before = days(rig)
    assert len(before) == 6
    rig.tenant.settings.empty_series_arrays = True
    way(rig)
    asyncio.run(rig.until_quiet())
    assert days(rig) == before
    assert differences(rig) == []
    assert not rig.world.rows(state.quarantine)
    rig.tenant.settings.empty_series_arrays = False
    position_lost(rig)
    asyncio.run(rig.until_quiet())
    assert days(rig) == before
    assert differences(rig) == []


def _of_a_year_ago(rig: Rig) -> None:
    """The same series on both sides, begun a year ago, with days that the window has left."""
    start = SOON - 52 * WEEK
    id_, rule = UUID(int=1), "FREQ=WEEKLY;BYDAY=MO;COUNT=104"
    rig.world.enter("ANNA", "Serie hier", start + HOUR, start + 2 * HOUR, id=id_, recurrence=rule)
    except_(rig, 1, -49, cancelled=True)
    except_(rig, 1, -48, subject="hier anders")
    except_(rig, 1, 3, location="Saal")
    ends = {"type": "numbered", "numberOfOccurrences": 104}
    begin = start + 2 * HOUR
    weekly = {**WEEKLY, "range": ends}
    anna(rig).create("Serie dort", begin, begin + HOUR, recurrence=weekly)
    anna(rig).delete(day(rig, "Serie dort", -49))
    anna(rig).change(day(rig, "Serie dort", -48), subject="dort anders")
    anna(rig).change(day(rig, "Serie dort", 3), subject="dort anders")


@on_sqlite
@pytest.mark.parametrize("way", [way for way in WAYS if way is not links_lost], ids=named)
def test_e3_days_beyond_the_window_of_which_exchange_says_nothing_stay_as_they_are(
    rig: Rig, way: Step
) -> None:
    does(hire, _of_a_year_ago)(rig)
    asyncio.run(rig.until_quiet())
    before = days(rig)
    assert len(before) == 6
    rig.tenant.settings.empty_series_arrays = True
    way(rig)
    asyncio.run(rig.until_quiet())
    assert days(rig) == before


moments = st.one_of(
    st.datetimes(datetime(3, 1, 1), datetime(9997, 1, 1)),
    st.datetimes(NOW - timedelta(days=2000), NOW + timedelta(days=2000)),
)


@given(days=st.lists(moments, max_size=30))
def test_e3_whatever_day_is_known_is_looked_at_by_stretches_that_graph_allows(
    days: list[datetime],
) -> None:
    first, *others = spans(window(NOW, 3, 24), days)
    found = [first, *others]
    assert all(any(a + MARGIN <= day <= b - MARGIN for a, b in found) for day in days)
    assert all(b - a <= LONGEST + 2 * MARGIN for a, b in others)
    assert len(others) <= len(days)
