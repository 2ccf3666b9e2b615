"""Carries intents out: requests to Exchange, then their results in one transaction."""

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa

from calsync_agent.appointment.content import UNKNOWN, Fingerprint, fingerprint, mixed
from calsync_agent.appointment.model import ActivityId
from calsync_agent.exchange.events import Event
from calsync_agent.exchange.mailbox import ChangeEvent, CreateEvent, DeleteEvent
from calsync_agent.exchange.requests import Lost
from calsync_agent.exchange.writes import Gone, Overtaken, Refused, Result, Written
from calsync_agent.state import links, log, pending, quarantine
from calsync_agent.state.links import Link
from calsync_agent.state.quarantine import Item
from calsync_agent.sync import telling
from calsync_agent.sync.effects import agreed
from calsync_agent.sync.job import Count, Intent, Job


def record(
    connection: sa.Connection, job: Job, results: Sequence[tuple[Intent, Result]]
) -> Counter[Count]:
    """Remember what became of requests; what is not certain stays pending (B1, B2)."""
    changed: list[Link] = []
    dropped: list[Link] = []
    refused: dict[Item, Refused] = {}
    done: dict[ActivityId, int] = {}
    told: list[log.Entry] = []
    counts: Counter[Count] = Counter()
    for intent, result in results:
        link = intent.outgoing.link
        match result:
            case Written(event):
                changed.append(_held(intent, event))
                told += telling.sent(job, intent, event.id)
                counts[_COUNTS[type(intent.outgoing.operation)]] += 1
            case Gone():
                dropped.append(link)
                told += telling.sent(job, intent, link.event_id)
                counts[Count.DELETED_IN_EXCHANGE] += 1
            case Refused():
                refused[Item(link.activity, None)] = result
                if link.event_id is None:
                    dropped.append(link)
                counts[Count.QUARANTINED] += 1
            case Overtaken():
                counts[Count.OVERTAKEN] += 1
                continue
            case Lost():
                counts[Count.UNANSWERED] += 1
                continue
        done[link.activity] = intent.version
    links.update(connection, changed)
    links.delete(connection, [link.id for link in dropped])
    told += _quarantine(connection, job, results, refused)
    pending.done(connection, job.profile.id, done)
    log.write(connection, told, job.stamp.now)
    return counts


_COUNTS = {
    CreateEvent: Count.CREATED_IN_EXCHANGE,
    ChangeEvent: Count.CHANGED_IN_EXCHANGE,
    DeleteEvent: Count.DELETED_IN_EXCHANGE,
}


def _held(intent: Intent, event: Event) -> Link:
    """The link after a write: what was sent on our side, what Exchange made of it on its own.

    Of a change only the written fields are taken from the answer: if somebody changed others in the
    same moment, they are still to be carried over.
    """
    link, sent = intent.outgoing.link, intent.outgoing.sent
    mine = fingerprint(sent) if sent else UNKNOWN
    theirs: Fingerprint = fingerprint(event.appointment)
    if isinstance(intent.outgoing.operation, ChangeEvent):
        theirs = mixed(link.exchange, theirs, intent.outgoing.operation.fields)
    return agreed(link, event, consolidate=mine, exchange=theirs)


def _quarantine(
    connection: sa.Connection,
    job: Job,
    results: Sequence[tuple[Intent, Result]],
    refused: dict[Item, Refused],
) -> list[log.Entry]:
    subjects = {Item(i.outgoing.link.activity, None): i.subject for i, _ in results}
    reasons = {item: result.reason for item, result in refused.items()}
    new = quarantine.update(connection, job.profile.id, reasons, (), job.stamp.now)
    return [telling.quarantined(job, item, subjects[item], reasons[item]) for item in new]
