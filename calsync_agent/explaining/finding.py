"""What somebody asks about: an appointment's id, an event's id, or words of the subject."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EventId, ProfileId
from calsync_agent.consolidate.tables import activity
from calsync_agent.explaining.case import Target
from calsync_agent.state.tables import history, hold, link, log, pending, quarantine, waiting

MOST: Final = 50
"""More appointments with the same words than anybody reads are left out, and that is said."""


def find(connection: sa.Connection, what: str) -> list[Target]:
    """All that is meant, each once; up to one more than `MOST`."""
    what = what.strip()
    if not what:
        return []
    try:
        number = ActivityId(UUID(what))
    except ValueError:
        found = _by_event(connection, EventId(what)) if what.isascii() else []
        return found or _by_words(connection, what)
    return [Target(number)] if _known(connection, number) else []


def _known(connection: sa.Connection, number: ActivityId) -> bool:
    columns = (
        activity.c.id,
        link.c.activity_id,
        quarantine.c.activity_id,
        hold.c.activity_id,
        pending.c.activity_id,
        history.c.activity_id,
        log.c.activity_id,
    )
    return any(
        connection.execute(sa.select(column).where(column == number).limit(1)).first() is not None
        for column in columns
    )


def _by_event(connection: sa.Connection, event: EventId) -> list[Target]:
    """What is linked to the event, else whatever else is known of it."""
    linked = _targets(connection, link, link.c.event_id, event)
    if linked:
        return linked
    aside = _targets(connection, quarantine, quarantine.c.event_id, event)
    parked = sa.select(waiting.c.profile_id).where(waiting.c.event_id == event)
    copies = [Target(None, event, ProfileId(n)) for n in connection.execute(parked).scalars()]
    if aside or copies:
        return _once([*aside, *(one for one in copies if one not in aside)])
    past = _targets(connection, history, history.c.event_id, event)
    told = _targets(connection, log, log.c.event_id, event)
    return _once([*past, *told])


def _targets(
    connection: sa.Connection, table: sa.Table, column: sa.Column[Any], event: EventId
) -> list[Target]:
    found = sa.select(table.c.activity_id, table.c.profile_id).where(column == event).distinct()
    return [
        Target(
            None if number is None else ActivityId(number),
            event,
            None if profile is None else ProfileId(profile),
        )
        for number, profile in connection.execute(found)
    ]


def _by_words(connection: sa.Connection, what: str) -> list[Target]:
    words = what.split()
    here = sa.select(activity.c.id).where(*(_holds(activity.c.subject, word) for word in words))
    newest = here.order_by(activity.c.starts_at.desc(), activity.c.id).limit(MOST + 1)
    found = [Target(ActivityId(number)) for number in connection.execute(newest).scalars()]
    # Of what has no row any more, or never had one, the versions and the quarantine tell.
    past = sa.select(history.c.activity_id).where(
        *(_holds(history.c.subject, word) for word in words)
    )
    gone = connection.execute(past.distinct().limit(MOST + 1)).scalars()
    found += [Target(ActivityId(number)) for number in gone]
    q = quarantine.c
    aside = sa.select(q.activity_id, q.event_id, q.profile_id).where(
        *(_holds(q.name, word) for word in words)
    )
    for number, event, profile in connection.execute(aside.limit(MOST + 1)):
        if number is not None:
            found.append(Target(ActivityId(number)))
        else:
            found.append(Target(None, EventId(event), ProfileId(profile)))
    return _once(found)[: MOST + 1]


def _holds(column: sa.Column[Any], word: str) -> sa.ColumnElement[bool]:
    """Whether a text holds a word, in whatever case; SQLite knows the cases of ASCII alone."""
    spellings = {word, word.lower(), word.upper(), word.capitalize(), word.title()}
    return sa.or_(*(column.icontains(each, autoescape=True) for each in sorted(spellings)))


def _once(targets: Iterable[Target]) -> list[Target]:
    return list(dict.fromkeys(targets))
