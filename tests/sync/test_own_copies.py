"""Copies of our own meetings are never imported, whatever comes, goes or is late (F1a)."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.sandbox.faults import Rule
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.kinds import Kind
from tests.support.points import Killed, Points
from tests.support.rig import SOON, Rig

ON_SQLITE: Final = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
HOUR: Final = timedelta(hours=1)
MEETING: Final = UUID(int=7)


def quiet(rig: Rig) -> None:
    asyncio.run(rig.until_quiet())


def profile(rig: Rig, number: int, **values: Any) -> None:
    with rig.people.writing() as connection:
        mine = state.profile.c.id == number
        connection.execute(sa.update(state.profile).where(mine).values(values))


def company(rig: Rig) -> tuple[Person, Person]:
    """Anna, whose profile rests, and Bob, who has invited her to a meeting."""
    anna, bob = rig.world.hire("ANNA"), rig.world.hire("BOB")
    quiet(rig)
    profile(rig, 1, active=False)
    rig.world.enter("BOB", "Klausur", SOON, id=MEETING)
    rig.world.invite(MEETING, "ANNA")
    return anna, bob


def patiently(rig: Rig) -> None:
    """Longer than a copy waits for its organizer."""
    for _ in range(3):
        quiet(rig)
        rig.wait(minutes=11)
    quiet(rig)


def assert_never_imported(rig: Rig) -> None:
    assert [row["subject"] for row in rig.world.activities()] == []
    ids = {row["id"] for row in rig.world.activities(deleted=True)}
    assert ids <= {MEETING}


def nothing(_rig: Rig) -> None:
    """Bob's event is withdrawn as it should be."""


def bob_rests(rig: Rig) -> None:
    profile(rig, 2, active=False)


def bobs_mailbox_fails(rig: Rig) -> None:
    rig.tenant.fault(Rule(action="status", status=503, mailbox=rig.tenant.user("bob").id))


def deletions_wait(rig: Rig) -> None:
    rig.limits = {"max_deletes": 0, "max_delete_percent": 0}


def bobs_profile_goes(rig: Rig) -> None:
    with rig.people.writing() as connection:
        connection.execute(sa.delete(state.profile).where(state.profile.c.id == 2))


@ON_SQLITE
@pytest.mark.parametrize("row", [True, False], ids=["row gone", "marked as deleted"])
@pytest.mark.parametrize(
    "meanwhile",
    [nothing, bob_rests, bobs_mailbox_fails, deletions_wait, bobs_profile_goes],
)
def test_f1a_a_copy_of_a_meeting_that_is_about_to_be_withdrawn_is_not_imported(
    rig: Rig, meanwhile: Callable[[Rig], None], row: bool
) -> None:
    anna, bob = company(rig)
    quiet(rig)
    assert len(anna.events()) == len(bob.events()) == 1
    meanwhile(rig)
    rig.world.remove(MEETING, row=row)
    profile(rig, 1, active=True)
    asyncio.run(rounds(rig, 30))
    assert_never_imported(rig)
    rig.tenant.clear_faults()
    rig.wait(minutes=11)
    asyncio.run(rounds(rig, 6))
    assert_never_imported(rig)


async def rounds(rig: Rig, count: int) -> None:
    """So many rounds, a minute each, whether or not they go through."""
    agent = rig.agent(Points())
    for _ in range(count):
        await agent.round()
        rig.wait(minutes=1)
    await agent.stop()


@ON_SQLITE
def test_f1a_a_copy_that_exchange_never_cancels_is_not_imported_after_its_meeting(
    rig: Rig,
) -> None:
    """As where the mailbox processes no cancellations."""
    anna, bob = company(rig)
    quiet(rig)
    rig.world.remove(MEETING)
    quiet(rig)
    assert bob.events() == []
    (copy,) = anna.events()
    uncancel(rig, anna, copy["id"])
    profile(rig, 1, active=True)
    asyncio.run(rounds(rig, 15))
    assert_never_imported(rig)


def uncancel(rig: Rig, anna: Person, event: str) -> None:
    found, _ = rig.tenant.world.find(rig.tenant.world.user(anna.id), event)
    found.cancelled = False


@ON_SQLITE
@pytest.mark.parametrize("row", [None, False, True], ids=["there", "marked as deleted", "gone"])
@pytest.mark.parametrize("then", [nothing, bob_rests, bobs_mailbox_fails])
@pytest.mark.parametrize("kind", [Kind.KILL_AFTER, Kind.KILL_BEFORE])
def test_f1a_a_copy_that_comes_before_its_meeting_is_recorded_is_not_imported(
    rig: Rig, kind: Kind, then: Callable[[Rig], None], row: bool | None
) -> None:
    """The agent dies between the creation and its record; the copy is there already."""
    anna, _ = company(rig)
    posts = [0]

    def strike(line: str) -> Kind | None:
        creating = "POST" in line and line.endswith("/events")
        posts[0] += creating
        return kind if creating and posts[0] == 1 else None

    async def die() -> None:
        agent = rig.agent(Points(strike=strike))
        try:
            await agent.round()
        except Killed:
            await agent.die()
        else:
            raise AssertionError("it did not die")

    asyncio.run(die())
    assert len(anna.events()) == (1 if kind is Kind.KILL_AFTER else 0)
    then(rig)
    if row is not None:
        rig.world.remove(MEETING, row=row)
    profile(rig, 1, active=True)
    asyncio.run(rounds(rig, 15))
    there = [row["id"] for row in rig.world.activities()]
    assert there == ([MEETING] if row is None else [])
    rig.tenant.clear_faults()
    profile(rig, 2, active=True)
    rig.wait(minutes=11)
    patiently(rig)
    assert [row["id"] for row in rig.world.activities()] == there
    live = [event for event in anna.events() if not event["isCancelled"]]
    assert len(live) == len(there)
