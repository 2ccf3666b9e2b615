"""What the sync itself takes out of Exchange is not called off by anybody (C4, F2, G10)."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.state import tables as state
from tests.support.rig import SOON, Rig

NAME: Final = "Besprechung"

Act = Callable[[Rig, UUID], None]


def edited(**values: object) -> Act:
    return lambda rig, number: rig.world.edit(number, **values)


def given_to(code: str) -> Act:
    return lambda rig, number: rig.world.edit(number, responsible_id=rig.world.employees[code])


WITHDRAWN: Final = {"kept here": edited(type_id=2), "nobody's": given_to("CLARA")}
BACK: Final = {"kept here": edited(type_id=1), "nobody's": given_to("ANNA")}


def quiet(rig: Rig) -> None:
    asyncio.run(rig.until_quiet())


def office(rig: Rig) -> None:
    """Anna, Bernd and Dora; Clara, who has no profile; a type that is not sent."""
    for code in ("ANNA", "BERND", "DORA"):
        rig.world.hire(code)
    rig.world.hire("CLARA", profile=False)
    with rig.people.writing() as connection:
        connection.execute(
            sa.insert(tables.activity_type).values(
                name="intern", calendar_sync="none", inbound_default=False
            )
        )


def entered(rig: Rig) -> UUID:
    """Anna's meeting with Bernd and Dora, entered in Consolidate."""
    number = rig.world.enter("ANNA", NAME, SOON)
    rig.world.invite(number, "BERND", "DORA")
    quiet(rig)
    return number


def made_in_outlook(rig: Rig) -> UUID:
    """Anna's meeting with Bernd and Dora, made in Outlook."""
    invited = [rig.tenant.user(code).upn for code in ("bernd", "dora")]
    end = SOON + timedelta(hours=1)
    rig.tenant.user("anna").create(NAME, SOON, end, attendees=invited)
    quiet(rig)
    (row,) = rig.world.activities()
    number = row["id"]
    assert isinstance(number, UUID)
    return number


def held(rig: Rig, code: str) -> list[tuple[str, bool]]:
    """What somebody has in Outlook that was not cancelled, and whether it is their own."""
    found = rig.tenant.user(code.lower()).events()
    return [(e["subject"], e["isOrganizer"]) for e in found if not e["isCancelled"]]


def rest(rig: Rig, *, active: bool) -> None:
    """Bernd's profile rests, or does so no longer."""
    with rig.people.writing() as connection:
        mine = state.profile.c.employee_id == rig.world.employees["BERND"]
        connection.execute(sa.update(state.profile).where(mine).values(active=active))


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("made", [entered, made_in_outlook])
@pytest.mark.parametrize("how", WITHDRAWN)
@pytest.mark.parametrize("resting", [False, True], ids=["", "bernd-rests"])
def test_f1a_a_meeting_that_is_withdrawn_stays_in_consolidate(
    rig: Rig, made: Callable[[Rig], UUID], how: str, *, resting: bool
) -> None:
    office(rig)
    number = made(rig)
    rest(rig, active=not resting)
    WITHDRAWN[how](rig, number)
    quiet(rig)
    rest(rig, active=True)
    quiet(rig)
    assert [row["id"] for row in rig.world.activities()] == [number]
    assert {kept["side"] for kept in rig.world.rows(state.history)} <= {"exchange"}
    own = [] if how == "kept here" else [(NAME, True)]
    # Who has made a meeting in Outlook takes part in it.
    annas = own if made is made_in_outlook else []
    assert [held(rig, code) for code in ("ANNA", "BERND", "DORA")] == [annas, own, own]
    BACK[how](rig, number)
    quiet(rig)
    assert [row["id"] for row in rig.world.activities()] == [number]
    copy = [(NAME, False)]
    assert [held(rig, code) for code in ("ANNA", "BERND", "DORA")] == [[(NAME, True)], copy, copy]
