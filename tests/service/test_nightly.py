"""Both sides compared at night: "proved equal at" on status, and what differs (H5)."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent import bootstrap
from calsync_agent.appointment.model import ProfileId
from calsync_agent.cli import main
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.consolidate import tables
from calsync_agent.health import situation
from calsync_agent.health.problems import Kind, problems
from calsync_agent.service import nightly
from calsync_agent.service.nightly import Candidate, Nightly, Prove, chosen, is_due
from calsync_agent.state import proofs
from calsync_agent.state import tables as state
from calsync_agent.state.proofs import Proved
from tests.support.service import serving, until
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio

NIGHT = time(2, 30)
VIENNA = "Europe/Vienna"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "ONCE_MORE_AFTER", 0.0)


def proved(world: World) -> dict[ProfileId, Proved]:
    with world.database.reading() as connection:
        return dict(proofs.read(connection))


async def a_night(world: World, prove: Prove = bootstrap.prove) -> None:
    """An agent in step, and a night."""
    async with serving(world) as service:
        await until(lambda: all(service.in_step(code) for code in world.employees))
        await Nightly(service.rounds, prove).night()


async def test_h5_a_night_proves_both_sides_equal_with_nothing_but_a_few_reads(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    person = world.hire("MM")
    for number in range(5):
        world.enter("MM", f"Termin {number}", SOON + timedelta(days=number))
    person.create("Visit", SOON, SOON + timedelta(hours=1))
    async with serving(world) as service:
        await until(lambda: service.in_step("MM") and len(person.events()) == 6)
        await until(lambda: linked(world) == 6)
        mails = len(world.tenant.outbox)
        world.tenant.reset_counters()
        await Nightly(service.rounds, bootstrap.prove).night()
        counters = world.tenant.counters
        assert counters.writes == 0
        others = {"GET /users/{user}/calendarView/delta"}
        asked = {kind: n for kind, n in counters.kinds.items() if kind not in others}
        assert asked == {"GET /users/{user}/calendarView": 1}
        assert len(world.tenant.outbox) == mails
        words = ["status", "--json", "--config", str(world.folder / "agent.toml")]
        await asyncio.to_thread(main, words)
    [told] = json.loads(capfd.readouterr().out)["profiles"]
    assert told["differences"] == 0
    assert told["proved_equal_at"] == told["compared_at"] is not None


def linked(world: World) -> int:
    counted = sa.select(sa.func.count()).where(state.link.c.exchange_print != "")
    with world.database.reading() as connection:
        return int(connection.execute(counted).scalar_one())


async def test_h5_what_differs_silently_is_a_problem_until_a_night_finds_it_gone(
    world: World,
) -> None:
    world.hire("MM")
    key = world.enter("MM", "Termin", SOON)
    with world.agent() as rounds:
        for _ in range(3):  # nothing goes on but what is begun here
            await rounds.begin()
            await rounds.finished()
        night = Nightly(rounds, bootstrap.prove).night
        await night()
        [before] = proved(world).values()
        assert (before.differences, before.equal_at) == (0, before.at)
        silently(world, key, "otherwise")
        await night()
        [found] = proved(world).values()
        assert found.differences == 1
        assert found.equal_at == before.equal_at
        with world.database.reading() as connection:
            listed = problems(situation.whole(connection))
        [problem] = [one for one in listed if one.kind is Kind.DIFFERENCES]
        assert "--profile MM" in str(problem.mend)
        silently(world, key, "Termin")
        await night()
        await rounds.close(5)
    assert [one.differences for one in proved(world).values()] == [0]


def silently(world: World, key: object, subject: str) -> None:
    """A change of which no trigger tells: the plugin never hears of it."""
    with world.database.writing() as connection:
        connection.execute(
            sa.update(tables.activity).where(tables.activity.c.id == key).values(subject=subject)
        )
        connection.execute(sa.delete(tables.feed))


async def test_h5_an_edit_under_way_is_no_difference(world: World) -> None:
    world.hire("MM")
    found: Iterator[frozenset[object]] = iter([frozenset({"a", "b"}), frozenset({"c"})])

    async def prove(*_given: object) -> frozenset[object]:
        return next(found)

    await a_night(world, prove)
    assert [one.differences for one in proved(world).values()] == [0]


async def test_h5_a_mailbox_that_cannot_be_read_keeps_what_was_proved_and_stops_no_other(
    world: World,
) -> None:
    for code in ("AA", "BB"):
        world.hire(code)
    async with serving(world) as service:
        await until(lambda: service.in_step("AA") and service.in_step("BB"))
        world.tenant.set_open("aa@contoso.example", open_=False)
        await Nightly(service.rounds, bootstrap.prove).night()
    assert len(proved(world)) == 1


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
async def test_h5_at_the_hour_set_it_begins_by_itself_and_never_where_none_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "LOOKS_EVERY", 0.01)
    world.hire("MM")
    begun: list[ProfileId] = []

    async def prove(
        _settings: object, _database: object, _row: object, one: ProfileId
    ) -> frozenset[object]:
        begun.append(one)
        return frozenset()

    moments = iter([datetime(2026, 12, 1, 1, 29, tzinfo=UTC)])
    clock = lambda: next(moments, datetime(2026, 12, 1, 1, 31, tzinfo=UTC))  # noqa: E731
    async with serving(world) as service:
        await until(lambda: service.in_step("MM"))
        work = Nightly(service.rounds, prove, clock)
        work.begin()
        await until(lambda: proved(world))
        await work.close()
    assert begun == [1]
    assert off(world).sync.verify_at is None


def off(world: World) -> Settings:
    return reading.read(world.settings(sync='verify_at = ""').path)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.lists(st.integers(1, 3 * 3600), min_size=1, max_size=60),
    st.times(),
    st.sampled_from([VIENNA, "UTC", "America/New_York", "Asia/Kolkata"]),
)
def test_h5_each_day_it_is_due_once_however_the_looks_fall(
    begin: datetime, steps: list[int], at: time, zone: str
) -> None:
    looks = [begin.replace(tzinfo=UTC)]
    for step in steps:
        looks.append(looks[-1] + timedelta(seconds=step))
    due = sum(is_due(one, other, at, zone) for one, other in pairwise(looks))
    days = (looks[-1] - looks[0]) / timedelta(days=1)
    assert int(days - 0.05) <= due <= int(days + 0.05) + 1
    assert not any(is_due(one, other, None, zone) for one, other in pairwise(looks))


def seen(number: int, links: int, days_ago: int | None) -> Candidate:
    at = None if days_ago is None else SOON - timedelta(days=days_ago)
    return Candidate(ProfileId(number), links, None if at is None else Proved(at, at, 0))


def test_h5_whoever_was_looked_at_longest_ago_comes_first_and_the_requests_are_bounded() -> None:
    some = [seen(1, 800, 1), seen(2, 800, 9), seen(3, 800, None), seen(4, 800, 5)]
    assert chosen(some, 30) == [3, 2, 4]
    assert chosen(some, 500) == [3, 2, 4, 1]
    assert chosen([seen(7, 1_000_000, None), seen(8, 1, None)], 500) == [7]
    assert chosen([], 500) == []


def test_h5_every_mailbox_has_its_night() -> None:
    known: dict[int, int | None] = dict.fromkeys(range(1, 401))
    for night in range(20):
        looked = chosen(
            [seen(n, 2_000, None if at is None else 1_000 - at) for n, at in known.items()]
        )
        assert sum(2_000 // 100 + 2 for _ in looked) <= 500
        known |= dict.fromkeys(looked, night)
    assert None not in known.values()
