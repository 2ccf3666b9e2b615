"""What both sides hold for everybody, by the independent reading of `verify`."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

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


def differences(rig: Rig) -> list[str]:
    """What is only on one side, in whichever calendar; series occurrence by occurrence."""
    lines = []
    for code in rig.world.employees:
        if code == WITHOUT_PROFILE:
            continue
        person = rig.tenant.user(code.lower())
        for ours, theirs in (
            (_singles_here(rig, code), _singles_there(rig, person)),
            (_series_here(rig, code), _series_there(person)),
            (_copies_here(rig, code), _copies_there(person)),
        ):
            lines += [f"{code}: only in Consolidate: {facts}" for facts in (ours - theirs)]
            lines += [f"{code}: only in Exchange: {facts}" for facts in (theirs - ours)]
    return lines


def _sent(rig: Rig) -> Iterator[tuple[dict[str, Any], str]]:
    """All appointments but those of a type that stays here."""
    types = {row["id"]: row["calendar_sync"] for row in rig.world.rows(tables.activity_type)}
    for row in rig.world.activities():
        if (sending := types[row["type_id"]]) != "none":
            yield row, sending


def _rows(rig: Rig, code: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Those of which somebody's mailbox holds an event of its own (F1, F2)."""
    mine = rig.world.employees[code]
    for row, sending in _sent(rig):
        leads = row["responsible_id"] == mine and row["organizer_email"] is None
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


def _copies_here(rig: Rig, code: str) -> Counter[Facts]:
    """What somebody is invited to, in short."""
    mine = rig.world.employees[code]
    return Counter(
        _row_facts(row, to)[:4]
        for row, to in _sent(rig)
        if mine in _taking_part(rig, row)
        and not _plain(rig, row)
        and (row["responsible_id"] != mine or row["organizer_email"] is not None)
    )


def _copies_there(person: Person) -> Counter[Facts]:
    return Counter(
        _event_facts(event)[:4]
        for event in person.events()
        if not event["isOrganizer"] and not event["isCancelled"]
    )


def _singles_here(rig: Rig, code: str) -> Counter[Facts]:
    return Counter(_row_facts(row, to) for row, to in _rows(rig, code) if not row["recurrence"])


def _singles_there(rig: Rig, person: Person) -> Counter[Facts]:
    """Single events, without those that the sync never saw because they lie beyond the window."""
    known = {row["event_id"] for row in rig.world.rows(state.link)}
    return Counter(
        _event_facts(event)
        for calendar in person.mailbox.calendars
        for event in person.events(calendar=calendar)
        if event["type"] == "singleInstance"
        and event["isOrganizer"]
        and (event["id"] in known or not _beyond(rig, event))
    )


def _beyond(rig: Rig, event: dict[str, Any]) -> bool:
    start = datetime.fromisoformat(event["start"]["dateTime"])
    return start.replace(tzinfo=UTC) > rig.now.replace(tzinfo=UTC) + timedelta(days=700)


def _series_here(rig: Rig, code: str) -> Counter[Facts]:
    exceptions: dict[Any, dict[datetime, dict[str, Any]]] = {}
    for row in rig.world.rows(tables.activity_exception):
        exceptions.setdefault(row["activity_id"], {})[row["original_start"]] = row
    return Counter(
        facts
        for row, _ in _rows(rig, code)
        if row["recurrence"]
        for begin, end, own in _expanded(row, exceptions.get(row["id"], {}), UNTIL)
        if _inside(facts := _occurrence_facts(row, begin, end, own))
    )


def _series_there(person: Person) -> Counter[Facts]:
    days = (
        e for e in person.view(FROM, UNTIL) if e["type"] != "singleInstance" and e["isOrganizer"]
    )
    return Counter(facts for event in days if _inside(facts := _event_facts(event)[:4]))


def _inside(facts: Facts) -> bool:
    """Clear of the borders, where zones of all-day events would matter."""
    when: Any = facts[3]
    day = when[0].date() if isinstance(when[0], datetime) else when[0]
    return bool(FROM.date() < day < UNTIL.date() - timedelta(days=3))
