"""The sync speaks to a port: with another provider behind it, all goes as with Exchange."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calsync_agent.appointment import rrule
from calsync_agent.appointment.model import Appointment
from calsync_agent.appointment.people import Directory
from calsync_agent.consolidate import tables
from calsync_agent.domain.operation import CreateEvent, Operation
from calsync_agent.domain.policy import Priority
from tests.support.rig import SOON, Rig
from tests.support.toy_calendar import ToyConnection, ToyMailbox
from tests.support.world import VIENNA

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("dialect", ["sqlite"], indirect=True),
]
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


@pytest.fixture
def anna(rig: Rig) -> ToyMailbox:
    """Anna's mailbox at another provider; Exchange is asked for nothing."""
    toys = ToyConnection()
    rig.connect = lambda _settings, _provider: toys
    person = rig.world.hire("ANNA")
    return toys.mailbox(person.id, Directory())


def appointment(subject: str, begin: datetime = SOON, **more: Any) -> Appointment:
    return Appointment(subject, begin, begin + HOUR, VIENNA, **more)


def there(mailbox: ToyMailbox) -> list[str]:
    """The subjects in the mailbox."""
    return sorted(event.appointment.subject for event in mailbox.events.values())


def here(rig: Rig) -> list[str]:
    """The subjects in Consolidate."""
    return sorted(row["subject"] for row in rig.world.activities())


async def in_step(rig: Rig, mailbox: ToyMailbox) -> list[Operation]:
    """What was sent until all was in step; another round then does nothing at all."""
    mailbox.operations.clear()
    await rig.until_quiet()
    sent = list(mailbox.operations)
    agent = rig.agent()
    await agent.round()
    commits = sum(" commit " in line for line in rig.points.trace)
    await agent.round()
    assert sum(" commit " in line for line in rig.points.trace) == commits > 0  # A5
    await agent.stop()
    assert mailbox.operations == sent
    assert here(rig) == there(mailbox)
    assert rig.tenant.counters.writes == 0
    return sent


async def test_a1_new_appointments_cross_both_ways_once(rig: Rig, anna: ToyMailbox) -> None:
    rig.world.enter("ANNA", "von hier", SOON)
    anna.create(appointment("von dort", SOON + HOUR, body="Text", location="Saal"))
    await in_step(rig, anna)
    assert here(rig) == ["von dort", "von hier"]
    (row,) = [row for row in rig.world.activities() if row["subject"] == "von dort"]
    assert (row["starts_at"], row["time_zone"]) == (SOON + HOUR, VIENNA)
    assert (row["body"], row["location"]) == ("Text", "Saal")
    (event,) = [one for one in anna.events.values() if one.appointment.subject == "von hier"]
    assert event.appointment.start == SOON


async def test_b4_what_people_had_on_both_sides_is_paired(rig: Rig, anna: ToyMailbox) -> None:
    rig.world.enter("ANNA", "Jour fixe", SOON)
    anna.create(appointment("Jour fixe"))
    sent = await in_step(rig, anna)
    assert not any(isinstance(each, CreateEvent) for each in sent)
    assert here(rig) == ["Jour fixe"]


async def test_a1_changes_and_deletions_cross_both_ways(rig: Rig, anna: ToyMailbox) -> None:
    numbers = [rig.world.enter("ANNA", f"Nr. {n}", SOON + n * HOUR) for n in range(4)]
    await in_step(rig, anna)
    events = {event.appointment.subject: event for event in anna.events.values()}
    rig.world.edit(numbers[0], subject="hier geändert")
    anna.change(events["Nr. 1"], replace(events["Nr. 1"].appointment, subject="dort geändert"))
    rig.world.remove(numbers[2])
    anna.delete(events["Nr. 3"])
    await in_step(rig, anna)
    assert here(rig) == ["dort geändert", "hier geändert"]


@pytest.mark.parametrize(
    ("priority", "wins"),
    [(Priority.OUTBOUND_FIRST, "von hier"), (Priority.INBOUND_FIRST, "von dort")],
)
async def test_a3_a_conflict_is_won_by_the_side_that_was_set(
    rig: Rig, anna: ToyMailbox, priority: Priority, wins: str
) -> None:
    rig.world.provider(priority=priority.value)
    number = rig.world.enter("ANNA", "Termin", SOON)
    await in_step(rig, anna)
    (event,) = anna.events.values()
    rig.world.edit(number, subject="von hier")
    anna.change(event, replace(event.appointment, subject="von dort"))
    await in_step(rig, anna)
    assert here(rig) == [wins]


async def test_b3_a_place_that_the_provider_has_forgotten_is_replaced_by_a_listing(
    rig: Rig, anna: ToyMailbox
) -> None:
    kept = rig.world.enter("ANNA", "bleibt", SOON)
    rig.world.enter("ANNA", "geht", SOON)
    await in_step(rig, anna)
    anna.forget()
    events = {event.appointment.subject: event for event in anna.events.values()}
    anna.delete(events["geht"])
    anna.create(appointment("kommt"))
    await in_step(rig, anna)
    assert here(rig) == ["bleibt", "kommt"]
    assert rig.world.activity(kept)["deleted_at"] is None


async def test_e1_a_series_crosses_with_its_exceptions(rig: Rig, anna: ToyMailbox) -> None:
    weekly = "FREQ=WEEKLY;BYDAY=MO;COUNT=6"
    number = rig.world.enter("ANNA", "Jour fixe", SOON, recurrence=weekly)
    rule = rrule.read("FREQ=WEEKLY;BYDAY=MO;COUNT=4", SOON, VIENNA, all_day=False)
    anna.create(appointment("von dort", rule=rule))
    await in_step(rig, anna)
    row = {"id": uuid4(), "activity_id": number, "original_start": SOON + WEEK, "cancelled": True}
    with rig.people.writing() as connection:
        connection.execute(sa.insert(tables.activity_exception).values(row))
    await in_step(rig, anna)
    (event,) = [one for one in anna.events.values() if one.appointment.subject == "Jour fixe"]
    (gone,) = event.appointment.exceptions
    assert (gone.original_start, gone.cancelled) == (SOON + WEEK, True)
    (came,) = [row for row in rig.world.activities() if row["subject"] == "von dort"]
    assert "COUNT=4" in came["recurrence"]


async def test_b12_a_preview_tells_what_another_provider_holds(rig: Rig, anna: ToyMailbox) -> None:
    anna.create(appointment("von dort"))
    (told,) = await rig.preview()
    assert "von dort" in str(told)
    assert anna.operations == []
    assert here(rig) == []
