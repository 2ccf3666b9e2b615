"""What is to be remembered of a request to Exchange, by what came of it: a function of values."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from calsync_agent.appointment.content import UNKNOWN, differing, fingerprint, mixed, unsettled
from calsync_agent.appointment.fields import INBOUND_ONLY, Field
from calsync_agent.appointment.model import EventId, LinkId, ProfileId, Response
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
    Operation,
    Overtaken,
    Partly,
    Refused,
    Removed,
    Result,
    Written,
    WrittenUnread,
)
from calsync_agent.i18n import Message, message
from calsync_agent.plan.effects import agreed
from calsync_agent.plan.job import Count, Intent, Job
from calsync_agent.plan.mail_forecast import forecast, put_back
from calsync_agent.plan.projection import answered, view, without_dead_link


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What one request has come to.

    `link`: the link as it is now, None where it ends; `renewed`: the one that takes its place.
    `refused`: why it is put aside (B8); `settled`: whatever it was put aside for is over. `done`:
    nothing of it is left to be done here. `made`: an event is there that others may have waited
    for; `heirs`: whoever has to look now (G10). `told`: what was sent, as it is to be told, of the
    event `event`; None where there is nothing to tell. `lacking`: what Exchange did not do of it.
    """

    link: Link | None
    renewed: Link | None = None
    refused: Message | None = None
    settled: bool = False
    done: bool = True
    made: bool = False
    heirs: frozenset[ProfileId] = frozenset()
    told: Intent | None = None
    event: EventId | None = None
    lacking: Message | None = None
    counts: Counter[Count] = field(default_factory=Counter)


def after(job: Job, intent: Intent, result: Result, new_link: LinkId) -> Aftermath:
    """What came of a request; `new_link`: the id of a link that takes the place of its link."""
    link, operation = intent.outgoing.link, intent.outgoing.operation
    match result:
        case Written(event):
            mails = intent.mails + put_back(result, job.office.people)
            made = isinstance(operation, CreateEvent)
            lacking = _lacking(operation, result)
            now = Aftermath(_held(job, intent, event), settled=True, made=made, lacking=lacking)
            return _told(now, replace(intent, mails=mails), event.id)
        case WrittenUnread(event_id, reason):
            counts = Counter({Count.QUARANTINED: 1})
            now = Aftermath(unread(link, event_id), refused=reason, counts=counts)
            return _told(now, intent, event_id or link.event_id)
        case Partly(event, reason, fields):
            held = _held(job, intent, event)
            held = replace(held, consolidate=unsettled(held.consolidate, fields))
            sent = _as_sent(job, intent, fields)
            return _told(Aftermath(held, refused=reason), sent, event.id)
        case Gone():
            return _told(Aftermath(None, settled=True), intent, link.event_id)
        case Answered():
            return _told(Aftermath(_after_answer(job, intent), settled=True), intent, link.event_id)
        case Refused():
            return _after_refusal(link, result)
        case Examined() | Removed() | Overtaken() | Lost():
            return _to_be_decided(intent, result, new_link)


def _lacking(operation: Operation, written: Written) -> Message | None:
    """Why there is no online meeting though one was asked for (I3)."""
    match operation:
        case CreateEvent(appointment=appointment):
            asked = appointment.online
        case ChangeEvent(fields=fields):
            asked = Field.MEETING in fields
        case _:
            asked = False
    if not asked or written.event.is_online_meeting:
        return None
    return written.without or message("Exchange has made none")


def unread(link: Link, event: EventId | None) -> Link:
    """The link after a write that was done, though nobody knows what the event holds now.

    It is read before anything else happens to it; one whose id is not known is looked for (B2a).
    """
    event = event or link.event_id
    if event is None:
        return replace(link, exchange=UNKNOWN)
    return replace(link, event_id=event, unfinished=True)


def _after_refusal(link: Link, refused: Refused) -> Aftermath:
    """What is refused stays to be sent; an event that was not made has no link (B8)."""
    counts = Counter({Count.QUARANTINED: 1})
    if link.event_id is None:
        return Aftermath(None, refused=refused.reason, counts=counts)
    fields = refused.fields
    left = unsettled(link.consolidate, fields) if fields else link.consolidate
    now = replace(link, consolidate=left, unfinished=False)
    return Aftermath(now, refused=refused.reason, counts=counts)


def _to_be_decided(
    intent: Intent, result: Examined | Removed | Overtaken | Lost, new_link: LinkId
) -> Aftermath:
    """What is to be decided about once more, unless it is now for others to go on."""
    link, again = intent.outgoing.link, Counter({Count.OVERTAKEN: 1})
    match result:
        case Examined(carried):
            now = replace(link, carried=carried, unfinished=False)
            # Whoever it belongs to now makes theirs, and then has this mailbox look (G10).
            moving = isinstance(intent.outgoing.operation, ExamineEvent)
            heirs = intent.outgoing.heirs if moving else frozenset[ProfileId]()
            return Aftermath(now, settled=moving, done=bool(heirs), heirs=heirs, counts=again)
        case Removed():
            # Another id, because Exchange remembers the transaction id of the one that is gone.
            renewed = replace(link, id=new_link, event_id=None, ical_uid=None)
            return Aftermath(None, renewed=renewed, done=False, counts=again)
        case Overtaken():
            return Aftermath(replace(link, unfinished=False), done=False, counts=again)
        case Lost():
            return Aftermath(link, done=False, counts=Counter({Count.UNANSWERED: 1}))


def _after_answer(job: Job, intent: Intent) -> Link | None:
    """An answer was given; declining takes the copy away (F6)."""
    link, operation = intent.outgoing.link, intent.outgoing.operation
    if not isinstance(operation, AnswerEvent):
        return link
    if operation.response is Response.DECLINED:
        return None
    given = answered(operation.event.appointment, job.profile.employee, operation.response)
    theirs = fingerprint(view(given, Role.COPY, job.profile.employee, job.office))
    mine = fingerprint(intent.outgoing.sent) if intent.outgoing.sent else UNKNOWN
    return replace(
        link,
        consolidate=mixed(link.consolidate, mine, {Field.RESPONSES}),
        exchange=mixed(link.exchange, theirs, {Field.RESPONSES}),
    )


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
    return replace(intent, mails=forecast(sent, job.office.people, job.quiet))


_COUNTS: Final = {
    CreateEvent: Count.CREATED_IN_EXCHANGE,
    ChangeEvent: Count.CHANGED_IN_EXCHANGE,
    DeleteEvent: Count.DELETED_IN_EXCHANGE,
    AnswerEvent: Count.CHANGED_IN_EXCHANGE,
}


def _told(now: Aftermath, sent: Intent, event: EventId | None) -> Aftermath:
    """What was done is told, and counted with its mails."""
    counts = now.counts + Counter({_COUNTS[type(sent.outgoing.operation)]: 1})
    counts[Count.MAILS_INSIDE] += sent.mails.inside
    counts[Count.MAILS_OUTSIDE] += sent.mails.outside
    return replace(now, told=sent, event=event, counts=counts)


def _held(job: Job, intent: Intent, event: Event) -> Link:
    """The link after a write: what was sent on our side, what Exchange made of it on its own.

    Of a change only the written fields count: others, which somebody changed in the same moment or
    which wait for their direction, are still to be carried over.
    """
    link, sent, operation = intent.outgoing.link, intent.outgoing.sent, intent.outgoing.operation
    mine = fingerprint(sent) if sent else UNKNOWN
    seen = view(event.appointment, link.role, job.profile.employee, job.office)
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
        if sent and not without_dead_link(sent, seen):
            stale -= {Field.JOIN_URL}
        theirs = unsettled(theirs, stale) if stale else theirs
        link = replace(link, carried=None)
    return agreed(link, event, consolidate=mine, exchange=theirs)
