"""The occurrences of a series on both sides, each told by a reading of its own.

Consolidate's are expanded from the row's RRULE and its exceptions, Exchange's are what the person
sees in Outlook.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any, Final

import sqlalchemy as sa
from dateutil.rrule import rrulestr

from calsync_agent.consolidate import tables
from calsync_agent.demo.comparison import Facts, Pair, event_facts, row_facts
from calsync_agent.demo.entries import DemoEntry
from calsync_agent.demo.office import Office

MOST: Final = 6
_AHEAD: Final = timedelta(days=800)


def occurrences(office: Office, entry: DemoEntry) -> tuple[Pair, ...]:
    """The first occurrences of the series, by start; cancelled ones are on no side.

    `Pair.entered` is what the series itself says of the occurrence.
    """
    until = entry.when.start(office.monday) + _AHEAD
    shown = _seen(office, entry, until)
    found = []
    for usual, here in _planned(office, entry, until):
        there = next((facts for facts in shown if facts == here), None)
        if there is not None:
            shown.remove(there)
        found.append(Pair(here, there, entry, usual, here))
    found += [Pair(None, facts, entry) for facts in shown]
    found.sort(key=lambda pair: pair.known.start)
    return tuple(found[:MOST])


def _planned(
    office: Office, entry: DemoEntry, until: datetime
) -> Iterator[tuple[Facts, Facts | None]]:
    """What the rule says of each occurrence, and what Consolidate says; None where cancelled."""
    row, odd = _rows(office, entry)
    length = row["ends_at"] - row["starts_at"]
    starts = rrulestr(row["recurrence"], dtstart=row["starts_at"])
    for start in takewhile(lambda start: start < until, starts):
        usual = row_facts({**row, "starts_at": start, "ends_at": start + length})
        own = odd.get(start)
        if own is None:
            yield usual, usual
        elif own["cancelled"]:
            yield usual, None
        else:
            words = ("subject", "location", "body", "starts_at", "ends_at")
            said = {name: own[name] for name in words if own[name] is not None}
            yield usual, row_facts({**row, "starts_at": start, "ends_at": start + length, **said})


def _rows(
    office: Office, entry: DemoEntry
) -> tuple[Mapping[Any, Any], dict[datetime, Mapping[Any, Any]]]:
    """The row of a series, and its exceptions by original start."""
    activity, exception = tables.activity, tables.activity_exception
    mine = sa.and_(
        activity.c.responsible_id == office.employees[entry.owner],
        activity.c.subject == entry.subject,
        activity.c.deleted_at.is_(None),
    )
    with office.database.reading() as connection:
        row = connection.execute(sa.select(activity).where(mine)).mappings().one()
        below = sa.select(exception).where(exception.c.activity_id == row["id"])
        odd = connection.execute(below).mappings().all()
    return row, {each["original_start"]: each for each in odd}


def _seen(office: Office, entry: DemoEntry, until: datetime) -> list[Facts]:
    person = office.person(entry.owner)
    start = entry.when.start(office.monday) - timedelta(days=1)
    view = person.view(start.replace(tzinfo=UTC), until.replace(tzinfo=UTC))
    own = (event for event in view if event["subject"] == entry.subject)
    return [event_facts(event) for event in own]
