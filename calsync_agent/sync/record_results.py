"""Carries intents out: requests to Exchange, then their results in one transaction."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent.appointment.content import (
    INBOUND_ONLY,
    UNKNOWN,
    Field,
    differing,
    fingerprint,
    mixed,
    unsettled,
)
from calsync_agent.appointment.model import (
    ActivityId,
    EventId,
    ICalUid,
    LinkId,
    ProfileId,
    Response,
)
from calsync_agent.domain.event import Event
from calsync_agent.domain.link import Link, Role
from calsync_agent.domain.operation import (
    Answered,
    AnswerEvent,
    ChangeEvent,
    CreateEvent,
    DeleteEvent,
    Examined,
    ExamineEvent,
    Gone,
    Lost,
    Overtaken,
    Partly,
    Refused,
    Removed,
    Result,
    Written,
    WrittenUnread,
)
from calsync_agent.i18n import Message
from calsync_agent.plan.effects import agreed
from calsync_agent.plan.job import Count, Intent, Job
from calsync_agent.plan.mail_forecast import forecast, put_back
from calsync_agent.plan.projection import answered, view
from calsync_agent.state import deeds, links, log, meetings, pending, quarantine
from calsync_agent.state.quarantine import Item
from calsync_agent.sync import flip_guard, sync_log
from calsync_agent.sync.aside import unread


@dataclass(slots=True)
class _Outcome:
    """What is to be written in the end, by table."""

    changed: list[Link] = field(default_factory=list)
    new: list[Link] = field(default_factory=list)
    dropped: list[LinkId] = field(default_factory=list)
    refused: dict[Item, Message] = field(default_factory=dict)
    settled: set[Item] = field(default_factory=set)
    done: dict[ActivityId, int] = field(default_factory=dict)
    made: set[ActivityId] = field(default_factory=set)
    heirs: set[tuple[ProfileId, ActivityId]] = field(default_factory=set)
    told: list[log.LogEntry] = field(default_factory=list)
    counts: Counter[Count] = field(default_factory=Counter)


def record(
    connection: sa.Connection, job: Job, results: Sequence[tuple[Intent, Result]]
) -> Counter[Count]:
    """Remember what became of requests; what is not certain stays pending (B1, B2)."""
    outcome = _Outcome()
    for intent, result in results:
        _enter(job, intent, result, outcome)
    links.update(connection, outcome.changed)
    links.delete(connection, outcome.dropped)
    links.insert(connection, outcome.new)
    _remember(connection, job, results)
    meetings.note(connection, _organized(results, outcome))
    profile, now = job.profile.id, job.stamp.now
    names = {_item(intent): intent.name for intent, _ in results}
    new = quarantine.update(connection, profile, outcome.refused, outcome.settled, now, names=names)
    pending.add(connection, {*others(connection, profile, outcome.made), *outcome.heirs})
    told = outcome.told + [
        sync_log.quarantined(job, item, names[item], outcome.refused[item]) for item in new
    ]
    log.write(connection, told, now)
    flip_guard.went_out(connection, job, results)
    pending.done(connection, profile, outcome.done)
    return outcome.counts


def _organized(
    results: Sequence[tuple[Intent, Result]], outcome: _Outcome
) -> dict[ICalUid, ActivityId]:
    """The meetings that were made, changed or withdrawn; their copies come at any time (F1a)."""
    met = {
        result.event.ical_uid
        for _, result in results
        if isinstance(result, Written | Partly) and result.event.meeting
    }
    made = [li for li in outcome.changed if li.ical_uid in met]
    dropped = set(outcome.dropped)
    made += [i.outgoing.link for i, _ in results if i.outgoing.link.id in dropped]
    return {li.ical_uid: li.activity for li in made if li.ical_uid and li.role is Role.ORGANIZER}


def _remember(
    connection: sa.Connection, job: Job, results: Sequence[tuple[Intent, Result]]
) -> None:
    """What Exchange has not done has mailed nobody (B7, F8)."""
    certain, undone = set[ActivityId](), set[ActivityId]()
    for intent, result in results:
        if not (intent.mails.total or isinstance(intent.outgoing.operation, DeleteEvent)):
            continue
        if isinstance(result, Refused | Overtaken):
            undone.add(intent.outgoing.link.activity)
        elif not isinstance(result, Lost):
            certain.add(intent.outgoing.link.activity)
    deeds.certain(connection, job.profile.id, certain)
    deeds.undone(connection, job.profile.id, undone)


def _enter(job: Job, intent: Intent, result: Result, outcome: _Outcome) -> None:
    link, item = intent.outgoing.link, _item(intent)
    match result:
        case Written(event):
            outcome.changed.append(_held(job, intent, event))
            outcome.settled.add(item)
            if isinstance(intent.outgoing.operation, CreateEvent):
                outcome.made.add(link.activity)
            more = put_back(result, job.office.people)
            _tell(job, replace(intent, mails=intent.mails + more), event.id, outcome)
        case WrittenUnread(event_id, reason):
            outcome.changed.append(unread(link, event_id))
            outcome.refused[item] = reason
            outcome.counts[Count.QUARANTINED] += 1
            _tell(job, intent, event_id or link.event_id, outcome)
        case Partly(event, reason, fields):
            held = _held(job, intent, event)
            refused = unsettled(held.consolidate, fields)
            outcome.changed.append(replace(held, consolidate=refused))
            outcome.refused[item] = reason
            _tell(job, _as_sent(job, intent, fields), event.id, outcome)
        case Gone():
            outcome.dropped.append(link.id)
            outcome.settled.add(item)
            _tell(job, intent, link.event_id, outcome)
        case Answered():
            outcome.settled.add(item)
            _enter_answer(job, intent, outcome)
        case Refused(reason, fields):
            outcome.refused[item] = reason
            if link.event_id is None:
                outcome.dropped.append(link.id)
            else:
                refused = unsettled(link.consolidate, fields) if fields else link.consolidate
                outcome.changed.append(replace(link, consolidate=refused, unfinished=False))
            outcome.counts[Count.QUARANTINED] += 1
        case Examined() | Removed() | Overtaken() | Lost():
            if not _is_over(intent, result, outcome):
                return
    outcome.done[link.activity] = intent.version


def _is_over(
    intent: Intent, result: Examined | Removed | Overtaken | Lost, outcome: _Outcome
) -> bool:
    """Whether nothing of it is left to be done here, or it is to be decided about once more."""
    link = intent.outgoing.link
    match result:
        case Examined(carried):
            outcome.changed.append(replace(link, carried=carried, unfinished=False))
            outcome.counts[Count.OVERTAKEN] += 1
            if isinstance(intent.outgoing.operation, ExamineEvent):
                # Whoever it belongs to now makes theirs, and then has this mailbox look (G10).
                outcome.heirs |= {(heir, link.activity) for heir in intent.outgoing.heirs}
                outcome.settled.add(_item(intent))
                return bool(intent.outgoing.heirs)
        case Removed():
            # Another id, because Exchange remembers the transaction id of the one that is gone.
            outcome.dropped.append(link.id)
            outcome.new.append(replace(link, id=LinkId(uuid4()), event_id=None, ical_uid=None))
            outcome.counts[Count.OVERTAKEN] += 1
        case Overtaken():
            outcome.changed.append(replace(link, unfinished=False))
            outcome.counts[Count.OVERTAKEN] += 1
        case Lost():
            outcome.counts[Count.UNANSWERED] += 1
    return False


def _enter_answer(job: Job, intent: Intent, outcome: _Outcome) -> None:
    """An answer was given; declining takes the copy away (F6)."""
    link, operation = intent.outgoing.link, intent.outgoing.operation
    if not isinstance(operation, AnswerEvent):
        return
    if operation.response is Response.DECLINED:
        outcome.dropped.append(link.id)
    else:
        given = answered(operation.event.appointment, job.profile.employee, operation.response)
        theirs = fingerprint(view(given, Role.COPY, job.profile.employee, job.office.people))
        mine = fingerprint(intent.outgoing.sent) if intent.outgoing.sent else UNKNOWN
        now = replace(
            link,
            consolidate=mixed(link.consolidate, mine, {Field.RESPONSES}),
            exchange=mixed(link.exchange, theirs, {Field.RESPONSES}),
        )
        outcome.changed.append(now)
    _tell(job, intent, link.event_id, outcome)


def _as_sent(job: Job, intent: Intent, left: frozenset[Field]) -> Intent:
    """What was sent of an intent whose text was left alone: nobody is mailed about that (F8)."""
    operation = intent.outgoing.operation
    if Field.BODY not in left or not isinstance(operation, ChangeEvent):
        return intent
    present = operation.event.appointment.body
    sent = replace(
        operation,
        appointment=replace(operation.appointment, body=present),
        fields=operation.fields - left,
    )
    return replace(intent, mails=forecast(sent, job.office.people))


def _tell(job: Job, intent: Intent, event: EventId | None, outcome: _Outcome) -> None:
    outcome.told += sync_log.sent(job, intent, event)
    outcome.counts[_COUNTS[type(intent.outgoing.operation)]] += 1
    outcome.counts[Count.MAILS_INSIDE] += intent.mails.inside
    outcome.counts[Count.MAILS_OUTSIDE] += intent.mails.outside


_COUNTS: Final = {
    CreateEvent: Count.CREATED_IN_EXCHANGE,
    ChangeEvent: Count.CHANGED_IN_EXCHANGE,
    DeleteEvent: Count.DELETED_IN_EXCHANGE,
    AnswerEvent: Count.CHANGED_IN_EXCHANGE,
}


def others(
    connection: sa.Connection, profile: ProfileId, made: Collection[ActivityId]
) -> list[tuple[ProfileId, ActivityId]]:
    """Whoever held an appointment until now, and may let it go (G10)."""
    known = links.by_activities(connection, made)
    return [(li.profile, li.activity) for li in known if li.profile != profile]


def _item(intent: Intent) -> Item:
    return Item(intent.outgoing.link.activity, None)


def _held(job: Job, intent: Intent, event: Event) -> Link:
    """The link after a write: what was sent on our side, what Exchange made of it on its own.

    Of a change only the written fields count: others, which somebody changed in the same moment or
    which wait for their direction, are still to be carried over.
    """
    link, sent, operation = intent.outgoing.link, intent.outgoing.sent, intent.outgoing.operation
    mine = fingerprint(sent) if sent else UNKNOWN
    seen = view(event.appointment, link.role, job.profile.employee, job.office.people)
    theirs = fingerprint(seen)
    if isinstance(operation, ChangeEvent):
        written = operation.fields
        if operation.appointment.rule is not None:
            written |= {Field.EXCEPTIONS}  # they follow every write to their series
        mine = mixed(link.consolidate, mine, written)
        theirs = mixed(link.exchange, theirs, written)
    if isinstance(operation, CreateEvent):
        # What only comes in, as a dead join link, is to be put right in Consolidate.
        stale = differing(sent, seen) & INBOUND_ONLY if sent else frozenset()
        theirs = unsettled(theirs, stale) if stale else theirs
        link = replace(link, carried=None)
    return agreed(link, event, consolidate=mine, exchange=theirs)
