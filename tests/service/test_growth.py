"""What a few changes cost does not depend on how large the calendar is."""

from datetime import timedelta

import pytest

from tests.service.test_idle import a_round
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

PAGE = 100


async def cost_of_few_changes(world: World, code: str, size: int) -> tuple[int, int]:
    """Statements and requests for three changes on each side of a calendar of this size."""
    person = world.tenant.user(code.lower())
    day = timedelta(days=1)
    events = [
        person.create(f"Termin {number}", SOON + number * day, SOON + number * day)
        for number in range(size)
    ]
    mine = [world.enter(code, f"Besuch {number}", SOON + number * day) for number in range(3)]
    with world.agent() as rounds:
        for _ in range(3):  # the first sync, the echo of what it sent, and rest
            await a_round(rounds)
        for event, activity in zip(events[:3], mine, strict=True):
            person.change(event, subject="verlegt")
            world.edit(activity, subject="anders")
        world.tenant.reset_counters()
        statements = (await a_round(rounds)).texts
        requests = world.tenant.counters.http
        await a_round(rounds)
        await rounds.close(5)
    assert_in_step(world, code)
    return len(statements), requests


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_a1_statements_and_requests_grow_with_the_changes_not_with_the_calendar(
    world: World,
) -> None:
    world.tenant.settings.irregular_pages = False
    for code in ("ANNA", "BERND"):
        world.hire(code)
    small = await cost_of_few_changes(world, "ANNA", 5)
    large = await cost_of_few_changes(world, "BERND", 2 * PAGE)
    assert small == large
