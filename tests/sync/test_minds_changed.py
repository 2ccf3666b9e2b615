"""B1: killed while an event goes, or another takes its place, and meanwhile it is to stay (G10)."""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.state import tables as state
from tests.support.kinds import Kind
from tests.support.points import Fault, Killed
from tests.support.rig import SOON, Rig

ON_SQLITE: Final = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
APPOINTMENT: Final = UUID(int=7)
ALL: Final = os.environ.get("CALSYNC_NTH_FAILURE") == "all"
BEGUN: Final = 10
"""The first point after an agent has begun, has its leases, and has asked the mailboxes."""

Act = Callable[[Rig], None]


def edited(**values: Any) -> Act:
    return lambda rig: rig.world.edit(APPOINTMENT, **values)


def given_to(code: str) -> Act:
    return lambda rig: rig.world.edit(APPOINTMENT, responsible_id=rig.world.employees[code])


MINDS: Final[dict[str, tuple[Act, Act]]] = {
    "deleted": (lambda rig: rig.world.remove(APPOINTMENT), edited(deleted_at=None)),
    "kept here": (edited(type_id=2), edited(type_id=1)),
    "another's": (given_to("BERND"), given_to("ANNA")),
    "nobody's": (given_to("CLARA"), given_to("ANNA")),
}


def office(rig: Rig) -> None:
    """Anna and Bernd; Clara, who has no profile; a type that is not sent."""
    for code in ("ANNA", "BERND"):
        rig.world.hire(code)
    rig.world.hire("CLARA", profile=False)
    with rig.people.writing() as connection:
        connection.execute(
            sa.insert(tables.activity_type).values(
                name="intern", calendar_sync="none", inbound_default=False
            )
        )
    rig.world.enter("ANNA", "Besprechung", SOON, id=APPOINTMENT)
    quiet(rig)


def quiet(rig: Rig) -> None:
    asyncio.run(rig.until_quiet())


def one_life(rig: Rig) -> None:
    with suppress(Killed):
        asyncio.run(rig.live())


def held(rig: Rig) -> dict[str, list[str]]:
    """What the mailboxes hold."""
    there = {code: rig.tenant.user(code.lower()).events() for code in ("ANNA", "BERND")}
    return {code: [str(event["subject"]) for event in events] for code, events in there.items()}


@ON_SQLITE
@pytest.mark.parametrize(("go", "stay"), MINDS.values(), ids=MINDS.keys())
@pytest.mark.parametrize("kind", [Kind.KILL_BEFORE, Kind.KILL_AFTER])
def test_b1_what_was_on_its_way_out_when_the_agent_died_stays_if_it_is_to_stay(
    rig: Rig, kind: Kind, go: Act, stay: Act
) -> None:
    office(rig)
    begin = rig.snapshot()
    go(rig)
    quiet(rig)
    for at in range(BEGUN, len(rig.points.places) + 1):
        rig.restore(begin)
        rig.points.fault = Fault(at, kind)
        go(rig)
        one_life(rig)
        rig.points.fault = None
        stay(rig)
        quiet(rig)
        assert [row["id"] for row in rig.world.activities()] == [APPOINTMENT], at
        assert held(rig) == {"ANNA": ["Besprechung"], "BERND": []}, at
        assert len(rig.world.rows(state.link)) == 1, at
        assert rig.tenant.outbox == [], at


@pytest.mark.timeout(300)
@ON_SQLITE
@pytest.mark.parametrize(
    ("kind", "recurrence"),
    [
        pytest.param(Kind.KILL_BEFORE, None, id="before it, single"),
        pytest.param(Kind.KILL_AFTER, None, id="after it, single"),
        pytest.param(Kind.KILL_AFTER, "FREQ=WEEKLY;COUNT=4", id="after it, series"),
    ],
)
@pytest.mark.parametrize(("go", "stay"), MINDS.values(), ids=MINDS.keys())
def test_b6_what_is_changed_in_outlook_before_it_is_told_to_stay_comes_in_or_is_kept(
    rig: Rig, kind: Kind, go: Act, stay: Act, recurrence: str | None
) -> None:
    office(rig)
    edited(recurrence=recurrence)(rig)
    quiet(rig)
    begin = rig.snapshot()
    go(rig)
    quiet(rig)
    changed_there = 0
    for at in range(BEGUN, len(rig.points.places) + 1, 1 if ALL else 3):
        rig.restore(begin)
        rig.points.fault = Fault(at, kind)
        go(rig)
        one_life(rig)
        rig.points.fault = None
        anna = rig.tenant.user("anna")
        for event in anna.events():
            changed_there += 1
            anna.change(event["id"], location={"displayName": "Nord"})
        there = bool(anna.events())
        stay(rig)
        quiet(rig)
        (row,) = rig.world.activities()
        kept = [json.loads(one["content"])["location"] for one in rig.world.rows(state.history)]
        assert ("Nord" in {row["location"], *kept}) is there, at
        assert [e["location"]["displayName"] for e in anna.events()] == [row["location"]], at
        assert held(rig) == {"ANNA": ["Besprechung"], "BERND": []}, at
    assert changed_there


@ON_SQLITE
def test_g10_whoever_gives_it_to_somebody_without_mailbox_has_it_no_longer(rig: Rig) -> None:
    office(rig)
    given_to("CLARA")(rig)
    quiet(rig)
    assert held(rig) == {"ANNA": [], "BERND": []}
    assert [row["id"] for row in rig.world.activities()] == [APPOINTMENT]


@ON_SQLITE
def test_g10_an_event_changed_while_another_takes_its_place_does_not_stay_beside_it(
    rig: Rig,
) -> None:
    office(rig)
    begin = rig.snapshot()
    given_to("BERND")(rig)
    quiet(rig)
    for at in range(BEGUN, len(rig.points.places) + 1):
        rig.restore(begin)
        rig.points.fault = Fault(at, Kind.KILL_AFTER)
        given_to("BERND")(rig)
        one_life(rig)
        rig.points.fault = None
        anna = rig.tenant.user("anna")
        for event in anna.events():
            anna.change(event["id"], categories=["Red category"])
        quiet(rig)
        assert held(rig) == {"ANNA": [], "BERND": ["Besprechung"]}, at
        assert [row["id"] for row in rig.world.activities()] == [APPOINTMENT], at
