"""Puts aside what fell at the fence: quarantined, with its reason and a name (B8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent.appointment.content import UNKNOWN
from calsync_agent.appointment.model import ActivityId, EventId, LinkId
from calsync_agent.consolidate.reading import read_activities
from calsync_agent.domain.activity import Activity, BrokenActivity
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.domain.link import Link, Role
from calsync_agent.domain.operation import Partly, Result, Written, WrittenUnread
from calsync_agent.fence import guarded
from calsync_agent.i18n import Message, Value
from calsync_agent.plan.aftermath import unread
from calsync_agent.plan.effects import agreed
from calsync_agent.plan.job import Batch, Intent, Job
from calsync_agent.plan.pairing import Match, no_match
from calsync_agent.state import links, log, pending, quarantine
from calsync_agent.state.quarantine import Item
from calsync_agent.sync import sync_log


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an item was put aside, and how people know it."""

    reason: Message
    name: Value


def parts(
    connection: sa.Connection,
    job: Job,
    fallen: Sequence[tuple[Batch, Message]],
    match: Match = no_match,
) -> None:
    """Put events and appointments aside; work on them is struck off, as they are tried again.

    What an event was found to be like on first contact stays its own (B4).
    """
    _link_alike(connection, job, [event for part, _ in fallen for event in part.events], match)
    found = refused(connection, job, fallen)
    _put(connection, job, found)
    work = {number: v for part, _ in fallen for number, v in part.activities.items()}
    pending.done(connection, job.profile.id, work)


def refused(
    connection: sa.Connection, job: Job, fallen: Sequence[tuple[Batch, Message]]
) -> dict[Item, Refused]:
    """What fell, by the appointment or the event that it is, with its name; nothing is written."""
    events = {event.id: event for part, _ in fallen for event in part.events}
    wanted = {*events, *(event for part, _ in fallen for event in part.gone)}
    known = links.by_events(connection, job.profile.id, wanted)
    linked = {link.event_id: link.activity for link in known}
    rows = {*linked.values(), *(number for part, _ in fallen for number in part.activities)}
    activities = read_activities(connection, rows)
    found: dict[Item, Refused] = {}
    for part, reason in fallen:
        for event in events.keys() & {each.id for each in part.events}:
            item = _item_of(event, linked)
            found[item] = Refused(reason, sync_log.aside_name(events[event]))
        for number in {*part.activities, *(linked[e] for e in part.gone if e in linked)}:
            item = Item(number, None)
            found[item] = Refused(reason, sync_log.aside_name(activities.get(number)))
    return found


def _link_alike(
    connection: sa.Connection,
    job: Job,
    events: Sequence[Event | UnreadableEvent],
    match: Match,
) -> None:
    """Remember that two belong together, of which nothing was agreed yet."""
    profile = job.profile.id
    linked = {li.event_id for li in links.by_events(connection, profile, {e.id for e in events})}
    alike: dict[ActivityId, Event] = {}
    for event in events:
        if isinstance(event, Event) and event.is_organizer and event.id not in linked:
            number = guarded(partial(match, event.id, event.appointment), lambda _: None)
            if number is not None:
                alike[number] = event
    known = {li.activity for li in links.by_activities(connection, alike) if li.profile == profile}
    rows = read_activities(connection, alike.keys() - known)
    new = [_nothing_agreed(job, row, alike[number]) for number, row in rows.items()]
    links.insert(connection, new)


def _nothing_agreed(job: Job, row: Activity | BrokenActivity, event: Event) -> Link:
    own = row.responsible == job.profile.employee
    role = Role.ORGANIZER if own else Role.PLAIN
    link = Link(LinkId(uuid4()), job.profile.id, row.id, event_id=event.id, role=role)
    return guarded(
        lambda: agreed(link, event, consolidate=UNKNOWN, exchange=UNKNOWN), lambda _: link
    )


def results(
    connection: sa.Connection, job: Job, fallen: Sequence[tuple[tuple[Intent, Result], Message]]
) -> None:
    """Put requests aside of which it cannot be remembered what became of them.

    What Exchange has done stays done: it is found again, and never sent a second time (B2a).
    """
    found: dict[Item, Refused] = {}
    done: dict[ActivityId, int] = {}
    for (intent, result), reason in fallen:
        link = intent.outgoing.link
        item = Item(link.activity, None)
        found[item], done[link.activity] = Refused(reason, intent.name), intent.version
        match result:
            case Written(event) | Partly(event):
                links.update(connection, [unread(link, event.id)])
            case WrittenUnread(event_id):
                links.update(connection, [unread(link, event_id)])
    _put(connection, job, found)
    pending.done(connection, job.profile.id, done)


def _item_of(event: EventId, linked: dict[EventId | None, ActivityId]) -> Item:
    return Item(linked[event], None) if event in linked else Item(None, event)


def _put(connection: sa.Connection, job: Job, found: Mapping[Item, Refused]) -> None:
    now = job.stamp.now
    reasons = {item: one.reason for item, one in found.items()}
    names = {item: one.name for item, one in found.items()}
    new = quarantine.update(connection, job.profile.id, reasons, (), now, names=names)
    told = [sync_log.quarantined(job, item, names[item], reasons[item]) for item in new]
    log.write(connection, told, now)
