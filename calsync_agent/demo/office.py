"""The office: its people on both sides, what they enter, and what they do later.

On the Consolidate side people write plain rows by SQL, on the other they use Outlook through the
sandbox. Nothing here goes through the agent.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, assert_never
from uuid import UUID, uuid4, uuid5

import sqlalchemy as sa

from calsync_agent.consolidate import tables
from calsync_agent.database.engine import Database
from calsync_agent.demo.entries import (
    Alteration,
    DayCancelled,
    DayMoved,
    Deleted,
    DemoEntry,
    Edit,
    Employee,
    MadePrivate,
    Moved,
    New,
    OfOneDay,
    OfTheWhole,
    Relocated,
    Renamed,
    When,
    Where,
)
from calsync_agent.sandbox.model.responses import Answer
from calsync_agent.sandbox.people import Person
from calsync_agent.sandbox.tenant import Tenant
from calsync_agent.state import tables as state

_NAMESPACE: Final = UUID("5f0c1e0e-6a0b-4a4e-9a51-0d9b0c8a7f11")
_PROVIDER: Final = 1

# What Outlook calls the zones of the story.
_ZONES: Final = {
    "Europe/Vienna": "W. Europe Standard Time",
    "Europe/London": "GMT Standard Time",
    "Europe/Copenhagen": "Romance Standard Time",
}


class Office:
    """Both sides of the office, seen from the week that begins on `monday`.

    `activities` and `events` tell which entry a row or an event was made from by hand.
    """

    def __init__(self, database: Database, tenant: Tenant, monday: date) -> None:
        self.database = database
        self.tenant = tenant
        self.monday = monday
        self.employees: dict[Employee, int] = {}
        self.activities: dict[UUID, DemoEntry] = {}
        self.events: dict[str, DemoEntry] = {}

    def person(self, employee: Employee) -> Person:
        """The employee at Outlook."""
        return self.tenant.user(employee.mailbox)

    def activity_id(self, entry: DemoEntry) -> UUID:
        """The id of the row that an entry gets in Consolidate."""
        return uuid5(_NAMESPACE, f"{entry.owner.code} {entry.subject} {entry.when.days}")

    # -- what an admin does once ---------------------------------------------------------------

    def found(self, interval_seconds: int = 5) -> None:
        """Enter the tenant; the tables must be there."""
        row = {
            "id": _PROVIDER,
            "kind": "exchange365",
            "tenant_id": self.tenant.tenant_id,
            "interval_seconds": interval_seconds,
        }
        with self.database.writing() as connection:
            connection.execute(sa.insert(state.provider).values(row))

    def hire(self, employee: Employee) -> None:
        """Somebody new, with a mailbox and a profile."""
        person = self.tenant.add_mailbox(employee.mailbox, employee.name)
        number = len(self.employees) + 1
        row = {"id": number, "code": employee.code, "name": employee.name, "email": person.upn}
        profile = {
            "provider_id": _PROVIDER,
            "employee_id": number,
            "external_user_id": person.upn,
        }
        with self.database.writing() as connection:
            connection.execute(sa.insert(tables.employee).values(row))
            connection.execute(sa.insert(state.profile).values(profile))
        self.employees[employee] = number

    # -- what its people do --------------------------------------------------------------------

    def enter(self, entry: DemoEntry) -> None:
        """The owner enters an appointment, in one program or in both."""
        if entry.where is not Where.OUTLOOK:
            self._enter_in_consolidate(entry)
        if entry.where is not Where.CONSOLIDATE:
            self._enter_in_outlook(entry)

    def carry_out(self, edit: Edit, entry: DemoEntry) -> None:
        """Somebody does something to an entry, which they find by its subject."""
        match edit.change, edit.where:
            case New(), _:
                self.enter(entry)
            case change, Where.CONSOLIDATE:
                self._alter_in_consolidate(entry, change)
            case change, _:
                self._alter_in_outlook(entry, change)

    def meet(self, entry: DemoEntry, guests: Iterable[Employee]) -> None:
        """The owner enters a meeting in Consolidate, and who is to come."""
        invited = [
            {
                "id": uuid4(),
                "activity_id": self.activity_id(entry),
                "employee_id": self.employees[guest],
            }
            for guest in guests
        ]
        with self.database.writing() as connection:
            connection.execute(sa.insert(tables.activity).values(self._row(entry)))
            connection.execute(sa.insert(tables.activity_participant), invited)
        self.activities[self.activity_id(entry)] = entry

    def answer(self, employee: Employee, subject: str, answer: Answer) -> None:
        """Somebody answers an invitation in Outlook, if it has arrived."""
        person = self.person(employee)
        for event in person.find(subject):
            person.respond(event, answer)

    def repeat(self, employee: Employee, subject: str, rule: str) -> None:
        """The owner gives an appointment another rule in Consolidate (RFC 5545)."""
        self._write(employee, subject, {"recurrence": rule})

    def _enter_in_consolidate(self, entry: DemoEntry) -> None:
        with self.database.writing() as connection:
            connection.execute(sa.insert(tables.activity).values(self._row(entry)))
        self.activities[self.activity_id(entry)] = entry

    def _row(self, entry: DemoEntry) -> dict[str, Any]:
        return {
            "id": self.activity_id(entry),
            "type_id": 1,
            "subject": entry.subject,
            "body": entry.body,
            "location": entry.location,
            "importance": entry.importance,
            "private": entry.private,
            "show_as": entry.show_as,
            "reminder_minutes": entry.reminder,
            "responsible_id": self.employees[entry.owner],
            "recurrence": entry.series.rule if entry.series else None,
            **self._columns(entry.when),
        }

    def _enter_in_outlook(self, entry: DemoEntry) -> None:
        start, end = self._times(entry.when)
        by_hand = entry.where is Where.BOTH
        event = self.person(entry.owner).create(
            entry.also if by_hand else entry.subject,
            start,
            end,
            zone=_ZONES[entry.when.zone],
            # Who enters a thing twice is brief the second time.
            location="" if by_hand else entry.location,
            body="" if by_hand else entry.body,
            importance=entry.importance,
            sensitivity="private" if entry.private else "normal",
            showAs=entry.show_as,
            isReminderOn=entry.reminder is not None,
            reminderMinutesBeforeStart=entry.reminder or 0,
            categories=[entry.category] if entry.category else [],
            recurrence=entry.series.pattern(start) if entry.series else None,
        )
        self.events[event] = entry

    def _alter_in_consolidate(self, entry: DemoEntry, change: Alteration) -> None:
        if isinstance(change, DayMoved | DayCancelled):
            self._alter_day_in_consolidate(entry, change)
            return
        self._write(entry.owner, entry.subject, self._altered(change))

    def _write(self, owner: Employee, subject: str, values: Mapping[str, Any]) -> None:
        mine = sa.and_(
            tables.activity.c.responsible_id == self.employees[owner],
            tables.activity.c.subject == subject,
        )
        with self.database.writing() as connection:
            connection.execute(sa.update(tables.activity).where(mine).values(values))

    def _alter_day_in_consolidate(self, entry: DemoEntry, change: OfOneDay) -> None:
        original = change.day.start(self.monday)
        row = {
            "id": uuid5(_NAMESPACE, f"{entry.subject} {original}"),
            "original_start": original,
            "cancelled": isinstance(change, DayCancelled),
        }
        if isinstance(change, DayMoved):
            row["starts_at"] = change.to.start(self.monday)
            row["ends_at"] = change.to.end(self.monday)
        mine = sa.select(tables.activity.c.id).where(
            tables.activity.c.responsible_id == self.employees[entry.owner],
            tables.activity.c.subject == entry.subject,
        )
        with self.database.writing() as connection:
            row["activity_id"] = connection.execute(mine).scalar_one()
            connection.execute(sa.insert(tables.activity_exception).values(row))

    def _altered(self, change: OfTheWhole) -> dict[str, Any]:
        match change:
            case Moved(to):
                return self._columns(to)
            case Renamed(to):
                return {"subject": to}
            case Relocated(to):
                return {"location": to}
            case MadePrivate():
                return {"private": True}
            case Deleted():
                return {"deleted_at": datetime.now(UTC).replace(tzinfo=None)}
            case _:
                assert_never(change)

    def _alter_in_outlook(self, entry: DemoEntry, change: Alteration) -> None:
        person = self.person(entry.owner)
        for event in person.find(entry.subject):
            match change:
                case Moved(to):
                    start, end = self._times(to)
                    person.change(event, start=start, end=end, zone=_ZONES[to.zone])
                case Renamed(to):
                    person.change(event, subject=to)
                case Relocated(to):
                    person.change(event, location=to)
                case MadePrivate():
                    person.change(event, sensitivity="private")
                case DayMoved(day, to):
                    occurrence = person.occurrence(event, day.start(self.monday).date())
                    start, end = self._times(to)
                    person.change(occurrence, start=start, end=end, zone=_ZONES[to.zone])
                case DayCancelled(day):
                    person.delete(person.occurrence(event, day.start(self.monday).date()))
                case Deleted():
                    person.delete(event)
                case _:
                    assert_never(change)

    def _columns(self, when: When) -> dict[str, Any]:
        return {
            "starts_at": when.start(self.monday),
            "ends_at": when.end(self.monday),
            "time_zone": when.zone,
            "all_day": when.clock is None,
        }

    def _times(self, when: When) -> tuple[date, date]:
        """Start and end as Outlook takes them: plain dates where all-day."""
        start, end = when.start(self.monday), when.end(self.monday)
        return (start.date(), end.date()) if when.clock is None else (start, end)
