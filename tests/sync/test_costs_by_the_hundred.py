"""B9: what a hundred more appointments cost, in requests and statements. Counted, never timed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.consolidate.feed import touch
from tests.support.rig import SOON, Rig
from tests.support.service import watching

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class Cost:
    """HTTP requests to Graph, and statements; of a hundred appointments."""

    requests: float
    statements: float


@pytest.fixture(autouse=True)
def _anna(rig: Rig) -> None:
    rig.page_size = 100
    rig.tenant.settings.irregular_pages = False
    rig.world.hire("ANNA")


def enter(rig: Rig, count: int) -> None:
    """Appointments in Consolidate."""
    rig.world.enter("ANNA", "Nr. 0", SOON, SOON + HOUR)
    (first,) = rig.world.activities()
    more = [
        {**first, "id": uuid4(), "subject": f"Nr. {number}", "starts_at": SOON + number * HOUR}
        | {"ends_at": SOON + (number + 1) * HOUR}
        for number in range(1, count)
    ]
    with rig.people.writing() as connection:
        connection.execute(sa.insert(tables.activity), more)


def invite(rig: Rig, count: int) -> None:
    """Appointments in Exchange."""
    anna = rig.tenant.user("anna")
    for number in range(count):
        anna.create(f"Nr. {number}", SOON + number * HOUR, SOON + (number + 1) * HOUR)


def synced(rig: Rig) -> tuple[int, int]:
    rig.tenant.counters.reset()
    with watching() as seen:
        asyncio.run(rig.until_quiet())
    return rig.tenant.counters.http, len(seen.texts)


def a_hundred_more(rig: Rig, fill: Callable[[Rig, int], None]) -> Cost:
    begin = rig.snapshot()
    fill(rig, 100)
    small = synced(rig)
    rig.restore(begin)
    fill(rig, 300)
    large = synced(rig)
    assert len(rig.world.activities()) == len(rig.tenant.user("anna").events()) == 300
    return Cost(*((more - less) / 2 for less, more in zip(small, large, strict=True)))


def test_b9_a_hundred_appointments_go_out_in_five_batches_and_come_back_by_the_page(
    rig: Rig,
) -> None:
    cost = a_hundred_more(rig, enter)
    assert cost.requests <= 7
    assert cost.statements <= 38


def test_b9_a_hundred_events_come_in_by_pages_of_some_ten_statements_each(rig: Rig) -> None:
    cost = a_hundred_more(rig, invite)
    assert cost.requests <= 2  # the sandbox's first listing has fifty to a page
    assert cost.statements <= 22


def test_b9_what_the_feed_names_many_times_is_looked_at_once(rig: Rig) -> None:
    def entered(times: int) -> int:
        with rig.people.writing() as connection:
            for _ in range(times):
                for row in rig.world.activities():
                    touch(connection, row["id"])
        with watching() as seen:
            asyncio.run(rig.until_quiet())
        return len([text for text in seen.texts if " FROM activity " in text])

    enter(rig, 600)
    synced(rig)
    assert entered(3) == entered(1)
