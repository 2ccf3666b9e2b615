"""What to do about one appointment and its event: a function of what both sides hold.

Each side of a known pair is the same as when both were last in step, changed, gone, or cannot be
read. Every combination is a cell of `MATRIX`; what a cell does stands in `TABLE`. What does not
follow from the two sides alone is listed in `DECIDED_APART`. Rules: RULES.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from calsync_agent.appointment.content import changed, differing, fingerprint, unsettled_in
from calsync_agent.appointment.fields import ALL, Field
from calsync_agent.appointment.model import Response
from calsync_agent.domain.activity import Activity, BrokenActivity, Sending
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.domain.link import Link, Role
from calsync_agent.domain.policy import Policy, Priority
from calsync_agent.domain.version import Side
from calsync_agent.i18n import Message, message
from calsync_agent.plan import attendee_copy, verdicts
from calsync_agent.plan.categories import Both, sent_back, with_category
from calsync_agent.plan.matrix import (
    MATRIX,
    Cell,
    Change,
    Create,
    Decision,
    Delete,
    Examine,
    Respond,
    State,
    Write,
    fields_of,
)
from calsync_agent.plan.pair import Pair
from calsync_agent.plan.permission import permitted
from calsync_agent.plan.projection import inward_only, outward_fields, without_dead_link
from calsync_agent.plan.table import TABLE, Action, Row, row


def decide(pair: Pair, policy: Policy) -> Decision:
    """What to do about a pair, under a policy."""
    decision = _unlinked(pair, policy) if pair.link is None else _linked(pair, pair.link, policy)
    return permitted(pair, decision, policy)


def consolidate_state(pair: Pair, link: Link) -> State:
    """What became of the appointment since it was last in step with its event."""
    match pair.activity:
        case None:
            return State.GONE
        case BrokenActivity(deleted=deleted):
            return State.GONE if deleted else State.BROKEN
        case Activity(deleted=True):
            return State.GONE
        case Activity(sending=Sending.NONE):
            return State.WITHDRAWN
        case Activity():
            same = not changed(link.consolidate, fingerprint(pair.mine))
            return State.SAME if same else State.CHANGED


def exchange_state(pair: Pair, link: Link) -> State:
    """What became of the event since it was last in step with its appointment."""
    match pair.event:
        case None:
            return State.GONE
        case UnreadableEvent():
            return State.BROKEN
        case Event():
            same = not changed(link.exchange, fingerprint(pair.theirs))
            return State.SAME if same else State.CHANGED


def _unlinked(pair: Pair, policy: Policy) -> Decision:
    match pair.activity, pair.event:
        case (_, UnreadableEvent()):
            return _by_table(Cell.UNSYNCABLE, pair, policy)
        case (Activity(deleted=False), Event(is_organizer=False)):
            return attendee_copy.seen(pair)
        case (Activity(deleted=False), Event()):
            if pair.relation.copied:
                return _organizer_seen(pair)
            return _by_table(Cell.MATCHED, pair, policy)
        case (_, Event() as event) if event.is_cancelled or _over(pair, event):
            return Decision(Cell.COPY_LEFT)  # left where it is (G11)
        case (BrokenActivity(deleted=False), Event()):
            return Decision(Cell.MATCHED, waiting=ALL)  # linked, to be decided when it is mended
        case (BrokenActivity(), Event()):
            return _by_table(Cell.UNSYNCABLE, pair, policy)
        case (_, Event()):
            return _new_in_exchange(pair, policy)
        case (BrokenActivity(deleted=False), None) if pair.sendable:
            return _by_table(Cell.UNSYNCABLE, pair, policy)
        case (Activity(deleted=False, sending=sending), None) if (
            pair.sendable and sending is not Sending.NONE
        ):
            if pair.relation.unexamined:
                return Decision(Cell.NEW_IN_CONSOLIDATE, waits=True)
            return _by_table(Cell.NEW_IN_CONSOLIDATE, pair, policy)
    return _by_table(Cell.OUT_OF_SCOPE, pair, policy)


def _new_in_exchange(pair: Pair, policy: Policy) -> Decision:
    """Taken over; what its type means in Exchange goes back (I2).

    Not at once where others are invited, so that nothing waits to come in because of mails.
    """
    decision, back = _by_table(Cell.NEW_IN_EXCHANGE, pair, policy), sent_back(pair)
    if not back:
        return decision
    if policy.outbound and isinstance(pair.event, Event) and not pair.event.meeting:
        return replace(decision, exchange=_change(back))
    return replace(decision, waiting=back)


def _over(pair: Pair, event: Event) -> bool:
    """Whether it is a copy of a meeting that one of our mailboxes is about to cancel."""
    deleted = isinstance(pair.activity, Activity) and pair.activity.deleted
    return deleted and not event.is_organizer and pair.relation.inside


def _linked(pair: Pair, link: Link, policy: Policy) -> Decision:
    if link.role is Role.COPY:
        return attendee_copy.linked(pair, link, policy)
    moved = _moved(pair, link)
    if moved is not None:
        return moved
    if link.unfinished:
        resumed = _resumed(pair, link)
        if resumed is not None:
            return resumed
    cell = MATRIX[consolidate_state(pair, link), exchange_state(pair, link)]
    return _by_table(_narrowed(cell, pair, link, policy), pair, policy)


def _narrowed(cell: Cell, pair: Pair, link: Link, policy: Policy) -> Cell:
    """The cell of the matrix, or what it comes to for this event and this appointment."""
    match cell:
        case Cell.DELETED_IN_EXCHANGE | Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE:
            return Cell.DECLINED if link.role is Role.PLAIN else cell
        case Cell.CHANGED_ON_BOTH:
            # Only what Exchange refused before is still to be sent: no change, no conflict.
            sent = changed(link.consolidate, fingerprint(pair.mine))
            settled = sent <= unsettled_in(link.consolidate) - _changed_there(pair)
            return Cell.CHANGED_IN_EXCHANGE if settled else cell
        case Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE if _reason(pair):
            # A row that cannot be read cannot be brought back either.
            return cell if policy.priority is Priority.OUTBOUND_FIRST else Cell.UNSYNCABLE
    return cell


def _by_table(cell: Cell, pair: Pair, policy: Policy) -> Decision:
    """What the table says of a cell, for what these two sides hold."""
    found = row(cell, policy.priority)
    inward, outward = _inward(found, pair), _outward(found, pair)
    if isinstance(inward, Change):
        inward, forced = _but_private(inward, pair)
        outward = outward or forced
    if found.takes_inward or found.takes_outward:
        fields = Both(_fields(inward), _fields(outward))
        both = with_category(pair, fields, inward=found.takes_inward)
        inward, outward = both.consolidate, _with_meeting(pair, both.exchange, found)
    taken = inward if found.lost is Side.CONSOLIDATE else outward
    return Decision(
        cell,
        consolidate=inward,
        exchange=outward,
        lost=found.lost if taken is not None else None,
        forget=found.forget,
        reason=_reason(pair) if cell is Cell.UNSYNCABLE else None,
    )


def _with_meeting(pair: Pair, outward: Change | None, found: Row) -> Change | None:
    """What goes out, and the wish for an online meeting, once for each change of the row (I3)."""
    event, link = pair.event, pair.link
    if not (isinstance(event, Event) and event.is_organizer and link and pair.mine.online):
        return outward
    new = Field.MEETING in _changed_here(pair)
    if event.is_online_meeting or not (new or (found.takes_outward and outward)):
        return outward
    return Change(fields_of(outward) | {Field.MEETING})


def _inward(found: Row, pair: Pair) -> Write:
    """What is written in Consolidate."""
    match found.consolidate:
        case Action.CREATE:
            return Create()
        case Action.DELETE:
            return Delete()
        case Action.DECLINE:
            return Respond(Response.DECLINED)
        case Action.TAKE_CHANGES:
            return _change(_changed_there(pair) & differing(pair.mine, pair.theirs))
        case Action.TAKE_ALL:
            return _change(_coming(pair))
    if found.exchange is Action.TAKE_ALL:  # what travels inbound only comes in either way (G2)
        return _change(_coming(pair) & inward_only(pair.role))
    return None


def _coming(pair: Pair) -> frozenset[Field]:
    """What differs and may come in; a join link that somebody typed stays (D6)."""
    differs = differing(pair.mine, pair.theirs)
    taken_away = pair.link is not None and Field.JOIN_URL in _changed_there(pair)
    if taken_away or without_dead_link(pair.mine, pair.theirs):
        return differs
    return differs - {Field.JOIN_URL}


def _outward(found: Row, pair: Pair) -> Write:
    """What is written to Exchange."""
    match found.exchange:
        case Action.CREATE:
            return Create()
        case Action.DELETE:
            return Delete()
        case Action.TAKE_CHANGES:
            differs = _changed_here(pair) & differing(pair.mine, pair.theirs)
            return _change(differs & outward_fields(pair.role))
        case Action.TAKE_ALL:
            return _change(differing(pair.mine, pair.theirs) & outward_fields(pair.role))
    return None


def _fields(write: Write) -> Change | None:
    return write if isinstance(write, Change) else None


def _change(fields: frozenset[Field]) -> Change | None:
    return Change(fields) if fields else None


def _changed_here(pair: Pair) -> frozenset[Field]:
    return changed(pair.link.consolidate, fingerprint(pair.mine)) if pair.link else ALL


def _changed_there(pair: Pair) -> frozenset[Field]:
    return changed(pair.link.exchange, fingerprint(pair.theirs)) if pair.link else ALL


def _but_private(inward: Change, pair: Pair) -> tuple[Change | None, Change | None]:
    """What comes in, and what goes back: a type that makes private wins over Outlook (G6)."""
    forced = isinstance(pair.activity, Activity) and pair.activity.sending is Sending.PRIVATE
    back = inward.fields & {Field.PRIVATE} if forced else frozenset[Field]()
    return _change(inward.fields - back), _change(back)


def _organizer_seen(pair: Pair) -> Decision:
    """The organizer's own event rules, whatever the priority (G11)."""
    taken = Both(_change(_coming(pair)), None)
    both = with_category(pair, taken, inward=True)
    lost = Side.CONSOLIDATE if both.consolidate else None
    return Decision(Cell.ORGANIZER_SEEN, both.consolidate, both.exchange, lost=lost)


def _moved(pair: Pair, link: Link) -> Decision | None:
    """The appointment belongs into another mailbox now, or is to be held there as something else.

    Made there first, then removed here (G10).
    """
    match pair.activity:
        case Activity(deleted=False, from_outside=False, sending=sending):
            stays = sending is Sending.NONE or pair.relation.wanted in {link.role, Role.ORGANIZER}
        case _:
            stays = True
    if stays:
        return None
    event = pair.event if link.role is Role.ORGANIZER else None
    if isinstance(event, Event) and not link.examined(event.etag):
        return _examination(event)
    if not pair.relation.ready:
        return Decision(Cell.MOVED_AWAY, waits=True)
    if pair.event is None:
        return Decision(Cell.MOVED_AWAY, forget=True)
    return Decision(Cell.MOVED_AWAY, exchange=Delete(), forget=True)


def _examination(event: Event) -> Decision:
    """Another event may take its place only where nothing is lost for good (D6, F3)."""
    if event.appointment.guests:
        reason = message(
            "its organizer cannot be changed: people from outside are invited, and the sync neither"
            " invites nor uninvites them; change it in Outlook"
        )
        return Decision(Cell.MOVED_AWAY, reason=reason)
    return Decision(Cell.MOVED_AWAY, exchange=Examine())


def _resumed(pair: Pair, link: Link) -> Decision | None:
    """A write of several requests, or a deletion, was cut off: the event is to be as it is wanted.

    What Exchange holds may be half of what was written, which is nobody's wish; or somebody has
    changed it since. It cannot be told which, so that it is kept (B6).
    """
    match pair.activity, pair.event:
        case (Activity(deleted=False, sending=Sending.NONE), _):
            return None
        case (Activity(deleted=False), Event()):
            fields = differing(pair.mine, pair.theirs) & outward_fields(link.role)
            change = with_category(pair, Both(None, _change(fields)), inward=False).exchange
            lost = Side.EXCHANGE if fields_of(change) & _changed_there(pair) else None
            return Decision(Cell.UNFINISHED, exchange=change, lost=lost)
        case (Activity(deleted=False), None):
            return Decision(Cell.UNFINISHED, exchange=Create())
    return None


def _reason(pair: Pair) -> Message | None:
    for side in (pair.activity, pair.event):
        if isinstance(side, BrokenActivity | UnreadableEvent):
            return side.reason
    return None


DECIDED_APART: Final[Mapping[Cell, Callable[..., Decision | None]]] = {
    Cell.ORGANIZER_SEEN: _organizer_seen,
    Cell.MOVED_AWAY: _moved,
    Cell.UNFINISHED: _resumed,
    Cell.COPY_SEEN: attendee_copy.seen,
    Cell.COPY_LEFT: attendee_copy.linked,
    Cell.MOVED_HERE: attendee_copy.linked,
    Cell.ANSWERED: attendee_copy.linked,
    Cell.PUT_BACK: attendee_copy.linked,
    Cell.CANCELLED: attendee_copy.linked,
    Cell.BROUGHT_BACK: verdicts.discarded,
    Cell.DISCARDED: verdicts.discarded,
}
"""The cells that are not in the table, and what decides about them.

A copy that is linked may also be in step, declined, deleted on a side, or changed in Exchange: what
its owner may do to it is less than what may be done to an event of their own.
"""

if TABLE.keys() | DECIDED_APART.keys() != set(Cell) or TABLE.keys() & DECIDED_APART.keys():
    raise TypeError("each cell is decided in one place: in the table, or apart")
