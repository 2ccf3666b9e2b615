"""What is left in the end: both sides and all that was kept, in a form to compare runs by.

Ids that a run makes up, and the moments at which it did things, are left out.
"""

import json
from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from calsync_agent.consolidate import tables
from calsync_agent.state import tables as state
from tests.support.rig import SOON, Rig
from tests.support.verify import _event_facts, _row_facts

End = dict[str, Counter[Any]]

DAY: Final = timedelta(days=1)
_OF_A_DAY: Final = (
    "original_start",
    "cancelled",
    "subject",
    "body",
    "location",
    "starts_at",
    "ends_at",
)
_OF_SOMEBODY: Final = ("employee_id", "email", "name", "role", "response")


def end_of(rig: Rig) -> End:
    """Both sides, links, kept versions, quarantined items and open work."""
    world = rig.world
    types = {row["id"]: row["calendar_sync"] for row in world.rows(tables.activity_type)}
    rows = {row["id"]: row for row in world.rows(tables.activity)}
    shown = {
        number: (*_row_facts(row, types[row["type_id"]]), row["deleted_at"] is not None)
        for number, row in rows.items()
    }
    found = {
        (person.upn, calendar.name, event["id"]): event
        for person in rig.tenant.people()
        for calendar in person.mailbox.calendars.values()
        for event in person.events(calendar=calendar.id)
    }
    events = {where: _event_facts(event) for where, event in found.items()}
    # Cancelled copies are left where they are (G11), whether they are still linked or not.
    left = {number for (_, _, number), event in found.items() if event["isCancelled"]}
    of_event = {number: facts for (_, _, number), facts in events.items()}
    return {
        "Consolidate": Counter((shown[n], _note(row)) for n, row in rows.items()),
        "Exchange": Counter((*where[:2], facts) for where, facts in events.items()),
        "days": Counter(
            (shown[row["activity_id"]], *(row[name] for name in _OF_A_DAY))
            for row in world.rows(tables.activity_exception)
        ),
        "days there": Counter(
            (person.upn, _event_facts(event), event["type"])
            for person in rig.tenant.people()
            for event in person.view(SOON - DAY, SOON + 100 * DAY)
            if event["type"] != "singleInstance"
        ),
        "taking part": Counter(
            (shown[row["activity_id"]], *(row[name] for name in _OF_SOMEBODY))
            for row in world.rows(tables.activity_participant)
        ),
        "links": Counter(
            (shown.get(row["activity_id"]), of_event.get(row["event_id"]))
            for row in world.rows(state.link)
            if row["event_id"] not in left
        ),
        "kept": Counter({_kept(row) for row in world.rows(state.history)}),
        "quarantined": Counter(
            (shown.get(row["activity_id"]), row["event_id"]) for row in world.rows(state.quarantine)
        ),
        "open": Counter(shown.get(row["activity_id"]) for row in world.rows(state.pending)),
        "mailed": Counter(mail.recipient for mail in rig.tenant.outbox),
    }


def difference(expected: End, found: End, vague: Collection[str] = ()) -> str:
    """What is missing and what is too much; empty where all is the same, the vague left aside."""
    lines = []
    for name in expected.keys() - vague:
        missing, more = expected[name] - found[name], found[name] - expected[name]
        lines += [f"{name}: missing {each}" for each in missing]
        lines += [f"{name}: too much {each}" for each in more]
    return "\n".join(lines)


def _note(row: dict[str, Any]) -> tuple[str, ...]:
    """What the note says, without when."""
    return tuple(line[17:] for line in (row["note"] or "").splitlines())


def _kept(row: dict[str, Any]) -> tuple[Any, ...]:
    content = json.loads(row["content"])
    return (row["side"], *(str(content[name]) for name in sorted(content)))
