"""What both sides hold for everybody, by the independent reading of `verify`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from calsync_agent.consolidate import tables
from calsync_agent.sandbox.people import Person
from calsync_agent.state import tables as state
from tests.support.machine.staff import WITHOUT_PROFILE
from tests.support.rig import SOON, Rig
from tests.support.verify import (
    Facts,
    _event_facts,
    _expanded,
    _occurrence_facts,
    _row_facts,
)

FROM: Final = SOON - timedelta(days=90)
FROM_EXCHANGE: Final = 10**6
UNTIL: Final = SOON + timedelta(days=400)


@dataclass(frozen=True)
class Aside:
    """What is quarantined, with what it is linked to: rows by id, events by id."""

    rows: frozenset[UUID] = frozenset()
    events: frozenset[str] = frozenset()

    def has(self, event: dict[str, Any]) -> bool:
        """Whether an event, or its series, is left aside."""
        return event["id"] in self.events or event["seriesMasterId"] in self.events


NOTHING: Final = Aside()


def quarantined(rig: Rig) -> Aside:
    """What has a reason why it is not in step."""
    found = rig.world.rows(state.quarantine)
    rows = {row["activity_id"] for row in found if row["activity_id"]}
    events = {row["event_id"] for row in found if row["event_id"]}
    for link in rig.world.rows(state.link):
        if link["activity_id"] in rows or link["event_id"] in events:
            rows.add(link["activity_id"])
            events.add(link["event_id"])
    return Aside(frozenset(rows), frozenset(events))


def differences(rig: Rig, aside: Aside = NOTHING) -> list[str]:
    """What is only on one side, in whichever calendar; series occurrence by occurrence."""
    lines = []
    for code in rig.world.employees:
        if code == WITHOUT_PROFILE:
            continue
        person = rig.tenant.user(code.lower())
        for ours, theirs in (
            (_singles_here(rig, code, aside), _singles_there(rig, person, aside)),
            (_series_here(rig, code, aside), _series_there(person, aside)),
            (_copies_here(rig, code, aside), _copies_there(person, aside)),
        ):
            lines += [f"{code}: only in Consolidate: {facts}" for facts in (ours - theirs)]
            lines += [f"{code}: only in Exchange: {facts}" for facts in (theirs - ours)]
    return lines


def _sent(rig: Rig, aside: Aside) -> Iterator[tuple[dict[str, Any], str]]:
    """All appointments but those of a type that stays here."""
    types = {row["id"]: row["calendar_sync"] for row in rig.world.rows(tables.activity_type)}
    for row in rig.world.activities():
        sending = types[row["type_id"]]
        if sending != "none" and row["id"] not in aside.rows:
            yield row, sending


def _rows(rig: Rig, code: str, aside: Aside) -> Iterator[tuple[dict[str, Any], str]]:
    """Those of which somebody's mailbox holds an event of its own (F1, F2)."""
    mine = rig.world.employees[code]
    unsigned = _unsigned(rig)
    for row, sending in _sent(rig, aside):
        received = row["organizer_email"] is not None or row["id"] in unsigned
        leads = row["responsible_id"] == mine and not received
        if leads or (_plain(rig, row) and mine in _taking_part(rig, row)):
            yield row, sending


def _plain(rig: Rig, row: dict[str, Any]) -> bool:
    """Entered in Consolidate for somebody without a profile; ids from Exchange are large (F2)."""
    boss = rig.world.employees.get(WITHOUT_PROFILE)
    return row["responsible_id"] == boss and row["id"].int < FROM_EXCHANGE


def _taking_part(rig: Rig, row: dict[str, Any]) -> set[int]:
    """The employees who take part and have not declined."""
    return {
        one["employee_id"]
        for one in rig.world.rows(tables.activity_participant)
        if one["activity_id"] == row["id"] and one["employee_id"] and one["response"] != "declined"
    }


def _copies_here(rig: Rig, code: str, aside: Aside) -> Counter[Facts]:
    """What somebody is invited to, in short."""
    mine = rig.world.employees[code]
    unsigned = _unsigned(rig)
    return Counter(
        _row_facts(row, to)[:4]
        for row, to in _sent(rig, aside)
        if mine in _taking_part(rig, row)
        and not _plain(rig, row)
        and (
            row["responsible_id"] != mine
            or row["organizer_email"] is not None
            or row["id"] in unsigned
        )
    )


def _unsigned(rig: Rig) -> set[UUID]:
    """Appointments that somebody was invited to by nobody knows whom."""
    copies = {
        event["id"]
        for person in rig.tenant.people()
        for event in person.events()
        if not event["isOrganizer"] and not _address(event)
    }
    return {row["activity_id"] for row in rig.world.rows(state.link) if row["event_id"] in copies}


def _address(event: dict[str, Any]) -> str:
    who = (event["organizer"] or {}).get("emailAddress") or {}
    return (who.get("address") or "").strip()


def _copies_there(person: Person, aside: Aside) -> Counter[Facts]:
    return Counter(
        _event_facts(event)[:4]
        for event in person.events()
        if not event["isOrganizer"] and not event["isCancelled"] and not aside.has(event)
    )


def _singles_here(rig: Rig, code: str, aside: Aside) -> Counter[Facts]:
    rows = _rows(rig, code, aside)
    return Counter(_row_facts(row, to) for row, to in rows if not row["recurrence"])


def _singles_there(rig: Rig, person: Person, aside: Aside) -> Counter[Facts]:
    """Single events, without those that the sync never saw because they lie beyond the window."""
    known = {row["event_id"] for row in rig.world.rows(state.link)}
    return Counter(
        _event_facts(event)
        for calendar in person.mailbox.calendars
        for event in person.events(calendar=calendar)
        if event["type"] == "singleInstance"
        and event["isOrganizer"]
        and not aside.has(event)
        and (event["id"] in known or not _beyond(rig, event))
    )


def _beyond(rig: Rig, event: dict[str, Any]) -> bool:
    start = datetime.fromisoformat(event["start"]["dateTime"])
    return start.replace(tzinfo=UTC) > rig.now.replace(tzinfo=UTC) + timedelta(days=700)


def _series_here(rig: Rig, code: str, aside: Aside) -> Counter[Facts]:
    exceptions: dict[Any, dict[datetime, dict[str, Any]]] = {}
    for row in rig.world.rows(tables.activity_exception):
        exceptions.setdefault(row["activity_id"], {})[row["original_start"]] = row
    return Counter(
        facts
        for row, _ in _rows(rig, code, aside)
        if row["recurrence"]
        for begin, end, own in _expanded(row, exceptions.get(row["id"], {}), UNTIL)
        if _inside(facts := _occurrence_facts(row, begin, end, own))
    )


def _series_there(person: Person, aside: Aside) -> Counter[Facts]:
    days = (
        event
        for event in person.view(FROM, UNTIL)
        if event["type"] != "singleInstance" and event["isOrganizer"] and not aside.has(event)
    )
    return Counter(facts for event in days if _inside(facts := _event_facts(event)[:4]))


def _inside(facts: Facts) -> bool:
    """Clear of the borders, where zones of all-day events would matter."""
    when: Any = facts[3]
    day = when[0].date() if isinstance(when[0], datetime) else when[0]
    return bool(FROM.date() < day < UNTIL.date() - timedelta(days=3))
