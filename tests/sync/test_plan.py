"""The plan for one pair: every cell of the matrix by its name, and what holds for all of them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from calsync_agent.appointment.content import differing
from calsync_agent.appointment.fields import BOTH_WAYS, Field
from calsync_agent.appointment.merge import merged
from calsync_agent.appointment.model import Appointment
from calsync_agent.domain.activity import Activity, Sending
from calsync_agent.domain.event import Event
from calsync_agent.domain.link import Role
from calsync_agent.domain.policy import Policy, Priority
from calsync_agent.domain.version import Side
from calsync_agent.plan.decide import DECIDED_APART, consolidate_state, decide, exchange_state
from calsync_agent.plan.matrix import CONFLICTS, MATRIX, Cell, Change, Create, Delete, State
from calsync_agent.plan.roles import Relation
from calsync_agent.plan.table import TABLE, Action, Row, Rows
from tests.support.paper import BOTH, NOW, Paper
from tests.support.strategies import MANY, MONDAY, Digits, digits

INBOUND_FIRST = replace(BOTH, priority=Priority.INBOUND_FIRST)
BASE = Appointment("Termin", MONDAY, MONDAY.replace(hour=1), "Europe/Vienna", body="Text")


def _readable() -> tuple[Activity, Event]:
    paper = Paper()
    paper.enter(BASE)
    paper.create(BASE)
    activity, event = paper.activity, paper.event
    assert isinstance(activity, Activity)
    assert isinstance(event, Event)
    return activity, event


SOME_ACTIVITY, SOME_EVENT = _readable()


# -- the matrix ------------------------------------------------------------------------------------


def in_state(here: State, there: State) -> Paper:
    """A pair that was in step, and what has become of its sides."""
    paper = Paper()
    paper.enter(BASE)
    paper.create(BASE)
    paper.link_up()
    assert paper.row is not None
    match here:
        case State.CHANGED:
            paper.enter(replace(BASE, subject="hier"))
        case State.GONE:
            paper.row["deleted_at"] = NOW
        case State.WITHDRAWN:
            paper.row["calendar_sync"] = "none"
        case State.BROKEN:
            paper.row["time_zone"] = "Mars/Olympus"
    match there:
        case State.CHANGED:
            paper.create(replace(BASE, location="dort"))
        case State.GONE:
            paper.delete_event()
        case State.BROKEN:
            paper.unreadable = True
    return paper


DELETES_THERE = (None, Delete(), Side.EXCHANGE)
DELETES_HERE = (Delete(), None, Side.CONSOLIDATE)
NOTHING = (None, None, None)
OUTWARD = (None, Change(frozenset({Field.SUBJECT})), Side.EXCHANGE)
INWARD = (Change(frozenset({Field.LOCATION})), None, Side.CONSOLIDATE)
BOTH_FIELDS = frozenset({Field.SUBJECT, Field.LOCATION})

# What is written here and there, and whose version goes: outbound first, and inbound first.
EXPECTED: dict[Cell, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    Cell.IN_STEP: (NOTHING, NOTHING),
    Cell.CHANGED_IN_CONSOLIDATE: (OUTWARD, OUTWARD),
    Cell.CHANGED_IN_EXCHANGE: (INWARD, INWARD),
    Cell.CHANGED_ON_BOTH: (
        (None, Change(BOTH_FIELDS), Side.EXCHANGE),
        (Change(BOTH_FIELDS), None, Side.CONSOLIDATE),
    ),
    Cell.DELETED_IN_CONSOLIDATE: (DELETES_THERE, DELETES_THERE),
    Cell.DELETED_IN_EXCHANGE: (DELETES_HERE, DELETES_HERE),
    Cell.DELETED_ON_BOTH: (NOTHING, NOTHING),
    Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE: (
        DELETES_THERE,
        (Create(), None, Side.CONSOLIDATE),
    ),
    Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE: ((None, Create(), None), DELETES_HERE),
    Cell.WITHDRAWN: (DELETES_THERE, DELETES_THERE),
    Cell.WITHDRAWN_AND_GONE: (NOTHING, NOTHING),
    Cell.UNSYNCABLE: (NOTHING, NOTHING),
}


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize(("here", "there"), list(MATRIX), ids=[f"{a}-{b}" for a, b in MATRIX])
def test_a3_every_cell_of_the_matrix_does_what_its_name_says(
    here: State, there: State, priority: Priority
) -> None:
    paper = in_state(here, there)
    pair = paper.pair()
    assert paper.link is not None
    assert (consolidate_state(pair, paper.link), exchange_state(pair, paper.link)) == (here, there)
    decision = paper.plan(replace(BOTH, priority=priority)).decision
    cell = MATRIX[here, there]
    assert decision.cell is cell
    expected = EXPECTED[cell][priority is Priority.INBOUND_FIRST]
    assert (decision.consolidate, decision.exchange, decision.lost) == expected
    assert (decision.reason is not None) == (cell is Cell.UNSYNCABLE)
    assert decision.conflict == (cell in CONFLICTS)
    gone = {Cell.DELETED_ON_BOTH, Cell.WITHDRAWN_AND_GONE}
    deletes = isinstance(decision.consolidate, Delete) or isinstance(decision.exchange, Delete)
    renewed = cell is Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE
    assert decision.forget == (cell in gone or deletes or renewed)


def test_a3_the_matrix_has_a_cell_for_every_combination() -> None:
    assert MATRIX.keys() == {
        (here, there) for here in State for there in State if there is not State.WITHDRAWN
    }


# What the table says, written down once more from the rules: in Consolidate, in Exchange, whose
# version goes, whether the link ends; `outbound_first` before `inbound_first`.
LIST = """
in step                                      - - - stays
changed in Consolidate                       - take_changes exchange stays
changed in Exchange                          take_changes - consolidate stays
changed on both sides                        - take_all exchange stays
changed on both sides                        take_all - consolidate stays
deleted in Consolidate                       - delete exchange ends
deleted in Exchange                          delete - consolidate ends
deleted on both sides                        - - - ends
deleted in Consolidate, changed in Exchange  - delete exchange ends
deleted in Consolidate, changed in Exchange  create - consolidate stays
changed in Consolidate, deleted in Exchange  - create - ends
changed in Consolidate, deleted in Exchange  delete - consolidate ends
withdrawn from Exchange                      - delete exchange ends
withdrawn, and gone from Exchange            - - - ends
cannot be synced                             - - - stays
the same on both sides                       - take_all exchange stays
the same on both sides                       take_all - consolidate stays
new in Exchange                              create - - stays
new in Consolidate                           - create - stays
out of scope                                 - - - stays
declined by deleting                         decline - - ends
"""


def test_a3_the_table_says_what_the_rules_say() -> None:
    def told(cell: Cell, found: Row) -> str:
        actions = [found.consolidate, found.exchange]
        names = ["-" if each is Action.NOTHING else each.name.lower() for each in actions]
        end = "ends" if found.forget else "stays"
        return f"{cell.value:<44} {' '.join(names)} {found.lost or '-'} {end}"

    rows = [told(cell, each) for cell in TABLE for each in both(TABLE[cell])]
    assert sorted(rows) == sorted(LIST.strip().splitlines())


def both(rows: Rows) -> tuple[Row, ...]:
    return rows if isinstance(rows, tuple) else (rows,)


def test_a3_each_cell_is_decided_in_one_place() -> None:
    assert TABLE.keys() | DECIDED_APART.keys() == set(Cell)
    assert not TABLE.keys() & DECIDED_APART.keys()


# -- what holds for all of them --------------------------------------------------------------------


def paper_of(digits: Digits, *, known: bool | None = None) -> Paper:
    """A pair that was in step, or never met, after people have edited on both sides."""
    paper, base = Paper(), digits.appointment()
    known = digits.one_of(True, True, False) if known is None else known  # noqa: FBT003 - options
    if known:
        paper.enter(base)
        paper.create(base)
        paper.link_up()
    if known or digits.one_of(True, False):  # noqa: FBT003 - options
        paper.enter(merged(base, digits.appointment(), digits.fields()))
    if known or digits.one_of(True, False):  # noqa: FBT003 - options
        paper.create(merged(base, digits.appointment(), digits.fields()))
    here = digits.one_of("there", "there", "there", "deleted", "gone", "broken")
    if paper.row is not None:
        # Two that never met are not brought together where one of them stays here (C4), and one
        # that is brought back goes out again as private in a second step (G6).
        sending = digits.one_of("normal", "normal", "private", *["none"] * known)
        sending = "normal" if here == "deleted" else sending
        deleted = NOW if here == "deleted" else None
        paper.row |= {"calendar_sync": sending, "deleted_at": deleted}
        if here == "broken":
            paper.row["time_zone"] = "Mars/Olympus"
    if here == "gone":
        paper.row = None
    there = digits.one_of("there", "there", "there", "gone", "broken")
    if there == "gone":
        paper.delete_event()
    paper.unreadable = there == "broken" and paper.event is not None
    return paper


CASES = digits().map(lambda one: (paper_of(one), one.policy()))
LINKED = digits().map(lambda one: (paper_of(one, known=True), one.policy()))
EDITS = digits().map(
    lambda one: (
        one.appointment(),
        one.appointment(),
        one.fields(),
        one.one_of(BOTH, INBOUND_FIRST),
    )
)
Case = tuple[Paper, Policy]
Edit = tuple[Appointment, Appointment, frozenset[Field], Policy]


def readable(paper: Paper) -> bool:
    """Whether both sides can be read, or are gone."""
    return not paper.unreadable and not (paper.row and paper.row["time_zone"] == "Mars/Olympus")


@MANY
@given(CASES)
def test_a5_the_second_plan_is_empty(case: Case) -> None:
    paper, policy = case
    paper.step(policy)
    again = paper.plan(policy)
    assert not again.effects.any, again


@MANY
@given(CASES)
def test_a1_with_both_ways_open_both_sides_end_up_the_same(case: Case) -> None:
    paper, _ = case
    paper.step()
    activity, event = paper.activity, paper.event
    match activity, event:
        case Activity(deleted=False, sending=Sending.NORMAL | Sending.PRIVATE), Event():
            assert differing(activity.appointment, event.appointment) == frozenset()
        case Activity(deleted=False, sending=Sending.NORMAL | Sending.PRIVATE), _:
            assert not readable(paper)
        case _, Event():
            assert not readable(paper)


@MANY
@given(EDITS)
def test_a1_a_change_in_consolidate_arrives_and_changes_nothing_else(edit: Edit) -> None:
    base, other, edited, policy = edit
    paper = Paper()
    paper.enter(base)
    paper.create(base)
    paper.link_up()
    paper.enter(merged(base, other, edited))
    row, before = dict(paper.row or {}), paper.event
    planned = paper.step(policy)
    assert paper.row == row
    assert isinstance(before, Event)
    assert isinstance(paper.event, Event)
    assert isinstance(paper.activity, Activity)
    assert differing(paper.activity.appointment, paper.event.appointment) == frozenset()
    assert differing(before.appointment, paper.event.appointment) <= edited
    if isinstance(planned.decision.exchange, Change):
        assert planned.decision.exchange.fields <= edited


@MANY
@given(EDITS)
def test_a1_a_change_in_exchange_arrives_and_changes_nothing_else(edit: Edit) -> None:
    base, other, edited, policy = edit
    paper = Paper()
    paper.enter(base)
    paper.create(base)
    paper.link_up()
    paper.create(merged(base, other, edited))
    version, before = paper.anna.events()[0]["@odata.etag"], paper.activity
    planned = paper.step(policy)
    assert paper.anna.events()[0]["@odata.etag"] == version
    assert isinstance(before, Activity)
    assert isinstance(paper.activity, Activity)
    assert isinstance(paper.event, Event)
    assert differing(paper.activity.appointment, paper.event.appointment) == frozenset()
    assert differing(before.appointment, paper.activity.appointment) <= edited
    if isinstance(planned.decision.consolidate, Change):
        assert planned.decision.consolidate.fields <= edited


@MANY
@given(CASES)
def test_b6_whatever_is_overwritten_or_deleted_is_kept(case: Case) -> None:
    paper, policy = case
    here, there = _content(paper.activity), _content(paper.event)
    private = paper.row is not None and paper.row["calendar_sync"] == "private"
    paper.step(policy)
    kept = [one.lost for one in paper.kept]
    assert len(kept) <= 1
    for before, now in ((here, _content(paper.activity)), (there, _content(paper.event))):
        if before is None or (now and not differing(before, now) & BOTH_WAYS):
            continue
        if now and private and differing(before, now) <= {Field.PRIVATE}:
            continue  # a type that makes private has the last word (G6)
        assert before in kept


def _content(side: object) -> Appointment | None:
    """What a side holds, where it can be read and is there."""
    match side:
        case Activity(deleted=False, appointment=appointment) | Event(appointment=appointment):
            return appointment
    return None


@MANY
@given(LINKED)
def test_a3_a_conflict_leaves_the_winner_whole(case: Case) -> None:
    paper, policy = case
    here, there = _content(paper.activity), _content(paper.event)
    decision = paper.step(policy).decision
    if decision.cell is not Cell.CHANGED_ON_BOTH or decision.waits or not decision.conflict:
        return
    assert here is not None
    assert there is not None
    winner = here if policy.priority is Priority.OUTBOUND_FIRST else there
    for side in (_content(paper.activity), _content(paper.event)):
        assert side is not None
        assert differing(side, winner) <= {Field.PRIVATE}


@MANY
@given(CASES)
def test_b5_nothing_is_deleted_unless_the_other_side_is_gone_or_withdrawn(case: Case) -> None:
    paper, policy = case
    activity, event = paper.activity, paper.event
    deletes = paper.plan(policy).decision.deletes
    if deletes is Side.CONSOLIDATE:
        assert event is None
    if deletes is Side.EXCHANGE:
        withdrawn = isinstance(activity, Activity) and activity.sending is Sending.NONE
        assert withdrawn or activity is None or activity.deleted
        assert isinstance(event, Event)  # what cannot be read could not be kept


@MANY
@given(CASES)
def test_a2_a_direction_that_is_off_is_written_to_by_nothing_and_caught_up_with_later(
    case: Case,
) -> None:
    paper, policy = case
    both = replace(BOTH, priority=policy.priority)
    expected = _end(paper, [both])
    for off in ({"inbound": False}, {"outbound": False}, {"inbound": False, "outbound": False}):
        half = replace(both, **off)
        planned = paper.plan(half)
        if not half.inbound:
            written = planned.effects
            assert (written.create, written.change, written.delete) == (None, None, None)
        if not half.outbound:
            assert planned.effects.outgoing is None
        assert _end(paper, [half, both]) == expected


def _end(paper: Paper, policies: list[Policy]) -> tuple[Any, ...]:
    """What both sides hold after these policies, one after the other, on a copy."""
    copy = paper.copy()
    for policy in policies:
        copy.settle(policy)
    return _shown(copy.activity), _shown(copy.event)


def _shown(side: object) -> object:
    return _content(side) or type(side)


@MANY
@given(LINKED)
def test_a3_swapped_sides_with_a_swapped_policy_give_the_mirror(case: Case) -> None:
    paper, policy = case
    if not readable(paper) or (paper.row and paper.row["calendar_sync"] != "normal"):
        return
    here, there, link = _content(paper.activity), _content(paper.event), paper.link
    assert link is not None
    swapped = replace(
        paper.pair(),
        link=replace(link, consolidate=link.exchange, exchange=link.consolidate),
        activity=replace(SOME_ACTIVITY, appointment=there) if there else None,
        event=replace(SOME_EVENT, appointment=here) if here else None,
        relation=Relation(wanted=Role.ORGANIZER),
        seen_mine=there,
        seen_theirs=here,
    )
    first = set(Priority) - {policy.priority}
    one, other = (
        paper.plan(policy).decision,
        decide(
            swapped, Policy(inbound=policy.outbound, outbound=policy.inbound, priority=first.pop())
        ),
    )
    assert (one.consolidate, one.exchange) == (other.exchange, other.consolidate)
    assert (one.waits, one.waiting) == (other.waits, other.waiting)
