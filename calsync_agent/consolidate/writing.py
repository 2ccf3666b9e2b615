"""Writes appointments into Consolidate's tables: new, changed, deleted and brought back.

Callers hold the rows (`reading.hold_activities`) in the same transaction. Nothing is
ever removed from `activity`: a deletion only sets `deleted_at` (contract, section 3).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from calsync_agent.appointment.fields import ALL
from calsync_agent.appointment.model import ActivityId
from calsync_agent.consolidate import children, feed, scan
from calsync_agent.consolidate.fields import Row, activity_values
from calsync_agent.consolidate.tables import activity
from calsync_agent.domain.activity import ChangedActivity, NewActivity, Stamp


def create(connection: sa.Connection, new: Sequence[NewActivity], stamp: Stamp) -> None:
    """Insert activities.

    What the triggers report of them is taken out of the feed again: nobody else can have touched
    rows that no other transaction has seen.
    """
    if not new:
        return
    connection.execute(sa.insert(activity), [_new_row(one, stamp) for one in new])
    with_children = (one for one in new if children.has_any(one.appointment))
    wanted = {one.id: (one.appointment, one.responsible, ALL) for one in with_children}
    children.write(connection, wanted)
    feed.withdraw(connection, [one.id for one in new])


def change(connection: sa.Connection, changes: Sequence[ChangedActivity], stamp: Stamp) -> None:
    """Write the changed fields, and only those."""
    updates: dict[ActivityId, dict[str, Any]] = {}
    for one in changes:
        row = dict(activity_values(one.appointment, one.fields, one.before.time_zone))
        what = f"changed: {', '.join(one.what)}" if one.what else None
        if one.before.deleted:
            row["deleted_at"] = None
            what = "brought back"
        if what:
            row["note"] = stamp.note(one.before.note, what)
        if one.responsible is not None:
            row["responsible_id"] = one.responsible
        if one.type_id is not None:
            row["type_id"] = one.type_id
        updates[one.before.id] = {**row, "modified_at": stamp.now}
    _update(connection, updates)
    touched = {
        one.before.id: (
            one.appointment,
            one.responsible or one.before.responsible,
            frozenset(one.fields),
        )
        for one in changes
    }
    children.write(connection, touched)
    scan.forget(connection, touched)


def delete(connection: sa.Connection, ids: Iterable[ActivityId], stamp: Stamp) -> None:
    """Mark activities as deleted."""
    values = {one: {"deleted_at": stamp.now, "modified_at": stamp.now} for one in ids}
    _update(connection, values)
    scan.forget(connection, values)


def _new_row(new: NewActivity, stamp: Stamp) -> dict[str, Any]:
    return {
        "id": new.id,
        "type_id": new.type_id,
        "responsible_id": new.responsible,
        "status": "open",
        "note": stamp.note(None, "created"),
        "created_at": stamp.now,
        "modified_at": stamp.now,
        "deleted_at": None,
        **activity_values(new.appointment, ALL, ""),
    }


def _update(connection: sa.Connection, rows: Mapping[ActivityId, Row]) -> None:
    """One statement for all rows that change the same columns."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for number, row in rows.items():
        alike[tuple(row)].append({"held_id": number, **row})
    for names, updates in alike.items():
        statement = sa.update(activity).where(activity.c.id == sa.bindparam("held_id"))
        values: dict[str, Any] = {name: sa.bindparam(name) for name in names}
        connection.execute(statement.values(values), updates)
