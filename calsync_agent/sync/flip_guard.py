"""Stops an appointment that flips between the same two contents (B13).

What counts is what was written, on either side: kept versions do not tell it, because equal ones
are kept once.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.content import differing, fingerprint
from calsync_agent.domain.activity import Activity
from calsync_agent.domain.event import Event
from calsync_agent.domain.operation import (
    Answered,
    AnswerEvent,
    ChangeEvent,
    Result,
    Written,
    WrittenUnread,
)
from calsync_agent.i18n import Message, message
from calsync_agent.plan.job import Intent, Job
from calsync_agent.plan.matrix import fields_of
from calsync_agent.plan.projection import view
from calsync_agent.plan.triage import Planned, Sorted
from calsync_agent.state import turns
from calsync_agent.state.turns import Turn
from calsync_agent.sync.sync_log import words

WITHIN: Final = timedelta(hours=1)
MOST_FLIPS: Final = 5


def stop_flipping(connection: sa.Connection, job: Job, found: Sorted) -> None:
    """Refuse what has flipped too often, instead of doing it once more."""
    turning = [(one, of) for one in found.done if _writes(one) and (of := _turn(one))]
    if not turning:
        return
    activities = {one.known.activity_id for one, _ in turning}
    before = turns.count(connection, activities, job.stamp.now - WITHIN)
    for one, of in turning:
        if before[of] >= MOST_FLIPS:
            found.done.remove(one)
            found.refused.append((one.known, _reason(one)))


def came_in(connection: sa.Connection, job: Job, done: Sequence[Planned]) -> None:
    """Remember what is written to Consolidate."""
    written = [of for one in done if one.effects.change is not None and (of := _turn(one))]
    turns.add(connection, written, job.stamp.now, job.stamp.now - WITHIN)


def went_out(connection: sa.Connection, job: Job, results: Sequence[tuple[Intent, Result]]) -> None:
    """Remember what Exchange has taken."""
    written = [of for intent, result in results if (of := _turn_of(job, intent, result))]
    turns.add(connection, written, job.stamp.now, job.stamp.now - WITHIN)


def _writes(planned: Planned) -> bool:
    """Whether content is written over other content, on whichever side."""
    done = planned.effects
    operation = done.outgoing.operation if done.outgoing else None
    return done.change is not None or isinstance(operation, ChangeEvent | AnswerEvent)


def _turn(planned: Planned) -> Turn | None:
    """The two contents that one pair holds; None where a side has none that can be read."""
    pair = planned.known.pair
    if not isinstance(pair.activity, Activity) or not isinstance(pair.event, Event):
        return None
    both = turns.contents(fingerprint(pair.mine), fingerprint(pair.theirs))
    return planned.known.activity_id, both


def _turn_of(job: Job, intent: Intent, result: Result) -> Turn | None:
    operation, sent = intent.outgoing.operation, intent.outgoing.sent
    done = isinstance(result, Written | WrittenUnread | Answered)
    if not done or sent is None or not isinstance(operation, ChangeEvent | AnswerEvent):
        return None
    link = intent.outgoing.link
    over = view(operation.event.appointment, link.role, job.profile.employee, job.office)
    return link.activity, turns.contents(fingerprint(sent), fingerprint(over))


def _reason(planned: Planned) -> Message:
    pair, decision = planned.known.pair, planned.decision
    fields = differing(pair.mine, pair.theirs)
    fields = fields or fields_of(decision.consolidate) | fields_of(decision.exchange)
    return message(
        "it flips between two versions that differ in {fields}; both are in the history",
        fields=words(field.value for field in sorted(fields)),
    )
