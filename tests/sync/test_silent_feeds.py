"""B3, B9: Exchange does not say what has changed, while everything else goes on."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from calsync_agent.errors import FeedTrouble, MailboxTrouble
from calsync_agent.i18n import message
from calsync_agent.sandbox.faults import Rule
from calsync_agent.state import tables as state
from tests.support.rig import SOON, Agent, Rig
from tests.support.verify import assert_in_step
from tests.support.world import World

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("dialect", ["sqlite"], indirect=True),
]


def lines(rig: Rig, words: str) -> list[str]:
    """What the log that people see says with these words."""
    return [row["message"] for row in rig.world.rows(state.log) if words in row["message"]]


async def rounds(rig: Rig, agent: Agent, minutes: int) -> None:
    for _ in range(minutes):
        rig.wait(minutes=1)
        await agent.round()


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_b3_sending_goes_on_while_a_position_does_not_answer(rig: Rig, status: int) -> None:
    anna = rig.world.hire("ANNA")
    await rig.until_quiet()
    agent = rig.agent()
    await agent.round()
    rig.tenant.fault(
        Rule(action="status", status=status, path="calendarView/delta", mailbox=anna.id, times=None)
    )
    await rounds(rig, agent, 5)
    assert [type(one.error) for one in agent.in_trouble] == [FeedTrouble]
    for number in range(4):
        rig.world.enter("ANNA", f"während der Stille {number}", SOON)
        await rounds(rig, agent, 2)
        assert len(anna.events()) == number + 1
    rig.tenant.clear_faults()
    await rounds(rig, agent, 10)
    assert agent.in_trouble == []
    assert len(lines(rig, "works again")) == 1
    await agent.stop()


async def test_b3_a_position_that_has_not_answered_for_an_hour_is_given_up(rig: Rig) -> None:
    anna = rig.world.hire("ANNA")
    anna.create("vorher", SOON, SOON + timedelta(hours=1))
    await rig.until_quiet()
    agent = rig.agent()
    await agent.round()
    (standing,) = agent.rounds.standings.values()
    lost = standing.position
    rig.tenant.fault(
        Rule(action="status", status=504, path="calendarView/delta", mailbox=anna.id, times=None)
    )
    anna.create("in der Stille", SOON, SOON + timedelta(hours=1))
    await rounds(rig, agent, 45)
    assert standing.position == lost
    await rounds(rig, agent, 35)
    assert standing.position is None
    said = lines(rig, "is read anew")
    asked = rig.tenant.counters.calls
    await rounds(rig, agent, 30)
    # It is not asked in a hot loop, and not talked about all the time.
    assert rig.tenant.counters.calls - asked <= 30 * 4
    assert lines(rig, "is read anew") == said
    assert len(said) == 1
    rig.tenant.clear_faults()
    await rounds(rig, agent, 10)
    assert agent.in_trouble == []
    assert standing.position not in {None, lost}
    await agent.stop()
    assert_in_step(rig.world)


@pytest.mark.parametrize("waiting", [False, True], ids=["idle", "something to be sent"])
@pytest.mark.parametrize(
    "link", ["https://graph.example.invalid/v1.0/users/1?$deltatoken=a", "nonsense", "x" * 100_000]
)
async def test_b3_a_position_at_an_address_that_graph_had_before_is_given_up(
    world: World, link: str, *, waiting: bool
) -> None:
    """A remembered place leads to where it was given; graph_url may have been changed since."""
    anna = world.hire("ANNA")
    anna.create("vorher", SOON, SOON + timedelta(hours=1))
    await world.sync()
    with world.database.writing() as connection:
        connection.execute(sa.update(state.profile_state).values(delta_link=link))
    anna.create("nachher", SOON, SOON + timedelta(hours=2))
    if waiting:
        world.enter("ANNA", "zu senden", SOON)
    outcomes = await world.sync()
    assert [outcome.in_step for outcome in outcomes] == [True]
    assert len(world.activities()) == len(anna.events()) == 2 + waiting
    assert_in_step(world)


async def test_b3_an_agent_whose_place_leads_elsewhere_says_so_once_and_reads_anew(
    rig: Rig,
) -> None:
    anna = rig.world.hire("ANNA")
    await rig.until_quiet()
    agent = rig.agent()
    await agent.round()
    (standing,) = agent.rounds.standings.values()
    standing.position = "https://graph.example.invalid/v1.0/users/1?$deltatoken=a"
    anna.create("nachher", SOON, SOON + timedelta(hours=1))
    await rounds(rig, agent, 5)
    assert agent.in_trouble == []
    assert len(lines(rig, "link to another address")) == 1
    assert [row["subject"] for row in rig.world.activities()] == ["nachher"]
    await agent.stop()


async def test_b9_a_clock_that_was_ahead_makes_no_mailbox_wait(rig: Rig) -> None:
    """What is waited for goes by a clock that nobody sets."""
    anna = rig.world.hire("ANNA")
    await rig.until_quiet()
    agent = rig.agent()
    await agent.round()
    (standing,) = agent.rounds.standings.values()
    rig.ahead = timedelta(hours=2)
    standing.busy = True
    agent.rounds.running.failed(standing, MailboxTrouble(message("it fails")))
    standing.busy = False
    rig.ahead = timedelta()
    anna.create("danach", SOON, SOON + timedelta(hours=1))
    await rounds(rig, agent, 2)
    assert agent.in_trouble == []
    assert len(rig.world.activities()) == 1
    await agent.stop()
