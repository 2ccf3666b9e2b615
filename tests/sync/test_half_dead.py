"""No profile is left behind by a task of its own that ends otherwise than it should (A4, B9)."""

import pytest

from calsync_agent.state import tables as state
from tests.support.rig import SOON, Agent, Rig

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("dialect", ["sqlite"], indirect=True),
]


class Unforeseen(Exception):
    """What nobody thought of."""


async def begun(rig: Rig) -> Agent:
    """An agent that is in step, and has something to send."""
    rig.world.hire("ANNA")
    await rig.until_quiet()
    agent = rig.agent()
    await agent.round()
    rig.world.enter("ANNA", "Termin", SOON)
    return agent


async def test_a4_a_cycle_that_is_cut_off_before_its_first_step_leaves_its_profile_free(
    rig: Rig,
) -> None:
    agent = await begun(rig)
    await agent.rounds.begin()
    (task,) = agent.rounds.running.tasks.values()
    task.cancel()
    await agent.rounds.finished()
    assert not any(one.busy for one in agent.rounds.standings.values())
    await agent.round()
    assert [row["event_id"] is not None for row in rig.world.rows(state.link)] == [True]
    await agent.stop()


async def test_b9_what_fells_a_cycle_at_its_very_end_is_said_and_the_next_one_begins(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await begun(rig)

    async def felled(*_args: object) -> None:
        raise Unforeseen

    with monkeypatch.context() as patching:
        patching.setattr(agent.rounds.running, "_tell_written", felled)
        await agent.round()
    (standing,) = agent.in_trouble
    assert "Unforeseen" in str(standing.error)
    rig.wait(minutes=6)
    await agent.round()
    assert agent.in_trouble == []
    await agent.stop()
