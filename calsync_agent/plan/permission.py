"""What of a decision may be done now, and what waits for a direction to be switched on (A2)."""

from dataclasses import replace

from calsync_agent.domain.activity import Activity
from calsync_agent.domain.event import Event
from calsync_agent.domain.policy import Policy
from calsync_agent.domain.version import Side
from calsync_agent.plan.matrix import Change, Decision, Respond, fields_of
from calsync_agent.plan.pair import Pair


def permitted(pair: Pair, decision: Decision, policy: Policy) -> Decision:
    """The part of a decision that the policy lets through; the rest is forgotten on neither side.

    Two that were just found to belong together are linked all the same, for a link is written to
    neither side: else each would seem to have no counterpart, and be made anew later (B4).
    """
    closed_in = decision.consolidate is not None and not policy.inbound
    closed_out = decision.exchange is not None and not policy.outbound
    if not (closed_in or closed_out):
        return decision
    inward = None if closed_in else decision.consolidate
    outward = None if closed_out else decision.exchange
    if closed_in and isinstance(outward, Change):
        # What comes in first, and goes out as it is then (I2).
        left = outward.fields - fields_of(decision.consolidate)
        outward = Change(left) if left else None
    if not _by_fields(pair, decision) or (inward is outward is None and pair.link is not None):
        return Decision(decision.cell, waits=True)
    closed = {Side.CONSOLIDATE: closed_in, Side.EXCHANGE: closed_out}
    return replace(
        decision,
        consolidate=inward,
        exchange=outward,
        lost=None if decision.lost and closed[decision.lost] else decision.lost,
        waiting=(fields_of(decision.consolidate) if closed_in else frozenset())
        | (fields_of(decision.exchange) if closed_out else frozenset()),
    )


def _by_fields(pair: Pair, decision: Decision) -> bool:
    """Whether both sides are there and stay there, and only fields are written."""
    match pair.activity, pair.event:
        case (Activity(deleted=False), Event()):
            writes = (decision.consolidate, decision.exchange)
            return all(write is None or isinstance(write, Change | Respond) for write in writes)
    return False
