"""What is to be told of problems now (H2): a pure decision, run by a clock of its own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_agent.health.ledger import GRACE, steps
from calsync_agent.i18n import message
from calsync_agent.service.wording import notice
from calsync_agent.state.alerts import Case, Entry

NOW = datetime(2026, 12, 1, 8)
STEP = 5


def case(name: str = "profile_held:1", stage: int = 0) -> Case:
    kind = name.partition(":")[0]
    text = message("The profile of {name} fails", name=name)
    return Case(name, kind, "error", text, message("mend it"), profile=name[-1:], stage=stage)


def play(looks: Sequence[Sequence[Case]]) -> list[tuple[int, str, frozenset[str]]]:
    """What is told at which look, for what each look finds, five seconds apart."""
    known: dict[str, Entry] = {}
    told = []
    for number, found in enumerate(looks):
        now = NOW + timedelta(seconds=STEP * number)
        plan = steps(known, found, now)
        for one in plan.new:
            known[one.name] = Entry(one, now)
        for one in plan.risen:
            known[one.name] = replace(known[one.name], case=one)
        for name in plan.back:
            known[name] = replace(known[name], gone_at=None)
        for name in plan.gone:
            known[name] = replace(known[name], gone_at=now)
        for entry in plan.begun:
            name = entry.case.name
            stage = entry.case.stage
            known[name] = replace(known[name], told_at=now, told_stage=stage, delivered=True)
        for name in plan.over | {entry.case.name for entry in plan.ended}:
            del known[name]
        for state, entries in (("begun", plan.begun), ("ended", plan.ended)):
            if entries:
                told.append((number, state, frozenset(one.case.name for one in entries)))
    return told


def minutes(count: float) -> int:
    return int(count * 60 / STEP)


def test_h2_a_problem_that_lasts_is_told_once_and_its_end_once() -> None:
    one = case()
    told = play([[one]] * minutes(60) + [[]] * minutes(60))
    assert [(state, names) for _, state, names in told] == [
        ("begun", {one.name}),
        ("ended", {one.name}),
    ]
    assert told[0][0] == GRACE.total_seconds() / STEP


def test_h2_what_passes_by_itself_is_not_told() -> None:
    assert play([[case()]] * minutes(0.5) + [[]] * minutes(60)) == []


@pytest.mark.parametrize("period", [1, 2, 5, 10])
def test_h2_what_flaps_a_hundred_times_makes_two_messages(period: int) -> None:
    looks = ([[case()]] * period + [[]] * period) * 100 + [[]] * minutes(10)
    assert [state for _, state, _ in play(looks)] == ["begun", "ended"]


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=40).map(
        lambda runs: [there for there, length in runs for _ in range(length)]
    )
)
def test_h2_beginning_and_end_take_turns_whatever_happens(there: list[bool]) -> None:
    looks = [[case()] if one else [] for one in there] + [[]] * minutes(5)
    states = [state for _, state, _ in play(looks)]
    assert states == ["begun", "ended"] * (len(states) // 2)
    long = any(all(there[at : at + minutes(1) + 1]) for at in range(len(there) - minutes(1)))
    assert bool(states) or not long


def test_h2_mailboxes_that_fail_one_after_the_other_make_one_message_with_the_number() -> None:
    people = [case(f"profile_failing:{number}") for number in range(28)]
    looks = [people[: 6 * (number + 1)] for number in range(5)]
    told = play([*looks, *[people] * minutes(5), *[[]] * minutes(5)])
    assert [(state, len(names)) for _, state, names in told] == [("begun", 28), ("ended", 28)]


def test_h2_a_message_names_how_many_and_some_of_them() -> None:
    alike = [Entry(case(f"profile_failing:{number}"), NOW) for number in range(28)]
    made = notice(alike, "begun")
    assert "28" in made.title
    assert made.profile is None
    assert made.text.count("\n- ") == 10
    assert "and 18 more" in made.text
    assert notice(alike[:1], "ended").profile == "0"


def test_h3_what_runs_out_is_told_again_at_each_stage_and_ends_once() -> None:
    looks = [[case("credential_expires:x", stage)] for stage in (1, 2, 3) for _ in range(60)]
    told = [state for _, state, _ in play(looks + [[]] * minutes(5))]
    assert told == ["begun", "begun", "begun", "ended"]


def test_h2_a_message_that_nobody_got_is_told_again_unless_it_is_under_way() -> None:
    one = case()
    lost = {one.name: Entry(one, NOW, told_at=NOW)}
    later = NOW + timedelta(minutes=2)
    assert steps(lost, [one], later).begun
    assert not steps(lost, [one], later, {one.name}).begun
    got = {one.name: replace(lost[one.name], delivered=True)}
    assert not steps(got, [one], later)
