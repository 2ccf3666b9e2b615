"""Meetings that are handed over: whoever leads, everybody else's copy is linked (F1, F6, G10)."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.faults import Rule
from calsync_agent.state import tables as state
from tests.support.golden import edit, enter
from tests.support.kinds import Kind
from tests.support.machine.sides import differences
from tests.support.points import Fault, Killed
from tests.support.rig import SOON, Agent, Rig

NUMBER: Final = UUID(int=1)
NAME: Final = "Besprechung"
KILLS: Final = (Kind.KILL_BEFORE, Kind.KILL_AFTER)
"""In turn: neither may meet only requests, or only commits."""
ENOUGH: Final = 12
"""Rounds after which nothing is left to do."""
ALL: Final = os.environ.get("CALSYNC_NTH_FAILURE") == "all"
CASES: Final = [
    (tuple(to.split()), tuple(stuck.split()), between)
    for to in ("BERND", "BERND CLARA", "BERND ANNA", "BERND ANNA BERND", "BERND CLARA ANNA")
    for stuck in ("", "ANNA", "ANNA BERND CLARA")
    for between in (1, 2)
]
"""Who leads one after the other, who cannot delete, and how many rounds lie between."""


@pytest.fixture
def three(rig: Rig) -> Rig:
    """A meeting of three, led by Anna and in step."""
    of_three(rig)
    return rig


def of_three(rig: Rig, without: Sequence[str] = ()) -> None:
    """A meeting of three, of whom some have no profile, led by Anna and in step."""
    for code in ("ANNA", "BERND", "CLARA"):
        rig.world.hire(code, profile=code not in without)
    enter(rig, 1, NAME)
    rig.world.invite(NUMBER, "BERND", "CLARA")
    asyncio.run(rig.until_quiet())


def hand_over(rig: Rig, to: str) -> None:
    """Somebody becomes responsible, and all the others take part."""
    table, world = tables.activity_participant, rig.world
    with rig.people.writing() as connection:
        connection.execute(sa.delete(table).where(table.c.activity_id == NUMBER))
    world.invite(NUMBER, *(world.employees.keys() - {to}))
    edit(rig, 1, responsible_id=world.employees[to])


def events(rig: Rig, code: str) -> list[dict[str, Any]]:
    """What somebody sees of the meeting, but for what was cancelled."""
    found = rig.tenant.user(code.lower()).events()
    return [e for e in found if e["subject"] == NAME and not e["isCancelled"]]


def links(rig: Rig) -> dict[str, tuple[str, str]]:
    """Who is linked to which event of theirs, and as what."""
    owners = {number: code for code, number in rig.world.employees.items()}
    profiles = {row["id"]: owners[row["employee_id"]] for row in rig.world.rows(state.profile)}
    mine = [row for row in rig.world.rows(state.link) if row["activity_id"] == NUMBER]
    return {profiles[row["profile_id"]]: (row["event_id"], row["role"]) for row in mine}


def never_doubled(rig: Rig) -> None:
    rows = rig.world.activities() + rig.world.activities(deleted=True)
    assert {row["id"] for row in rows if row["subject"] == NAME} == {NUMBER}


def is_led_by(rig: Rig, leader: str) -> None:
    """One event each, of which one is the leader's, all linked; nothing is left to do."""
    shown = {code: events(rig, code) for code in rig.world.employees}
    assert {code: len(some) for code, some in shown.items()} == dict.fromkeys(shown, 1)
    assert {code: some[0]["isOrganizer"] for code, some in shown.items()} == {
        code: code == leader for code in shown
    }
    assert links(rig) == {
        code: (some[0]["id"], "organizer" if code == leader else "copy")
        for code, some in shown.items()
    }
    never_doubled(rig)
    assert differences(rig) == []
    assert not rig.world.rows(state.quarantine)


async def rounds(rig: Rig, agent: Agent, amount: int) -> None:
    for _ in range(amount):
        await agent.round()
        never_doubled(rig)
        rig.wait(minutes=6)


async def two_rounds(rig: Rig) -> None:
    """The beginning of an agent's life, which is all of it."""
    agent = rig.agent()
    with suppress(Killed):
        await rounds(rig, agent, 2)
    await agent.die()


async def handed_over_while_stuck(
    rig: Rig, stuck: Sequence[str], to: Sequence[str], between: int
) -> None:
    """One agent's life, in the first part of which nothing can be deleted in some mailboxes.

    Everybody enters something else in Outlook meanwhile, so that the copies that have come are
    behind the position that is stored.
    """
    cannot = [
        rig.tenant.fault(Rule(action="status", method="DELETE", mailbox=upn, times=None))
        for upn in (rig.tenant.user(code.lower()).upn for code in stuck)
    ]
    agent = rig.agent()
    for leader in to:
        hand_over(rig, leader)
        await rounds(rig, agent, between)
    for code in rig.world.employees:
        start = SOON + timedelta(days=1)
        rig.tenant.user(code.lower()).create("Anderes", start, start + timedelta(hours=1))
    await rounds(rig, agent, 2)
    for rule in cannot:
        rig.tenant.faults.rules.remove(rule)
    await rounds(rig, agent, ENOUGH)
    await agent.stop()


@pytest.mark.parametrize(("to", "stuck", "between"), CASES if ALL else CASES[::3], ids=str)
def test_f6_whoever_has_handed_a_meeting_over_has_a_linked_copy_of_it(
    three: Rig, to: Sequence[str], stuck: Sequence[str], between: int
) -> None:
    asyncio.run(handed_over_while_stuck(three, stuck, to, between))
    is_led_by(three, to[-1])
    assert not three.world.rows(state.waiting)


def test_f1_who_comes_while_a_meeting_is_handed_over_imports_neither_copy(rig: Rig) -> None:
    of_three(rig, without=("CLARA",))

    async def work() -> None:
        anna, clara = rig.tenant.user("anna"), rig.tenant.user("clara")
        rule = Rule(action="status", method="DELETE", mailbox=anna.upn, times=None)
        cannot = rig.tenant.fault(rule)
        agent = rig.agent()
        hand_over(rig, "BERND")
        await rounds(rig, agent, 3)
        both = {event["id"] for event in events(rig, "CLARA")}
        assert len(both) == len(["ANNA", "BERND"])
        rig.world.enrol("CLARA", clara)
        await rounds(rig, agent, 4)
        before, waits = links(rig)["CLARA"], rig.world.rows(state.waiting)
        assert before[0] in both
        await rounds(rig, agent, 3)
        assert links(rig)["CLARA"] == before
        assert rig.world.rows(state.waiting) == waits
        rig.tenant.faults.rules.remove(cannot)
        await rounds(rig, agent, ENOUGH)
        await agent.stop()

    asyncio.run(work())
    is_led_by(rig, "BERND")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("to", [("BERND",), ("BERND", "ANNA")], ids="-".join)
def test_b1_g10_a_kill_at_any_point_of_a_hand_over_leaves_each_with_one_linked_event(
    three: Rig, to: Sequence[str]
) -> None:
    begin = three.snapshot()

    def go(at: int) -> int:
        three.restore(begin)
        three.points.fault = Fault(at, KILLS[(at + at // len(KILLS)) % len(KILLS)])
        for leader in to:
            hand_over(three, leader)
            asyncio.run(two_rounds(three))
        asyncio.run(three.until_quiet())
        three.wait(minutes=11)
        asyncio.run(three.until_quiet())
        is_led_by(three, to[-1])
        return three.points.passed

    at, last = 1, 1
    while at <= last:
        last = max(last, go(at))
        at += 1 if ALL else 3
