"""`calsync_log`: what an admin wants to see of the sync, pruned by age.

A line keeps its template and fields beside the text, so that the UI can show it in either
language, and the rule that led to it. It never holds a body, nor the subject of a private
appointment.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, Appointment, EventId, ProfileId
from calsync_agent.database.encoding import holdable
from calsync_agent.i18n import Message, Value, in_json, message
from calsync_agent.state import horizon
from calsync_agent.state.tables import log


class Level(StrEnum):
    """How much a line matters."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Kind(StrEnum):
    """What a line is about."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    LINKED = "linked"
    SKIPPED = "skipped"
    CONFLICT = "conflict"
    ERROR = "error"
    RELOAD = "reload"
    SYNC = "sync"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log; `rule`: what was decided, and by which rule."""

    level: Level
    kind: Kind
    text: Message
    profile: ProfileId | None = None
    activity: ActivityId | None = None
    event: EventId | None = None
    at: datetime | None = None
    rule: Message | None = None


def write(connection: sa.Connection, entries: Iterable[LogEntry], now: datetime) -> None:
    """Append lines, those that do not know better at `now` (UTC), none before the horizon."""
    entries = list(entries)
    if not entries:
        return
    moments = horizon.noted((entry.at or now for entry in entries), horizon.read(connection))
    rows = [
        {
            "at": at,
            "level": entry.level.value,
            "profile_id": entry.profile,
            "kind": entry.kind.value,
            "message": holdable(connection, str(entry.text)),
            "activity_id": entry.activity,
            "event_id": entry.event,
            "content": holdable(connection, _content(entry)),
        }
        for entry, at in zip(entries, moments, strict=True)
    ]
    connection.execute(sa.insert(log), rows)


def rule_of(content: str) -> Message | None:
    """The rule that led to a line, from its stored content; None where there is none."""
    known = json.loads(content)
    rule = known.get("rule") if isinstance(known, dict) else None
    return None if rule is None else Message.from_json(json.dumps(rule))


def prune(connection: sa.Connection, before: datetime) -> int:
    """Remove lines older than `before` (UTC); returns how many."""
    return connection.execute(sa.delete(log).where(log.c.at < before)).rowcount


def named(appointment: Appointment) -> Value:
    """How a log names an appointment: by its subject, unless it is private."""
    if appointment.private:
        return message("private appointment")
    return appointment.subject or message("without subject")


def _content(entry: LogEntry) -> str:
    """The message as it is stored, with the rule beside it (`Message.from_json` passes it over)."""
    if entry.rule is None:
        return entry.text.to_json()
    return in_json({**entry.text.plain(), "rule": entry.rule.plain()})
