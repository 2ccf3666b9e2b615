"""What the log says of decisions and of results; never a private subject, never a body."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce

from calsync_agent.appointment.content import Field
from calsync_agent.appointment.model import Appointment, EventId
from calsync_agent.appointment.text import LOCATION_LIMIT, SUBJECT_LIMIT, utf16_length
from calsync_agent.consolidate.rows import Activity
from calsync_agent.exchange.events import Event
from calsync_agent.exchange.operations import ChangeEvent, CreateEvent, DeleteEvent
from calsync_agent.i18n import Message, Value, message
from calsync_agent.state.links import Link
from calsync_agent.state.log import Entry, Kind, Level, named
from calsync_agent.state.quarantine import Item
from calsync_agent.sync.effects import Effects, field_names
from calsync_agent.sync.job import Intent, Job
from calsync_agent.sync.pairs import Known
from calsync_agent.sync.plan import Cell, Decision


def decided(job: Job, known: Known, decision: Decision, done: Effects) -> Iterator[Entry]:
    """What was done in Consolidate, and whose version lost."""
    subject = named_in(known)
    if done.create:
        yield _entry(
            job, known, Kind.CREATED, message("created in Consolidate: {subject}", subject=subject)
        )
    elif done.change and done.change.before.deleted:
        text = message("brought back in Consolidate: {subject}", subject=subject)
        yield _entry(job, known, Kind.CREATED, text)
    elif done.change:
        text = message(
            "changed in Consolidate: {subject}: {fields}",
            subject=subject,
            fields=words(done.change.what),
        )
        yield _entry(job, known, Kind.CHANGED, text)
    elif done.delete:
        text = message("deleted in Consolidate: {subject}", subject=subject)
        yield _entry(job, known, Kind.DELETED, text)
    elif decision.cell is Cell.MATCHED:
        text = message("entered on both sides, now linked: {subject}", subject=subject)
        yield _entry(job, known, Kind.LINKED, text)
    if decision.conflict:
        yield _conflict(job, known, decision, subject)
    event = known.pair.event
    if isinstance(event, Event) and event.warning and (done.create or done.change):
        text = message("{subject}: {warning}", subject=subject, warning=event.warning)
        yield _entry(job, known, Kind.SKIPPED, text, Level.WARNING)
    if isinstance(event, Event) and (done.create or done.change):
        yield from _cut(job, known, event.appointment, Field.LOCATION, LOCATION_LIMIT)


def sent(job: Job, intent: Intent, event_id: EventId | None) -> Iterator[Entry]:
    """What was done in Exchange, to an event which is now known by this id."""
    link, known_as = replace(intent.outgoing.link, event_id=event_id), intent.subject
    match intent.outgoing.operation:
        case CreateEvent(appointment=appointment):
            text = message("created in Exchange: {subject}", subject=known_as)
            yield _of_link(job, link, Kind.CREATED, text)
            yield from _subject_cut(job, link, appointment, known_as)
        case ChangeEvent(event=event, appointment=appointment, fields=fields):
            names = words(field_names(fields, event.appointment, appointment))
            text = message(
                "changed in Exchange: {subject}: {fields}", subject=known_as, fields=names
            )
            yield _of_link(job, link, Kind.CHANGED, text)
            if Field.SUBJECT in fields:
                yield from _subject_cut(job, link, appointment, known_as)
        case DeleteEvent():
            text = message("deleted in Exchange: {subject}", subject=known_as)
            yield _of_link(job, link, Kind.DELETED, text)


def quarantined(job: Job, item: Item, subject: Value, reason: Message) -> Entry:
    """That an item is not synced, and why (B8)."""
    return Entry(
        Level.WARNING,
        Kind.SKIPPED,
        message("not synced: {subject}: {reason}", subject=subject, reason=reason),
        job.profile.id,
        item.activity,
        item.event,
    )


def named_in(known: Known) -> Value:
    """How the log names what a pair is about."""
    for side in (known.pair.activity, known.pair.event):
        if isinstance(side, Activity | Event):
            return named(side.appointment)
    return message("an appointment that cannot be read")


def words(names: Iterable[str]) -> Value:
    """The names of fields as one list, each to be shown in the reader's language."""
    messages = [message(name) for name in names]
    if not messages:
        return ""
    return reduce(lambda done, name: message("{some}, {more}", some=done, more=name), messages)


def _conflict(job: Job, known: Known, decision: Decision, subject: Value) -> Entry:
    cell = message(decision.cell.value)
    if decision.exchange is not None:
        text = message(
            "conflict: {subject}: {cell}; the version of Consolidate stays",
            subject=subject,
            cell=cell,
        )
    else:
        text = message(
            "conflict: {subject}: {cell}; the version of Exchange stays", subject=subject, cell=cell
        )
    return _entry(job, known, Kind.CONFLICT, text, Level.WARNING)


def _cut(job: Job, known: Known, a: Appointment, field: Field, limit: int) -> Iterator[Entry]:
    if utf16_length(a.location) > limit:
        yield _entry(
            job, known, Kind.SKIPPED, _too_long(field.value, named(a), limit), Level.WARNING
        )


def _subject_cut(job: Job, link: Link, a: Appointment, subject: Value) -> Iterator[Entry]:
    if utf16_length(a.subject) > SUBJECT_LIMIT:
        text = _too_long(Field.SUBJECT.value, subject, SUBJECT_LIMIT)
        yield _of_link(job, link, Kind.SKIPPED, text, Level.WARNING)


def _too_long(field: str, subject: Value, limit: int) -> Message:
    return message(
        "{subject}: the {field} was cut at {limit} characters; the other side keeps it whole",
        subject=subject,
        field=message(field),
        limit=limit,
    )


def _entry(job: Job, known: Known, kind: Kind, text: Message, level: Level = Level.INFO) -> Entry:
    event, link = known.pair.event, known.pair.link
    event_id = event.id if event else link.event_id if link else None
    return Entry(level, kind, text, job.profile.id, known.activity_id, event_id)


def _of_link(job: Job, link: Link, kind: Kind, text: Message, level: Level = Level.INFO) -> Entry:
    return Entry(level, kind, text, job.profile.id, link.activity, link.event_id)
