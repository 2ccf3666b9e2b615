"""What a decision means, table by table: a function of the pair and the decision."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from calsync_agent.appointment.content import (
    UNKNOWN,
    Fingerprint,
    differing,
    fingerprint,
    mixed,
    same,
    time_changes,
    unsettled,
    unsettled_in,
)
from calsync_agent.appointment.fields import ALL, Field
from calsync_agent.appointment.model import ActivityId, Appointment, EmployeeId, LinkId, ProfileId
from calsync_agent.appointment.people import remembered_as
from calsync_agent.appointment.span import span
from calsync_agent.domain.activity import Activity, ChangedActivity, NewActivity
from calsync_agent.domain.event import Event
from calsync_agent.domain.link import Link, Role
from calsync_agent.domain.operation import (
    AnswerEvent,
    ChangeEvent,
    CreateEvent,
    DeleteEvent,
    ExamineEvent,
)
from calsync_agent.domain.version import Kept, Side
from calsync_agent.plan.categories import new_type
from calsync_agent.plan.job import Job, Outgoing
from calsync_agent.plan.matrix import Change, Create, Decision, Delete, Examine, Respond, fields_of
from calsync_agent.plan.pair import Known
from calsync_agent.plan.projection import answered, attendees, in_own_words, taken, view


@dataclass(frozen=True, slots=True)
class Effects:
    """All that is to be written for one pair; None where there is nothing.

    `mine` is Consolidate's version once it is written. `outgoing` is sent to Exchange afterwards,
    once its intent is committed.
    """

    create: NewActivity | None = None
    change: ChangedActivity | None = None
    delete: ActivityId | None = None
    mine: Appointment | None = None
    new_link: Link | None = None
    changed_link: Link | None = None
    dropped_link: LinkId | None = None
    kept: Kept | None = None
    outgoing: Outgoing | None = None

    @property
    def any(self) -> bool:
        """Whether anything is to be written at all."""
        written = self.create, self.change, self.delete, self.new_link, self.changed_link
        others = self.dropped_link, self.kept, self.outgoing
        return any(part is not None for part in (*written, *others))


def effects(job: Job, known: Known, decision: Decision) -> Effects:
    """What carrying out a decision writes in Consolidate, in our own tables, and in Exchange."""
    activity, link = known.pair.activity, known.pair.link
    result = _consolidate(job, known, decision)
    if decision.lost is not None:
        result = replace(result, kept=_kept(job, known, decision))
    if isinstance(decision.exchange, Create) and isinstance(activity, Activity):
        return _creation(job, known, activity, result)
    if isinstance(decision.exchange, Delete) and link is not None:
        return _deletion(known, link, result)
    if decision.forget or known.intended is not None:
        over = link or known.intended
        return replace(result, dropped_link=over.id if over else None)
    return _linked(job, known, decision, result)


def _consolidate(job: Job, known: Known, decision: Decision) -> Effects:
    """What is written to Consolidate, and what it holds afterwards."""
    activity, event = known.pair.activity, known.pair.event
    before = activity.appointment if isinstance(activity, Activity) else None
    match decision.consolidate:
        case Create() if isinstance(event, Event) and isinstance(activity, Activity):
            held = job.office.types.bound(event.appointment).categories
            number = job.office.types.turned(activity.type_id, held)
            now = job.office.types.with_type(event.appointment, number)
            change = ChangedActivity(activity, now, ALL, (), type_id=number)
            return Effects(change=change, mine=now)
        case Create() if isinstance(event, Event):
            given = job.office.types.given(event.appointment.categories)
            number = job.inbound_type if given is None else given
            now = job.office.types.with_type(event.appointment, number)
            new = NewActivity(known.activity_id, _responsible(job, event), number, now)
            return Effects(create=new, mine=now)
        case Change(fields) if isinstance(event, Event) and isinstance(activity, Activity):
            now = _taken(job, known, activity.appointment, event.appointment, fields)
            turned = new_type(known.pair) if Field.CATEGORY in fields else None
            number = activity.type_id if turned is None else turned
            now = job.office.types.as_type(now, number)
            what = tuple(field_names(fields, activity.appointment, now))
            leads = _new_responsible(job, known)
            change = ChangedActivity(activity, now, fields, what, leads, turned)
            return Effects(change=change, mine=now)
        case Respond(response) if isinstance(activity, Activity):
            now = answered(activity.appointment, job.profile.employee, response)
            change = ChangedActivity(activity, now, {Field.RESPONSES}, ())
            return Effects(change=change, mine=now)
        case Delete():
            return Effects(delete=known.activity_id)
    return Effects(mine=before)


def _responsible(job: Job, event: Event) -> EmployeeId:
    """Whoever organizes it, if that is one of us; else the mailbox's owner (F4)."""
    if event.is_organizer:
        return job.profile.employee
    return job.office.people.employee(event.organizer.address) or job.profile.employee


def _new_responsible(job: Job, known: Known) -> EmployeeId | None:
    """The organizer, where their own event is seen for the first time (G11)."""
    pair = known.pair
    own = isinstance(pair.event, Event) and pair.event.is_organizer
    return job.profile.employee if own and pair.link is None and pair.relation.copied else None


def _taken(
    job: Job, known: Known, mine: Appointment, theirs: Appointment, fields: frozenset[Field]
) -> Appointment:
    link, people = known.pair.link, job.office.people
    guests = link.guests if link else frozenset()
    employee, role = job.profile.employee, known.pair.role
    return taken(mine, theirs, fields, role, employee, people, guests, known.unsent)


def _creation(job: Job, known: Known, activity: Activity, result: Effects) -> Effects:
    """An event about to be made: until the answer is there, what is sent counts as agreed (B2)."""
    role = Role.PLAIN if known.pair.relation.wanted is Role.PLAIN else Role.ORGANIZER
    people, employee = job.office.people, job.profile.employee
    wanted = view(activity.appointment, role, employee, job.office)
    link = known.intended or Link(known.new_link, job.profile.id, activity.id)
    before = known.pair.link or known.intended
    carried = before.carried if before else None
    if role is Role.ORGANIZER and carried is None:
        carried = known.pair.relation.carried
    sent = fingerprint(wanted)
    in_steps = bool(wanted.exceptions)
    link = replace(
        link, role=role, consolidate=sent, exchange=sent, unfinished=in_steps, carried=carried
    )
    invited = attendees((), wanted, people)
    return replace(
        result,
        new_link=None if known.intended else link,
        changed_link=link if known.intended else None,
        dropped_link=known.pair.link.id if known.pair.link else None,
        outgoing=Outgoing(
            CreateEvent(activity.id, wanted, link.transaction_id, invited, carried), link, wanted
        ),
    )


def _deletion(known: Known, link: Link, result: Effects) -> Effects:
    event = known.pair.event
    if event is None:
        return replace(result, dropped_link=link.id)
    etag = event.etag if isinstance(event, Event) else ""
    mailed = event.attendees if isinstance(event, Event) and event.is_organizer else ()
    removal = DeleteEvent(event.id, etag, mailed)
    if link.role is Role.COPY:
        return replace(result, outgoing=Outgoing(removal, link))
    # Killed before it is remembered, its absence must not look like somebody's wish (B1).
    begun = replace(link, unfinished=True)
    return replace(result, changed_link=begun, outgoing=Outgoing(removal, begun))


def _linked(job: Job, known: Known, decision: Decision, result: Effects) -> Effects:
    """Both sides have it: the link tells what they hold, but for what is still to be sent."""
    event, pair = known.pair.event, known.pair
    if not isinstance(event, Event):
        return result
    people, employee = job.office.people, job.profile.employee
    before = pair.link or Link(known.new_link, job.profile.id, known.activity_id)
    if isinstance(decision.exchange, Examine):
        # Whoever ought to have it and has it already has nothing to make, and will not call again.
        heirs = frozenset[ProfileId]() if pair.relation.ready else pair.relation.heirs
        return replace(result, outgoing=Outgoing(ExamineEvent(event), before, heirs=heirs))
    as_seen = before if before.role is pair.role else replace(before, role=pair.role)
    if result.mine is None:
        # A broken row: that they belong together is all that is known of them.
        only = agreed(as_seen, event, consolidate=UNKNOWN, exchange=UNKNOWN)
        return replace(result, new_link=only) if decision.waiting else result
    mine = view(in_own_words(result.mine, event.own_link), pair.role, employee, job.office)
    outgoing = fields_of(decision.exchange)
    waiting = decision.waiting
    if refused := unsettled_in(before.consolidate):
        waiting |= (refused & differing(mine, pair.theirs)) - fields_of(decision.consolidate)
    # What comes in first goes out as it is then: only Consolidate's side has changed from here on.
    both = fields_of(decision.consolidate) & (outgoing | decision.waiting)
    consolidate = mixed(fingerprint(mine), before.consolidate, outgoing | waiting)
    exchange = (outgoing | decision.waiting) - both
    now = agreed(
        as_seen,
        event,
        consolidate=unsettled(consolidate, both) if both else consolidate,
        exchange=mixed(fingerprint(pair.theirs), before.exchange, exchange),
        unfinished=bool(outgoing) and _in_steps(mine, event.appointment),
    )
    if pair.link is None:
        result = replace(result, new_link=now)
    elif known.adopted or _differs(before, now):
        result = replace(result, changed_link=now)
    match decision.exchange:
        case Change(fields):
            invited = None
            if Field.PARTICIPANTS in fields:
                invited = attendees(event.attendees, mine, people)
            categories = None
            if Field.CATEGORY in fields:
                categories = job.office.types.on_event(event.appointment.categories, mine)
            change = ChangeEvent(event, mine, fields, invited, before.carried, categories)
            result = replace(result, outgoing=Outgoing(change, now, mine))
        case Respond(response):
            given = AnswerEvent(event, response)
            result = replace(result, outgoing=Outgoing(given, now, mine))
    return result


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
        guests=frozenset(filter(None, map(remembered_as, event.appointment.guests))),
    )


def field_names(fields: frozenset[Field], before: Appointment, now: Appointment) -> Iterator[str]:
    """The changed fields in the words of rule D, in its order; answers are not told (G7)."""
    for field in Field:
        if field in fields and field is not Field.RESPONSES:
            yield from time_changes(before, now) if field is Field.TIME else [field.value]


def _differs(before: Link, now: Link) -> bool:
    """Whether a link has to be written; that an event was only touched is not worth a row (A5).

    Nor is it that an older version wrote it, as long as it tells of all fields.
    """
    agreed = same(before.consolidate, now.consolidate) and same(before.exchange, now.exchange)
    return not agreed or before.unfinished != now.unfinished or before.role is not now.role


def _kept(job: Job, known: Known, decision: Decision) -> Kept | None:
    """The version that is about to be lost (B6)."""
    activity, event = known.pair.activity, known.pair.event
    mine = activity.appointment if isinstance(activity, Activity) else None
    theirs = job.office.types.bound(event.appointment) if isinstance(event, Event) else None
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
        responsible=activity.responsible if activity else job.profile.employee,
        type_id=activity.type_id if isinstance(activity, Activity) else None,
    )
