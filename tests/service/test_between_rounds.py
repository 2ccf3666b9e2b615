"""What people touch in Consolidate goes out between two rounds, and asks nobody else for it."""

import asyncio

import pytest

from calsync_agent.service import heartbeat
from calsync_agent.service.news import News
from tests.support.service import serving, until
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio


async def test_a1_what_else_there_is_to_say_goes_before_a_hint() -> None:
    news = News()
    news.hint()
    assert news.is_set()
    assert news.touched_only
    news.set()
    news.hint()
    assert not news.touched_only
    news.clear()
    assert not news.is_set()
    news.hint()
    assert news.touched_only
    news.clear()
    news.no_hint_before = asyncio.get_running_loop().time() + 3600
    news.hint()
    assert not news.is_set()
    news.set()
    assert news.is_set()


async def test_a1_a_round_between_asks_only_where_there_is_work(world: World) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    with world.agent() as rounds:
        for _ in range(2):
            await rounds.begin()
            await rounds.finished()
        world.enter("ANNA", "eilig", SOON)
        bernd.create("wartet", SOON, SOON)
        world.tenant.reset_counters()
        await rounds.begin(asking=False)
        await rounds.finished()
        assert [event["subject"] for event in anna.events()] == ["eilig"]
        assert [row["subject"] for row in world.activities()] == ["eilig"]
        await rounds.begin()
        await rounds.finished()
        assert {row["subject"] for row in world.activities()} == {"eilig", "wartet"}
        await rounds.close(5)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a1_what_is_touched_goes_out_before_the_interval_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "LOOKS_EVERY", 0.1)
    world.provider(interval_seconds=60)
    anna = world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        due_at = service.rounds.pace.due_at
        world.enter("ANNA", "eilig", SOON)
        await until(lambda: len(anna.events()) == 1)
        assert asyncio.get_running_loop().time() < due_at


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a4_a_long_interval_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "LOOKS_EVERY", 0.01)
    world.provider(interval_seconds=heartbeat.HURRIES_UP_TO + 1)
    anna = world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        looked = asyncio.Event()
        looks = 0
        real = service.rounds.watch._changed

        async def changed() -> bool:
            nonlocal looks
            looks += 1
            if looks > 3:
                looked.set()
            return await real()

        monkeypatch.setattr(service.rounds.watch, "_changed", changed)
        world.enter("ANNA", "hat Zeit", SOON)
        await looked.wait()
        assert not service.rounds.news.is_set()
    assert anna.events() == []
