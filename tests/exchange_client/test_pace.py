"""Turns at a mailbox, and the record of who ails (A4, A5, B9)."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.exchange.transport.health import QUICK, Ailment, HealthRecords, answered, failed
from calsync_agent.exchange.transport.pace import PLACES, Gate, Pace


@pytest.mark.anyio
async def test_b9_who_comes_first_goes_first_even_if_it_needs_more_places() -> None:
    gate, order = Gate(), []

    async def pass_through(name: str, places: int) -> None:
        await gate.take(places)
        order.append(name)
        await asyncio.sleep(1)
        gate.give_back(places)

    names = {"one": 1, "batch": 4, "two": 1, "three": 1}
    await asyncio.gather(*(pass_through(name, places) for name, places in names.items()))
    assert order == ["one", "batch", "two", "three"]
    assert gate.idle


@pytest.mark.anyio
async def test_b9_a_place_handed_over_in_the_moment_of_a_cancellation_is_not_lost() -> None:
    gate = Gate()
    await gate.take(PLACES)
    waiting = [asyncio.create_task(gate.take(1)) for _ in range(2)]
    await asyncio.sleep(0)
    gate.give_back(PLACES)  # both are let in,
    waiting[0].cancel()  # but one is cancelled before it notices
    await asyncio.wait(waiting)
    assert waiting[0].cancelled()
    assert gate.take_now(PLACES - 1)
    assert not gate.take_now(1)


@pytest.mark.anyio
async def test_b9_who_gives_up_waiting_lets_the_next_one_in() -> None:
    gate = Gate()
    await gate.take(1)
    large = asyncio.create_task(gate.take(PLACES))
    small = asyncio.create_task(gate.take(1))
    await asyncio.sleep(0)
    large.cancel()
    await small
    gate.give_back(2)
    assert gate.idle


@pytest.mark.anyio
async def test_b9_a_mailbox_nobody_uses_leaves_no_trace() -> None:
    pace = Pace()
    async with pace.mailbox("anna", 4):
        assert not pace.enter_now("anna")
    assert pace._gates == {}
    assert pace.enter_now("anna")
    pace.leave("anna")
    assert pace._gates == {}


def test_a5_a_mailbox_is_well_until_something_is_known() -> None:
    records = HealthRecords()
    assert records.well("anna")
    assert records.rest("anna", 0.0) == 0.0
    records.failed("anna", 100.0, 30.0)
    assert not records.well("anna")
    assert records.well("bert")
    assert records.rest("anna", 110.0) == 20.0
    assert records.rest("anna", 200.0) == 0.0
    records.answered("anna", 200.0, QUICK)
    assert records.well("anna")
    assert records.failures("anna") == 0


def test_a5_a_slow_answer_keeps_a_mailbox_apart_but_sets_no_rest() -> None:
    assert answered(50.0, QUICK + 0.1) == Ailment(0, 50.0)
    assert answered(50.0, QUICK) is None


TIMES = st.floats(0, 1e6)


@given(st.lists(st.tuples(TIMES, TIMES), min_size=1))
def test_a5_a_later_failure_never_shortens_a_rest(events: list[tuple[float, float]]) -> None:
    ailment = None
    for happened, rest in events:
        before = ailment
        ailment = failed(before, happened, rest)
        assert ailment.not_before >= happened + rest
        assert before is None or ailment.not_before >= before.not_before
    assert ailment is not None
    assert ailment.failures == len(events)
