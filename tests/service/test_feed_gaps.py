"""B3, B14: what the feed has missed is found, in a running agent as well."""

import pytest
import sqlalchemy as sa

from calsync_agent.errors import DatabaseRefused
from calsync_agent.installation import install
from calsync_agent.service.rounds import Rounds
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio


async def rounds_of(rounds: Rounds, number: int) -> None:
    for _ in range(number):
        await rounds.begin()
        await rounds.finished()


def subjects(world: World) -> list[str]:
    return sorted(str(event["subject"]) for event in world.tenant.user("anna").events())


async def test_b3_a_feed_emptied_under_a_running_agent_loses_nothing(world: World) -> None:
    world.hire("ANNA")
    first = world.enter("ANNA", "eins", SOON)
    gone = world.enter("ANNA", "weg", SOON)
    with world.agent() as rounds:
        await rounds_of(rounds, 2)
        assert subjects(world) == ["eins", "weg"]
        world.edit(first, subject="zwei")
        world.remove(gone, row=True)
        world.enter("ANNA", "drei", SOON)
        with world.database.writing() as connection:
            connection.execute(sa.text("DELETE FROM calsync_feed"))
        await rounds_of(rounds, 3)
        assert subjects(world) == ["drei", "zwei"]
        world.tenant.reset_counters()
        await rounds_of(rounds, 1)
        assert world.tenant.counters.writes == 0
        await rounds.close(5)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
async def test_b14_what_was_saved_while_the_feed_was_gone_is_sent_when_it_is_there_again(
    world: World,
) -> None:
    world.hire("ANNA")
    first = world.enter("ANNA", "eins", SOON)
    with world.agent() as rounds:
        await rounds_of(rounds, 2)
        with world.database.writing() as connection:
            connection.execute(sa.text("DROP TABLE calsync_feed"))
        world.edit(first, subject="zwei")
        with pytest.raises(DatabaseRefused, match="unseen"):
            await rounds_of(rounds, 1)
        install(world.database)
        await rounds_of(rounds, 3)
        assert subjects(world) == ["zwei"]
        await rounds.close(5)
