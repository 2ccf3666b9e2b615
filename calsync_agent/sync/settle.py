"""Settles a batch in one transaction: decides, writes Consolidate, and intends what goes out.

Rows, links, kept versions, log lines and pending work are committed together (B2, B6); what has to
be sent to Exchange is returned, each with a pending row that outlives a kill.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EventId, ICalUid, ProfileId
from calsync_agent.consolidate import writing
from calsync_agent.consolidate.holding import InUse
from calsync_agent.database.failures import is_lock_timeout
from calsync_agent.database.tuning import hardly_waiting
from calsync_agent.domain.activity import Activity
from calsync_agent.domain.deed import Deed
from calsync_agent.domain.event import Event
from calsync_agent.domain.hold import Held, HoldKind
from calsync_agent.domain.link import Role
from calsync_agent.domain.version import Side
from calsync_agent.errors import CalsyncError
from calsync_agent.i18n import message
from calsync_agent.plan.effects import Effects
from calsync_agent.plan.guard import DELETING
from calsync_agent.plan.job import Batch, Caution, Count, Intent, Job, Outgoing, PutOff, Settled
from calsync_agent.plan.matrix import Cell
from calsync_agent.plan.pair import Assembled, Known
from calsync_agent.plan.pairing import Match, no_match
from calsync_agent.plan.triage import Planned, Sorted, sort
from calsync_agent.state import (
    deeds,
    history,
    holds,
    links,
    log,
    meetings,
    pending,
    quarantine,
    waiting,
)
from calsync_agent.state.quarantine import Item
from calsync_agent.state.waiting import Waiting
from calsync_agent.sync import flip_guard, strays, sync_log
from calsync_agent.sync.assemble import assemble
from calsync_agent.sync.record_results import others

FIRST_PASS = Caution(put_off=True, link_first=True)


class MailboxShared(CalsyncError):
    """Other profiles are linked to these events of this mailbox; nothing was written."""

    def __init__(self, events: Mapping[EventId, ProfileId]) -> None:
        super().__init__(message("profiles share a mailbox"))
        self.events = events


def settle(
    connection: sa.Connection,
    job: Job,
    batch: Batch,
    *,
    match: Match = no_match,
    caution: Caution = FIRST_PASS,
    in_use: Collection[ActivityId] = (),
    one_by_one: bool = False,
) -> Settled:
    """Decide about a batch, commit what concerns Consolidate, and return what is to be sent.

    Raises InUse where only writing shows that somebody else is at work on appointments: to be done
    again, as a whole, with these `in_use`. `one_by_one` finds out which rows have to wait for
    somebody who holds what they point to, as an employee. Raises MailboxShared where events of it
    belong to other profiles.
    """
    assembled = assemble(connection, job, batch, match, in_use=in_use)
    if not job.foreign.issuperset(assembled.foreign.values()):
        raise MailboxShared(assembled.foreign)
    found = sort(job, batch, assembled, caution)
    flip_guard.stop_flipping(connection, job, found)
    all_effects = [one.effects for one in found.done]
    if one_by_one:
        _write_one_by_one(connection, job, all_effects)
    else:
        _write_consolidate(connection, job, all_effects)
    _write_links(connection, all_effects)
    meetings.note(connection, _organized(found))
    strays.bring_home(connection, job, [one.known for one in found.done])
    made = [one.known.activity_id for one in found.done if one.known.adopted]
    pending.add(connection, others(connection, job.profile.id, made))
    pending.add(connection, _without_meeting(job, found))
    pending.add(connection, _misplaced(job, found))
    history.keep(connection, [e.kept for e in all_effects if e.kept], job.stamp.now)
    flip_guard.came_in(connection, job, found.done)
    _park(connection, job, batch, assembled, found)
    _hold(connection, job, found)
    _remember(connection, job, found, caution)
    told = [line for one in found.done for line in sync_log.decided(job, one)]
    told += _quarantine(connection, job, batch, found)
    log.write(connection, told, job.stamp.now)
    busy = frozenset(known.activity_id for known in assembled.busy)
    intents = _intend(connection, job, batch, found, busy)
    return Settled(
        intents=intents,
        put_off=put_off(found, batch),
        again=again(found, assembled),
        busy=busy,
        left=_left(batch, assembled),
        wrote=_wrote(found, batch, assembled),
        counts=_count(found),
    )


def _write_consolidate(connection: sa.Connection, job: Job, all_effects: Sequence[Effects]) -> None:
    writing.create(connection, [e.create for e in all_effects if e.create], job.stamp)
    writing.change(connection, [e.change for e in all_effects if e.change], job.stamp)
    writing.delete(connection, [e.delete for e in all_effects if e.delete], job.stamp)


def _write_one_by_one(connection: sa.Connection, job: Job, all_effects: Sequence[Effects]) -> None:
    busy: set[ActivityId] = set()
    with hardly_waiting(connection):
        for one in all_effects:
            change = one.change.before if one.change else None
            touched = one.create.id if one.create else change.id if change else None
            if touched is None:
                _write_consolidate(connection, job, [one])
                continue
            try:
                with connection.begin_nested():
                    _write_consolidate(connection, job, [one])
            except sa.exc.DBAPIError as error:
                if not is_lock_timeout(error):
                    raise
                busy.add(touched)
            except InUse as met:
                busy |= met.activities
    if busy:
        raise InUse(frozenset(busy))


def _write_links(connection: sa.Connection, all_effects: Sequence[Effects]) -> None:
    links.delete(connection, [e.dropped_link for e in all_effects if e.dropped_link])
    links.insert(connection, [e.new_link for e in all_effects if e.new_link])
    links.update(connection, [e.changed_link for e in all_effects if e.changed_link])


def _organized(found: Sorted) -> dict[ICalUid, ActivityId]:
    """The meetings of this mailbox whose links come or go."""
    noted: dict[ICalUid, ActivityId] = {}
    for one in found.done:
        came, event = one.effects.new_link or one.effects.changed_link, one.known.pair.event
        met = isinstance(event, Event) and event.meeting
        if came is not None and came.role is Role.ORGANIZER and came.ical_uid and met:
            noted[came.ical_uid] = came.activity
        went = one.known.pair.link
        dropped = went is not None and one.effects.dropped_link == went.id
        if went is not None and dropped and went.role is Role.ORGANIZER and went.ical_uid:
            noted[went.ical_uid] = went.activity
    return noted


def _without_meeting(job: Job, found: Sorted) -> Iterator[tuple[ProfileId, ActivityId]]:
    """Whoever may have an event of their own where the sync has ended a meeting (F2)."""
    for one in found.done:
        activity, dropped = one.known.pair.activity, one.effects.dropped_link
        if one.decision.cell is not Cell.COPY_LEFT or dropped is None or one.known.pair.called_off:
            continue
        if isinstance(activity, Activity) and not activity.deleted:
            for participant in activity.appointment.participants:
                if participant.employee in job.office.mailboxes:
                    yield job.office.mailboxes[participant.employee], activity.id


def _misplaced(job: Job, found: Sorted) -> Iterator[tuple[ProfileId, ActivityId]]:
    """Events that were made for somebody else's appointment, as by a profile with a wrong mailbox.

    They are linked, and then belong into another mailbox: made there first, then removed (G10).
    """
    for one in found.done:
        new, related = one.effects.new_link, one.known.pair.relation
        if new is not None and new.role is Role.ORGANIZER and related.wanted is None:
            yield from ((profile, new.activity) for profile in related.heirs)
            if related.heirs:
                yield job.profile.id, new.activity


def _park(
    connection: sa.Connection, job: Job, batch: Batch, assembled: Assembled, found: Sorted
) -> None:
    """Let copies wait for their organizer, and let those go that need not any more (F4).

    One that is given up because its owner takes the meeting over is linked again if that is handed
    back before it is cancelled (G10).
    """
    given_up = [one.known.pair.event for one in found.done if one.decision.cell is Cell.MOVED_HERE]
    waits = assembled.parked + [event for event in given_up if isinstance(event, Event)]
    parked = [one for event in waits if (one := _waiting(job, event))]
    waiting.put(connection, parked)
    over = batch.impatient - {one.event for one in parked} - _left(batch, assembled).keys()
    copies = (event for event in batch.events if isinstance(event, Event))
    cancelled = {event.id for event in copies if event.is_cancelled and not event.is_organizer}
    waiting.release(connection, job.profile.id, over | cancelled)


def _waiting(job: Job, event: Event) -> Waiting | None:
    organizer = job.office.people.employee(event.organizer.address)
    if organizer is None or event.ical_uid is None:
        return None
    return Waiting(job.profile.id, event.id, event.ical_uid, organizer, job.stamp.now)


def _hold(connection: sa.Connection, job: Job, found: Sorted) -> None:
    """Let wait what an admin has to say yes to, and let go what is settled (B7, F8)."""
    holds.put(connection, [_held(job, one) for one in found.held])
    settled = {one.known.activity_id for one in found.done}
    settled |= {known.activity_id for known, _ in found.refused}
    holds.release(connection, job.profile.id, settled & job.held.keys())


def _remember(connection: sa.Connection, job: Job, found: Sorted, caution: Caution) -> None:
    """Count what is deleted and mailed without an admin's word (B7, F8)."""
    if not caution.put_off:
        done = (one for one in found.done if one.known.activity_id not in job.answered)
        deeds.remember(connection, job.profile.id, [deed for one in done for deed in _deeds(one)])


def _deeds(one: Planned) -> Iterator[Deed]:
    number, side = one.known.activity_id, one.decision.deletes
    if side is not None:
        yield Deed(number, DELETING[side])
    if one.mails.total:
        yield Deed(number, HoldKind.MAIL, one.mails.inside, one.mails.outside)


def _held(job: Job, planned: Planned) -> Held:
    side = planned.decision.deletes
    return Held(
        profile=job.profile.id,
        activity=planned.known.activity_id,
        kind=DELETING[side] if side else HoldKind.MAIL,
        subject=str(sync_log.named_in(planned.known)),
        since=job.stamp.now,
    )


def _quarantine(
    connection: sa.Connection, job: Job, batch: Batch, found: Sorted
) -> list[log.LogEntry]:
    """Put aside what cannot be synced, let go what can be again; returns what is new to tell."""
    names = {_item(known): sync_log.set_aside(known) for known, _ in found.refused}
    refused = {_item(known): reason for known, reason in found.refused}
    # What goes out is settled only when Exchange has taken it.
    in_step = (one.known for one in found.done if one.effects.outgoing is None)
    known_well = (item for known in in_step for item in _items(known))
    settled = chain(known_well, (Item(None, event) for event in batch.gone))
    never = {_item(known) for known in found.never}
    now = job.stamp.now
    profile = job.profile.id
    new = quarantine.update(connection, profile, refused, settled, now, never=never, names=names)
    return [sync_log.quarantined(job, item, names[item], refused[item]) for item in new]


def _intend(
    connection: sa.Connection,
    job: Job,
    batch: Batch,
    found: Sorted,
    busy: Collection[ActivityId],
) -> list[Intent]:
    """Make every request's intent durable, and strike off the work that needs none."""
    going_out = [(one, one.effects.outgoing) for one in found.done if one.effects.outgoing]
    unwritten = {one.known.activity_id for one, _ in going_out}
    if not job.policy.outbound:
        unwritten |= {known.activity_id for known in found.waiting}
    unwritten |= {one.known.activity_id for one in found.done if one.decision.waiting}
    profile = job.profile.id
    new = unwritten - {number for number, version in batch.activities.items() if version}
    pending.add(connection, [(profile, number) for number in new])
    versions = {**batch.activities, **pending.versions(connection, profile, new)}
    kept = unwritten | {one.known.activity_id for one in found.put_off}
    kept |= {known.activity_id for known in found.stale} | set(busy)
    finished = {number: v for number, v in batch.activities.items() if number not in kept}
    pending.done(connection, profile, finished)
    return [_intent(one, outgoing, versions) for one, outgoing in going_out]


def _intent(one: Planned, outgoing: Outgoing, versions: dict[ActivityId, int]) -> Intent:
    subject, name = sync_log.named_in(one.known), sync_log.set_aside(one.known)
    version = versions[one.known.activity_id]
    return Intent(one.decision.cell, outgoing, subject, name, version, one.mails)


def put_off(found: Sorted, batch: Batch) -> PutOff:
    """What is needed to decide about these pairs once more, and how much it is."""
    later = [one for one in found.put_off if _goes_out_to_a_link(one)]
    at_once = [one for one in found.put_off if not _goes_out_to_a_link(one)]
    return replace(_put_off(at_once, batch), later=_put_off(later, batch) if later else None)


def _goes_out_to_a_link(planned: Planned) -> bool:
    link = planned.known.pair.link
    return link is not None and link.event_id is not None and planned.effects.outgoing is not None


def _put_off(planned: Sequence[Planned], batch: Batch) -> PutOff:
    known = [one.known for one in planned]
    gone = [one.pair.link for one in known if one.pair.event is None]
    events = tuple(one.pair.event for one in known if one.pair.event is not None)
    numbers = [one.activity_id for one in known]
    again = Batch(
        events=events,
        gone=frozenset(link.event_id for link in gone if link and link.event_id),
        activities={n: batch.activities[n] for n in numbers if n in batch.activities},
        impatient=batch.impatient & {event.id for event in events},
    )
    deleted = {
        side: frozenset(one.known.activity_id for one in planned if one.decision.deletes is side)
        for side in Side
    }
    mailing = {one.known.activity_id: one.mails for one in planned if one.mails.total}
    here, there = deleted[Side.CONSOLIDATE], deleted[Side.EXCHANGE]
    return PutOff(again, here, there, mailing, frozenset(numbers))


def again(found: Sorted, assembled: Assembled) -> frozenset[EventId]:
    """The events that have to be read again before anything can be decided about them."""
    stale = {known.pair.event.id for known in found.stale if known.pair.event}
    return frozenset(stale | assembled.doubtful)


def _wrote(found: Sorted, batch: Batch, assembled: Assembled) -> bool:
    others = found.refused or found.waiting or found.held or assembled.parked or batch.impatient
    return bool(others or batch.activities) or any(one.effects.any for one in found.done)


def _left(batch: Batch, assembled: Assembled) -> dict[EventId, ActivityId]:
    """The events of appointments in use that nothing else will bring up again."""
    left: dict[EventId, ActivityId] = {}
    for known in assembled.busy:
        event, link = known.pair.event, known.pair.link
        number = event.id if event else link.event_id if link else None
        if number is not None and known.activity_id not in batch.activities:
            left[number] = known.activity_id
    return left


def _item(known: Known) -> Item:
    """What is quarantined: the appointment, or an event that has none."""
    pair = known.pair
    gone = pair.activity is None or pair.activity.deleted
    if gone and pair.link is None and pair.event is not None:
        return Item(None, pair.event.id)
    return Item(known.activity_id, None)


def _items(known: Known) -> Iterator[Item]:
    yield Item(known.activity_id, None)
    if known.pair.event is not None:
        yield Item(None, known.pair.event.id)


def _count(found: Sorted) -> Counter[Count]:
    counts: Counter[Count] = Counter()
    for one in found.done:
        counts[Count.CREATED_IN_CONSOLIDATE] += one.effects.create is not None
        counts[Count.CHANGED_IN_CONSOLIDATE] += one.effects.change is not None
        counts[Count.DELETED_IN_CONSOLIDATE] += one.effects.delete is not None
        counts[Count.LINKED] += one.decision.cell in {Cell.MATCHED, Cell.COPY_SEEN}
        counts[Count.CONFLICTS] += one.decision.conflict
    counts[Count.QUARANTINED] += len(found.refused)
    counts[Count.HELD] += len(found.held)
    return +counts
