"""What `demo --stay` shows while somebody watches: lap after lap, everything that there is."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.demo.days import CALLS, UNFIT, DayStep, Happening, lap
from calsync_agent.demo.entries import Deleted, DemoEntry, Edit, New, Where
from calsync_agent.demo.office import Office
from calsync_agent.demo.stage import Stage, staged
from calsync_agent.demo.staying import take
from calsync_agent.demo.story import BERND, DOMAIN, STAFF
from calsync_agent.domain.hold import HoldKind
from calsync_agent.i18n import Message
from calsync_agent.state import tables as state
from tests.demo.conftest import TODAY

pytestmark = pytest.mark.anyio


def happenings(steps: list[DayStep]) -> list[Happening]:
    return [one for step in steps for one in step.happenings]


def entered(steps: list[DayStep]) -> set[str]:
    """The subjects of what a lap enters."""
    found: set[str] = set()
    for one in happenings(steps):
        entry: DemoEntry | None = getattr(one, "entry", None)
        if isinstance(one, Edit) and isinstance(one.change, New):
            entry = one.change.entry
        found |= {entry.subject} if entry else set()
    return found


def removed(steps: list[DayStep]) -> set[str]:
    deleting = (one for one in happenings(steps) if isinstance(one, Edit))
    return {edit.subject for edit in deleting if isinstance(edit.change, Deleted)}


def test_a_lap_leaves_nothing_of_its_own_and_shares_nothing_with_others() -> None:
    laps = [lap(number) for number in range(40)]
    assert all(entered(steps) == removed(steps) for steps in laps)
    subjects = [subject for steps in laps for subject in entered(steps)]
    assert len(subjects) == len(set(subjects))


def test_a_lap_has_edits_on_both_sides_and_one_step_that_waits_for_the_admin() -> None:
    steps = lap(0)
    assert {one.where for one in happenings(steps) if isinstance(one, Edit)} == {
        Where.CONSOLIDATE,
        Where.OUTLOOK,
    }
    assert [len(step.happenings) for step in steps if step.waits] == [CALLS]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    with staged(tmp_path, DOMAIN, keep=False) as made:
        yield made


def rows(stage: Stage, table: sa.Table) -> list[dict[str, Any]]:
    with stage.database.reading() as connection:
        return [dict(row) for row in connection.execute(sa.select(*table.c)).mappings()]


async def test_a_lap_shows_a_conflict_answers_a_quarantine_and_a_held_deletion(
    stage: Stage,
) -> None:
    office = Office(stage.database, stage.tenant, TODAY)
    office.found()
    for employee in STAFF:
        office.hire(employee)
    said: list[Message] = []
    quarantined: list[str] = []
    steps = lap(0)
    for step in steps:
        take(step, office, steps, said.append)
        await stage.sync()
        quarantined += [row["reason"] for row in rows(stage, state.quarantine)]
    assert len(said) == len(happenings(steps))
    assert {UNFIT.rpartition(";")[2] in reason for reason in quarantined} == {True}
    assert rows(stage, state.quarantine) == []  # it was mended
    held = rows(stage, state.hold)
    assert {row["kind"] for row in held} == {HoldKind.DELETE_IN_CONSOLIDATE.value}
    assert len(held) == CALLS
    assert {row["rule"] for row in rows(stage, state.history)} >= {"changed on both sides"}
    answers = {row["response"] for row in rows(stage, tables.activity_participant)}
    assert answers >= {"accepted", "tentative"}
    left = [row for row in rows(stage, tables.activity) if row["deleted_at"] is None]
    assert {row["responsible_id"] for row in left} == {office.employees[BERND]}
    assert len(left) == CALLS
