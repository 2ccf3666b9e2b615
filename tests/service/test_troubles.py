"""B9: what fails for a while is said once, waited for, and nothing is lost by it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shutil import copyfile

import pytest
import sqlalchemy as sa

from calsync_agent.database.engine import Database, Patience
from calsync_agent.sandbox.faults import Rule
from calsync_agent.sandbox.server import SandboxServer
from calsync_agent.service import troubles
from calsync_agent.state import tables as state
from calsync_agent.sync import cycle
from tests.support.service import Service, serving, until
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

AGAIN = "the sync works again"


def entered(world: World, count: int = 30) -> None:
    for number in range(count):
        world.enter("ANNA", f"Nr. {number}", SOON)


def doubled(world: World) -> list[str]:
    subjects = Counter(str(event["subject"]) for event in world.tenant.user("anna").events())
    return [subject for subject, count in subjects.items() if count > 1]


async def goes_on(service: Service, world: World, rounds: int = 3) -> None:
    """Return after some more rounds."""
    seen = world.tenant.counters.http
    await until(lambda: world.tenant.counters.http >= seen + rounds)
    await until(lambda: service.in_step("ANNA"))


@pytest.mark.parametrize(
    "rule",
    [
        {"action": "status", "status": 429, "code": "TooManyRequests", "retry_after": 1},
        {"action": "status", "status": 503},
        {"action": "drop"},
        {"action": "drop", "when": "after"},
        {"action": "truncate"},
        {"action": "drop", "scope": "http"},
        {"action": "status", "status": 503, "retry_after": 0, "scope": "http"},
    ],
    ids=lambda rule: "-".join(str(value) for value in rule.values()),
)
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_b9_requests_that_fail_in_between_lose_and_double_nothing(
    world: World, rule: dict[str, object]
) -> None:
    anna = world.hire("ANNA")
    for number in range(5):
        anna.create(f"dort {number}", SOON, SOON)
    entered(world, 10)
    for nth in (1, 3, 5, 8):
        world.tenant.fault(Rule.model_validate({**rule, "nth": nth}))
    async with serving(world) as service:
        await until(lambda: len(anna.events()) == len(world.activities()) == 15)
        await until(lambda: service.in_step("ANNA"))
    assert doubled(world) == []
    assert_in_step(world)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_b9_a_host_that_is_gone_is_said_once_for_all_profiles_and_its_return_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [world.hire(code) for code in ("ANNA", "BERND", "CARLA")]
    before = world.sandbox
    before.ca_file = str(copyfile(before.ca_file, world.folder / "ca.pem"))
    async with serving(world) as service:
        await until(lambda: all(service.in_step(code) for code in world.employees))
        tried = Tried(service)
        await asyncio.to_thread(before.stop)
        monkeypatch.setattr(before, "stop", lambda: None)
        entered(world, 3)
        await until(lambda: tried.times >= 12)
        again = SandboxServer(before.tenant, before.port, before._ca)
        await asyncio.to_thread(again.start)
        try:
            await until(lambda: len(people[0].events()) == 3)
            await until(lambda: service.lines(AGAIN))
            await until(lambda: not any(s.error for s in service.rounds.standings.values()))
        finally:
            service.stop.set()
            await service.task
            await asyncio.to_thread(again.stop)
    (line,) = [line for line in service.lines() if " warning " in line or " error " in line]
    assert f" error   -/- nothing accepts connections at 127.0.0.1:{before.port}" in line
    assert len(service.lines(AGAIN)) == 1
    told = [(row["kind"], row["profile_id"]) for row in world.rows(state.log)]
    assert told.count(("error", None)) == 1
    assert_in_step(world)


async def test_b9_a_mailbox_that_stays_closed_is_said_once_with_graphs_request_id(
    world: World,
) -> None:
    world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        world.tenant.set_open("anna", open_=False)
        refused = world.tenant.counters.refused
        await until(lambda: world.tenant.counters.refused >= refused + 4)
        world.tenant.set_open("anna", open_=True)
        await until(lambda: service.lines("ANNA/", AGAIN))
    (line,) = service.lines("closed to calsync")
    assert " error   ANNA/" in line
    assert "request-id " in line
    kinds = [(row["kind"], row["level"], row["profile_id"]) for row in world.rows(state.log)]
    assert ("error", "error", 1) in kinds
    assert ("sync", "info", 1) in kinds


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
async def test_b9_a_restarted_postgresql_is_said_once_and_loses_nothing(world: World) -> None:
    anna = world.hire("ANNA")
    for number in range(20):
        anna.create(f"dort {number}", SOON, SOON)
    entered(world)
    async with serving(world) as service:
        for least in (5, 15, 25):
            await until(lambda: len(anna.events()) >= 20 + least)  # noqa: B023 - awaited
            cut(world.database)
        await until(lambda: len(anna.events()) == len(world.activities()) == 50)
        await goes_on(service, world)
    assert doubled(world) == []
    assert_in_step(world)
    troubled = [line for line in service.lines() if " warning " in line or " error " in line]
    assert len(troubled) <= 1
    assert len(service.lines("internal error")) == 0


def cut(database: Database) -> None:
    """End every other connection to this database, as a restart does."""
    mine = "pid <> pg_backend_pid() AND datname = current_database()"
    with database.writing() as connection:
        connection.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}"  # noqa: S608
        )


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody else writes to the SQLite file, and takes their time."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        connection.exec_driver_sql("ROLLBACK")
    engine.dispose()


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_b9_a_locked_sqlite_file_is_waited_for_and_said_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calsync_agent.database.tuning._SQLITE_SECONDS", 0.05)
    monkeypatch.setattr("calsync_agent.database.engine.PATIENT", Patience(tries=2, first=0.01))
    anna = world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        service.rounds.database._patience = Patience(tries=2, first=0.01)
        world.enter("ANNA", "wartet", SOON)
        tried = Tried(service)
        with locked(str(world.database.engine.url)):
            await until(lambda: tried.times >= 4)
        await until(lambda: len(anna.events()) == 1)
        await until(lambda: service.lines(AGAIN))
    assert len(service.lines("busy with others' changes")) == 1
    assert_in_step(world)


class Tried:
    """Counts how often something went wrong, whether it was said or not."""

    def __init__(self, service: Service) -> None:
        self.times = 0
        self._met: Callable[..., object] = service.rounds.troubles.met
        service.rounds.troubles.met = self  # type: ignore[method-assign,assignment]

    def __call__(self, *given: object) -> None:
        self.times += 1
        self._met(*given)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_b9_an_error_that_nobody_foresaw_ends_neither_the_agent_nor_other_profiles(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    run = cycle.run

    async def broken(one: cycle.Cycle, *given: object) -> None:
        if one.job.profile.id == 1:
            raise KeyError("geheim")
        await run(one, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(cycle, "run", broken)
    async with serving(world) as service:
        await until(lambda: service.in_step("BERND"))
        bernd.create("aus Outlook", SOON, SOON)
        await until(lambda: len(world.activities()) == 1)
        monkeypatch.setattr(cycle, "run", run)
        world.enter("ANNA", "aus Consolidate", SOON)
        await until(lambda: len(anna.events()) == 1)
    (line,) = service.lines("internal error")
    assert "KeyError: 'geheim' (test_troubles.py:" in line
    assert " ANNA/" in line


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_b9_what_lasts_is_said_again_after_an_hour_and_what_comes_and_goes_seldom(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        monkeypatch.setattr(troubles, "SAID_AGAIN_AFTER", troubles.SAID_AGAIN_AFTER / 36_000)
        world.tenant.set_open("anna", open_=False)
        await until(lambda: len(service.lines("closed to calsync")) >= 3)
        monkeypatch.setattr(troubles, "SAID_AGAIN_AFTER", troubles.SAID_AGAIN_AFTER * 36_000)
        world.tenant.set_open("anna", open_=True)
        await until(lambda: service.lines(AGAIN))
        said = len(service.lines("closed to calsync"))
        anna = service.standing("ANNA")
        assert anna is not None
        for _ in range(3):
            world.tenant.set_open("anna", open_=False)
            await until(lambda: anna.error is not None)
            world.tenant.set_open("anna", open_=True)
            await until(lambda: anna.error is None)
        assert len(service.lines("closed to calsync")) == said
        assert len(service.lines(AGAIN)) == 1
