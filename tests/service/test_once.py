"""`once`: it ends when nothing is left to do, and says of each profile what became of it."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent import bootstrap
from calsync_agent.appointment.model import ProfileId
from calsync_agent.config import reading
from calsync_agent.consolidate import tables
from calsync_agent.errors import NotReady, SignInRefused
from calsync_agent.platform import ProcessLock
from calsync_agent.sandbox.faults import Rule
from calsync_agent.service import heartbeat
from calsync_agent.service import leases as leases_module
from calsync_agent.service.leases import Leases
from calsync_agent.service.once import Outcome
from calsync_agent.state import tables as state
from calsync_agent.state.agents import Identity
from tests.support.service import until
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)]

HOUR = timedelta(hours=1)


def told(outcomes: list[Outcome]) -> list[tuple[bool, str]]:
    return [(outcome.in_step, str(outcome.line)) for outcome in outcomes]


async def test_one_line_for_each_profile_says_what_was_done(world: World) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    for number in range(3):
        world.enter("ANNA", f"Nr. {number}", SOON)
    anna.create("aus Outlook", SOON, SOON + HOUR)
    assert told(await world.sync()) == [
        (
            True,
            f"profile 1 ({anna.id}): created in Consolidate: 1, created in Exchange: 3;"
            " quarantined: 0",
        ),
        (True, f"profile 2 ({bernd.id}): in step, nothing to do; quarantined: 0"),
    ]


async def test_c5_a_profile_that_may_not_be_synced_is_named_with_the_reason(world: World) -> None:
    world.hire("ANNA")
    with world.database.writing() as connection:
        connection.execute(sa.update(tables.employee).values(calendarsync_allowed=False))
    ((in_step, line),) = told(await world.sync())
    assert in_step
    assert "not synced, because its employee is inactive or not permitted" in line


@pytest.mark.parametrize(
    "rule",
    [
        Rule(action="status", status=429, code="TooManyRequests", retry_after=2),
        Rule(action="status", status=503),
        Rule(action="drop"),
        Rule(action="drop", scope="http", path="batch"),
    ],
    ids=["throttled", "failing", "broken off", "batch broken off"],
)
async def test_b9_what_passes_by_itself_is_waited_for(world: World, rule: Rule) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    await world.sync()
    anna.create("aus Outlook", SOON, SOON + HOUR)
    bernd.create("aus Outlook", SOON, SOON + HOUR)
    world.tenant.fault(rule)
    assert [in_step for in_step, _ in told(await world.sync())] == [True, True]
    assert len(world.activities()) == 2


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(action="status", status=503, times=None), "(503 ServiceUnavailable, request-id "),
        (Rule(action="drop", times=None), "gives no answer"),
        (
            Rule(action="status", status=403, code="ErrorAccessDenied", times=None),
            "is closed to calsync",
        ),
    ],
    ids=["failing", "broken off", "closed"],
)
async def test_what_does_not_pass_is_given_up_and_the_other_profiles_are_in_step(
    world: World, rule: Rule, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calsync_agent.service.once._PATIENCE", 0.5)
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    world.enter("BERND", "Termin", SOON)
    world.tenant.fault(rule.model_copy(update={"mailbox": anna.id}))
    (first, second) = told(await world.sync())
    assert not first[0]
    assert said in first[1]
    assert second[0]
    assert len(bernd.events()) == 1


async def test_writes_that_are_never_answered_do_not_keep_it_for_ever(world: World) -> None:
    anna = world.hire("ANNA")
    await world.sync()
    for number in range(3):
        world.enter("ANNA", f"Nr. {number}", SOON)
    world.tenant.fault(Rule(action="drop", method="POST", path="events$", times=None))
    ((in_step, line),) = told(await world.sync())
    assert not in_step
    assert "are still to be sent" in line or "gives no answer" in line
    world.tenant.clear_faults()
    assert [in_step for in_step, _ in told(await world.sync())] == [True]
    assert len(anna.events()) == 3


async def test_a_first_sync_longer_than_the_silence_of_the_dead_goes_through(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heartbeat goes on during `once`."""
    silence = timedelta(seconds=0.3)
    monkeypatch.setattr(leases_module, "SILENCE", silence)
    monkeypatch.setattr(leases_module, "HEARTBEAT", silence / 6)
    monkeypatch.setattr(heartbeat, "HEARTBEAT", silence / 6)
    anna = world.hire("ANNA")
    for number in range(120):
        world.enter("ANNA", f"Nr. {number}", SOON)
    world.tenant.settings.latency = 0.05
    assert [in_step for in_step, _ in told(await world.sync())] == [True]
    assert len(anna.events()) == 120


async def test_what_a_living_agent_has_is_left_to_it_and_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases_module, "HEARTBEAT", timedelta(seconds=0.5))
    world.hire("ANNA")
    lock = ProcessLock(world.folder / "other.lock")
    with lock:
        other = Leases(world.database, Identity(uuid4(), "elsewhere", 4711, "test", lock.path))
        await other.of([ProfileId(1)])

        async def live() -> None:
            while True:
                await other.beat()
                await asyncio.sleep(0.1)

        living = asyncio.create_task(live())
        try:
            ((in_step, line),) = told(await world.sync())
        finally:
            living.cancel()
    assert not in_step
    expected = "profile 1: not synced, because the agent on elsewhere (process 4711) has it"
    assert line == expected


async def test_what_a_dead_agent_had_is_taken_over(world: World) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "Termin", SOON)
    lock = ProcessLock(world.folder / "other.lock")
    with lock, bootstrap.identity() as me:
        dead = Identity(uuid4(), me.host, 4711, "test", lock.path)
        await Leases(world.database, dead).of([ProfileId(1)])
    assert [in_step for in_step, _ in told(await world.sync())] == [True]
    assert len(anna.events()) == 1


async def test_g5_what_forbids_the_sync_ends_it_in_the_middle_with_the_reason(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    for number in range(250):
        world.enter("ANNA", f"Nr. {number}", SOON)
    world.tenant.settings.latency = 0.02
    syncing = asyncio.create_task(world.sync())
    await until(lambda: len(anna.events()) >= 1)
    with world.database.writing() as connection:
        connection.execute(sa.update(tables.module).values(licensed=False))
    with pytest.raises(NotReady, match="not licensed"):
        await syncing
    assert len(anna.events()) < 250
    with world.database.writing() as connection:
        connection.execute(sa.update(tables.module).values(licensed=True))
    world.tenant.settings.latency = 0
    await world.sync()
    assert_in_step(world)


async def test_a_refused_sign_in_is_raised_once_for_all_profiles(world: World) -> None:
    world.hire("ANNA")
    world.hire("BERND")
    world.tenant.settings.sign_in_refusal = 7000222
    with pytest.raises(SignInRefused, match="has expired"):
        await world.sync()
    assert world.rows(state.link) == []


async def test_settings_that_change_meanwhile_are_followed(world: World) -> None:
    anna = world.hire("ANNA")
    for number in range(250):
        world.enter("ANNA", f"Nr. {number}", SOON)
    world.tenant.settings.latency = 0.02
    syncing = asyncio.create_task(world.sync(reading.read(world.settings().path)))
    await until(lambda: len(anna.events()) >= 1)
    world.provider(outbound=False)
    outcomes = await syncing
    assert len(anna.events()) < 250
    assert [outcome.in_step for outcome in outcomes] == [True]
