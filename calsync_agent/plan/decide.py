"""What to do about one appointment and its event: a function of what both sides hold.

Each side of a known pair is the same as when both were last in step, changed, gone, or cannot be
read. Every combination is a cell of `MATRIX` and has a name. A decision says what is written to
which side and whose version is lost; the rules (RULES.md) are named where they hold. What is
special about meetings organized elsewhere is in `attendee_copy.py`.
"""

from calsync_agent.appointment.content import (
    ALL,
    Field,
    changed,
    differing,
    fingerprint,
    unsettled_in,
)
from calsync_agent.appointment.model import Response
from calsync_agent.domain.activity import Activity, BrokenActivity, Sending
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.domain.link import Link, Role
from calsync_agent.domain.policy import Policy, Priority
from calsync_agent.domain.version import Side
from calsync_agent.i18n import Message, message
from calsync_agent.plan import attendee_copy
from calsync_agent.plan.matrix import (
    MATRIX,
    Answer,
    Cell,
    Change,
    Create,
    Decision,
    Delete,
    Examine,
    State,
)
from calsync_agent.plan.pair import Pair
from calsync_agent.plan.permission import permitted
from calsync_agent.plan.projection import inward_only, outward_fields


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
            same = fingerprint(pair.mine) == link.consolidate
            return State.SAME if same else State.CHANGED


def exchange_state(pair: Pair, link: Link) -> State:
    """What became of the event since it was last in step with its appointment."""
    match pair.event:
        case None:
            return State.GONE
        case UnreadableEvent():
            return State.BROKEN
        case Event():
            same = fingerprint(pair.theirs) == link.exchange
            return State.SAME if same else State.CHANGED


def _unlinked(pair: Pair, policy: Policy) -> Decision:
    match pair.activity, pair.event:
        case (_, UnreadableEvent(reason=reason)):
            return Decision(Cell.UNSYNCABLE, reason=reason)
        case (Activity(deleted=False) as activity, Event() as event):
            if not event.is_organizer:
                return attendee_copy.seen(pair)
            if pair.relation.copied:
                return _ruling(Cell.ORGANIZER_SEEN, pair)
            return _whole(Cell.MATCHED, pair, activity, policy)  # priority decides (B4)
        case (_, Event() as event) if event.is_cancelled or _over(pair, event):
            return Decision(Cell.COPY_LEFT)  # left where it is (G11)
        case (BrokenActivity(deleted=False), Event()):
            return Decision(Cell.MATCHED, waiting=ALL)  # linked, to be decided when it is mended
        case (BrokenActivity(reason=reason), Event()):
            return Decision(Cell.UNSYNCABLE, reason=reason)
        case (_, Event()):
            return Decision(Cell.NEW_IN_EXCHANGE, consolidate=Create())
        case (BrokenActivity(deleted=False, reason=reason), None) if pair.sendable:
            return Decision(Cell.UNSYNCABLE, reason=reason)
        case (Activity(deleted=False, sending=sending), None) if pair.sendable:
            if sending is not Sending.NONE and pair.relation.unexamined:
                return Decision(Cell.NEW_IN_CONSOLIDATE, waits=True)
            if sending is not Sending.NONE:
                return Decision(Cell.NEW_IN_CONSOLIDATE, exchange=Create())
    return Decision(Cell.OUT_OF_SCOPE)


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
    match pair.activity, pair.event:
        case (Activity(deleted=False) as activity, Event()):
            return _both_there(cell, pair, activity, link, policy)
    return _one_missing(cell, pair, link, policy)


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
    """A write of several requests was cut off: what Exchange holds is half of it, nobody's wish."""
    match pair.activity, pair.event:
        case (Activity(deleted=False, sending=Sending.NONE), _):
            return None
        case (Activity(deleted=False), Event()):
            fields = differing(pair.mine, pair.theirs) & outward_fields(link.role)
            return Decision(Cell.UNFINISHED, exchange=Change(fields) if fields else None)
        case (Activity(deleted=False), None):
            return Decision(Cell.UNFINISHED, exchange=Create())
    return None


def _both_there(cell: Cell, pair: Pair, activity: Activity, link: Link, policy: Policy) -> Decision:
    if cell is Cell.IN_STEP:
        return Decision(cell)
    touched = changed(link.consolidate, fingerprint(pair.mine))
    theirs_touched = changed(link.exchange, fingerprint(pair.theirs))
    differs = differing(pair.mine, pair.theirs)
    match cell:
        case Cell.WITHDRAWN:
            return Decision(cell, exchange=Delete(), lost=Side.EXCHANGE, forget=True)
        case Cell.CHANGED_IN_CONSOLIDATE:
            fields = touched & differs & outward_fields(pair.role)
            if not fields:
                return Decision(cell)
            return Decision(cell, exchange=Change(fields), lost=Side.EXCHANGE)
        case Cell.CHANGED_IN_EXCHANGE:
            return _inward(cell, theirs_touched & differs, activity)
        case Cell.CHANGED_ON_BOTH:
            if touched <= unsettled_in(link.consolidate) - theirs_touched:
                # Only what Exchange refused before is still to be sent: no change, no conflict.
                return _inward(Cell.CHANGED_IN_EXCHANGE, theirs_touched & differs, activity)
            return _whole(cell, pair, activity, policy)
    return Decision(cell)


def _one_missing(cell: Cell, pair: Pair, link: Link, policy: Policy) -> Decision:
    outbound_first = policy.priority is Priority.OUTBOUND_FIRST
    match cell:
        case Cell.DELETED_IN_EXCHANGE | Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE if (
            link.role is Role.PLAIN
        ):
            return Decision(Cell.DECLINED, consolidate=Answer(Response.DECLINED), forget=True)
        case Cell.DELETED_IN_CONSOLIDATE:
            return Decision(cell, exchange=Delete(), lost=Side.EXCHANGE, forget=True)
        case Cell.DELETED_IN_EXCHANGE:
            return Decision(cell, consolidate=Delete(), lost=Side.CONSOLIDATE, forget=True)
        case Cell.DELETED_ON_BOTH | Cell.WITHDRAWN_AND_GONE:
            return Decision(cell, forget=True)
        case Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE if outbound_first:
            return Decision(cell, exchange=Delete(), lost=Side.EXCHANGE, forget=True)
        case Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE if _reason(pair):
            return Decision(Cell.UNSYNCABLE, reason=_reason(pair))
        case Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE:
            return Decision(cell, consolidate=Create(), lost=Side.CONSOLIDATE)
        case Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE if outbound_first:
            return Decision(cell, exchange=Create(), forget=True)
        case Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE:
            return Decision(cell, consolidate=Delete(), lost=Side.CONSOLIDATE, forget=True)
    return Decision(cell, reason=_reason(pair))


def _whole(cell: Cell, pair: Pair, activity: Activity, policy: Policy) -> Decision:
    """One version wins, whole (A3, G2); what travels inbound only comes in either way."""
    differs = differing(pair.mine, pair.theirs)
    if not differs:
        return Decision(cell)
    if policy.priority is Priority.INBOUND_FIRST:
        return _inward(cell, differs, activity)
    outward = differs & outward_fields(pair.role)
    inward = differs & inward_only(pair.role)
    return Decision(
        cell,
        consolidate=Change(inward) if inward else None,
        exchange=Change(outward) if outward else None,
        lost=Side.EXCHANGE if outward else None,
    )


def _ruling(cell: Cell, pair: Pair) -> Decision:
    """The organizer's own event rules, whatever the priority (G11)."""
    differs = differing(pair.mine, pair.theirs)
    if not differs:
        return Decision(cell)
    return Decision(cell, consolidate=Change(differs), lost=Side.CONSOLIDATE)


def _inward(cell: Cell, fields: frozenset[Field], activity: Activity) -> Decision:
    """What changed in Exchange; a type that makes private wins over what Outlook says (G6)."""
    forced = fields & {Field.PRIVATE} if activity.sending is Sending.PRIVATE else frozenset()
    taken = fields - forced
    return Decision(
        cell,
        consolidate=Change(taken) if taken else None,
        exchange=Change(forced) if forced else None,
        lost=Side.CONSOLIDATE if taken else None,
    )


def _reason(pair: Pair) -> Message | None:
    for side in (pair.activity, pair.event):
        if isinstance(side, BrokenActivity | UnreadableEvent):
            return side.reason
    return None
