"""What the log says of decisions and of results; never a private subject, never a body."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce
from typing import Final

from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import Appointment, EventId
from calsync_agent.appointment.naming import appointment_name, event_name
from calsync_agent.appointment.text import LOCATION_LIMIT, SUBJECT_LIMIT, utf16_length
from calsync_agent.domain.activity import Activity, BrokenActivity
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.domain.link import Link
from calsync_agent.domain.operation import AnswerEvent, ChangeEvent, CreateEvent, DeleteEvent
from calsync_agent.domain.policy import Priority, Profile
from calsync_agent.i18n import Message, Value, marked, message
from calsync_agent.plan.effects import Effects, field_names
from calsync_agent.plan.job import Intent, Job
from calsync_agent.plan.matrix import CONFLICTS, Cell, Decision
from calsync_agent.plan.pair import Known
from calsync_agent.plan.triage import Planned
from calsync_agent.state.log import Kind, Level, LogEntry, named
from calsync_agent.state.quarantine import Item

WRITTEN_BEFORE: Final = (marked("not synced: {subject}: {reason}"),)
"""What version 0.1.0 has written into the log, to be read in either language still."""


def decided(job: Job, planned: Planned) -> Iterator[LogEntry]:
    """What was done in Consolidate, by which rule, and whose version lost."""
    rule = _rule(job, planned.decision.cell)
    return (replace(entry, rule=rule) for entry in _decided(job, planned))


def _decided(job: Job, planned: Planned) -> Iterator[LogEntry]:
    known, decision, done = planned.known, planned.decision, planned.effects
    subject = named_in(known)
    text = _done_in_consolidate(decision, done, subject)
    if text is not None:
        yield _entry(job, known, *text)
    if decision.conflict:
        yield _conflict(job, known, decision, subject)
    if not (done.create or done.change or done.outgoing):
        return
    for side in (known.pair.event, known.pair.activity):
        for warning in side.warnings if isinstance(side, Event | Activity) else ():
            told = message("{subject}: {warning}", subject=subject, warning=warning)
            yield _entry(job, known, Kind.SKIPPED, told, Level.WARNING)
    event = known.pair.event
    if isinstance(event, Event) and (done.create or done.change):
        yield from _cut(job, known, event.appointment)


def _done_in_consolidate(
    decision: Decision, done: Effects, subject: Value
) -> tuple[Kind, Message] | None:
    if done.create:
        return Kind.CREATED, message("created in Consolidate: {subject}", subject=subject)
    if done.change and done.change.before.deleted:
        return Kind.CREATED, message("brought back in Consolidate: {subject}", subject=subject)
    if done.change and not done.change.what:
        return Kind.CHANGED, message("answer taken over: {subject}", subject=subject)
    if done.change:
        fields = words(done.change.what)
        text = message(
            "changed in Consolidate: {subject}: {fields}", subject=subject, fields=fields
        )
        return Kind.CHANGED, text
    if done.delete:
        return Kind.DELETED, message("deleted in Consolidate: {subject}", subject=subject)
    if decision.cell is Cell.MATCHED:
        return Kind.LINKED, message("entered on both sides, now linked: {subject}", subject=subject)
    return None


def sent(job: Job, intent: Intent, event_id: EventId | None) -> Iterator[LogEntry]:
    """What was done in Exchange, and by which rule, to an event which is now known by this id."""
    rule = _rule(job, intent.cell)
    return (replace(entry, rule=rule) for entry in _sent(job, intent, event_id))


def _sent(job: Job, intent: Intent, event_id: EventId | None) -> Iterator[LogEntry]:
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
        case AnswerEvent(response=response):
            answer = message(response.value)
            text = message(
                "answered in Exchange: {subject}: {answer}", subject=known_as, answer=answer
            )
            yield _of_link(job, link, Kind.CHANGED, text)


def without_meeting(
    job: Job, intent: Intent, event_id: EventId | None, reason: Message
) -> LogEntry:
    """That an event is no online meeting though its type asks for one (I3)."""
    text = message(
        "{subject}: it is no online meeting, though its type asks for one: {reason}",
        subject=intent.subject,
        reason=reason,
    )
    link = replace(intent.outgoing.link, event_id=event_id)
    return _of_link(job, link, Kind.SKIPPED, text, Level.WARNING)


def quarantined(job: Job, item: Item, name: Value, reason: Message) -> LogEntry:
    """That an item is not synced, and why (B8)."""
    return not_synced(job.profile, item, name, reason)


def not_synced(profile: Profile, item: Item, name: Value, reason: Message) -> LogEntry:
    """The same for a profile of which no cycle is under way."""
    return LogEntry(
        Level.WARNING,
        Kind.SKIPPED,
        message(
            "profile {profile} ({mailbox}): not synced: {name}: {reason}",
            profile=profile.id,
            mailbox=profile.mailbox,
            name=name,
            reason=reason,
        ),
        profile.id,
        item.activity,
        item.event,
    )


def named_in(known: Known) -> Value:
    """How the log names what a pair is about."""
    for side in (known.pair.activity, known.pair.event):
        if isinstance(side, Activity | Event):
            return called(side)
    return called(known.pair.activity or known.pair.event)


def set_aside(known: Known) -> Value:
    """The name under which what a pair is about is put aside."""
    for side in (known.pair.activity, known.pair.event):
        if isinstance(side, Activity | Event):
            return aside_name(side)
    return aside_name(known.pair.activity or known.pair.event)


def aside_name(side: Activity | BrokenActivity | Event | UnreadableEvent | None) -> Value:
    """Its subject; of what is private, or has none, date and id, by which it can be found (B8)."""
    match side:
        case Activity(id=number, appointment=a):
            return appointment_name(a.subject, a.start, number, private=a.private)
        case Event(id=number, appointment=a):
            return event_name(a.subject, a.start, number, private=a.private)
    return called(side)


def called(side: Activity | BrokenActivity | Event | UnreadableEvent | None) -> Value:
    """How the log names an appointment or event, also one that cannot be read (B8)."""
    match side:
        case Activity(appointment=appointment) | Event(appointment=appointment):
            return named(appointment)
        case BrokenActivity(name=name) | UnreadableEvent(name=name) if name:
            return name
    return message("an appointment that cannot be read")


def words(names: Iterable[str]) -> Value:
    """The names of fields as one list, each to be shown in the reader's language."""
    messages = [message(name) for name in names]
    if not messages:
        return ""
    return reduce(lambda done, name: message("{some}, {more}", some=done, more=name), messages)


def _conflict(job: Job, known: Known, decision: Decision, subject: Value) -> LogEntry:
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


def _cut(job: Job, known: Known, a: Appointment) -> Iterator[LogEntry]:
    if utf16_length(a.location) > LOCATION_LIMIT:
        text = _too_long(Field.LOCATION.value, named(a), LOCATION_LIMIT)
        yield _entry(job, known, Kind.SKIPPED, text, Level.WARNING)


def _subject_cut(job: Job, link: Link, a: Appointment, subject: Value) -> Iterator[LogEntry]:
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


def _rule(job: Job, cell: Cell) -> Message:
    """What had happened and, where two changes met, what the priority was (A3)."""
    told = message(cell.value)
    if cell not in CONFLICTS - {Cell.PUT_BACK}:
        return told
    if job.policy.priority is Priority.OUTBOUND_FIRST:
        return message("{cell}; priority: Outbound First", cell=told)
    return message("{cell}; priority: Inbound First", cell=told)


def _entry(
    job: Job, known: Known, kind: Kind, text: Message, level: Level = Level.INFO
) -> LogEntry:
    event, link = known.pair.event, known.pair.link
    event_id = event.id if event else link.event_id if link else None
    return LogEntry(level, kind, text, job.profile.id, known.activity_id, event_id)


def _of_link(
    job: Job, link: Link, kind: Kind, text: Message, level: Level = Level.INFO
) -> LogEntry:
    return LogEntry(level, kind, text, job.profile.id, link.activity, link.event_id)
