"""Sorts the pairs of a batch by what becomes of them: now, at the end, after an admin, never."""

from dataclasses import dataclass, field, replace

from calsync_agent.appointment.content import fingerprint
from calsync_agent.domain.event import Event
from calsync_agent.domain.hold import Verdict
from calsync_agent.i18n import Message, message
from calsync_agent.plan import verdicts
from calsync_agent.plan.decide import decide
from calsync_agent.plan.effects import Effects, effects
from calsync_agent.plan.job import Batch, Caution, Job
from calsync_agent.plan.mail_forecast import Mails, forecast
from calsync_agent.plan.matrix import Cell, Decision, fields_of
from calsync_agent.plan.pair import Assembled, Known, Pair


@dataclass(frozen=True, slots=True)
class Planned:
    """A decision with all that it means: rows to be written, mails that Exchange will send."""

    known: Known
    decision: Decision
    effects: Effects
    mails: Mails


@dataclass(slots=True)
class Sorted:
    """The pairs of a batch by what becomes of them."""

    done: list[Planned] = field(default_factory=list)
    put_off: list[Planned] = field(default_factory=list)
    held: list[Planned] = field(default_factory=list)
    stale: list[Known] = field(default_factory=list)
    refused: list[tuple[Known, Message]] = field(default_factory=list)
    never: list[Known] = field(default_factory=list)
    waiting: list[Known] = field(default_factory=list)


def plan(job: Job, known: Known) -> Planned:
    """What is to be done about a pair, and all that it means."""
    if known.intended is not None and known.intended.unfound:
        reason = message(
            "Exchange said that it made the event, which is not to be found yet; it is looked for"
        )
        return Planned(known, Decision(Cell.UNSYNCABLE, reason=reason), Effects(), Mails())
    decision = decide(known.pair, job.policy)
    held = job.held.get(known.activity_id)
    if held is not None and held.verdict is Verdict.DISCARDED:
        decision = verdicts.discarded(known.pair, decision)
    if decision.waits or decision.reason is not None:
        return Planned(known, decision, Effects(), Mails())
    result = effects(job, known, decision)
    outgoing = result.outgoing
    mails = forecast(outgoing.operation, job.office.people, job.quiet) if outgoing else Mails()
    return Planned(known, decision, result, mails)


def sort(job: Job, batch: Batch, assembled: Assembled, caution: Caution) -> Sorted:
    """What becomes of each pair of a batch."""
    found = Sorted()
    for known in assembled.known:
        planned = plan(job, known)
        decision = planned.decision
        held = job.held.get(known.activity_id)
        answered = held is not None and held.verdict is not None
        if batch.reported and decision.cell is not Cell.IN_STEP and _stale(known.pair):
            found.stale.append(known)
        elif decision.reason is not None:
            found.refused.append((known, decision.reason))
            if decision.final:
                found.never.append(known)
        elif decision.waits:
            found.waiting.append(known)
        elif answered or not (decision.deletes or planned.mails.total):
            found.done.append(planned)
        elif caution.link_first and decision.cell is Cell.MATCHED and known.pair.link is None:
            found.done.append(_linked_first(job, planned))
        elif caution.put_off:
            found.put_off.append(planned)
        elif decision.deletes in caution.hold_deletions or (
            caution.hold_mails and planned.mails.total
        ):
            found.held.append(planned)
        else:
            found.done.append(planned)
    return found


def _linked_first(job: Job, planned: Planned) -> Planned:
    """The link alone, by which what is to be sent counts as changed in Consolidate.

    So it is sent with all that goes out, or waits for an admin with it, and is never made anew
    (B4, F8).
    """
    known, fields = planned.known, fields_of(planned.decision.exchange)
    decision = replace(planned.decision, exchange=None, lost=None, waiting=fields)
    done = effects(job, known, decision)
    if done.new_link is not None:
        link = replace(done.new_link, exchange=fingerprint(known.pair.theirs))
        done = replace(done, new_link=link)
    return Planned(known, decision, done, Mails())


def _stale(pair: Pair) -> bool:
    """Whether the feed tells of a version older than one that is known already."""
    event, link = pair.event, pair.link
    if not isinstance(event, Event) or link is None:
        return False
    if event.modified_at is None or link.modified_at is None:
        return False
    return event.modified_at < link.modified_at
