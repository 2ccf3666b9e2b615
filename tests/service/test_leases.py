"""B11: two agents on one database never sync a profile at once, and the living inherit."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent import bootstrap
from calsync_agent.appointment.model import ProfileId
from calsync_agent.database.clock import UtcNow
from calsync_agent.platform import ProcessLock
from calsync_agent.service import heartbeat
from calsync_agent.service.leases import Leases, Silent
from calsync_agent.service.rounds import Rounds
from calsync_agent.state import agents
from calsync_agent.state import tables as state
from calsync_agent.state.agents import SILENCE, Identity
from tests.support.service import serving, until
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio


@contextmanager
def somebody(world: World, *, alive: bool = True, host: str = "here") -> Iterator[Identity]:
    """Who an agent is; one that is not alive has let go of its lock file."""
    lock = ProcessLock(world.folder / f"agent-{uuid4()}.lock")
    lock.acquire()
    if not alive:
        lock.release()
    yield Identity(uuid4(), host, 4711, "test", lock.path)
    lock.release()


@asynccontextmanager
async def rounds_of(world: World, who: Identity) -> AsyncIterator[Rounds]:
    rounds = bootstrap.rounds(world.settings(), world.database, who)
    try:
        yield rounds
    finally:
        await rounds.close(5)


def of(world: World) -> dict[int, object]:
    """Which agent has which profile."""
    return {row["profile_id"]: row["agent_id"] for row in world.rows(state.lease)}


def silence(world: World, who: Identity, seconds: float) -> None:
    """Let an agent's last heartbeat lie so long ago, by the database's own clock."""
    with world.database.writing() as connection:
        now = connection.execute(sa.select(UtcNow())).scalar_one()
        mine = sa.update(state.agent).where(state.agent.c.id == who.id)
        connection.execute(mine.values(seen_at=now - timedelta(seconds=seconds)))


async def test_b11_what_one_agent_has_the_other_leaves_alone(world: World) -> None:
    anna = world.hire("ANNA")
    with somebody(world) as first, somebody(world) as second:
        async with rounds_of(world, first) as one, rounds_of(world, second) as other:
            await one.begin()
            await one.finished()
            await other.begin()
            assert (list(one.standings), list(other.standings)) == ([1], [])
            (holder,) = other.leases.elsewhere
            assert (holder.profile, holder.host, holder.pid) == (1, "here", 4711)
            world.enter("ANNA", "Termin", SOON)
            await other.begin()
            await other.finished()
            assert anna.events() == []
            await one.begin()
            await one.finished()
            assert len(anna.events()) == 1


async def test_b11_profiles_of_an_agent_that_ended_well_are_free_at_once(world: World) -> None:
    world.hire("ANNA")
    with somebody(world) as first, somebody(world) as second:
        async with rounds_of(world, first) as one:
            await one.begin()
            await one.finished()
        async with rounds_of(world, second) as other:
            await other.begin()
            assert list(other.standings) == [1]


@pytest.mark.parametrize(
    ("alive", "host", "silent", "inherited"),
    [
        (False, "here", 0, True),  # its process is known to have ended
        (True, "here", 0, False),
        (True, "here", SILENCE.total_seconds() - 3, False),
        (True, "here", SILENCE.total_seconds() + 1, True),  # it hangs
        (False, "elsewhere", 0, False),  # its lock file tells nothing here
        (False, "elsewhere", SILENCE.total_seconds() + 1, True),
    ],
)
async def test_b11_an_agent_is_dead_when_its_process_has_ended_or_it_is_silent_for_long(
    world: World, *, alive: bool, host: str, silent: float, inherited: bool
) -> None:
    world.hire("ANNA")
    with somebody(world, alive=alive, host=host) as first, somebody(world) as second:
        await Leases(world.database, first).of([ProfileId(1)])
        silence(world, first, silent)
        async with rounds_of(world, second) as other:
            await other.begin()
            assert (list(other.standings) == [1]) is inherited
        assert first.lock_file.exists() is not (inherited and not alive and host == "here")


async def test_b11_a_silent_agent_without_a_lock_file_is_succeeded_within_30_seconds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the interval is: the heartbeat looks for it, every five seconds."""
    assert agents.SILENCE + agents.HEARTBEAT <= timedelta(seconds=30)
    monkeypatch.setattr(heartbeat, "HEARTBEAT", agents.HEARTBEAT / 100)
    world.provider(interval_seconds=86_400)
    anna = world.hire("ANNA")
    anna.create("aus Outlook", SOON, SOON)
    gone = Identity(uuid4(), "here", 4711, "test", Path("/no/such/file"))
    await Leases(world.database, gone).of([ProfileId(1)])
    async with serving(world) as service:
        await until(lambda: service.working)
        assert world.activities() == []
        silence(world, gone, SILENCE.total_seconds() + 1)
        await until(lambda: len(world.activities()) == 1)


async def test_b11_a_sleeper_that_wakes_writes_nothing(world: World) -> None:
    anna = world.hire("ANNA")
    passed = 0.0
    with somebody(world) as sleeper, somebody(world) as heir:
        async with rounds_of(world, sleeper) as one, rounds_of(world, heir) as other:
            one.leases._clock = lambda: passed
            await one.begin()
            await one.finished()
            passed += SILENCE.total_seconds() + 1
            silence(world, sleeper, SILENCE.total_seconds() + 1)
            with pytest.raises(Silent):
                one.leases.check()
            await other.begin()
            await other.finished()
            assert set(of(world).values()) == {heir.id}
            world.enter("ANNA", "Termin", SOON)
            anna.create("aus Outlook", SOON, SOON)
            await one.begin()
            await one.finished()
            assert len(anna.events()) == len(world.activities()) == 1
            assert one.standings == {}
            assert one.leases.elsewhere[0].profile == 1
            assert set(of(world).values()) == {heir.id}
            await other.begin()
            await other.finished()
    assert_in_step(world)


async def test_b11_a_cycle_whose_profile_was_taken_over_meanwhile_writes_no_more(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    for number in range(60):
        world.enter("ANNA", f"Nr. {number}", SOON)
    world.tenant.settings.latency = 0.02
    with somebody(world) as sleeper, somebody(world) as heir:
        async with rounds_of(world, sleeper) as one:
            await one.begin()
            await until(lambda: len(anna.events()) >= 1)
            silence(world, sleeper, SILENCE.total_seconds() + 1)
            assert await Leases(world.database, heir).of([ProfileId(1)]) == {1}
            links = world.rows(state.link)
            await one.finished()
            assert [row["id"] for row in world.rows(state.link)] == [row["id"] for row in links]
            assert one.standings[ProfileId(1)].progress.compared_at is None or links
            await one.begin()
            assert one.standings == {}


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
async def test_b11_agents_that_begin_at_the_same_moment_share_without_an_error(
    world: World,
) -> None:
    for number in range(10):
        world.hire(f"A{number}")
    wanted = [ProfileId(number) for number in range(1, 11)]
    for _ in range(10):
        with somebody(world) as first, somebody(world) as second, somebody(world) as third:
            all_ = [Leases(world.database, who) for who in (first, second, third)]
            mine = await asyncio.gather(*(leases.of(wanted) for leases in all_))
            assert sorted(number for some in mine for number in some) == wanted
            await asyncio.gather(*(leases.give_back() for leases in all_))
            assert world.rows(state.lease) == world.rows(state.agent) == []


async def test_b11_leases_of_nobody_are_free(world: World) -> None:
    world.hire("ANNA")
    with world.database.writing() as connection:
        connection.execute(sa.insert(state.lease).values(profile_id=1, agent_id=uuid4()))
    with somebody(world) as who:
        assert await Leases(world.database, who).of([ProfileId(1)]) == {1}


async def test_b11_a_profile_that_is_gone_keeps_the_others_from_nothing(world: World) -> None:
    world.hire("ANNA")
    with somebody(world) as who:
        assert await Leases(world.database, who).of([ProfileId(1), ProfileId(99)]) == set()
        assert await Leases(world.database, who).of([ProfileId(1)]) == {1}


async def test_c5_a_profile_whose_row_disappears_while_its_cycle_runs_ends_quietly(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    bernd = world.hire("BERND")
    for number in range(250):
        world.enter("ANNA", f"Nr. {number}", SOON)
    world.tenant.settings.latency = 0.02
    async with serving(world) as service:
        await until(lambda: len(anna.events()) >= 1)
        with world.database.writing() as connection:
            connection.execute(sa.delete(state.profile).where(state.profile.c.id == 1))
        await until(lambda: service.working and ProfileId(1) not in service.rounds.standings)
        world.tenant.settings.latency = 0
        world.enter("BERND", "Termin", SOON)
        await until(lambda: len(bernd.events()) == 1)
    assert service.lines(" error ") + service.lines(" warning ") == []
    assert len(anna.events()) < 250


def listed(world: World) -> list[str]:
    """The hosts of the agents that are known, in the order in which they began."""
    with world.database.reading() as connection:
        by_age = sa.select(state.agent.c.host).order_by(state.agent.c.started_at)
        return list(connection.execute(by_age).scalars())


@pytest.mark.parametrize("where", ["its own host", "another host"])
async def test_h2_an_agent_that_died_stays_listed_until_one_begins_on_its_host(
    world: World, where: str, tmp_path: Path
) -> None:
    def who(host: str) -> Identity:
        return Identity(uuid4(), host, 1, "1", tmp_path / f"{uuid4()}.lock")

    nobody: set[ProfileId] = set()
    dead, lives = who("a"), who("a" if where == "its own host" else "b")
    with world.database.writing() as connection:
        agents.register(connection, dead)
        past = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=1)
        mine = sa.update(state.agent).where(state.agent.c.id == dead.id)
        connection.execute(mine.values(seen_at=past, started_at=past))
        agents.register(connection, lives)
        agents.take(connection, lives, nobody, lambda _host, _path: False)
    assert listed(world) == (["a"] if where == "its own host" else ["a", "b"])
    with world.database.writing() as connection:
        agents.prune(connection)
    assert len(listed(world)) == (1 if where == "its own host" else 2)
    with world.database.writing() as connection:
        agents.register(connection, who("a"))
    assert sorted(listed(world)) == (["a", "a"] if where == "its own host" else ["a", "b"])


async def test_h2_of_two_on_one_host_the_one_that_died_stays_listed(
    world: World, tmp_path: Path
) -> None:
    nobody: set[ProfileId] = set()
    one, other = (Identity(uuid4(), "a", 1, "1", tmp_path / f"{n}.lock") for n in range(2))
    with world.database.writing() as connection:
        for each in (one, other):
            agents.register(connection, each)
        agents.beat(connection, one)
        agents.take(connection, other, nobody, lambda _host, path: path == one.lock_file)
    assert listed(world) == ["a", "a"]
    with world.database.writing() as connection:
        long = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=2)
        mine = sa.update(state.agent).where(state.agent.c.id == one.id)
        connection.execute(mine.values(seen_at=long))
        agents.prune(connection)
    assert listed(world) == ["a"]


async def test_b11_the_log_tells_when_an_agent_begins_is_silent_and_stops(world: World) -> None:
    world.hire("ANNA")
    with somebody(world, host="one") as first, somebody(world, host="two") as second:
        async with rounds_of(world, first) as one, rounds_of(world, second) as other:
            one.leases.announced = other.leases.announced = True
            await one.begin()
            silence(world, first, 60)
            await other.begin()
        told = [row["message"] for row in world.rows(state.log)]
    assert [line for line in told if line.startswith("the agent on")] == [
        "the agent on one has begun (version test, process 4711)",
        "the agent on two has begun (version test, process 4711)",
        "the agent on one is silent; its profiles may be taken over",
        "the agent on two has stopped",
        "the agent on one has stopped",
    ]
