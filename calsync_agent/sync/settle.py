"""Settles a batch in one transaction: decides, writes Consolidate, and intends what goes out.

Rows, links, kept versions, log lines and pending work are committed together (B2, B6); what has to
be sent to Exchange is returned, each with a pending row that outlives a kill.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from calsync_agent.consolidate import writing
from calsync_agent.exchange.events import Event
from calsync_agent.i18n import Message
from calsync_agent.state import history, links, log, pending, quarantine
from calsync_agent.state.quarantine import Item
from calsync_agent.sync import telling
from calsync_agent.sync.effects import Effects, effects
from calsync_agent.sync.job import Batch, Count, Intent, Job, Settled
from calsync_agent.sync.match import Match, no_match
from calsync_agent.sync.pairs import Known, assemble
from calsync_agent.sync.plan import Cell, Decision, Delete, Pair, decide


@dataclass(frozen=True, slots=True)
class _Done:
    """A decision that is carried out now, with what it writes."""

    known: Known
    decision: Decision
    effects: Effects


@dataclass(slots=True)
class _Sorted:
    """The pairs of a batch by what becomes of them."""

    done: list[_Done] = field(default_factory=list)
    stale: list[Known] = field(default_factory=list)
    put_off: list[Known] = field(default_factory=list)
    refused: list[tuple[Known, Message]] = field(default_factory=list)
    waiting: list[Known] = field(default_factory=list)


def settle(
    connection: sa.Connection,
    job: Job,
    batch: Batch,
    *,
    match: Match = no_match,
    delete: bool = False,
) -> Settled:
    """Decide about a batch, commit what concerns Consolidate, and return what is to be sent.

    Deletions on either side are put off, and returned, unless `delete`.
    """
    found = _Sorted()
    for known in assemble(connection, job, batch, match):
        decision = decide(known.pair, job.policy)
        if batch.reported and decision.cell is not Cell.IN_STEP and _stale(known.pair):
            found.stale.append(known)
        elif Delete() in {decision.consolidate, decision.exchange} and not delete:
            found.put_off.append(known)
        elif decision.reason is not None:
            found.refused.append((known, decision.reason))
        elif decision.waits:
            found.waiting.append(known)
        else:
            found.done.append(_Done(known, decision, effects(job, known, decision)))
    all_effects = [done.effects for done in found.done]
    _write_consolidate(connection, job, all_effects)
    _write_links(connection, all_effects)
    history.keep(connection, [e.kept for e in all_effects if e.kept], job.stamp.now)
    told = [
        entry
        for done in found.done
        for entry in telling.decided(job, done.known, done.decision, done.effects)
    ]
    told += _quarantine(connection, job, batch, found)
    log.write(connection, told, job.stamp.now)
    intents = _intend(connection, job, batch, found)
    stale = frozenset(known.pair.event.id for known in found.stale if known.pair.event)
    wrote = bool(found.refused or found.waiting or batch.activities) or any(
        written != Effects() for written in all_effects
    )
    return Settled(intents, _again(found.put_off, batch), stale, wrote, _count(found))


def _stale(pair: Pair) -> bool:
    """Whether the feed tells of a version older than one that is known already."""
    event, link = pair.event, pair.link
    if not isinstance(event, Event) or link is None:
        return False
    if event.modified_at is None or link.modified_at is None:
        return False
    return event.modified_at < link.modified_at


def _write_consolidate(connection: sa.Connection, job: Job, all_effects: Sequence[Effects]) -> None:
    writing.create(connection, [e.create for e in all_effects if e.create], job.stamp)
    writing.change(connection, [e.change for e in all_effects if e.change], job.stamp)
    writing.delete(connection, [e.delete for e in all_effects if e.delete], job.stamp)


def _write_links(connection: sa.Connection, all_effects: Sequence[Effects]) -> None:
    links.delete(connection, [e.dropped_link for e in all_effects if e.dropped_link])
    links.insert(connection, [e.new_link for e in all_effects if e.new_link])
    links.update(connection, [e.changed_link for e in all_effects if e.changed_link])


def _quarantine(
    connection: sa.Connection, job: Job, batch: Batch, found: _Sorted
) -> list[log.Entry]:
    """Put aside what cannot be synced, let go what can be again; returns what is new to tell."""
    subjects = {_item(known): telling.named_in(known) for known, _ in found.refused}
    refused = {_item(known): reason for known, reason in found.refused}
    # What goes out is settled only when Exchange has taken it.
    in_step = (done.known for done in found.done if done.effects.outgoing is None)
    settled = {item for known in in_step for item in _items(known)}
    settled |= {Item(None, event) for event in batch.gone}
    new = quarantine.update(connection, job.profile.id, refused, settled, job.stamp.now)
    return [telling.quarantined(job, item, subjects[item], refused[item]) for item in new]


def _intend(connection: sa.Connection, job: Job, batch: Batch, found: _Sorted) -> list[Intent]:
    """Make every request's intent durable, and strike off the work that needs none."""
    going_out = [(done, done.effects.outgoing) for done in found.done if done.effects.outgoing]
    unwritten = {done.known.activity_id for done, _ in going_out}
    if not job.policy.outbound:
        unwritten |= {known.activity_id for known in found.waiting}
    profile, new = job.profile.id, unwritten - batch.activities.keys()
    pending.add(connection, [(profile, number) for number in new])
    versions = {**batch.activities, **pending.versions(connection, profile, new)}
    kept = unwritten | {known.activity_id for known in found.put_off + found.stale}
    finished = {number: v for number, v in batch.activities.items() if number not in kept}
    pending.done(connection, profile, finished)
    return [
        Intent(
            done.decision.cell,
            outgoing,
            telling.named_in(done.known),
            versions[done.known.activity_id],
        )
        for done, outgoing in going_out
    ]


def _again(put_off: Sequence[Known], batch: Batch) -> Batch:
    """What is needed to decide about these pairs once more."""
    numbers = [known.activity_id for known in put_off]
    links_ = [known.pair.link for known in put_off if known.pair.event is None]
    return Batch(
        events=tuple(known.pair.event for known in put_off if known.pair.event is not None),
        gone=frozenset(link.event_id for link in links_ if link and link.event_id),
        activities={n: batch.activities[n] for n in numbers if n in batch.activities},
    )


def _item(known: Known) -> Item:
    """What is quarantined: the appointment, or an event that has none."""
    if known.pair.activity is None and known.pair.link is None and known.pair.event is not None:
        return Item(None, known.pair.event.id)
    return Item(known.activity_id, None)


def _items(known: Known) -> set[Item]:
    event = known.pair.event
    return {Item(known.activity_id, None)} | ({Item(None, event.id)} if event else set())


def _count(found: _Sorted) -> Counter[Count]:
    counts: Counter[Count] = Counter()
    for done in found.done:
        counts[Count.CREATED_IN_CONSOLIDATE] += done.effects.create is not None
        counts[Count.CHANGED_IN_CONSOLIDATE] += done.effects.change is not None
        counts[Count.DELETED_IN_CONSOLIDATE] += done.effects.delete is not None
        counts[Count.LINKED] += done.decision.cell is Cell.MATCHED
        counts[Count.CONFLICTS] += done.decision.conflict
    counts[Count.QUARANTINED] += len(found.refused)
    return counts
