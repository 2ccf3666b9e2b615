"""An event that has another id now and cannot be read under it is not gone (B3, B5, B8)."""

import asyncio
from typing import Any, Final

import pytest

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.faults import Rule
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.golden import Step, does
from tests.support.golden_meetings import entered, hire_three
from tests.support.golden_series import with_exceptions_in_consolidate
from tests.support.machine.sides import differences
from tests.support.rig import Rig

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

EVENTS: Final = {
    "entered in Consolidate": ("anna", "Besprechung hier", entered),
    "entered in Outlook": ("anna", "Besprechung dort", entered),
    "a series": ("anna", "Serie hier", with_exceptions_in_consolidate),
    "a copy of what Consolidate has entered": ("bernd", "Besprechung hier", entered),
    "a copy of what was entered in Outlook": ("clara", "Besprechung dort", entered),
}


def moved(rig: Rig, person: Person, _subject: str) -> None:
    rig.tenant.world.relocate(person.mailbox)


def brought_back(rig: Rig, person: Person, subject: str) -> None:
    item = person.item(*person.find(subject))
    rig.tenant.world.bring_back(person.mailbox, item)


def in_consolidate(rig: Rig) -> tuple[Any, ...]:
    """What people see there, without when it was last changed."""
    rows = [
        (row["id"], row["subject"], row["responsible_id"], row["deleted_at"])
        for row in rig.world.rows(tables.activity)
    ]
    taking_part = [
        (row["activity_id"], row["employee_id"], row["email"], row["response"])
        for row in rig.world.rows(tables.activity_participant)
    ]
    return sorted(rows, key=str), sorted(taking_part, key=str)


@pytest.mark.parametrize("way", [moved, brought_back])
@pytest.mark.parametrize("times", [1, 2, 40])
@pytest.mark.parametrize(("whose", "subject", "start"), EVENTS.values(), ids=EVENTS)
def test_b5_an_event_that_cannot_be_read_under_its_new_id_is_not_gone(
    rig: Rig, whose: str, subject: str, start: Step, times: int, way: Any
) -> None:
    does(hire_three, start)(rig)
    asyncio.run(rig.until_quiet())
    before = in_consolidate(rig)
    person = rig.tenant.user(whose)
    way(rig, person, subject)
    (now,) = person.find(subject)
    rule = rig.tenant.fault(
        Rule(
            action="status",
            status=400,
            code="ErrorCorruptData",
            method="GET",
            path=f"/events/{now}$",
            times=times,
        )
    )
    asyncio.run(rig.until_quiet())
    assert in_consolidate(rig) == before
    rig.tenant.faults.rules.remove(rule)
    for _ in range(2):
        rig.wait(days=1, minutes=1)
        asyncio.run(rig.until_quiet())
    assert in_consolidate(rig) == before
    assert differences(rig) == []
    assert not rig.world.rows(state.quarantine)
    assert now in {link["event_id"] for link in rig.world.rows(state.link)}
