"""A4: cycles begin at every interval, never overlap, and a mailbox in trouble delays no other."""

import asyncio
from functools import partial
from typing import cast

import pytest

from calsync_agent.exchange import provider
from calsync_agent.exchange.transport import poll
from calsync_agent.sandbox.faults import Rule
from calsync_agent.sandbox.people import Person
from calsync_agent.service.agent import Agent
from calsync_agent.service.rounds import Rounds
from tests.support.service import serving, until
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes half a second is slow."""
    monkeypatch.setattr(poll, "QUICK", 0.5)
    monkeypatch.setattr(provider, "Graph", partial(vars(provider)["Graph"], poll_limit=0.5))


def at(mailbox: Person, action: str, **more: object) -> Rule:
    return Rule.model_validate({"action": action, "mailbox": mailbox.id, "times": None, **more})


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("hang", {}),
        ("drop", {}),
        ("status", {"status": 429, "code": "TooManyRequests", "retry_after": 60}),
        ("status", {"status": 503}),
        ("status", {"status": 403, "code": "ErrorAccessDenied"}),
    ],
    ids=["hangs", "breaks off", "throttled", "failing", "closed"],
)
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a4_a_mailbox_in_trouble_delays_no_other(
    world: World, action: str, more: dict[str, object]
) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA") and service.in_step("BERND"))
        world.tenant.fault(at(anna, action, **more))
        world.enter("ANNA", "wartet", SOON)
        for number in range(3):
            world.enter("BERND", f"aus Consolidate {number}", SOON)
            bernd.create(f"aus Outlook {number}", SOON, SOON)
            crossed = 2 * (number + 1)
            await until(lambda: len(bernd.events()) == crossed)  # noqa: B023 - awaited
            await until(lambda: len(world.activities()) == crossed + 1)  # noqa: B023 - awaited
        assert anna.events() == []
        world.tenant.clear_faults()
        standing = service.standing("ANNA")
        assert standing is not None
        standing.retry_at = None  # instead of waiting
        await service.rounds.lines.close()  # a new line, which remembers no rest
        service.rounds.news.set()
        await until(lambda: anna.events())
    assert_in_step(world)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a4_long_first_syncs_keep_no_other_waiting(world: World) -> None:
    bernd = world.hire("BERND")
    async with serving(world) as service:
        await until(lambda: service.in_step("BERND"))
        for number in range(20):
            new = world.hire(f"NEU{number}", profile=False)
            world.tenant.fault(at(new, "hang"))
            world.enrol(f"NEU{number}", new)
        await until(lambda: service.standing("NEU19") is not None)
        bernd.create("aus Outlook", SOON, SOON)
        world.enter("BERND", "aus Consolidate", SOON)
        await until(lambda: len(bernd.events()) == len(world.activities()) == 2)
        assert len(service.rounds.under_way) >= 20
        world.tenant.clear_faults()


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a4_cycles_of_one_profile_never_overlap(world: World) -> None:
    anna = world.hire("ANNA")
    world.tenant.fault(at(anna, "hang"))
    with world.agent() as rounds:
        for _ in range(5):
            await rounds.begin()
        (standing,) = rounds.standings.values()
        assert standing.busy
        assert standing.cycle == 1
        world.tenant.clear_faults()
        await rounds.finished()
        await rounds.begin()
        assert standing.cycle <= 2
        await rounds.close(5)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("takes", "waits"), [(0.0, 5.0), (2.0, 3.0), (9.0, 0.0)])
async def test_a4_a_round_begins_at_every_interval_however_long_the_last_one_took(
    world: World, monkeypatch: pytest.MonkeyPatch, takes: float, waits: float
) -> None:
    world.provider(interval_seconds=5)
    waited: list[float] = []
    loop = asyncio.get_running_loop()

    async def begin(rounds: Rounds, *, asking: bool) -> object:
        assert asking
        passed = loop.time
        began = passed()
        view = await begin_really(rounds)
        really = passed() - began  # on a computer that has other things to do
        monkeypatch.setattr(loop, "time", lambda: passed() - really + takes)
        return view

    async def pause(agent: Agent, _news: asyncio.Event, seconds: float) -> None:
        waited.append(max(seconds, 0.0))
        cast("asyncio.Event", agent.__dict__["stopping"]).set()

    begin_really = Rounds.begin
    monkeypatch.setattr(Rounds, "begin", begin)
    monkeypatch.setattr(Agent, "_pause", pause)
    async with serving(world) as service:
        service.agent.__dict__["stopping"] = service.stop
        await service.task
    assert [round(seconds) for seconds in waited] == [waits]
