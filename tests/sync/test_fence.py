"""The fence around each item (B8): at each step one of a hundred falls, the others are done.

The error is one that nobody foresaw, raised inside the step for that one item alone. The others go
through in the same cycle, the item is named with its reason, and comes through when it can.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest

from calsync_agent.consolidate import rows, writing
from calsync_agent.domain.event import Event
from calsync_agent.exchange.calendar import delta, writes
from calsync_agent.i18n import Message
from calsync_agent.plan import aftermath, assembly, belonging, triage
from calsync_agent.plan.window import Window
from calsync_agent.service import previewing
from calsync_agent.state import tables as state
from calsync_agent.sync import feed_dispatch, flip_guard, sync_log
from calsync_agent.sync.preview import Preview
from calsync_agent.sync.read_events import SeriesSeen
from calsync_agent.sync.rehearsal import Rehearsal
from tests.support.rig import SOON, Agent, Rig
from tests.support.verify import assert_in_step

SQLITE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
BOTH = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
MANY: Final = 100
BAD: Final = "Das eine"


class Unforeseen(Exception):
    """What nobody thought of; its text quotes what somebody wrote."""


def speaks_of_it(thing: object) -> bool:
    """Whether an argument of a step is about the one item."""
    return BAD in repr(thing)


@dataclass(frozen=True)
class Step:
    """A function that every item goes through, and what it does to the one."""

    name: str
    module: Any
    function: str
    about: Callable[[tuple[Any, ...]], bool] = lambda args: any(map(speaks_of_it, args))

    def break_it(self, patching: pytest.MonkeyPatch) -> None:
        """From now on the step fails over the one item."""
        usual = getattr(self.module, self.function)

        def broken(*args: Any, **options: Any) -> Any:
            if self.about(args):
                raise Unforeseen(f"secret {BAD}")
            return usual(*args, **options)

        patching.setattr(self.module, self.function, broken)


IN: Final = [
    Step("page item", delta, "read_event"),
    Step("pairing", assembly, "pair"),
    Step("guessing", belonging, "own_id"),
    Step("deciding", triage, "decide"),
    Step("effects", triage, "effects"),
    Step("breaker", flip_guard, "_writes"),
    Step("row to be written", writing, "_new_row"),
    Step("log line", sync_log, "decided"),
]
OUT: Final = [
    Step("row reading", rows, "_appointment"),
    Step("pairing", assembly, "pair"),
    Step("deciding", triage, "decide"),
    Step("effects", triage, "effects"),
    Step("mails", triage, "forecast"),
    Step("request building", writes, "event_body"),
    Step("answer reading", writes, "read_event"),
    Step("answer recording", aftermath, "_held"),
    Step("breaker", flip_guard, "_turn_of"),
    Step("log line", sync_log, "sent"),
]


@pytest.fixture
def busy(rig: Rig) -> Rig:
    """Anna's mailbox, in step and empty; pages hold all that there is."""
    rig.page_size = 2 * MANY
    rig.world.hire("ANNA")
    asyncio.run(rig.until_quiet())
    return rig


def create_all(rig: Rig) -> None:
    """A hundred events in Outlook."""
    anna = rig.tenant.user("anna")
    for number in range(MANY):
        start = SOON + timedelta(hours=number)
        subject = BAD if number == MANY // 2 else f"Termin {number}"
        anna.create(subject, start, start + timedelta(minutes=30))


def enter_all(rig: Rig) -> None:
    """A hundred appointments in Consolidate."""
    for number in range(MANY):
        subject = BAD if number == MANY // 2 else f"Termin {number}"
        rig.world.enter("ANNA", subject, SOON + timedelta(hours=number))


async def one_round(rig: Rig) -> Agent:
    agent = rig.agent()
    await agent.round()
    errors = [str(one.error) for one in agent.in_trouble]
    assert not errors
    await agent.stop()
    return agent


async def round_in_trouble(rig: Rig) -> Agent:
    agent = rig.agent()
    await agent.round()
    assert agent.in_trouble
    await agent.stop()
    return agent


def quarantined(rig: Rig) -> list[dict[str, Any]]:
    return rig.world.rows(state.quarantine)


def names(rig: Rig) -> list[str]:
    found = [Message.from_json(row["name"]) for row in quarantined(rig) if row["name"]]
    return [str(name) for name in found]


def assert_named(rig: Rig) -> None:
    """One item is put aside; the reason holds nothing that anybody wrote."""
    (row,) = quarantined(rig)
    assert BAD in names(rig)[0] or row["event_id"] or row["activity_id"]
    reason = str(Message.from_json(row["reason"]))
    assert "Unforeseen" in reason
    assert BAD not in reason


def assert_it_comes_through(rig: Rig) -> None:
    rig.wait(hours=1)
    asyncio.run(rig.until_quiet())
    assert not quarantined(rig)
    here = sorted(row["subject"] for row in rig.world.activities())
    there = sorted(event["subject"] for event in rig.tenant.user("anna").events())
    assert len(here) == MANY
    assert here == there


@SQLITE
@pytest.mark.parametrize("step", IN, ids=lambda step: step.name)
def test_b8_inward_each_step_costs_the_one_item_alone(
    busy: Rig, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_all(busy)
    with monkeypatch.context() as patching:
        step.break_it(patching)
        asyncio.run(one_round(busy))
        here = {row["subject"] for row in busy.world.activities()}
        assert len(here - {BAD}) == MANY - 1
        assert BAD not in here
        assert_named(busy)
    assert_it_comes_through(busy)


@SQLITE
@pytest.mark.parametrize("mine", [True, False])
@pytest.mark.parametrize("step", IN[1:5], ids=lambda step: step.name)
def test_b4_what_falls_on_first_contact_is_paired_with_what_it_is_like_later(
    rig: Rig, step: Step, monkeypatch: pytest.MonkeyPatch, *, mine: bool
) -> None:
    rig.page_size = 100
    anna = rig.world.hire("ANNA")
    rig.world.hire("BERND", profile=False)
    for number in range(10):
        subject = BAD if number == 5 else f"Termin {number}"
        start = SOON + timedelta(hours=number)
        row = rig.world.enter("ANNA" if mine else "BERND", subject, start)
        if not mine:
            rig.world.invite(row, "ANNA")
        anna.create(subject, start, start + timedelta(hours=1))
    with monkeypatch.context() as patching:
        step.break_it(patching)
        asyncio.run(one_round(rig))
        assert len(rig.world.rows(state.link)) == 10
        assert len(quarantined(rig)) <= 1
    rig.wait(hours=1)
    asyncio.run(rig.until_quiet())
    assert not quarantined(rig)
    assert len(rig.world.activities()) == len(anna.events()) == len(rig.world.rows(state.link))
    assert len(anna.find(BAD)) == 1
    if mine:
        assert_in_step(rig.world)


POISONS: Final = {
    "half a character": {"subject": "\ud800"},
    "a number beyond all columns": {"reminder_minutes": 10**30},
    "a reference to nothing": {"type_id": 999_999},
    "nothing where something has to be": {"subject": None},
    "a value of another kind": {"starts_at": "gestern"},
}


@BOTH
@pytest.mark.parametrize("values", POISONS.values(), ids=POISONS)
def test_b8_a_row_that_poisons_the_transaction_costs_itself_alone(
    busy: Rig, values: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    create_all(busy)
    usual, commits = writing._new_row, busy.points.places.count("commit")
    with monkeypatch.context() as patching:
        patching.setattr(
            writing,
            "_new_row",
            lambda new, stamp: (
                usual(new, stamp) | (values if new.appointment.subject == BAD else {})
            ),
        )
        asyncio.run(one_round(busy))
        assert len(busy.world.activities()) == MANY - 1
        assert names(busy) == [BAD]
        assert busy.points.places.count("commit") - commits < 10
    assert_it_comes_through(busy)


@SQLITE
def test_b8_a_series_that_cannot_be_gathered_costs_itself_alone(
    busy: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = busy.tenant.user("anna")
    weekly = {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}}
    for number in range(20):
        start = SOON + timedelta(hours=number)
        anna.create(
            BAD if number == 5 else f"Serie {number}",
            start,
            start + timedelta(minutes=30),
            recurrence=weekly | {"range": {"type": "numbered", "numberOfOccurrences": 3}},
        )
    usual = SeriesSeen.misses_some

    def broken(seen: SeriesSeen, event: Event, window: Window) -> bool:
        if event.appointment.subject == BAD:
            raise Unforeseen
        return usual(seen, event, window)

    with monkeypatch.context() as patching:
        patching.setattr(SeriesSeen, "misses_some", broken)
        asyncio.run(one_round(busy))
        assert len(busy.world.activities()) == 19
        assert names(busy) == [BAD]
    busy.wait(hours=1)
    asyncio.run(busy.until_quiet())
    assert len(busy.world.activities()) == 20


@SQLITE
def test_b8_what_cannot_be_handed_out_is_looked_at_by_everybody(
    busy: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_all(busy)
    Step("handing out", feed_dispatch, "_concerned").break_it(monkeypatch)
    asyncio.run(one_round(busy))
    assert len(busy.tenant.user("anna").events()) == MANY


@SQLITE
@pytest.mark.parametrize("count", [1, MANY])
def test_b8_an_error_without_any_item_is_no_items_fault(
    busy: Rig, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = busy.tenant.user("anna")
    for number in range(count):
        start = SOON + timedelta(hours=number)
        anna.create(f"Termin {number}", start, start + timedelta(minutes=30))

    def broken(*_args: object) -> None:
        raise Unforeseen

    monkeypatch.setattr(flip_guard, "stop_flipping", broken)
    agent = asyncio.run(round_in_trouble(busy))
    assert "Unforeseen" in str(agent.in_trouble[0].error)
    assert not quarantined(busy)


@SQLITE
@pytest.mark.parametrize("step", OUT, ids=lambda step: step.name)
def test_b8_outward_each_step_costs_the_one_item_alone(
    busy: Rig, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_all(busy)
    with monkeypatch.context() as patching:
        step.break_it(patching)
        asyncio.run(one_round(busy))
        there = [event["subject"] for event in busy.tenant.user("anna").events()]
        assert len(set(there) - {BAD}) == MANY - 1
        assert there.count(BAD) <= 1
        assert_named(busy)
    assert_it_comes_through(busy)


ON_PAPER: Final = frozenset({"page item", "row reading", "pairing", "deciding", "effects", "mails"})


@SQLITE
@pytest.mark.parametrize("step", [s for s in IN if s.name in ON_PAPER], ids=lambda step: step.name)
def test_b8_a_preview_of_what_comes_in_names_the_one_item_and_tells_the_others(
    busy: Rig, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_all(busy)
    step.break_it(monkeypatch)
    (found,) = asyncio.run(busy.preview())
    assert len(found.only_exchange) == MANY - 1
    assert_refused_on_paper(found)


@SQLITE
@pytest.mark.parametrize("step", [s for s in OUT if s.name in ON_PAPER], ids=lambda step: step.name)
def test_b8_a_preview_of_what_goes_out_names_the_one_item_and_tells_the_others(
    busy: Rig, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_all(busy)
    step.break_it(monkeypatch)
    (found,) = asyncio.run(busy.preview())
    assert len(found.only_consolidate) == MANY - 1
    assert_refused_on_paper(found)


def assert_refused_on_paper(found: Preview) -> None:
    (line,) = found.refusals
    assert line.subject == BAD
    assert "Unforeseen" in str(line.reason)
    assert "secret" not in str(line.reason)


@SQLITE
def test_b8_a_preview_that_fails_costs_its_profile_alone(
    busy: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_all(busy)
    busy.world.hire("BERND")
    usual = previewing.preview

    def broken(rehearsal: Rehearsal, *, first_sync: bool) -> Preview:
        if first_sync:
            raise Unforeseen
        return usual(rehearsal, first_sync=first_sync)

    monkeypatch.setattr(previewing, "preview", broken)
    anna, bernd = asyncio.run(busy.preview())
    assert len(anna.only_exchange) == MANY
    assert anna.waiting is None
    assert "Unforeseen" in str(bernd.waiting)
