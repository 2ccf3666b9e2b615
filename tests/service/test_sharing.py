"""B11: several agents share the profiles evenly; what one has wanders only while it is idle."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent import bootstrap
from calsync_agent.appointment.model import ProfileId
from calsync_agent.domain.load import Load
from calsync_agent.plan.sharing import SETTLED_AFTER, offered, share, taken
from calsync_agent.service.leases import LEFT_AFTER, OFFERS_AGAIN_AFTER, Leases
from calsync_agent.state import tables as state
from calsync_agent.state.agents import HEARTBEAT, SILENCE
from calsync_agent.state.profile_status import Condition
from tests.support.world import World

pytestmark = pytest.mark.anyio

COUNT = 40
WANTED = [ProfileId(number) for number in range(1, COUNT + 1)]


@given(st.integers(1, 60), st.integers(1, 7), st.data())
def test_b11_whoever_takes_first_all_are_taken_and_evenly(
    wanted: int, agents: int, data: st.DataObject
) -> None:
    free = {ProfileId(number) for number in range(wanted)}
    took: dict[int, int] = {}
    for place in data.draw(st.permutations(range(agents))):
        some = taken(free, (), mine=0, wanted=wanted, place=place, agents=agents)
        assert some <= free
        free -= some
        took[place] = len(some)
    assert free == set()
    assert max(took.values()) <= share(wanted, agents)


@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.floats(0, 100)), max_size=5),
    st.integers(1, 64),
)
def test_b11_nobody_offers_more_than_others_lack_or_it_has_too_many(
    mine: int, others: list[tuple[int, int, float]], most: int
) -> None:
    loads = [Load(has, min(fails, has), age) for has, fails, age in others]
    wanted = mine + sum(one.profiles for one in loads)
    count = offered(mine, wanted, loads, most)
    each = share(wanted, len(loads) + 1)
    assert 0 <= count <= most
    assert count == 0 or mine - count >= each
    able = [one for one in loads if one.age >= SETTLED_AFTER and one.well]
    if not any(one.profiles < each for one in able):
        assert count == 0


class Office:
    """Agents that only share, on a clock that nobody waits for."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        self.world = world
        self.now = 0.0
        self.agents: list[Leases] = []
        self._stack = stack

    def hire(self) -> None:
        with self.world.database.writing() as connection:
            rows = [{"code": f"E{n}", "name": "E", "email": f"e{n}@x.example"} for n in WANTED]
            connection.execute(sa.insert(self.world_table("employee")), rows)
            found = connection.execute(sa.select(self.world_table("employee").c.id)).scalars().all()
            mine = [
                {"provider_id": 1, "employee_id": n, "external_user_id": f"m{n}"} for n in found
            ]
            connection.execute(sa.insert(state.profile), mine)

    @staticmethod
    def world_table(name: str) -> sa.Table:
        return state.profile.metadata.tables[name]

    def begins(self, *, long_ago: bool = True) -> Leases:
        who = self._stack.enter_context(bootstrap.identity())
        leases = Leases(self.world.database, who, lambda: self.now)
        leases.idle = lambda count: sorted(leases._mine)[:count]
        self.agents.append(leases)
        self._long_ago = long_ago
        return leases

    async def beats(self, times: int = 1) -> list[int]:
        """Heartbeats of all; how many profiles each has then."""
        for _ in range(times):
            self.now += HEARTBEAT.total_seconds()
            for one in self.agents:
                await one.of(WANTED)
                await one.beat()
                self._age(one)
            held = [number for one in self.agents for number in one._mine]
            assert len(held) == len(set(held))
        return [len(one._mine) for one in self.agents]

    def _age(self, one: Leases) -> None:
        """It began long ago, by the database's clock."""
        if self._long_ago:
            began = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=SETTLED_AFTER + 1)
            mine = sa.update(state.agent).where(state.agent.c.id == one.identity.id)
            with self.world.database.writing() as connection:
                connection.execute(mine.values(started_at=began))

    def all_leased(self) -> bool:
        return sorted(row["profile_id"] for row in self.world.rows(state.lease)) == WANTED


@contextmanager
def office(world: World) -> Iterator[Office]:
    with ExitStack() as stack:
        made = Office(world, stack)
        made.hire()
        yield made


async def test_b11_an_agent_that_comes_later_gets_its_share_little_by_little(world: World) -> None:
    with office(world) as made:
        made.begins()
        assert await made.beats() == [COUNT]
        made.begins()
        assert (await made.beats(2))[1] <= 3
        assert await made.beats(8) == [COUNT // 2, COUNT // 2]
        made.begins()
        shares = await made.beats(16)
        assert max(shares) <= share(COUNT, 3)
        assert made.all_leased()
        leased = sorted((row["profile_id"], row["agent_id"]) for row in world.rows(state.lease))
        await made.beats(3)  # and then nothing wanders any more
        again = sorted((row["profile_id"], row["agent_id"]) for row in world.rows(state.lease))
        assert again == leased


async def test_b11_the_profiles_of_one_that_dies_are_shared_among_the_others(world: World) -> None:
    with office(world) as made:
        for _ in range(3):
            made.begins()
        await made.beats(20)
        dead = made.agents.pop()
        past = datetime.now(UTC).replace(tzinfo=None) - SILENCE - timedelta(seconds=1)
        with world.database.writing() as connection:
            mine = sa.update(state.agent).where(state.agent.c.id == dead.identity.id)
            connection.execute(mine.values(seen_at=past))
        assert await made.beats(1) == [COUNT // 2, COUNT // 2]


async def test_b11_one_that_has_only_just_begun_is_offered_nothing(world: World) -> None:
    with office(world) as made:
        made.begins(long_ago=False)
        await made.beats()
        made.begins(long_ago=False)
        assert await made.beats(3) == [COUNT, 0]


async def test_b11_one_whose_profiles_fail_gets_no_more(world: World) -> None:
    with office(world) as made:
        made.begins()
        await made.beats()
        other = made.begins()
        await made.beats(2)
        with world.database.writing() as connection:
            for number in other._mine:
                row = {"profile_id": number, "state": Condition.FAILING.value}
                connection.execute(sa.insert(state.fare).values(since=datetime(2026, 1, 1), **row))
        had = len(other._mine)
        assert 0 < had < 4
        assert (await made.beats(5))[1] == had


async def test_b11_what_nobody_takes_comes_back_and_is_not_offered_again_soon(
    world: World,
) -> None:
    with office(world) as made:
        first = made.begins()
        await made.beats()
        second = made.begins()
        await made.beats()
        made.agents.remove(second)  # it hangs: it lives, and takes nothing
        assert (await made.beats())[0] < COUNT
        await made.beats(int(LEFT_AFTER / HEARTBEAT.total_seconds()) + 1)
        assert len(first._mine) == COUNT
        for _ in range(int(OFFERS_AGAIN_AFTER / HEARTBEAT.total_seconds()) - 2):
            assert await made.beats() == [COUNT]
