"""What a decision means, table by table: a function of the pair and the decision."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import uuid4

from calsync_agent.appointment.content import (
    ALL,
    Field,
    Fingerprint,
    fingerprint,
    mixed,
    time_changes,
    unsettled_in,
)
from calsync_agent.appointment.merge import merged
from calsync_agent.appointment.model import ActivityId, Appointment, LinkId
from calsync_agent.appointment.span import span
from calsync_agent.consolidate.rows import Activity
from calsync_agent.consolidate.writing import ChangedActivity, NewActivity
from calsync_agent.exchange.events import Event
from calsync_agent.exchange.operations import ChangeEvent, CreateEvent, DeleteEvent
from calsync_agent.state.history import Kept, Side
from calsync_agent.state.links import Link
from calsync_agent.sync.job import Job, Outgoing
from calsync_agent.sync.pairs import Known
from calsync_agent.sync.plan import Change, Create, Decision, Delete, Write


@dataclass(frozen=True, slots=True)
class Effects:
    """All that is to be written for one pair; None where there is nothing."""

    create: NewActivity | None = None
    change: ChangedActivity | None = None
    delete: ActivityId | None = None
    new_link: Link | None = None
    changed_link: Link | None = None
    dropped_link: LinkId | None = None
    kept: Kept | None = None
    outgoing: Outgoing | None = None


def effects(job: Job, known: Known, decision: Decision) -> Effects:
    """What carrying out a decision writes in Consolidate and in our own tables.

    `outgoing` is sent afterwards, once its intent is committed.
    """
    activity = known.pair.activity
    result = _consolidate(job, known, decision)
    result = replace(result, kept=_kept(job, known, decision))
    if isinstance(decision.exchange, Create) and isinstance(activity, Activity):
        return _creation(job, known, activity, result)
    if isinstance(decision.exchange, Delete) and known.pair.link is not None:
        return _deletion(known, known.pair.link, result)
    if decision.forget or known.intended is not None:
        link = known.pair.link or known.intended
        return replace(result, dropped_link=link.id if link else None)
    return _linked(job, known, decision, result)


def _consolidate(job: Job, known: Known, decision: Decision) -> Effects:
    activity, event = known.pair.activity, known.pair.event
    match decision.consolidate:
        case Create() if isinstance(event, Event) and isinstance(activity, Activity):
            return Effects(change=ChangedActivity(activity, event.appointment, ALL, ()))
        case Create() if isinstance(event, Event):
            employee, type_id = job.profile.employee, job.inbound_type
            new = NewActivity(known.activity_id, employee, type_id, event.appointment)
            return Effects(create=new)
        case Change(fields) if isinstance(event, Event) and isinstance(activity, Activity):
            what = tuple(field_names(fields, activity.appointment, event.appointment))
            return Effects(change=ChangedActivity(activity, event.appointment, fields, what))
        case Delete():
            return Effects(delete=known.activity_id)
    return Effects()


def _creation(job: Job, known: Known, activity: Activity, result: Effects) -> Effects:
    """An event about to be made: until the answer is there, what is sent counts as agreed (B2)."""
    sent = fingerprint(activity.appointment)
    link = known.intended or Link(LinkId(uuid4()), job.profile.id, activity.id)
    in_steps = bool(activity.appointment.exceptions)
    link = replace(link, consolidate=sent, exchange=sent, unfinished=in_steps)
    return replace(
        result,
        new_link=None if known.intended else link,
        changed_link=link if known.intended else None,
        dropped_link=known.pair.link.id if known.pair.link else None,
        outgoing=Outgoing(
            CreateEvent(activity.id, activity.appointment, link.transaction_id),
            link,
            activity.appointment,
        ),
    )


def _deletion(known: Known, link: Link, result: Effects) -> Effects:
    event = known.pair.event
    if event is None or link.event_id is None:
        return replace(result, dropped_link=link.id)
    etag = event.etag if isinstance(event, Event) else ""
    return replace(result, outgoing=Outgoing(DeleteEvent(link.event_id, etag), link))


def _linked(job: Job, known: Known, decision: Decision, result: Effects) -> Effects:
    """Both sides have it: the link tells what they hold, but for what is still to be sent."""
    event, activity = known.pair.event, known.pair.activity
    if not isinstance(event, Event):
        return result
    mine = _mine(result, activity)
    if mine is None:
        return result
    outgoing = _written(decision.exchange)
    before = known.pair.link or Link(LinkId(uuid4()), job.profile.id, known.activity_id, event.id)
    open_fields = outgoing | (unsettled_in(before.consolidate) - _written(decision.consolidate))
    now = agreed(
        before,
        event,
        consolidate=mixed(fingerprint(mine), before.consolidate, open_fields),
        exchange=mixed(fingerprint(event.appointment), before.exchange, outgoing),
        unfinished=bool(outgoing) and _in_steps(mine, event.appointment),
    )
    result = replace(result, new_link=None if known.pair.link else now)
    if known.pair.link and (known.adopted or _differs(before, now)):
        result = replace(result, changed_link=now)
    if outgoing:
        result = replace(result, outgoing=Outgoing(ChangeEvent(event, mine, outgoing), now, mine))
    return result


def _written(write: Write) -> frozenset[Field]:
    return write.fields if isinstance(write, Change) else frozenset()


def _in_steps(mine: Appointment, theirs: Appointment) -> bool:
    """Whether writing takes several requests: occurrences are written one by one."""
    return mine.rule is not None and bool(mine.exceptions or theirs.exceptions)


def agreed(
    link: Link,
    event: Event,
    *,
    consolidate: Fingerprint,
    exchange: Fingerprint,
    unfinished: bool = False,
) -> Link:
    """The link to an event as it is now, with what both sides agree on."""
    starts_at, ends_at = span(event.appointment)
    return replace(
        link,
        event_id=event.id,
        ical_uid=event.ical_uid,
        consolidate=consolidate,
        exchange=exchange,
        modified_at=event.modified_at,
        starts_at=starts_at,
        ends_at=ends_at,
        unfinished=unfinished,
    )


def field_names(fields: frozenset[Field], before: Appointment, now: Appointment) -> Iterator[str]:
    """The changed fields in the words of rule D, in its order."""
    for field in Field:
        if field in fields:
            yield from time_changes(before, now) if field is Field.TIME else [field.value]


def _mine(result: Effects, activity: object) -> Appointment | None:
    """Consolidate's version once everything is written."""
    if result.create:
        return result.create.appointment
    if result.change:
        change = result.change
        return merged(change.before.appointment, change.appointment, change.fields)
    return activity.appointment if isinstance(activity, Activity) else None


def _differs(before: Link, now: Link) -> bool:
    """Whether a link has to be written; that an event was only touched is not worth a row (A5)."""
    agreed_before = (before.consolidate, before.exchange, before.unfinished)
    return agreed_before != (now.consolidate, now.exchange, now.unfinished)


def _kept(job: Job, known: Known, decision: Decision) -> Kept | None:
    """The version that is about to be lost (B6)."""
    activity, event = known.pair.activity, known.pair.event
    mine = activity.appointment if isinstance(activity, Activity) else None
    theirs = event.appointment if isinstance(event, Event) else None
    if decision.lost is Side.CONSOLIDATE:
        lost, replaced_by = mine, theirs
    elif decision.lost is Side.EXCHANGE:
        lost, replaced_by = theirs, None if isinstance(decision.exchange, Delete) else mine
    else:
        return None
    if lost is None:
        return None
    return Kept(
        profile=job.profile.id,
        side=decision.lost,
        activity=known.activity_id,
        event=event.id if event else None,
        rule=decision.cell.value,
        lost=lost,
        replaced_by=replaced_by,
    )
