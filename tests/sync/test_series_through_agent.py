"""E1, E3, E4: generated series through the agent itself, both ways, and a silent run after it (A5).

Each case is a handful of series, half of them entered in Consolidate, half in Outlook; then one
occurrence of each is changed on the other side. `CALSYNC_SERIES_EXAMPLES` runs more of them.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.model import events, occurrences
from calsync_agent.state import tables as state
from tests.support import verify
from tests.support.rig import NOW, Rig, Snapshot
from tests.support.series_cases import Case, some_case
from tests.support.strategies import Digits

EXAMPLES: Final = os.environ.get("CALSYNC_SERIES_EXAMPLES")
OVER_A_HUNDRED: Final = settings(
    max_examples=int(EXAMPLES) // 50 if EXAMPLES else 15,
    derandomize=EXAMPLES is None,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),  # to shrink a case takes longer than to read it
)
HANDFUL: Final = 8
IN_SIGHT: Final = (
    date(2026, 10, 10),
    date(2026, 10, 20),
    date(2026, 12, 25),
    date(2027, 3, 8),
    date(2027, 3, 20),
)
FAR: Final = NOW + timedelta(days=700)
FROM, TO = NOW - timedelta(days=70), NOW + timedelta(days=400)

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def in_sight(case: Case) -> bool:
    """Whether an occurrence lies within the window (C2)."""
    gone = {each.original_start for each in case.exceptions if each.cancelled}
    return any(moment < FAR for moment in case.moments if moment not in gone)


handfuls = st.lists(
    st.integers(0, 2**280).map(Digits).map(lambda digits: some_case(digits, IN_SIGHT)),
    min_size=HANDFUL,
    max_size=HANDFUL,
).map(lambda cases: [case for case in cases if case.fits and in_sight(case)])


@pytest.fixture
def beginning(rig: Rig) -> Snapshot:
    """Anna, with nothing in her calendars."""
    rig.page_size = 1000  # the sandbox expands a series anew for each page
    rig.world.hire("ANNA")
    return rig.snapshot()


@pytest.fixture(autouse=True)
def _statements_fit_sql_server() -> None:
    """Every statement is looked at in other tests; here it would take much of the time."""


def enter(rig: Rig, number: int, case: Case) -> None:
    """Somebody enters a series in Consolidate."""
    row = {"id": UUID(int=number), "type_id": 1, "responsible_id": rig.world.employees["ANNA"]}
    named = {**row, **case.row(), "subject": f"Serie {number}"}
    with rig.people.writing() as connection:
        connection.execute(sa.insert(tables.activity).values(named))
    for exception in case.exception_rows():
        except_(rig, row["id"], exception)


def except_(rig: Rig, series: UUID, values: Mapping[str, object]) -> None:
    """Somebody changes one occurrence in Consolidate."""
    child = {"id": uuid4(), "activity_id": series, **values}
    with rig.people.writing() as connection:
        connection.execute(sa.insert(tables.activity_exception).values(child))


def create(rig: Rig, number: int, case: Case) -> None:
    """Somebody makes a series in Outlook."""
    anna = rig.tenant.user("anna")
    sent = {**case.event(), "subject": f"Serie {number}"}
    item = events.create(anna.action("create"), anna.mailbox.default_calendar, sent)
    for each in case.exceptions:
        action, day = anna.action("change"), each.original_start.date()
        if each.cancelled:
            occurrences.cancel_occurrence(action, item, day)
        else:
            occurrences.change_occurrence(action, item, day, case.patch(each))


def happening(rig: Rig) -> tuple[Counter[Any], Counter[Any]]:
    """What happens in Consolidate, and in Outlook."""
    anna = rig.tenant.user("anna")
    return verify.occurrences(rig.world, "ANNA", FROM, TO), verify.events_seen(anna, FROM, TO)


def in_step(rig: Rig) -> Counter[Any]:
    """Sync until nothing is left to do; what happens then on both sides, and nothing more is done.

    Fails where the sides differ, where a series is left out, or where a further run writes.
    """
    asyncio.run(rig.until_quiet())
    assert [row["reason"] for row in rig.world.rows(state.quarantine)] == []
    ours, theirs = happening(rig)
    assert ours == theirs, f"only here {ours - theirs}, only there {theirs - ours}"
    rig.tenant.counters.reset()
    rows = rig.world.rows(tables.activity), rig.world.rows(tables.activity_exception)
    asyncio.run(rig.until_quiet())
    assert rig.tenant.counters.writes == 0
    assert rows == (rig.world.rows(tables.activity), rig.world.rows(tables.activity_exception))
    return ours


@pytest.mark.slow
@pytest.mark.timeout(300)
@OVER_A_HUNDRED
@given(cases=handfuls, arrays_come_empty=st.booleans())
def test_e1_e3_series_keep_their_occurrences_through_the_agent(
    rig: Rig, beginning: Snapshot, cases: list[Case], *, arrays_come_empty: bool
) -> None:
    rig.restore(beginning)
    rig.tenant.settings.empty_series_arrays = arrays_come_empty  # then occurrences are listed
    for number, case in enumerate(cases):
        (create if number % 2 else enter)(rig, number, case)
    entered, created = happening(rig)
    assert in_step(rig) == entered + created
    _change_one_of_each_on_the_other_side(rig, cases)
    in_step(rig)
    ours = {row["subject"] for row in rig.world.activities()}
    theirs = {event["subject"] for event in rig.tenant.user("anna").events()}
    expected = {f"Serie {number}": case for number, case in enumerate(cases)}
    assert ours == theirs == expected.keys(), [expected[name] for name in theirs ^ ours]


def _change_one_of_each_on_the_other_side(rig: Rig, cases: list[Case]) -> None:
    """Rename one occurrence of what came from Consolidate, cancel one of what came from Outlook."""
    anna = rig.tenant.user("anna")
    rows = {row["subject"]: row["id"] for row in rig.world.activities()}
    rig.wait(seconds=1)
    for number, case in enumerate(cases):
        taken = {each.original_start for each in case.exceptions}
        free = [moment for moment in case.moments if moment not in taken]
        if len(free) < 2:
            continue
        if number % 2:
            cancelled = {"original_start": free[1], "cancelled": True}
            except_(rig, rows[f"Serie {number}"], cancelled)
        else:
            (series,) = anna.find(f"Serie {number}")
            anna.change(anna.occurrence(series, free[1].date()), subject="Neu")
