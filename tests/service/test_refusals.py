"""B10 and G5: what forbids the sync, at its start and while it runs; put right, it resumes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from calsync_agent.config.settings import Settings
from calsync_agent.consolidate import tables
from calsync_agent.database.engine import Database
from calsync_agent.errors import CalsyncError, DatabaseTrouble, LoginRefused, Refusal
from calsync_agent.i18n import message
from calsync_agent.logs import logs
from calsync_agent.service import agent, heartbeat
from calsync_agent.service.rounds import Rounds
from calsync_agent.state import agents
from calsync_agent.state import tables as state
from tests.support.service import Service, serving, until, watching
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Case:
    """What an admin, or somebody else, does to the database; how it is undone; what is said."""

    spoil: sa.Executable
    mend: sa.Executable
    said: str


def switched(column: sa.Column[bool]) -> tuple[sa.Update, sa.Update]:
    table = column.table
    assert isinstance(table, sa.Table)
    return (
        sa.update(table).values({column: False}),
        sa.update(table).values({column: True}),
    )


def valued(column: sa.Column[str], wrong: str, right: str) -> tuple[sa.Update, sa.Update]:
    table = column.table
    assert isinstance(table, sa.Table)
    return (
        sa.update(table).where(column == right).values({column: wrong}),
        sa.update(table).where(column == wrong).values({column: right}),
    )


TENANT = sa.update(state.provider)
VERSION = sa.update(state.meta).where(state.meta.c.name == "schema_version")

CASES = {
    "licence withdrawn": Case(*switched(tables.module.c.licensed), "is not licensed"),
    "module disabled": Case(*switched(tables.module.c.enabled), "is not enabled"),
    "module gone": Case(
        *valued(tables.module.c.name, "Elsewhere", "CalendarSync"), "has no module CalendarSync"
    ),
    "tenant emptied": Case(
        TENANT.values(tenant_id=""), TENANT.values(tenant_id="{tenant}"), "no tenant is set"
    ),
    "provider gone": Case(
        *valued(state.provider.c.kind, "other", "exchange365"), "no tenant is set"
    ),
    "tables newer": Case(
        VERSION.values(value="99"),
        VERSION.values(value=str(state.SCHEMA_VERSION)),
        "newer than this program",
    ),
    "no type for inbound": Case(
        *switched(tables.activity_type.c.inbound_default), "marked as inbound_default"
    ),
    "Consolidate too old": Case(
        *valued(tables.system_info.c.version, "5.1.9", "5.2.006"), "is too old; update it"
    ),
}


def do(world: World, what: sa.Executable) -> None:
    if isinstance(what, sa.Update) and "{tenant}" in what.compile().params.values():
        what = TENANT.values(tenant_id=world.sandbox.tenant_id)
    with world.database.writing() as connection:
        connection.execute(what)


def attempts(service: Service) -> Callable[[], int]:
    """How many rounds were begun since, whether they could or not."""
    begun = 0
    begin = service.rounds.begin

    async def counted(*, asking: bool) -> object:
        nonlocal begun
        begun += 1
        return await begin(asking=asking)

    service.rounds.begin = counted  # type: ignore[method-assign,assignment]
    return lambda: begun


@pytest.mark.parametrize("name", CASES)
async def test_b10_nothing_is_begun_until_it_has_been_put_right(world: World, name: str) -> None:
    case = CASES[name]
    anna = world.hire("ANNA")
    world.enter("ANNA", "aus Consolidate", SOON)
    anna.create("aus Outlook", SOON, SOON)
    do(world, case.spoil)
    before = world.rows(tables.activity)
    with pytest.raises(Refusal, match=case.said) as refused:
        await world.sync()
    assert refused.value.exit_status == 2
    assert "\n" not in str(refused.value)
    assert world.rows(tables.activity) == before
    assert world.rows(state.link) == world.rows(state.agent) == []
    assert world.tenant.counters.writes == 0
    do(world, case.mend)
    outcomes = await world.sync()
    assert [outcome.in_step for outcome in outcomes] == [True]
    assert_in_step(world)


@pytest.mark.parametrize("name", CASES)
async def test_g5_a_running_agent_stops_and_resumes(world: World, name: str) -> None:
    case = CASES[name]
    anna = world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        do(world, case.spoil)
        await until(lambda: service.lines(" error ", case.said))
        world.enter("ANNA", "aus Consolidate", SOON)
        anna.create("aus Outlook", SOON, SOON)
        tried = attempts(service)
        await until(lambda: tried() >= 3)
        assert len(world.activities()) == len(anna.events()) == 1
        do(world, case.mend)
        await until(lambda: len(world.activities()) == len(anna.events()) == 2)
        await until(lambda: service.lines("the sync works again"))
    assert len(service.lines(case.said)) == 1
    assert_in_step(world)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", CASES)
async def test_g5_a_long_first_sync_stops_in_the_middle_and_goes_on(
    world: World, name: str
) -> None:
    case = CASES[name]
    anna = world.hire("ANNA")
    for number in range(150):
        world.enter("ANNA", f"Nr. {number}", SOON)
    world.provider(interval_seconds=3600)
    world.tenant.settings.latency = 0.02
    async with serving(world) as service:
        await until(lambda: len(anna.events()) >= 5)
        do(world, case.spoil)
        await until(lambda: service.lines(" error ", case.said))
        await until(lambda: not service.rounds.under_way)
        stopped_at = len(anna.events())
        links = world.rows(state.link)
        assert stopped_at < 150
        tried = attempts(service)
        await until(lambda: tried() >= 3)
        assert len(anna.events()) == stopped_at
        assert world.rows(state.link) == links
        world.tenant.settings.latency = 0
        do(world, case.mend)
        await until(lambda: len(anna.events()) == 150 and service.in_step("ANNA"))
    assert_in_step(world)


async def test_b10_tables_of_a_newer_program_are_not_even_written_to_by_the_heartbeat(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "HEARTBEAT", agents.HEARTBEAT / 100)
    case = CASES["tables newer"]
    world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        do(world, case.spoil)
        await until(lambda: service.lines(" error ", case.said))
        tried = attempts(service)
        with watching() as seen:
            await until(lambda: tried() >= 5)
    assert seen.writes == []
    assert len(world.rows(state.agent)) == 1  # not even taking leave


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (LoginRefused(message("wrong password")), agent.LOGIN_AGAIN_AFTER),
        (DatabaseTrouble(message("does not answer")), agent.LOOKS_AGAIN_AFTER),
    ],
    ids=["a login", "anything else"],
)
async def test_b9_a_refused_login_is_tried_so_seldom_that_it_is_not_locked(
    world: World, monkeypatch: pytest.MonkeyPatch, error: CalsyncError, pause: float
) -> None:
    pauses = []

    def opened(_settings: Settings) -> Database:
        raise error

    async def paused(_agent: agent.Agent, _news: asyncio.Event, seconds: float) -> None:
        pauses.append(seconds)
        stop.set()

    monkeypatch.setattr(agent.Agent, "_pause", paused)
    settings, stop = world.settings(), asyncio.Event()
    with logs.set_up(settings.log, settings.secrets()) as running:
        await agent.Agent(settings, opened, blow_up, running).run(stop)
    assert pauses == [pause]


def blow_up(*_given: object) -> Rounds:
    raise AssertionError("there is no database to work with")
