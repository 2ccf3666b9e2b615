"""A5: with nobody changing anything, a round costs next to nothing, however many profiles."""

from datetime import timedelta
from math import ceil

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.service import heartbeat, leases
from calsync_agent.service.rounds import Rounds
from calsync_agent.state import tables as state
from tests.support.service import Statements, serving, until, watching
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

MOST_STATEMENTS = 20
"""What one look asks: readiness, settings, profiles, staff, types, feed, and work; SQLite 17."""


def hire_many(world: World, count: int, first: int = 0) -> None:
    """Employees with profiles, all at once."""
    numbers = range(first, first + count)
    people = [world.tenant.add_mailbox(f"p{number:03}") for number in numbers]
    with world.database.writing() as connection:
        connection.execute(
            sa.insert(tables.employee),
            [{"code": p.upn.partition("@")[0], "name": p.upn, "email": p.upn} for p in people],
        )
        found = connection.execute(sa.select(tables.employee.c.email, tables.employee.c.id))
        ids = {row.email: row.id for row in found}
        connection.execute(
            sa.insert(state.profile),
            [
                {"provider_id": 1, "employee_id": ids[p.upn], "external_user_id": p.id}
                for p in people
            ],
        )
    world.employees |= {p.upn.partition("@")[0]: ids[p.upn] for p in people}


async def a_round(rounds: Rounds) -> Statements:
    """What one round asks of the database."""
    with watching() as seen:
        await rounds.begin()
        await rounds.finished()
    return seen


@pytest.mark.timeout(120)
@pytest.mark.parametrize("profiles", [1, 20, 100])
async def test_a5_an_idle_round_asks_once_for_all_and_writes_nothing(
    world: World, profiles: int
) -> None:
    hire_many(world, profiles)
    world.enter("p000", "Termin", SOON)
    with world.agent() as rounds:
        rounds.attend()
        for _ in range(3):  # the first sync, the echo of what it sent, and rest
            await a_round(rounds)
        world.tenant.reset_counters()
        seen = await a_round(rounds)
        counters = world.tenant.counters
        assert counters.http <= ceil(profiles / 20) + 2
        assert counters.writes == 0
        assert counters.kinds == {"GET /users/{user}/calendarView/delta": profiles}
        assert [text for text in seen.writes if not _beside(text)] == []
        assert len([one for one in seen.about("calsync_feed") if not _beside(one)]) == 1
        await rounds.close(5)


@pytest.mark.parametrize("profiles", [20])
async def test_a5_rounds_are_idle_after_a_first_sync_that_outlasts_the_silence_of_the_dead(
    world: World, monkeypatch: pytest.MonkeyPatch, profiles: int
) -> None:
    """What hundreds of mailboxes need minutes for; the heartbeat goes on meanwhile (B11)."""
    silence = timedelta(seconds=1)
    monkeypatch.setattr(leases, "SILENCE", silence)
    monkeypatch.setattr(leases, "HEARTBEAT", silence / 10)
    monkeypatch.setattr(heartbeat, "HEARTBEAT", silence / 10)
    hire_many(world, profiles)
    world.tenant.settings.latency = 0.2
    with world.agent() as rounds:
        rounds.attend()
        await a_round(rounds)
        assert [one.error for one in rounds.standings.values() if one.error] == []
        world.tenant.settings.latency = 0
        await a_round(rounds)
        seen = await a_round(rounds)
        assert [text for text in seen.writes if not _beside(text)] == []
        await rounds.close(5)


async def test_a5_the_number_of_statements_does_not_grow_with_the_profiles(world: World) -> None:
    counts = []
    with world.agent() as rounds:
        for first, count in ((0, 1), (1, 19), (20, 20)):
            hire_many(world, count, first)
            await a_round(rounds)
            await a_round(rounds)
            counts.append(len((await a_round(rounds)).texts))
        await rounds.close(5)
    assert len(set(counts)) == 1, counts
    assert counts[0] <= MOST_STATEMENTS


async def test_a5_work_that_has_to_wait_for_its_direction_makes_no_cycles(world: World) -> None:
    hire_many(world, 3)
    with world.agent() as rounds:
        await a_round(rounds)
        world.provider(outbound=False)
        world.enter("p000", "wartet", SOON)
        await a_round(rounds)
        await a_round(rounds)
        world.tenant.reset_counters()
        seen = await a_round(rounds)
        assert (world.tenant.counters.http, seen.writes) == (1, [])
        world.provider(outbound=True)
        await a_round(rounds)
        await rounds.close(5)
    assert [event["subject"] for event in world.tenant.user("p000").events()] == ["wartet"]


async def test_a5_between_rounds_one_statement_a_look_is_all(world: World) -> None:
    hire_many(world, 2)
    world.provider(interval_seconds=3600)
    async with serving(world) as service:
        await until(lambda: service.in_step("p000") and service.in_step("p001"))
        with watching() as seen:
            await until(lambda: len(seen.texts) > 9 and all(map(_beside, seen.texts[-9:])))


def _beside(statement: str) -> bool:
    """Whether that is what an agent asks between two rounds."""
    looked = statement.startswith("SELECT") and "(SELECT count(*)" in statement
    return looked or statement.startswith("UPDATE calsync_agent SET seen_at")
