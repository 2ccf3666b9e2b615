"""Puts aside what fell at the fence: quarantined, with its reason and a name (B8)."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from calsync_agent.appointment.content import UNKNOWN
from calsync_agent.appointment.model import ActivityId, EventId
from calsync_agent.consolidate.reading import read_activities
from calsync_agent.exchange.operations import Partly, Result, Written, WrittenUnread
from calsync_agent.i18n import Message, Value
from calsync_agent.state import links, log, pending, quarantine
from calsync_agent.state.links import Link
from calsync_agent.state.quarantine import Item
from calsync_agent.sync import telling
from calsync_agent.sync.job import Batch, Intent, Job


def parts(connection: sa.Connection, job: Job, fallen: Sequence[tuple[Batch, Message]]) -> None:
    """Put events and appointments aside; work on them is struck off, as they are tried again."""
    events = {event.id: event for part, _ in fallen for event in part.events}
    wanted = {*events, *(event for part, _ in fallen for event in part.gone)}
    known = links.by_events(connection, job.profile.id, wanted)
    linked = {link.event_id: link.activity for link in known}
    rows = {*linked.values(), *(number for part, _ in fallen for number in part.activities)}
    activities = read_activities(connection, rows)
    refused: dict[Item, Message] = {}
    names: dict[Item, Value] = {}
    for part, reason in fallen:
        for event in events.keys() & {each.id for each in part.events}:
            item = _item_of(event, linked)
            refused[item], names[item] = reason, telling.aside_name(events[event])
        for number in {*part.activities, *(linked[e] for e in part.gone if e in linked)}:
            item = Item(number, None)
            refused[item], names[item] = reason, telling.aside_name(activities.get(number))
    _put(connection, job, refused, names)
    work = {number: v for part, _ in fallen for number, v in part.activities.items()}
    pending.done(connection, job.profile.id, work)


def results(
    connection: sa.Connection, job: Job, fallen: Sequence[tuple[tuple[Intent, Result], Message]]
) -> None:
    """Put requests aside of which it cannot be remembered what became of them.

    What Exchange has done stays done: it is found again, and never sent a second time (B2a).
    """
    refused: dict[Item, Message] = {}
    names: dict[Item, Value] = {}
    done: dict[ActivityId, int] = {}
    for (intent, result), reason in fallen:
        link = intent.outgoing.link
        item = Item(link.activity, None)
        refused[item], names[item], done[link.activity] = reason, intent.name, intent.version
        match result:
            case Written(event) | Partly(event):
                links.update(connection, [unread(link, event.id)])
            case WrittenUnread(event_id):
                links.update(connection, [unread(link, event_id)])
    _put(connection, job, refused, names)
    pending.done(connection, job.profile.id, done)


def unread(link: Link, event: EventId | None) -> Link:
    """The link after a write that was done, though nobody knows what the event holds now.

    It is read before anything else happens to it; one whose id is not known is looked for.
    """
    event = event or link.event_id
    if event is None:
        return replace(link, exchange=UNKNOWN)
    return replace(link, event_id=event, unfinished=True)


def _item_of(event: EventId, linked: dict[EventId | None, ActivityId]) -> Item:
    return Item(linked[event], None) if event in linked else Item(None, event)


def _put(
    connection: sa.Connection,
    job: Job,
    refused: dict[Item, Message],
    names: dict[Item, Value],
) -> None:
    now = job.stamp.now
    new = quarantine.update(connection, job.profile.id, refused, (), now, names=names)
    told = [telling.quarantined(job, item, names[item], refused[item]) for item in new]
    log.write(connection, told, now)
