"""Somebody's transaction holds an appointment: it costs that one alone, and nobody waits (B8, B14).

On a server at its defaults, where a wait of more than a second makes a deadlock of it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.consolidate.tables import activity, activity_participant, employee
from calsync_agent.database.failures import facts
from calsync_agent.service.once import once
from calsync_agent.state import tables as state
from tests.support.rig import SOON, Agent, Rig
from tests.support.verify import assert_in_step

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("dialect", ["postgresql"], indirect=True),
]

VIENNA = "W. Europe Standard Time"
HOUR = timedelta(hours=1)
Work: TypeAlias = Callable[[UUID], sa.Executable]


@contextmanager
def at_work(rig: Rig, *statements: sa.Executable | str) -> Iterator[sa.Connection]:
    """A transaction of somebody else's, open for as long as it lasts; then it is committed."""
    with rig.people.engine.connect() as connection:
        for statement in statements:
            if isinstance(statement, str):
                connection.exec_driver_sql(statement)
            else:
                connection.execute(statement)
        yield connection
        connection.commit()


@contextmanager
def waits(agent: Agent) -> Iterator[list[str]]:
    """The waits of the agent's transactions: each for somebody who does not end meanwhile."""
    found: list[str] = []

    def note(context: sa.engine.ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if isinstance(error, sa.exc.DBAPIError) and facts(error).state in {"55P03", "40P01"}:
            found.append(str(error))

    engine = agent.database.engine
    sa.event.listen(engine, "handle_error", note)
    yield found
    sa.event.remove(engine, "handle_error", note)


def changed(number: UUID) -> sa.Executable:
    return sa.update(activity).where(activity.c.id == number).values(location="bei Bernd")


def held(number: UUID) -> sa.Executable:
    return sa.select(activity.c.id).where(activity.c.id == number).with_for_update()


def deleted(number: UUID) -> sa.Executable:
    return sa.delete(activity).where(activity.c.id == number)


def invited(number: UUID) -> sa.Executable:
    new = {"id": uuid4(), "activity_id": number, "email": "gast@example.org", "role": "invited"}
    return sa.insert(activity_participant).values(new)


def answered(number: UUID) -> sa.Executable:
    mine = activity_participant.c.activity_id == number
    return sa.update(activity_participant).where(mine).values(response="accepted")


ANYTHING = pytest.mark.parametrize(
    "work", [changed, held, deleted, invited], ids=lambda f: f.__name__
)


async def filled(rig: Rig, count: int = 12) -> list[UUID]:
    """Appointments of Anna's, in step."""
    rig.world.hire("ANNA")
    numbers = [rig.world.enter("ANNA", f"Termin {n}", SOON + n * HOUR) for n in range(count)]
    await rig.until_quiet()
    assert_in_step(rig.world)
    return numbers


@ANYTHING
async def test_b8_one_in_an_open_transaction_holds_up_none_of_the_others(
    rig: Rig, work: Work
) -> None:
    numbers = await filled(rig)
    anna = rig.tenant.user("anna")
    agent = rig.agent()
    events = {event["subject"]: event["id"] for event in anna.events()}
    with waits(agent) as waited:
        with at_work(rig, work(numbers[0])):
            for n in range(6):
                anna.change(events[f"Termin {n}"], subject=f"Outlook {n}")
            for n in range(6, 12):
                rig.world.edit(numbers[n], subject=f"Consolidate {n}")
            await agent.round()
            rows = {row["subject"] for row in rig.world.activities()}
            assert {f"Outlook {n}" for n in range(1, 6)} <= rows
            found = {event["subject"] for event in anna.events()}
            assert {f"Consolidate {n}" for n in range(6, 12)} <= found
            assert not agent.in_trouble
            await agent.round()
        assert waited == []
    await agent.stop()
    await rig.until_quiet()
    assert_in_step(rig.world)


@ANYTHING
async def test_b8_what_goes_out_holds_up_none_of_the_others_either(rig: Rig, work: Work) -> None:
    numbers = await filled(rig)
    anna = rig.tenant.user("anna")
    for number in numbers:
        rig.world.edit(number, subject=f"neu {number}")
    agent = rig.agent()
    with waits(agent) as waited, at_work(rig, work(numbers[0])):
        await agent.round()
        found = {event["subject"] for event in anna.events()}
        assert {f"neu {number}" for number in numbers[1:]} <= found
        assert f"neu {numbers[0]}" not in found
        assert waited == []
    await agent.stop()
    await rig.until_quiet()
    assert_in_step(rig.world)


async def test_b8_an_answer_in_an_open_transaction_costs_that_meeting_alone(rig: Rig) -> None:
    rig.world.hire("ANNA")
    rig.world.hire("BERND", profile=False)
    numbers = [rig.world.enter("ANNA", f"Termin {n}", SOON + n * HOUR) for n in range(3)]
    for number in numbers:
        rig.world.invite(number, "BERND")
    await rig.until_quiet()
    bernd = rig.tenant.user("bernd")
    for event in bernd.events():
        bernd.respond(event["id"], "tentativelyAccepted")
    agent = rig.agent()
    with waits(agent) as waited:
        with at_work(rig, answered(numbers[0])):
            await agent.round()
            answers = [rig.world.answers(number)["BERND"] for number in numbers]
            assert answers == ["none", "tentative", "tentative"]
        assert waited == []
    await agent.stop()
    await rig.until_quiet()
    assert_in_step(rig.world, "ANNA")


@pytest.mark.parametrize("killed", [False, True])
async def test_b2_an_event_left_for_the_next_cycle_is_lost_neither_by_a_kill(
    rig: Rig, *, killed: bool
) -> None:
    numbers = await filled(rig, 2)
    anna = rig.tenant.user("anna")
    agent = rig.agent()
    (number,) = anna.find("Termin 0")
    with at_work(rig, held(numbers[0])):
        anna.change(number, subject="aus Outlook")
        for n in range(8):  # much else goes on meanwhile
            anna.create(f"anderes {n}", SOON + n * HOUR, SOON + (n + 1) * HOUR)
            await agent.round()
        assert "aus Outlook" not in {row["subject"] for row in rig.world.activities()}
        assert len(rig.world.activities()) == 10
        await (agent.die() if killed else agent.stop())
    await rig.until_quiet()
    assert_in_step(rig.world)
    assert rig.world.activity(numbers[0])["subject"] == "aus Outlook"


async def test_a5_the_echo_of_our_own_write_keeps_nothing_waiting(rig: Rig) -> None:
    numbers = await filled(rig, 3)
    anna = rig.tenant.user("anna")
    agent = rig.agent()
    rig.world.edit(numbers[0], subject="von uns geschrieben")
    await agent.round()
    with waits(agent) as waited, at_work(rig, held(numbers[0])):
        anna.change(anna.find("Termin 1")[0], subject="herein")
        rig.world.edit(numbers[2], subject="hinaus")
        await agent.round()
        await agent.round()
        assert rig.world.activity(numbers[1])["subject"] == "herein"
        assert anna.find("hinaus")
        assert waited == []
    for _ in range(3):
        await agent.round()
    began, writes = len(agent.points.trace), rig.tenant.counters.writes
    await agent.round()
    assert not any(" commit " in line for line in agent.points.trace[began:])
    assert rig.tenant.counters.writes == writes
    await agent.stop()


async def test_b5_a_deletion_met_in_an_open_transaction_is_carried_out_afterwards(
    rig: Rig,
) -> None:
    numbers = await filled(rig, 3)
    anna = rig.tenant.user("anna")
    agent = rig.agent()
    with at_work(rig, held(numbers[0])):
        for n in range(3):
            anna.delete(anna.find(f"Termin {n}")[0])
        await agent.round()
        assert [row["subject"] for row in rig.world.activities()] == ["Termin 0"]
    await agent.stop()
    await rig.until_quiet()
    assert rig.world.activities() == []


async def test_b3_a_first_listing_is_not_read_again_for_one_that_is_in_use(rig: Rig) -> None:
    rig.world.hire("ANNA")
    anna = rig.tenant.user("anna")
    numbers = [rig.world.enter("ANNA", f"Termin {n}", SOON + n * HOUR) for n in range(9)]
    for n in range(9):  # the same by hand
        anna.create(f"Termin {n}", SOON + n * HOUR, SOON + (n + 1) * HOUR, zone=VIENNA)
    agent = rig.agent()
    with at_work(rig, held(numbers[0])):
        await agent.round()
        assert len(rig.world.rows(state.link)) == 8
        await agent.round()  # the echo of what was written
        first = len(agent.points.trace)
        await agent.round()
        pages = [line for line in agent.points.trace[first:] if "calendarView/delta" in line]
        assert len(pages) <= 1, "what is new, not all of it"
        assert len(rig.world.rows(state.link)) == 8
    await agent.stop()
    await rig.until_quiet()
    assert_in_step(rig.world)
    assert len(rig.world.activities()) == len(anna.events()) == 9  # paired, not copied (B4)


@pytest.mark.parametrize("table", [employee, tables.module, tables.activity_type], ids=str)
async def test_a4_somebody_who_alters_a_small_table_stops_no_profile(
    rig: Rig, table: sa.Table
) -> None:
    """On SQL Server an open transaction in such a table already does that to plain reads."""
    numbers = await filled(rig, 2)
    anna = rig.tenant.user("anna")
    agent = rig.agent()
    await agent.round()
    altering = f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE"
    if table is tables.activity_type:  # read with each appointment: nothing comes in meanwhile
        with at_work(rig, altering):
            await agent.round()
    else:
        with at_work(rig, altering):
            anna.change(anna.find("Termin 0")[0], subject="herein")
            rig.world.edit(numbers[1], subject="hinaus")
            await agent.round()
            assert rig.world.activity(numbers[0])["subject"] == "herein"
            assert anna.find("hinaus")
    await agent.stop()
    await rig.until_quiet()
    assert_in_step(rig.world)


@pytest.mark.parametrize(
    "work",
    [
        sa.select(employee.c.id).where(employee.c.code == "BERND").with_for_update(),
        sa.update(employee).where(employee.c.code == "BERND").values(code="BER"),
    ],
    ids=["held", "another code"],
)
async def test_b8_somebody_at_work_on_an_employee_costs_the_rows_that_point_there(
    rig: Rig, work: sa.Executable
) -> None:
    await filled(rig, 3)
    rig.world.hire("BERND", profile=False)
    anna, bernd = rig.tenant.user("anna"), rig.tenant.user("bernd")
    agent = rig.agent()
    await agent.round()
    with waits(agent) as waited:
        with at_work(rig, work):
            for n in range(3):
                guests = [bernd.upn] if n == 1 else []
                anna.create(f"neu {n}", SOON + n * HOUR, SOON + (n + 1) * HOUR, attendees=guests)
                anna.change(anna.find(f"Termin {n}")[0], subject=f"anders {n}")
            await agent.round()
            found = {row["subject"] for row in rig.world.activities()}
            assert found == {"neu 0", "neu 2", "anders 0", "anders 1", "anders 2"}
        assert 0 < len(waited) < 20  # a few, none longer than half a second
    await agent.stop()
    await rig.until_quiet()
    assert_in_step(rig.world, "ANNA")


@pytest.mark.parametrize("count", [1, 14])
async def test_b8_once_names_what_somebody_was_at_work_on(
    rig: Rig, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    numbers = (await filled(rig, count + 1))[:count]
    for number in numbers:
        rig.world.edit(number, subject="geheim", private=True)
    agent = rig.agent()
    with caplog.at_level("INFO"), at_work(rig, *map(held, numbers)):
        outcomes = await once(agent.rounds, agent.database)
    assert [outcome.in_step for outcome in outcomes] == [False]
    line = str(outcomes[0].line)
    assert f"{count} appointments wait until somebody's transaction" in line
    assert sum(str(number) in line for number in numbers) == min(count, 10)
    assert ("and 4 more" in line) == (count == 14)
    logged = [text for text in caplog.messages if "somebody's transaction" in text]
    assert len(logged) == 1
    assert all(str(number) in logged[0] for number in sorted(map(str, numbers))[:10])
    assert "geheim" not in line + logged[0]
    await agent.stop()
    await rig.until_quiet()
    assert_in_step(rig.world)
