"""A first test in each of the three worlds that `tests/README.md` tells of."""

from dataclasses import replace

import pytest

from calsync_agent.appointment.content import Field
from calsync_agent.appointment.model import Appointment
from calsync_agent.plan.matrix import Cell, Change
from tests.support.paper import Paper
from tests.support.rig import SOON as ON_THE_RIG
from tests.support.rig import Rig
from tests.support.strategies import MONDAY
from tests.support.world import SOON, World
from tests.sync.test_singles import settled

pytestmark = pytest.mark.anyio


def test_a3_on_paper_a_changed_subject_goes_out_alone() -> None:
    paper = Paper()
    was = Appointment("Termin", MONDAY, MONDAY.replace(hour=1), "Europe/Vienna")
    paper.enter(was)
    paper.create(was)
    paper.link_up()
    paper.enter(replace(was, subject="Besprechung"))
    decision = paper.plan().decision
    assert decision.cell is Cell.CHANGED_IN_CONSOLIDATE
    assert decision.exchange == Change(frozenset({Field.SUBJECT}))


async def test_b1_on_the_rig_an_agent_that_dies_leaves_all_in_step(rig: Rig) -> None:
    rig.world.hire("ANNA")
    rig.world.enter("ANNA", "Termin", ON_THE_RIG)
    agent = rig.agent()
    await agent.round()
    await agent.die()
    await rig.until_quiet()
    (event,) = rig.tenant.user("anna").events()
    assert event["subject"] == "Termin"


async def test_a1_in_the_world_an_appointment_reaches_outlook_over_https(world: World) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "Termin", SOON)
    await settled(world)
    (event,) = anna.events()
    assert event["subject"] == "Termin"
