"""Part 7: changed rows take effect in a running agent, and wrong ones change nothing."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from calsync_agent.state import tables as state
from tests.support.service import serving, until
from tests.support.verify import assert_in_step
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


def rewrite(world: World, **sections: str) -> None:
    """Another agent.toml; sections as in `World.settings`."""
    world.settings(**sections)


def reloads(world: World) -> list[tuple[str, str]]:
    rows = world.rows(state.log)
    return [(row["level"], row["message"]) for row in rows if row["kind"] == "reload"]


def change(world: World, statement: sa.Executable) -> None:
    with world.database.writing() as connection:
        connection.execute(statement)


@pytest.mark.parametrize("interval", [3600])
async def test_rows_changed_by_sql_take_effect_at_once_however_long_the_interval(
    world: World, interval: int
) -> None:
    world.provider(interval_seconds=interval)
    anna = world.hire("ANNA")
    world.enter("ANNA", "eins", SOON)
    async with serving(world) as service:
        await until(lambda: len(anna.events()) == 1 and service.in_step("ANNA"))
        world.provider(outbound=False)
        await until(
            lambda: service.rounds.view and not service.rounds.view.provider.policy.outbound
        )
        world.enter("ANNA", "zwei", SOON)
        world.provider(outbound=True)
        await until(lambda: len(anna.events()) == 2)
        bernd = world.hire("BERND", profile=False)
        world.enter("BERND", "drei", SOON)
        world.enrol("BERND", bernd)
        await until(lambda: len(bernd.events()) == 1)
        (taken,) = {row["settings_revision"] for row in world.rows(state.agent)}
        assert service.rounds.view is not None
        assert taken == service.rounds.view.ready.revision
    assert {level for level, _ in reloads(world)} == {"info"}


async def test_a7_terms_of_one_profile_changed_by_sql_take_effect_while_the_agent_runs(
    world: World,
) -> None:
    world.provider(interval_seconds=3600, outbound=False)
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    for code in ("ANNA", "BERND"):
        world.enter(code, "bald", SOON)
        world.enter(code, "vor langem", SOON - timedelta(days=150))
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA") and service.in_step("BERND"))
        for terms, expected in (({"outbound": True}, 1), ({"past_months": 12}, 2)):
            mine = state.profile.c.employee_id == world.employees["ANNA"]
            with world.database.writing() as connection:
                connection.execute(sa.update(state.profile).where(mine).values(terms))
            await until(lambda count=expected: len(anna.events()) == count)
        assert bernd.events() == []


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"priority": "foo"},
        "calsync_provider.priority is foo; it must be one of: outbound_first, inbound_first",
    ),
    (
        {"interval_seconds": 0},
        "calsync_provider.interval_seconds is 0; it must be one of: 1-86400",
    ),
]


@pytest.mark.parametrize(("values", "said"), WRONG)
async def test_a_wrong_provider_row_is_refused_and_the_settings_of_before_stay(
    world: World, values: dict[str, Any], said: str
) -> None:
    anna = world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        world.provider(**values)
        await until(lambda: service.lines(" error ", said))
        world.enter("ANNA", "Termin", SOON)
        await until(lambda: len(anna.events()) == 1)
        await until(
            lambda: ("error", f"the changed settings are not taken over: {said}") in reloads(world)
        )
        world.provider(priority="inbound_first", interval_seconds=7)
        await until(
            lambda: service.rounds.view and service.rounds.view.provider.interval_seconds == 7
        )
    assert len(service.lines(said)) == 1
    assert reloads(world)[-1][0] == "info"


@pytest.mark.parametrize(("values", "said"), WRONG)
async def test_a_provider_row_that_was_never_right_is_refused_until_it_is(
    world: World, values: dict[str, Any], said: str
) -> None:
    anna = world.hire("ANNA")
    world.enter("ANNA", "Termin", SOON)
    world.provider(**values)
    async with serving(world) as service:
        await until(lambda: service.lines(" error ", said))
        assert anna.events() == []
        world.provider(priority="outbound_first", interval_seconds=5)
        await until(lambda: len(anna.events()) == 1)


async def test_g5_a_tenant_taken_away_stops_the_sync_even_in_a_row_that_is_wrong(
    world: World,
) -> None:
    world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        world.provider(priority="foo", tenant_id=" ")
        await until(lambda: service.lines(" error ", "no tenant is set"))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"external_user_id": " "}, "calsync_profile 2 names no mailbox"),
        ({"external_user_id": "{anna}"}, "which profile 1 of ANNA has as"),
    ],
    ids=["empty", "another's"],
)
async def test_b8_a_wrong_profile_row_is_said_and_the_others_are_synced(
    world: World, values: dict[str, str], said: str
) -> None:
    anna, bernd = world.hire("ANNA"), world.hire("BERND")
    second = state.profile.c.id == 2
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA") and service.in_step("BERND"))
        wrong = values["external_user_id"].format(anna=anna.id.upper())
        change(world, sa.update(state.profile).where(second).values(external_user_id=wrong))
        await until(lambda: service.lines(" error ", "BERND/", said))
        anna.create("aus Outlook", SOON, SOON)
        await until(lambda: len(world.activities()) == 1)
        change(world, sa.update(state.profile).where(second).values(external_user_id=bernd.id))
        world.enter("BERND", "aus Consolidate", SOON)
        await until(lambda: len(bernd.events()) == 1)
    assert len(service.lines(said)) == 1


async def test_b5_a_profile_given_another_mailbox_begins_anew_and_deletes_nothing(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    anna.create("aus Outlook", SOON, SOON + timedelta(hours=1))
    world.enter("ANNA", "aus Consolidate", SOON)
    new = world.tenant.add_mailbox("anna.neu")
    async with serving(world) as service:
        await until(lambda: len(anna.events()) == len(world.activities()) == 2)
        await until(lambda: service.in_step("ANNA"))
        change(world, sa.update(state.profile).values(external_user_id=new.id))
        await until(lambda: len(new.events()) == 2)
    await world.sync()
    assert len(anna.events()) == len(new.events()) == len(world.activities()) == 2
    assert len(world.activities(deleted=True)) == 0


async def test_b3_the_same_mailbox_by_another_name_doubles_nothing(world: World) -> None:
    anna = world.hire("ANNA")
    anna.create("aus Outlook", SOON, SOON + timedelta(hours=1))
    world.enter("ANNA", "aus Consolidate", SOON)
    await world.sync()
    change(world, sa.update(state.profile).values(external_user_id=anna.upn))
    await world.sync()
    assert len(anna.events()) == len(world.activities()) == 2
    assert_in_step(world)


async def test_c5_a_profile_switched_off_in_its_first_sync_stops_and_goes_on_later(
    world: World,
) -> None:
    anna = world.hire("ANNA")
    for number in range(250):
        world.enter("ANNA", f"Nr. {number}", SOON)
    world.provider(interval_seconds=3600)
    world.tenant.settings.latency = 0.02
    async with serving(world) as service:
        await until(lambda: len(anna.events()) >= 1)
        change(world, sa.update(state.profile).values(active=False))
        await until(lambda: service.working and not service.rounds.standings)
        stopped_at = len(anna.events())
        assert stopped_at < 250
        world.tenant.settings.latency = 0
        change(world, sa.update(state.profile).values(active=True))
        await until(lambda: len(anna.events()) == 250 and service.in_step("ANNA"))
    assert service.lines(" error ") + service.lines(" warning ") == []
    assert_in_step(world)
