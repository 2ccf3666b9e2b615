"""Remembers what came of requests to Exchange, in one transaction (B1, B2)."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, ICalUid, LinkId, ProfileId
from calsync_agent.domain.link import Link, Role
from calsync_agent.domain.operation import (
    DeleteEvent,
    Lost,
    Overtaken,
    Partly,
    Refused,
    Result,
    Written,
)
from calsync_agent.plan.aftermath import Aftermath, after
from calsync_agent.plan.job import Count, Intent, Job
from calsync_agent.state import deeds, links, log, meetings, pending, quarantine
from calsync_agent.state.quarantine import Item
from calsync_agent.sync import flip_guard, sync_log

_Ended: TypeAlias = tuple[Intent, Aftermath]


def record(
    connection: sa.Connection, job: Job, results: Sequence[tuple[Intent, Result]]
) -> Counter[Count]:
    """Remember what became of requests; what is not certain stays pending (B1, B2)."""
    ended = [(one, after(job, one, result, LinkId(uuid4()))) for one, result in results]
    links.update(connection, _changed(ended))
    links.delete(connection, [one.outgoing.link.id for one, now in ended if now.link is None])
    links.insert(connection, [now.renewed for _, now in ended if now.renewed is not None])
    _remember_deeds(connection, job, results)
    meetings.note(connection, _organized(results, ended))
    profile, at = job.profile.id, job.stamp.now
    log.write(connection, [*_told(job, ended), *_put_aside(connection, job, ended)], at)
    made = {one.outgoing.link.activity for one, now in ended if now.made}
    heirs = {(heir, one.outgoing.link.activity) for one, now in ended for heir in now.heirs}
    pending.add(connection, {*others(connection, profile, made), *heirs})
    flip_guard.went_out(connection, job, results)
    done = {one.outgoing.link.activity: one.version for one, now in ended if now.done}
    pending.done(connection, profile, done)
    return sum((now.counts for _, now in ended), Counter())


def others(
    connection: sa.Connection, profile: ProfileId, made: Collection[ActivityId]
) -> list[tuple[ProfileId, ActivityId]]:
    """Whoever held an appointment until now, and may let it go (G10)."""
    known = links.by_activities(connection, made)
    return [(li.profile, li.activity) for li in known if li.profile != profile]


def _changed(ended: Sequence[_Ended]) -> list[Link]:
    """The links that are not as they were when the request was sent."""
    return [
        now.link
        for intent, now in ended
        if now.link is not None and now.link is not intent.outgoing.link
    ]


def _told(job: Job, ended: Sequence[_Ended]) -> Iterator[log.LogEntry]:
    for intent, now in ended:
        if now.told is not None:
            yield from sync_log.sent(job, now.told, now.event)
        if now.lacking is not None:
            yield sync_log.without_meeting(job, intent, now.event, now.lacking)


def _put_aside(connection: sa.Connection, job: Job, ended: Sequence[_Ended]) -> list[log.LogEntry]:
    """Quarantine what was refused, and release what is settled; what is new in it is told (B8)."""
    names = {_item(intent): intent.name for intent, _ in ended}
    refused = {_item(one): now.refused for one, now in ended if now.refused is not None}
    settled = {_item(one) for one, now in ended if now.settled}
    profile, at = job.profile.id, job.stamp.now
    new = quarantine.update(connection, profile, refused, settled, at, names=names)
    return [sync_log.quarantined(job, item, names[item], refused[item]) for item in new]


def _organized(
    results: Sequence[tuple[Intent, Result]], ended: Sequence[_Ended]
) -> dict[ICalUid, ActivityId]:
    """The meetings that were made, changed or withdrawn; their copies come at any time (F1a)."""
    met = {
        result.event.ical_uid
        for _, result in results
        if isinstance(result, Written | Partly) and result.event.meeting
    }
    made = [li for li in _changed(ended) if li.ical_uid in met]
    made += [intent.outgoing.link for intent, now in ended if now.link is None]
    return {li.ical_uid: li.activity for li in made if li.ical_uid and li.role is Role.ORGANIZER}


def _remember_deeds(
    connection: sa.Connection, job: Job, results: Sequence[tuple[Intent, Result]]
) -> None:
    """What Exchange has not done has mailed nobody (B7, F8)."""
    certain, undone = set[ActivityId](), set[ActivityId]()
    for intent, result in results:
        if not (intent.mails.total or isinstance(intent.outgoing.operation, DeleteEvent)):
            continue
        if isinstance(result, Refused | Overtaken):
            undone.add(intent.outgoing.link.activity)
        elif not isinstance(result, Lost):
            certain.add(intent.outgoing.link.activity)
    deeds.certain(connection, job.profile.id, certain)
    deeds.undone(connection, job.profile.id, undone)


def _item(intent: Intent) -> Item:
    return Item(intent.outgoing.link.activity, None)
