"""The guards remember: many a little is too much as well, whoever carries it out (B7, F8)."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.consolidate import tables
from calsync_agent.domain.deed import Mailed, Past
from calsync_agent.domain.hold import HoldKind, Verdict
from calsync_agent.domain.version import Side
from calsync_agent.plan.guard import DELETING, Limits, Plans, allowed, judge
from calsync_agent.plan.mail_forecast import Mails
from calsync_agent.sandbox.people import Person
from calsync_agent.state import holds
from calsync_agent.state import tables as state
from tests.support.points import Points
from tests.support.rig import SOON, Rig

ON_SQLITE: Final = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

HOUR: Final = timedelta(hours=1)
DAY_OF_WORK: Final = 30
"""How many appointments a calendar has."""

Delete = Callable[[Rig, Person, Sequence[int]], None]
Live = Callable[[Rig], None]


def in_outlook(_rig: Rig, anna: Person, some: Sequence[int]) -> None:
    for n in some:
        anna.delete(anna.find(f"Termin {n}")[0])


def in_consolidate(rig: Rig, _anna: Person, some: Sequence[int]) -> None:
    for row in rig.world.activities():
        if row["subject"] in {f"Termin {n}" for n in some}:
            rig.world.remove(row["id"])


SIDES: Final = pytest.mark.parametrize("delete", [in_outlook, in_consolidate])


def quiet(rig: Rig) -> None:
    """Until nothing is left to do, by an agent that begins and ends."""
    asyncio.run(rig.until_quiet())


def taken_over(rig: Rig) -> None:
    """The agent that has begun dies in the middle of it, and another one goes on."""

    async def live() -> None:
        first, second = rig.agent(Points()), rig.agent(Points())
        await first.round()
        await first.die()
        for _ in range(6):
            await second.round()
            rig.wait(seconds=5)
        await second.stop()

    asyncio.run(live())


def calendar(rig: Rig, **limits: int) -> Person:
    rig.limits = {"max_deletes": 4, "max_delete_percent": 20, **limits}
    anna = rig.world.hire("ANNA")
    for n in range(DAY_OF_WORK):
        rig.world.enter("ANNA", f"Termin {n}", SOON + n * HOUR)
    quiet(rig)
    return anna


def left(rig: Rig, anna: Person) -> int:
    """How many are there on both sides: what nobody has deleted, or the sync has not."""
    return max(len(rig.world.activities()), len(anna.events()))


def held(rig: Rig) -> int:
    return sum(row["verdict"] is None for row in rig.world.rows(state.hold))


def time_passes(rig: Rig, **time: float) -> None:
    """By the database's clock, which no test can set: what it remembers grows older."""
    with rig.people.writing() as connection:
        for row in connection.execute(sa.select(state.deed.c.id, state.deed.c.at)).all():
            older = sa.update(state.deed).where(state.deed.c.id == row.id)
            connection.execute(older.values(at=row.at - timedelta(**time)))
    rig.wait(**time)


@ON_SQLITE
@pytest.mark.parametrize("live", [quiet, taken_over])
@SIDES
def test_b7_a_drip_is_held_at_the_limit_after_a_restart_and_a_takeover_too(
    rig: Rig, delete: Delete, live: Live
) -> None:
    anna = calendar(rig)
    for first in range(0, 15, 3):
        delete(rig, anna, range(first, first + 3))
        live(rig)
    assert left(rig, anna) == DAY_OF_WORK - 6  # 20 percent of 30; the third three are too many
    assert held(rig) == 9
    (told,) = {row["message"] for row in rig.world.rows(state.log) if row["kind"] == "held"}
    assert "9 of 30" in told


@ON_SQLITE
@SIDES
def test_b7_a_burst_is_held_as_a_whole(rig: Rig, delete: Delete) -> None:
    anna = calendar(rig)
    delete(rig, anna, range(7))
    quiet(rig)
    assert (left(rig, anna), held(rig)) == (DAY_OF_WORK, 7)


@ON_SQLITE
@SIDES
def test_b7_an_hour_later_as_many_may_go_until_the_day_is_full(rig: Rig, delete: Delete) -> None:
    anna = calendar(rig, max_deletes_a_day=8)
    for first in (0, 4):
        delete(rig, anna, range(first, first + 4))
        quiet(rig)
        time_passes(rig, minutes=61)
    assert (left(rig, anna), held(rig)) == (DAY_OF_WORK - 8, 0)
    delete(rig, anna, [8])
    quiet(rig)
    assert (left(rig, anna), held(rig)) == (DAY_OF_WORK - 8, 1)
    (told,) = {row["message"] for row in rig.world.rows(state.log) if row["kind"] == "held"}
    assert "max_deletes_a_day (8)" in told
    answer(rig, Verdict.DISCARDED)
    quiet(rig)
    assert len(anna.events()) == len(rig.world.activities()) == DAY_OF_WORK - 8
    time_passes(rig, hours=24)
    delete(rig, anna, [9, 10, 11, 12])
    quiet(rig)
    assert (left(rig, anna), held(rig)) == (DAY_OF_WORK - 12, 0)


def answer(rig: Rig, verdict: Verdict, only: Sequence[UUID] | None = None) -> int:
    items = None if only is None else [ActivityId(one) for one in only]
    with rig.people.writing() as connection:
        return holds.answer(connection, ProfileId(1), verdict, items)


@ON_SQLITE
@SIDES
def test_b7_what_was_confirmed_does_not_count(rig: Rig, delete: Delete) -> None:
    anna = calendar(rig)
    delete(rig, anna, range(10))
    quiet(rig)
    assert (left(rig, anna), held(rig)) == (DAY_OF_WORK, 10)
    answer(rig, Verdict.CONFIRMED)
    quiet(rig)
    assert (left(rig, anna), held(rig)) == (DAY_OF_WORK - 10, 0)
    delete(rig, anna, range(10, 14))
    quiet(rig)
    assert (left(rig, anna), held(rig)) == (DAY_OF_WORK - 14, 0)


@ON_SQLITE
@SIDES
def test_b7_items_are_answered_one_by_one(rig: Rig, delete: Delete) -> None:
    anna = calendar(rig)
    delete(rig, anna, range(10))
    quiet(rig)
    waiting = [row["activity_id"] for row in rig.world.rows(state.hold)]
    assert answer(rig, Verdict.CONFIRMED, waiting[:3]) == 3
    assert answer(rig, Verdict.DISCARDED, waiting[3:5]) == 2
    assert answer(rig, Verdict.CONFIRMED, waiting[:5]) == 0  # said once
    quiet(rig)
    assert held(rig) == 5
    assert max(len(rig.world.activities()), len(anna.events())) == DAY_OF_WORK - 3
    assert min(len(rig.world.activities()), len(anna.events())) == DAY_OF_WORK - 8
    answer(rig, Verdict.CONFIRMED)
    quiet(rig)
    assert len(rig.world.activities()) == len(anna.events()) == DAY_OF_WORK - 8


@ON_SQLITE
@pytest.mark.parametrize(
    ("take_away", "give_back"),
    [
        ({"deleted_at": datetime(2026, 11, 23)}, {"deleted_at": None}),
        ({"type_id": 2}, {"type_id": 1}),
    ],
    ids=["deleted", "kept here"],
)
def test_b7_what_people_take_back_themselves_waits_for_nobody(
    rig: Rig, take_away: dict[str, Any], give_back: dict[str, Any]
) -> None:
    anna = calendar(rig)
    intern = {"name": "intern", "calendar_sync": "none", "inbound_default": False}
    with rig.people.writing() as connection:
        connection.execute(sa.insert(tables.activity_type).values(intern))
    rows = [row["id"] for row in rig.world.activities()]
    for number in rows[:10]:
        rig.world.edit(number, **take_away)
    quiet(rig)
    assert held(rig) == 10
    for number in rows[1:10]:
        rig.world.edit(number, **give_back)
    quiet(rig)
    assert [row["activity_id"] for row in rig.world.rows(state.hold)] == rows[:1]
    rig.world.edit(rows[0], **give_back)
    quiet(rig)
    assert held(rig) == 0
    assert len(rig.world.activities()) == len(anna.events()) == DAY_OF_WORK


@ON_SQLITE
def test_g3_a_held_profile_goes_on_with_everything_but_deletions(rig: Rig) -> None:
    anna = calendar(rig)
    in_outlook(rig, anna, range(10))
    in_consolidate(rig, anna, [10])
    quiet(rig)
    rig.world.enter("ANNA", "neu hier", SOON)
    anna.create("neu dort", SOON, SOON + HOUR)
    quiet(rig)
    assert {"neu hier", "neu dort"} <= {row["subject"] for row in rig.world.activities()}
    assert {"neu hier", "neu dort"} <= {str(event["subject"]) for event in anna.events()}
    assert anna.find("Termin 10") == []  # the other side has its own count
    assert held(rig) == 10


@ON_SQLITE
@pytest.mark.parametrize("together", [True, False], ids=["in one round", "one after another"])
@SIDES
def test_b7_all_profiles_together_have_a_limit_and_then_every_deletion_waits(
    rig: Rig, delete: Delete, together: bool
) -> None:
    rig.limits = {"max_deletes": 1, "max_delete_percent": 20}
    people = [rig.world.hire(f"P{n:02}") for n in range(13)]
    for n, person in enumerate(people):
        for hour in range(4):
            person.create(f"Termin {n}-{hour}", SOON + hour * HOUR, SOON + (hour + 1) * HOUR)
    quiet(rig)
    for n, person in enumerate(people):
        delete_named(rig, person, f"Termin {n}-0", delete)
        if not together:
            quiet(rig)
    quiet(rig)
    there = min(len(rig.world.activities()), sum(len(p.events()) for p in people))
    assert there == 4 * 13 - 13
    assert held(rig) == 3  # ten times one, of 52
    assert max(len(rig.world.activities()), sum(len(p.events()) for p in people)) == 4 * 13 - 10


def delete_named(rig: Rig, person: Person, subject: str, delete: Delete) -> None:
    if delete is in_outlook:
        person.delete(person.find(subject)[0])
    else:
        (row,) = (row for row in rig.world.activities() if row["subject"] == subject)
        rig.world.remove(row["id"])


def meetings(rig: Rig, first: int, count: int) -> None:
    for n in range(first, first + count):
        number = rig.world.enter("ANNA", f"Besprechung {n}", SOON + n * HOUR)
        rig.world.invite(number, "BERND", "CLARA")


def mailed(rig: Rig) -> int:
    return sum(mail.cause.startswith("app") for mail in rig.tenant.outbox)


@ON_SQLITE
@pytest.mark.parametrize("live", [quiet, taken_over])
def test_f8_a_drip_of_mails_is_held_at_the_limit(rig: Rig, live: Live) -> None:
    rig.limits = {"max_mails": 9}
    anna = rig.world.hire("ANNA")
    for code in ("BERND", "CLARA"):
        rig.world.hire(code)
    quiet(rig)
    for first in range(0, 8, 2):
        meetings(rig, first, 2)
        live(rig)
    assert mailed(rig) == 8  # two meetings with two colleagues each, twice
    assert len(anna.events()) == 4
    assert held(rig) == 4
    anna.create("ohne Gäste", SOON, SOON + HOUR)
    quiet(rig)
    assert "ohne Gäste" in {row["subject"] for row in rig.world.activities()}  # G3
    answer(rig, Verdict.CONFIRMED)
    quiet(rig)
    assert (len(anna.events()), mailed(rig), held(rig)) == (9, 16, 0)


@ON_SQLITE
def test_f8_the_mails_of_a_day_have_a_limit_of_their_own(rig: Rig) -> None:
    rig.limits = {"max_mails": 4, "max_mails_a_day": 6}
    rig.world.hire("ANNA")
    for code in ("BERND", "CLARA"):
        rig.world.hire(code)
    meetings(rig, 0, 2)
    quiet(rig)
    time_passes(rig, minutes=61)
    meetings(rig, 2, 1)
    quiet(rig)
    assert (mailed(rig), held(rig)) == (6, 0)
    time_passes(rig, minutes=61)
    meetings(rig, 3, 1)
    quiet(rig)
    assert (mailed(rig), held(rig)) == (6, 1)
    (told,) = {row["message"] for row in rig.world.rows(state.log) if row["kind"] == "held"}
    assert "max_mails_a_day (6)" in told


@ON_SQLITE
def test_f8_what_exchange_refuses_has_mailed_nobody_and_does_not_count(rig: Rig) -> None:
    rig.limits = {"max_mails": 4}
    rig.world.hire("ANNA")
    for code in ("BERND", "CLARA"):
        rig.world.hire(code)
    meetings(rig, 0, 2)
    quiet(rig)
    assert {row["unsure"] for row in rig.world.rows(state.deed)} == {False}
    assert sum(row["inside"] + row["outside"] for row in rig.world.rows(state.deed)) == 4


NUMBERS: Final = [ActivityId(UUID(int=n)) for n in range(60)]


@given(
    st.lists(st.frozensets(st.sampled_from(NUMBERS), max_size=12), max_size=12),
    st.integers(0, 8),
    st.integers(0, 100),
    st.integers(0, 25),
)
def test_b7_no_sequence_of_cycles_deletes_more_than_both_limits_allow(
    cycles: list[frozenset[ActivityId]], most: int, percent: int, in_day: int
) -> None:
    limits = Limits(most, percent, in_day, 0, 0)
    kind, done = DELETING[Side.CONSOLIDATE], frozenset[ActivityId]()
    for planned in cycles:
        past = Past(
            hour={kind: done},
            day={kind: done},
            all_hour={kind: len(done)},
            links=len(NUMBERS),
            all_links=len(NUMBERS),
        )
        plans = Plans({Side.CONSOLIDATE: planned - done})
        done |= {deed.activity for deed in allowed(plans, judge(plans, past, limits))}
    assert len(done) <= max(most, percent * len(NUMBERS) // 100)
    assert len(done) <= in_day


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), max_size=10),
    st.integers(0, 20),
    st.integers(0, 40),
)
def test_f8_no_sequence_of_cycles_mails_more_than_both_limits_allow(
    cycles: list[list[int]], most: int, in_day: int
) -> None:
    limits, sent = Limits(0, 0, 0, most, in_day), 0
    for numbers in cycles:
        mailing = {NUMBERS[n]: Mails(count, 0) for n, count in enumerate(numbers)}
        past = Past(mailed_in_hour=Mailed(sent), mailed_in_day=Mailed(sent))
        plans = Plans(mailing=mailing)
        done = allowed(plans, judge(plans, past, limits))
        sent += sum(deed.inside for deed in done if deed.kind is HoldKind.MAIL)
    assert sent <= min(most, in_day)
