"""What to do about a copy of a meeting, which lies in an attendee's mailbox (F4-F6, G11).

Only the organizer's own event is ever patched. Through a copy travels its owner's answer, both
ways; and where the organizer's mailbox is not synced, one copy is the voice that brings the content
in. Nothing that Consolidate changes there goes out: it is put back.
"""

from calsync_agent.appointment.content import changed, differing, fingerprint
from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import Response
from calsync_agent.domain.activity import Activity, BrokenActivity, Sending
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.domain.link import Link, Role
from calsync_agent.domain.policy import Policy, Priority
from calsync_agent.domain.version import Side
from calsync_agent.plan.categories import CATEGORY, comes_by_copy
from calsync_agent.plan.inbound_id import own_id
from calsync_agent.plan.matrix import Cell, Change, Create, Decision, Delete, Respond
from calsync_agent.plan.pair import Pair
from calsync_agent.plan.projection import answer

ANSWER = frozenset({Field.RESPONSES})


def seen(pair: Pair) -> Decision:
    """A copy of a meeting that is known: linked, never imported (F1, F4).

    An answer that was given in Outlook comes in; none is sent because of a mere link (F8).
    """
    if isinstance(pair.event, Event) and pair.event.is_cancelled:
        return Decision(Cell.COPY_LEFT)
    answered = answer(pair.theirs, pair.employee) is not Response.NONE
    if answered and Field.RESPONSES in differing(pair.mine, pair.theirs):
        return Decision(Cell.COPY_SEEN, consolidate=Change(ANSWER))
    return Decision(Cell.COPY_SEEN)


def linked(pair: Pair, link: Link, policy: Policy) -> Decision:
    """A copy that is linked."""
    match pair.activity, pair.event:
        case (BrokenActivity(deleted=False, reason=reason), _) | (
            _,
            UnreadableEvent(reason=reason),
        ):
            return Decision(Cell.UNSYNCABLE, reason=reason)
        case (Activity(deleted=False) as activity, _) if _takes_over(pair, activity):
            # Made here first; with the former organizer's event Exchange cancels the copy (G10).
            if pair.relation.unexamined:
                return Decision(Cell.MOVED_HERE, waits=True)
            return Decision(Cell.MOVED_HERE, exchange=Create())
        case (Activity(deleted=False), None):
            return _declined(pair)
        case (Activity(deleted=False), Event(is_cancelled=True)):
            return _cancelled(pair)
        case (Activity(deleted=False), Event()):
            return _both_there(pair, link, policy)
        case (_, None):
            return Decision(Cell.DELETED_ON_BOTH, forget=True)
        case (_, Event(is_cancelled=cancelled)) if cancelled or pair.relation.inside:
            # The organizer's event goes, or has gone: Exchange tells the copies itself.
            return Decision(Cell.COPY_LEFT, forget=True)
    # Removing a copy mails nobody (F5).
    return Decision(Cell.DELETED_IN_CONSOLIDATE, exchange=Delete(), lost=Side.EXCHANGE, forget=True)


def _takes_over(pair: Pair, activity: Activity) -> bool:
    """Whether the copy's owner has become responsible for what another of us has led so far."""
    leads = pair.relation.wanted is Role.ORGANIZER and pair.sendable
    return leads and pair.relation.led and activity.sending is not Sending.NONE


def _declined(pair: Pair) -> Decision:
    """Whoever deletes their copy has declined; the meeting stays (F6)."""
    if answer(pair.mine, pair.employee) is Response.DECLINED:
        return Decision(Cell.DECLINED, forget=True)
    return Decision(Cell.DECLINED, consolidate=Respond(Response.DECLINED), forget=True)


def _cancelled(pair: Pair) -> Decision:
    """The organizer cancelled, or the sync did; the copy is left where it is (G11)."""
    if pair.relation.voice and pair.called_off:
        lost = Side.CONSOLIDATE
        return Decision(Cell.CANCELLED, consolidate=Delete(), lost=lost, forget=True)
    return Decision(Cell.COPY_LEFT, forget=True)


def _both_there(pair: Pair, link: Link, policy: Policy) -> Decision:
    touched = changed(link.consolidate, fingerprint(pair.mine))
    theirs_touched = changed(link.exchange, fingerprint(pair.theirs))
    differs = differing(pair.mine, pair.theirs)
    inward: frozenset[Field] = frozenset()
    put_back: frozenset[Field] = frozenset()
    if pair.relation.voice:
        overruled = frozenset() if _waits_for_organizer(pair) else touched
        put_back = (overruled & differs) - ANSWER - CATEGORY
        inward = ((overruled | theirs_touched) & differs) - ANSWER - CATEGORY
        if comes_by_copy(pair):
            inward |= CATEGORY
    sent = None
    if Field.RESPONSES in differs & (touched | theirs_touched):
        if _outward(touched, theirs_touched, policy):
            given = answer(pair.mine, pair.employee)
            sent = Respond(given) if given is not Response.NONE else None
        else:
            inward |= ANSWER
    if put_back:
        cell = Cell.PUT_BACK
    elif sent or inward == ANSWER:
        cell = Cell.ANSWERED
    else:
        cell = Cell.CHANGED_IN_EXCHANGE if inward else Cell.IN_STEP
    return Decision(
        cell,
        consolidate=Change(inward) if inward else None,
        exchange=sent,
        lost=Side.CONSOLIDATE if inward - ANSWER else None,
    )


def _waits_for_organizer(pair: Pair) -> bool:
    """Whether Consolidate's changes go out once the organizer's mailbox is synced again (C5).

    So it is with what was entered in Consolidate. What came from Exchange counts as organized
    outside for the time being (G11).
    """
    if not isinstance(pair.activity, Activity) or not isinstance(pair.event, Event):
        return False
    came_in = pair.activity.id == own_id(pair.event, pair.employee)
    return pair.relation.resting and not came_in


def _outward(touched: frozenset[Field], theirs_touched: frozenset[Field], policy: Policy) -> bool:
    """Whether Consolidate's answer is the one that counts."""
    here, there = Field.RESPONSES in touched, Field.RESPONSES in theirs_touched
    if here and there:
        return policy.priority is Priority.OUTBOUND_FIRST
    return here
