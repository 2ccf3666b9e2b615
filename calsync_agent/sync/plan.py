"""What to do about one appointment and its event: a function of what both sides hold.

Each side of a known pair is the same as when both were last in step, changed, gone, or cannot be
read. Every combination is a cell of `MATRIX` and has a name. A decision says what is written to
which side and whose version is lost; the rules of `semantics.md` are named where they hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from calsync_agent.appointment.content import (
    ALL,
    BOTH_WAYS,
    INBOUND_ONLY,
    Field,
    changed,
    differing,
    fingerprint,
    unsettled_in,
)
from calsync_agent.appointment.model import Appointment
from calsync_agent.consolidate.rows import Activity, BrokenActivity, Sending
from calsync_agent.exchange.events import Event, UnreadableEvent
from calsync_agent.i18n import Message
from calsync_agent.state.history import Side
from calsync_agent.state.links import Link
from calsync_agent.state.profiles import Policy, Priority


class State(StrEnum):
    """What became of one side since both were last in step."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"
    WITHDRAWN = "withdrawn"
    BROKEN = "broken"


class Cell(StrEnum):
    """A cell of the matrix: what happened, in the user's world."""

    IN_STEP = "in step"
    CHANGED_IN_CONSOLIDATE = "changed in Consolidate"
    CHANGED_IN_EXCHANGE = "changed in Exchange"
    CHANGED_ON_BOTH = "changed on both sides"
    DELETED_IN_CONSOLIDATE = "deleted in Consolidate"
    DELETED_IN_EXCHANGE = "deleted in Exchange"
    DELETED_ON_BOTH = "deleted on both sides"
    DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE = "deleted in Consolidate, changed in Exchange"
    CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE = "changed in Consolidate, deleted in Exchange"
    WITHDRAWN = "withdrawn from Exchange"
    WITHDRAWN_AND_GONE = "withdrawn, and gone from Exchange"
    UNSYNCABLE = "cannot be synced"
    NEW_IN_CONSOLIDATE = "new in Consolidate"
    NEW_IN_EXCHANGE = "new in Exchange"
    MATCHED = "the same on both sides"
    OUT_OF_SCOPE = "out of scope"
    UNFINISHED = "a write to Exchange was cut off"


@dataclass(frozen=True, slots=True)
class Create:
    """Make the appointment anew on this side; in Consolidate also: bring a deleted one back."""


@dataclass(frozen=True, slots=True)
class Change:
    """Write these fields, as the other side holds them."""

    fields: frozenset[Field]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete it on this side."""


Write: TypeAlias = Create | Change | Delete | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about one pair.

    `waits`: a direction is switched off; nothing is done and nothing forgotten (A2). `lost`: whose
    version goes, to be kept before (B6). `reason`: why it is quarantined (B8).
    """

    cell: Cell
    consolidate: Write = None
    exchange: Write = None
    lost: Side | None = None
    waits: bool = False
    forget: bool = False
    reason: Message | None = None

    @property
    def conflict(self) -> bool:
        """Whether somebody's change is overruled (A3)."""
        return self.cell in CONFLICTS and not (self.consolidate is self.exchange is None)


@dataclass(frozen=True, slots=True)
class Pair:
    """One appointment and its event, as both sides hold them now.

    `link` is None where they are not known to belong together; a side that has nothing is None.
    `sendable`: the appointment is in scope and belongs into this mailbox (C1, F1).
    """

    link: Link | None
    activity: Activity | BrokenActivity | None
    event: Event | UnreadableEvent | None
    sendable: bool = True


MATRIX: Final[Mapping[tuple[State, State], Cell]] = {
    (State.SAME, State.SAME): Cell.IN_STEP,
    (State.SAME, State.CHANGED): Cell.CHANGED_IN_EXCHANGE,
    (State.SAME, State.GONE): Cell.DELETED_IN_EXCHANGE,
    (State.CHANGED, State.SAME): Cell.CHANGED_IN_CONSOLIDATE,
    (State.CHANGED, State.CHANGED): Cell.CHANGED_ON_BOTH,
    (State.CHANGED, State.GONE): Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE,
    (State.GONE, State.SAME): Cell.DELETED_IN_CONSOLIDATE,
    (State.GONE, State.CHANGED): Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE,
    (State.GONE, State.GONE): Cell.DELETED_ON_BOTH,
    (State.WITHDRAWN, State.SAME): Cell.WITHDRAWN,
    (State.WITHDRAWN, State.CHANGED): Cell.WITHDRAWN,
    (State.WITHDRAWN, State.GONE): Cell.WITHDRAWN_AND_GONE,
    (State.SAME, State.BROKEN): Cell.UNSYNCABLE,
    (State.CHANGED, State.BROKEN): Cell.UNSYNCABLE,
    (State.GONE, State.BROKEN): Cell.UNSYNCABLE,
    (State.WITHDRAWN, State.BROKEN): Cell.WITHDRAWN,
    (State.BROKEN, State.SAME): Cell.UNSYNCABLE,
    (State.BROKEN, State.CHANGED): Cell.UNSYNCABLE,
    (State.BROKEN, State.GONE): Cell.UNSYNCABLE,
    (State.BROKEN, State.BROKEN): Cell.UNSYNCABLE,
}

CONFLICTS: Final = frozenset(
    {
        Cell.CHANGED_ON_BOTH,
        Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE,
        Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE,
    }
)


def decide(pair: Pair, policy: Policy) -> Decision:
    """What to do about a pair, under a policy."""
    decision = _unlinked(pair, policy) if pair.link is None else _linked(pair, pair.link, policy)
    blocked = (decision.consolidate is not None and not policy.inbound) or (
        decision.exchange is not None and not policy.outbound
    )
    return Decision(decision.cell, waits=True) if blocked else decision


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
        case Activity(appointment=appointment):
            same = fingerprint(appointment) == link.consolidate
            return State.SAME if same else State.CHANGED


def exchange_state(pair: Pair, link: Link) -> State:
    """What became of the event since it was last in step with its appointment."""
    match pair.event:
        case None:
            return State.GONE
        case UnreadableEvent():
            return State.BROKEN
        case Event(appointment=appointment):
            same = fingerprint(appointment) == link.exchange
            return State.SAME if same else State.CHANGED


def _unlinked(pair: Pair, policy: Policy) -> Decision:
    match pair.activity, pair.event:
        case (Activity() as activity, Event() as event) if not activity.deleted:
            return _matched(activity, event, policy)
        case (_, UnreadableEvent(reason=reason)):
            return Decision(Cell.UNSYNCABLE, reason=reason)
        case (_, Event()):
            return Decision(Cell.NEW_IN_EXCHANGE, consolidate=Create())
        case (BrokenActivity(deleted=False, reason=reason), None) if pair.sendable:
            return Decision(Cell.UNSYNCABLE, reason=reason)
        case (Activity(deleted=False) as activity, None) if pair.sendable:
            if activity.sending is not Sending.NONE:
                return Decision(Cell.NEW_IN_CONSOLIDATE, exchange=Create())
    return Decision(Cell.OUT_OF_SCOPE)


def _matched(activity: Activity, event: Event, policy: Policy) -> Decision:
    """Entered by hand on both sides: linked; where they differ, priority decides (B4)."""
    return _whole(Cell.MATCHED, activity.appointment, event.appointment, policy)


def _linked(pair: Pair, link: Link, policy: Policy) -> Decision:
    if link.unfinished:
        resumed = _resumed(pair)
        if resumed is not None:
            return resumed
    cell = MATRIX[consolidate_state(pair, link), exchange_state(pair, link)]
    match pair.activity, pair.event:
        case (Activity() as activity, Event() as event) if not activity.deleted:
            return _both_there(cell, activity, event, link, policy)
    return _one_missing(cell, pair, policy)


def _resumed(pair: Pair) -> Decision | None:
    """A write of several requests was cut off: what Exchange holds is half of it, nobody's wish."""
    match pair.activity, pair.event:
        case (Activity(deleted=False) as activity, _) if activity.sending is Sending.NONE:
            return None
        case (Activity(deleted=False) as activity, Event() as event):
            fields = differing(activity.appointment, event.appointment) & BOTH_WAYS
            return Decision(Cell.UNFINISHED, exchange=Change(fields) if fields else None)
        case (Activity(deleted=False), None):
            return Decision(Cell.UNFINISHED, exchange=Create())
    return None


def _both_there(
    cell: Cell, activity: Activity, event: Event, link: Link, policy: Policy
) -> Decision:
    mine, theirs = activity.appointment, event.appointment
    differs = differing(mine, theirs)
    match cell:
        case Cell.WITHDRAWN:
            return Decision(cell, exchange=Delete(), lost=Side.EXCHANGE, forget=True)
        case Cell.CHANGED_IN_CONSOLIDATE:
            touched = changed(link.consolidate, fingerprint(mine))
            return _outward(cell, touched & differs & BOTH_WAYS)
        case Cell.CHANGED_IN_EXCHANGE:
            fields = changed(link.exchange, fingerprint(theirs)) & differs
            return _inward(cell, fields, activity)
        case Cell.CHANGED_ON_BOTH:
            touched = changed(link.consolidate, fingerprint(mine))
            theirs_touched = changed(link.exchange, fingerprint(theirs))
            if touched <= unsettled_in(link.consolidate) - theirs_touched:
                # Only what Exchange refused before is still to be sent: no change, no conflict.
                return _inward(Cell.CHANGED_IN_EXCHANGE, theirs_touched & differs, activity)
            return _whole(cell, mine, theirs, policy)
    return Decision(cell)


def _one_missing(cell: Cell, pair: Pair, policy: Policy) -> Decision:
    outbound_first = policy.priority is Priority.OUTBOUND_FIRST
    match cell:
        case Cell.DELETED_IN_CONSOLIDATE:
            return Decision(cell, exchange=Delete(), lost=Side.EXCHANGE, forget=True)
        case Cell.DELETED_IN_EXCHANGE:
            return Decision(cell, consolidate=Delete(), lost=Side.CONSOLIDATE, forget=True)
        case Cell.DELETED_ON_BOTH | Cell.WITHDRAWN_AND_GONE:
            return Decision(cell, forget=True)
        case Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE if outbound_first:
            return Decision(cell, exchange=Delete(), lost=Side.EXCHANGE, forget=True)
        case Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE:
            return Decision(cell, consolidate=Create(), lost=Side.CONSOLIDATE)
        case Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE if outbound_first:
            return Decision(cell, exchange=Create(), forget=True)
        case Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE:
            return Decision(cell, consolidate=Delete(), lost=Side.CONSOLIDATE, forget=True)
        case Cell.WITHDRAWN:
            return Decision(cell, exchange=Delete(), forget=True)
    return Decision(cell, reason=_reason(pair))


def _whole(cell: Cell, mine: Appointment, theirs: Appointment, policy: Policy) -> Decision:
    """One version wins, whole (A3, G2); what travels inbound only comes in either way."""
    differs = differing(mine, theirs)
    if not differs:
        return Decision(cell)
    if policy.priority is Priority.INBOUND_FIRST:
        return Decision(cell, consolidate=Change(differs), lost=Side.CONSOLIDATE)
    outward, inward = differs & BOTH_WAYS, differs & INBOUND_ONLY
    return Decision(
        cell,
        consolidate=Change(inward) if inward else None,
        exchange=Change(outward) if outward else None,
        lost=Side.EXCHANGE if outward else None,
    )


def _outward(cell: Cell, fields: frozenset[Field]) -> Decision:
    if not fields:
        return Decision(cell)
    return Decision(cell, exchange=Change(fields), lost=Side.EXCHANGE)


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


__all__ = ["ALL", "MATRIX", "Cell", "Change", "Create", "Decision", "Delete", "Pair", "decide"]
