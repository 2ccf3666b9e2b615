"""Rows of `calsync_log` as an agent writes them, any number of them, always the same."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EventId, ProfileId
from calsync_agent.database.statements import chunks
from calsync_agent.i18n import message
from calsync_agent.state import log
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_agent.sync.sync_log import words

BEGIN: Final = datetime(2026, 11, 1, 6, 0)
"""When the first line was written, UTC; one follows each second."""
SUBJECTS: Final = ("Jour fixe Vertrieb", "Angebot Müller", "Zahnarzt", "Übergabe", "Schulung")
APPOINTMENTS: Final = 1000
"""So many appointments take turns."""


def appointment(number: int) -> ActivityId:
    """The id of one of them."""
    return ActivityId(UUID(int=number % APPOINTMENTS + 1))


def entry(number: int, profiles: Sequence[int]) -> LogEntry:
    """The line with this number, from 0 on: mostly changes, each 40th refused, each 200th wrong."""
    profile = ProfileId(profiles[number % len(profiles)])
    at = BEGIN + timedelta(seconds=number)
    subject = f"{SUBJECTS[number % len(SUBJECTS)]} {number % APPOINTMENTS}"
    if number % 200 == 199:
        text = message(
            "Exchange does not serve mailbox {mailbox} now ({status} {code}, request-id "
            "{request_id}); it is asked again in {seconds} s",
            mailbox="anna@example.com",
            status=503,
            code="serverBusy",
            request_id=str(UUID(int=number)),
            seconds=30,
        )
        return LogEntry(Level.ERROR, Kind.ERROR, text, profile, at=at)
    item = appointment(number), EventId(f"event-{number % APPOINTMENTS}")
    if number % 40 == 39:
        reason = message(
            "Exchange refuses it: {code}: {text} (status {status}, request-id {request_id})",
            code="ErrorInvalidRecurrence",
            text="no such pattern",
            status=400,
            request_id=str(UUID(int=number)),
        )
        text = message("not synced: {subject}: {reason}", subject=subject, reason=reason)
        return LogEntry(Level.WARNING, Kind.SKIPPED, text, profile, *item, at=at)
    if number < APPOINTMENTS:
        text = message("created in Exchange: {subject}", subject=subject)
        rule = message("new in Consolidate")
        return LogEntry(Level.INFO, Kind.CREATED, text, profile, *item, at=at, rule=rule)
    fields = words(["subject", "location"][: 1 + number % 2])
    text = message("changed in Exchange: {subject}: {fields}", subject=subject, fields=fields)
    rule = message("changed in Consolidate")
    return LogEntry(Level.INFO, Kind.CHANGED, text, profile, *item, at=at, rule=rule)


def write(
    connection: sa.Connection, count: int, profiles: Sequence[int] = (1,), first: int = 0
) -> None:
    """Append lines, beginning with the one that has this number."""
    entries = [entry(number, profiles) for number in range(first, first + count)]
    for some in chunks(entries, 10_000):
        log.write(connection, some, BEGIN)


def texts(count: int, profiles: Sequence[int] = (1,)) -> Iterator[str]:
    """What the lines say, in the language spoken now."""
    return (str(entry(number, profiles).text) for number in range(count))
