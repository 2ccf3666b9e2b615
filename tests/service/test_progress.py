"""Part 2: a long first sync says how far it has come, now and then."""

import re

import pytest

from calsync_agent.sandbox.faults import Rule
from calsync_agent.service import first_sync_progress
from tests.support.service import Service, serving, until
from tests.support.world import SOON, World

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)]


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_sync_progress, "PAUSES", ())
    monkeypatch.setattr(first_sync_progress, "LATER", 0.05)


def progress(service: Service) -> list[str]:
    return [line.partition("first sync: ")[2] for line in service.lines("ANNA/1 first sync: ")]


async def test_events_are_counted_up_to_how_many_there_are(world: World) -> None:
    anna = world.hire("ANNA")
    for number in range(230):
        anna.create(f"Nr. {number}", SOON, SOON)
    world.tenant.settings.latency = 0.1
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
    steps = [re.fullmatch(r"(\d+) of 230 events read", line) for line in progress(service)]
    assert steps
    assert all(steps)
    assert sorted(int(step[1]) for step in steps if step) == [int(s[1]) for s in steps if s]
    counted = world.tenant.counters.kinds["GET /users/{user}/calendarView"]
    assert counted == 1


async def test_where_exchange_does_not_count_the_events_so_far_are_said(world: World) -> None:
    anna = world.hire("ANNA")
    for number in range(230):
        anna.create(f"Nr. {number}", SOON, SOON)
    world.tenant.fault(
        Rule(action="status", status=400, path=r"calendarView$", code="BadRequest", times=None)
    )
    world.tenant.settings.latency = 0.1
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
    assert progress(service)
    assert all(re.fullmatch(r"\d+ events read so far", line) for line in progress(service))


async def test_what_goes_out_is_counted_against_what_is_pending(world: World) -> None:
    anna = world.hire("ANNA")
    for number in range(350):
        world.enter("ANNA", f"Nr. {number}", SOON)
    world.tenant.settings.latency = 0.01
    async with serving(world) as service:
        await until(lambda: len(anna.events()) == 350 and service.in_step("ANNA"))
    pattern = r"\d+ of 350 appointments have been looked at for Exchange"
    assert any(re.fullmatch(pattern, line) for line in progress(service))


async def test_a_short_first_sync_asks_exchange_for_no_count(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_sync_progress, "LATER", 30.0)
    anna = world.hire("ANNA")
    anna.create("Termin", SOON, SOON)
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
    assert progress(service) == []
    assert world.tenant.counters.kinds["GET /users/{user}/calendarView"] == 0
