"""I1: a roll-out goes on by itself, so many a day, and stops where something goes wrong."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.domain.hold import Held, HoldKind
from calsync_agent.rollout import steps
from calsync_agent.service import agent
from calsync_agent.state import holds, tables
from calsync_agent.state.profile_status import Condition
from tests.support.service import serving, until
from tests.support.world import World

pytestmark = pytest.mark.anyio

CODES = [f"U{n}" for n in range(5)]
LATER = timedelta(hours=24, seconds=1)


@pytest.fixture
def office(world: World) -> World:
    """Five profiles that were never active."""
    for code in CODES:
        world.hire(code)
    with world.database.writing() as connection:
        connection.execute(sa.update(tables.profile).values(active=False))
    return world


def active(world: World) -> list[str]:
    codes = {number: code for code, number in world.employees.items()}
    rows = sorted(world.rows(tables.profile), key=lambda row: row["id"])
    return [codes[row["employee_id"]] for row in rows if row["active"]]


def numbers(world: World) -> dict[str, int]:
    rows = world.rows(tables.profile)
    codes = {number: code for code, number in world.employees.items()}
    return {codes[row["employee_id"]]: row["id"] for row in rows}


def begin(world: World, a_day: int = 2) -> None:
    with world.database.writing() as connection:
        steps.begin(connection, a_day, "admin")


def advance(world: World) -> int:
    with world.database.writing() as connection:
        due = steps.is_due(connection)
        begun = steps.advance(connection)
    assert due or not begun
    return begun


def days_pass(world: World) -> None:
    """What has begun, began a day earlier."""
    with world.database.writing() as connection:
        begun = sa.select(tables.roll_out.c.profile_id, tables.roll_out.c.begun_at)
        for number, at in connection.execute(begun).all():
            if at is not None:
                mine = tables.roll_out.c.profile_id == number
                connection.execute(
                    sa.update(tables.roll_out).where(mine).values(begun_at=at - LATER)
                )


def fares(world: World, code: str, condition: Condition) -> None:
    with world.database.writing() as connection:
        number = numbers(world)[code]
        connection.execute(sa.delete(tables.fare).where(tables.fare.c.profile_id == number))
        connection.execute(
            sa.insert(tables.fare).values(
                profile_id=number, state=condition.value, since=datetime(2026, 12, 1)
            )
        )


def plan(world: World) -> steps.Plan | None:
    with world.database.reading() as connection:
        return steps.read_plan(connection)


def test_i1_so_many_begin_each_day_until_all_have(office: World) -> None:
    begin(office)
    assert active(office) == CODES[:2]
    assert advance(office) == 0
    days_pass(office)
    assert advance(office) == 2
    assert advance(office) == 0
    days_pass(office)
    assert advance(office) == 1
    assert active(office) == CODES
    assert plan(office) is None


@pytest.mark.parametrize("held", [True, False])
def test_i1_a_roll_out_stops_at_the_first_that_is_held_or_fails(office: World, held: bool) -> None:
    begin(office)
    number = ProfileId(numbers(office)["U1"])
    if held:
        what = ActivityId(office.enter("U1", "x", datetime(2026, 12, 1, 9)))
        with office.database.writing() as connection:
            one = Held(number, what, HoldKind.DELETE_IN_EXCHANGE, "x", datetime(2026, 12, 1))
            holds.put(connection, [one])
    else:
        fares(office, "U1", Condition.FAILING)
    days_pass(office)
    assert advance(office) == 0
    assert active(office) == CODES[:2]
    found = plan(office)
    assert found is not None
    assert found.stopped_by == number
    warned = [row for row in office.rows(tables.log) if row["level"] == "warning"]
    assert [row["profile_id"] for row in warned] == [number]
    assert advance(office) == 0


def test_i1_a_stopped_roll_out_is_begun_again_when_that_is_put_right(office: World) -> None:
    begin(office)
    fares(office, "U0", Condition.FAILING)
    advance(office)
    begin(office)
    found = plan(office)
    assert found is not None
    assert found.stopped_by is not None
    fares(office, "U0", Condition.WELL)
    days_pass(office)
    begin(office)
    assert active(office) == CODES[:4]


def test_i1_what_is_added_later_is_no_part_of_a_roll_out(office: World) -> None:
    begin(office)
    office.hire("NEU")
    with office.database.writing() as connection:
        mine = tables.profile.c.id == numbers(office)["NEU"]
        connection.execute(sa.update(tables.profile).where(mine).values(active=False))
    for _ in range(3):
        days_pass(office)
        advance(office)
    assert active(office) == CODES


def test_i1_throttled_is_not_failing(office: World) -> None:
    begin(office)
    fares(office, "U1", Condition.THROTTLED)
    days_pass(office)
    assert advance(office) == 2


async def test_i1_the_agent_carries_a_roll_out_on_and_stops_it(
    office: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "STEPS_EVERY", 0.0)
    office.provider(interval_seconds=1)
    office.tenant.set_open("u2@contoso.example", open_=False)
    begin(office)
    async with serving(office) as service:
        await until(lambda: service.in_step("U0") and service.in_step("U1"))
        days_pass(office)
        await until(lambda: active(office) == CODES[:4])
        await until(lambda: (found := plan(office)) is not None and found.stopped_by)
        days_pass(office)
        await until(lambda: service.in_step("U3"))
    assert active(office) == CODES[:4]
    found = plan(office)
    assert found is not None
    assert found.stopped_by == numbers(office)["U2"]
