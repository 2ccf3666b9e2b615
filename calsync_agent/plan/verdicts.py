"""What becomes of something held once an admin has said so (B7, F8)."""

from calsync_agent.appointment.content import differing
from calsync_agent.appointment.fields import Field
from calsync_agent.domain.event import Event
from calsync_agent.domain.link import Role
from calsync_agent.domain.version import Side
from calsync_agent.i18n import message
from calsync_agent.plan.matrix import Cell, Change, Create, Decision
from calsync_agent.plan.pair import Pair


def discarded(pair: Pair, decision: Decision) -> Decision:
    """Not what was planned: what was to be deleted comes back where it was missing.

    A change that would have mailed too many is put back to what Exchange holds.
    """
    if decision.deletes is Side.CONSOLIDATE:
        if pair.event is None and pair.role is not Role.COPY:
            return Decision(Cell.BROUGHT_BACK, exchange=Create(), forget=True)
        return Decision(Cell.BROUGHT_BACK, forget=True)
    gone = pair.activity is None or pair.activity.deleted
    if decision.deletes is Side.EXCHANGE and gone and isinstance(pair.event, Event):
        return Decision(Cell.BROUGHT_BACK, consolidate=Create())
    if isinstance(decision.exchange, Change):
        differs = differing(pair.mine, pair.theirs)
        if not pair.theirs.categories:
            differs -= {Field.CATEGORY}  # it does not tell which type it had
        return Decision(Cell.DISCARDED, consolidate=Change(differs), lost=Side.CONSOLIDATE)
    if decision.exchange is not None:
        reason = message("it is not sent to Exchange, because an administrator decided so")
        return Decision(Cell.DISCARDED, reason=reason, final=True)
    return decision
