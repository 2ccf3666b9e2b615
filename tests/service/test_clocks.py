"""B6, B8, B11: whatever the clocks say, nothing is forgotten too soon, nor waits too long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from calsync_agent.appointment.model import ActivityId, EmployeeId, EventId, ICalUid, ProfileId
from calsync_agent.domain.deed import Deed
from calsync_agent.domain.hold import HoldKind
from calsync_agent.i18n import message
from calsync_agent.platform import ProcessLock
from calsync_agent.platform.clocks import Reading
from calsync_agent.service.agent import HISTORY_KEPT, TIDIED_EVERY, put
from calsync_agent.service.leases import Leases
from calsync_agent.state import agents, deeds, horizon, log, meetings, quarantine
from calsync_agent.state import tables as state
from calsync_agent.state.agents import Identity
from calsync_agent.state.horizon import Seen, moved
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_agent.state.quarantine import NEVER, PAUSES, Item
from calsync_agent.state.waiting import PATIENCE, Waiting
from tests.support.service import serving, until
from tests.support.world import World

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TRUE = datetime(2026, 11, 30, 12)

on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
steps = st.lists(
    st.tuples(
        st.integers(0, 40 * 24 * 3600),  # seconds that really pass
        st.integers(-400 * 24 * 3600, 400 * 24 * 3600),  # by how much the clock is wrong then
        st.sampled_from(["tidy", "tidy elsewhere", "restart", "write"]),
    ),
    max_size=40,
)


@given(steps)
@example(
    [
        (0, 0, "tidy elsewhere"),
        (10 * 86400, -40 * 86400, "write"),
        (21 * 86400, 0, "tidy elsewhere"),
    ]
)
def test_b6_with_any_jumps_of_the_clock_nothing_is_forgotten_before_its_time_has_passed(
    happenings: list[tuple[int, int, str]],
) -> None:
    stored = moved(None, None, TRUE, 0.0)
    agents_seen: dict[str, Seen | None] = {"tidy": Seen(stored, 0.0), "tidy elsewhere": None}
    passed = 0
    kept: list[tuple[int, datetime]] = []  # really written when, and noted to be from when

    def tidy(who: str, at: int, wrong_by: int) -> None:
        nonlocal stored
        now = TRUE + timedelta(seconds=at + wrong_by)
        before, stored = stored, moved(stored, agents_seen[who], now, float(at))
        assert stored >= before
        agents_seen[who] = Seen(stored, float(at))
        gone = [one for one in kept if one[1] < stored - horizon.BETWEEN_MOVES - HISTORY_KEPT]
        assert all(at - written > HISTORY_KEPT.total_seconds() for written, _ in gone)

    for seconds, wrong_by, what in happenings:
        passed += seconds
        if what == "write":
            last_move = passed - min(seconds, round(horizon.BETWEEN_MOVES.total_seconds()))
            tidy("tidy", last_move, wrong_by)
            now = TRUE + timedelta(seconds=passed + wrong_by)
            kept += [(passed, at) for at in horizon.noted([now], stored)]
        elif what == "restart":
            agents_seen["tidy"] = None
        else:
            tidy(what, passed, wrong_by)


def test_b6_an_agent_moves_the_horizon_often_enough() -> None:
    assert horizon.BETWEEN_MOVES.total_seconds() >= 2 * TIDIED_EVERY


@given(st.lists(st.integers(1, 2 * 3600), min_size=1, max_size=50))
def test_b6_with_a_clock_that_goes_right_the_horizon_is_the_present(passes: list[int]) -> None:
    seen = Seen(moved(None, None, TRUE, 5.0), 5.0)
    passed = 0
    for seconds in passes:
        passed += seconds
        now = TRUE + timedelta(seconds=passed)
        seen = Seen(moved(seen.horizon, seen, now, 5.0 + passed), 5.0 + passed)
        assert seen.horizon == now


def old_rows(world: World, days: int) -> None:
    """A version and a log line from so many days ago."""
    at = datetime.now(UTC).replace(tzinfo=None) - days * DAY
    values = {"profile_id": 1, "activity_id": uuid4(), "subject": str(days), "rule": "r"}
    with world.database.writing() as connection:
        connection.execute(
            sa.insert(state.history).values(
                at=at, side="exchange", content="{}", responsible_id=1, **values
            )
        )
        connection.execute(
            sa.insert(state.log).values(at=at, level="info", kind="sync", message=str(days))
        )


def left(world: World) -> tuple[set[str], set[str]]:
    """The days of what is left in history and log."""
    kept = {row["subject"] for row in world.rows(state.history)}
    return kept, {row["message"] for row in world.rows(state.log)} & {"29", "31", "1"}


@on_sqlite
@pytest.mark.anyio
@pytest.mark.parametrize("days", [45, 4000])
async def test_b6_a_clock_put_forward_for_a_moment_forgets_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
    old_rows(world, 1)
    old_rows(world, 29)
    usual = horizon._now
    monkeypatch.setattr(horizon, "_now", lambda c: usual(c) + days * DAY)
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
    monkeypatch.undo()
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
    assert left(world) == ({"1", "29"}, {"1", "29"})


@on_sqlite
@pytest.mark.parametrize("ahead", [2, 45, 4000])
def test_b7_what_the_guards_remember_outlasts_a_clock_put_forward_for_a_moment(
    world: World, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    """And so do the meetings that are ours (F1a); after the clock was put back they count."""
    world.hire("ANNA")
    deed = Deed(ActivityId(uuid4()), HoldKind.DELETE_IN_EXCHANGE)
    ours = {ICalUid("ours"): ActivityId(uuid4())}
    with world.database.writing() as connection:
        horizon.move(connection, None, 0.0)
        deeds.remember(connection, ProfileId(1), [deed])
        meetings.note(connection, ours)
    usual = horizon._now
    with monkeypatch.context() as patched, world.database.writing() as connection:
        for module in (horizon, deeds):
            patched.setattr(module, "_now", lambda c: usual(c) + ahead * DAY)
        deeds.remember(connection, ProfileId(1), [replace(deed, activity=ActivityId(uuid4()))])
        meetings.note(connection, {ICalUid("another"): ActivityId(uuid4())})
    with world.database.reading() as connection:
        past = deeds.past(connection, ProfileId(1))
        assert deed.activity in past.day[HoldKind.DELETE_IN_EXCHANGE]
        assert meetings.of(connection, ours) == ours


@on_sqlite
def test_b7_what_the_guards_remember_is_removed_in_the_end(world: World) -> None:
    world.hire("ANNA")
    old, new = (Deed(ActivityId(uuid4()), HoldKind.DELETE_IN_EXCHANGE) for _ in range(2))
    with world.database.writing() as connection:
        seen = horizon.move(connection, None, 0.0)
        deeds.remember(connection, ProfileId(1), [old])
        connection.execute(sa.update(state.deed).values(at=seen.horizon - 26 * HOUR))
        deeds.remember(connection, ProfileId(1), [new])
    assert [row["activity_id"] for row in world.rows(state.deed)] == [new.activity]


@on_sqlite
def test_b6_what_is_kept_while_the_clock_is_behind_is_noted_at_the_horizon(world: World) -> None:
    with world.database.writing() as connection:
        seen = horizon.move(connection, None, 0.0)
        behind = seen.horizon - 45 * DAY
        log.write(connection, [LogEntry(Level.INFO, Kind.SYNC, message("a line"))], behind)
        log.prune(connection, seen.horizon - 30 * DAY)
    (row,) = world.rows(state.log)
    assert row["at"] == seen.horizon


@on_sqlite
@pytest.mark.parametrize("value", ["", "soon", "9999", "\0"])
def test_b8_an_unreadable_horizon_is_put_right(world: World, value: str) -> None:
    with world.database.writing() as connection:
        connection.execute(
            sa.update(state.meta).where(state.meta.c.name == horizon.HORIZON).values(value=value)
        )
        seen = horizon.move(connection, None, 0.0)
        assert horizon.read(connection) == seen.horizon


@pytest.mark.parametrize(
    ("wall", "passed", "by"),
    [
        (60, 60, None),
        (60, 0.5, timedelta(seconds=60)),
        (3600 * 8, 3600 * 8, None),  # it slept
        (59, 0, None),
        (-59, 0, None),
        (-60, 0, timedelta(minutes=-1)),
        (45 * 86400 + 5, 5, timedelta(days=45)),
    ],
)
def test_b9_a_clock_that_was_put_is_told_from_time_that_passes(
    wall: float, passed: float, by: timedelta | None
) -> None:
    then = datetime(2026, 11, 30, 12, tzinfo=UTC)
    found = Reading(then, 100.0).jump(Reading(then + timedelta(seconds=wall), 100.0 + passed))
    assert found == by


def test_b9_which_way_the_clock_was_put_is_said() -> None:
    assert "forward by 45 days" in str(put(45 * DAY))
    assert "back by 2:00:00" in str(put(timedelta(hours=-2)))


@on_sqlite
@pytest.mark.anyio
async def test_b9_a_jump_between_two_rounds_is_said_once(world: World) -> None:
    world.hire("ANNA")
    async with serving(world) as service:
        await until(lambda: service.in_step("ANNA"))
        reading = service.agent._clock
        service.agent._clock = Reading(reading.wall - 45 * DAY, reading.passed)
        service.agent._wake()
        await until(lambda: service.lines("put forward by 45 days"))
        round_ = service.agent._clock
        service.agent._wake()
        await until(lambda: service.agent._clock != round_)
        assert len(service.lines("was put forward")) == 1
    assert [row["level"] for row in world.rows(state.log) if "put forward" in row["message"]] == [
        "warning"
    ]


@pytest.mark.parametrize("ahead", [45 * DAY, PAUSES[-1] + timedelta(seconds=1)])
@on_sqlite
def test_b8_what_was_put_off_by_a_clock_ahead_is_due(world: World, ahead: timedelta) -> None:
    item = Item(None, EventId("e"))
    never = Item(None, EventId("n"))
    refused = {item: message("why"), never: message("why")}
    world.hire("ANNA")
    with world.database.writing() as connection:
        quarantine.update(connection, ProfileId(1), refused, (), TRUE + ahead, never={never})
        assert quarantine.due(connection, ProfileId(1), TRUE) == [item]
        assert quarantine.due_profiles(connection, TRUE) == {1}
        quarantine.postpone(connection, ProfileId(1), TRUE)
        assert quarantine.due(connection, ProfileId(1), TRUE) == []
        assert quarantine.due_profiles(connection, TRUE) == set()


@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1)))
def test_b8_nothing_waits_longer_than_the_longest_pause(next_at: datetime) -> None:
    assert quarantine.is_due(next_at, TRUE) == (not TRUE < next_at <= TRUE + PAUSES[-1])
    assert not quarantine.is_due(NEVER, TRUE)


@pytest.mark.parametrize("by", [-45 * DAY, 45 * DAY, PATIENCE])
def test_f4_a_copy_that_waits_since_the_future_waits_no_longer(by: timedelta) -> None:
    copy = Waiting(ProfileId(1), EventId("e"), ICalUid("u"), EmployeeId(1), TRUE + by)
    assert copy.over(TRUE, {EmployeeId(1)})


@on_sqlite
@pytest.mark.anyio
async def test_b11_the_heartbeat_of_a_dead_agent_does_not_last_because_the_clock_was_ahead(
    world: World,
) -> None:
    world.hire("ANNA")
    with world.database.writing() as connection:
        dead = Identity(uuid4(), "elsewhere", 1, "test", world.folder / "dead.lock")
        agents.take(connection, dead, {ProfileId(1)}, lambda _host, _path: False)
        agents.register(connection, dead)
        connection.execute(sa.update(state.agent).values(seen_at=TRUE + 4000 * DAY))
        connection.execute(sa.delete(state.lease))
        connection.execute(sa.insert(state.lease).values(profile_id=1, agent_id=dead.id))
    lock = ProcessLock(world.folder / "mine.lock")
    with lock:
        mine = Leases(world.database, Identity(uuid4(), "here", 2, "test", lock.path))
        assert await mine.of([ProfileId(1)]) == {1}
