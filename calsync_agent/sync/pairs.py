"""Brings together what belongs together: events, links and appointments of one batch."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EventId
from calsync_agent.consolidate.reading import read_activities
from calsync_agent.consolidate.rows import Activity, BrokenActivity
from calsync_agent.exchange.events import Event, UnreadableEvent
from calsync_agent.state import links as links_of
from calsync_agent.state.links import Link, activity_of
from calsync_agent.sync.job import Batch, Job
from calsync_agent.sync.match import Match
from calsync_agent.sync.plan import Pair

_INBOUND: Final = UUID("8a8d6f3e-4a0e-4d0f-9a53-6a0c1d1f4f2b")
"""Namespace of the ids given to appointments that come from Exchange."""


@dataclass(frozen=True, slots=True)
class Known:
    """A pair with the id of its appointment, which exists or is to be made.

    `intended`: an event for it was about to be made, and is not to be found; `adopted`: it has just
    been found, and the pair's link does not know its event yet (B2).
    """

    activity_id: ActivityId
    pair: Pair
    intended: Link | None = None
    adopted: bool = False


def inbound_id(job: Job, event: Event | UnreadableEvent) -> ActivityId:
    """The id that an appointment gets when it comes from this event.

    Always the same for the same event, so that neither a repetition nor lost links double it.
    """
    own = (event.ical_uid if isinstance(event, Event) else None) or event.id
    return ActivityId(uuid5(_INBOUND, f"{job.profile.employee}:{own}"))


def assemble(
    connection: sa.Connection,
    job: Job,
    batch: Batch,
    match: Match,
) -> list[Known]:
    """The pairs of a batch, their activities held until the transaction ends.

    An event without link belongs to the appointment for which it was made, as its transaction id
    tells; else to the one that came from it before; else to one that `match` gives; else to none.
    """
    events = {event.id: event for event in batch.events}
    links = _links(connection, job, batch, events)
    intended = {link.activity: link for link in links if link.event_id is None}
    linked = {link.event_id: link for link in links if link.event_id is not None}
    unknown = [event for event in events.values() if event.id not in linked]
    guesses = {event.id: _guess(event, match) for event in unknown}
    wanted = {link.activity for link in links} | set(batch.activities)
    wanted |= {guess for guess in guesses.values() if guess} | {inbound_id(job, e) for e in unknown}
    held = read_activities(connection, wanted, hold=True)
    found: dict[ActivityId, Known] = {}
    for event_id, link in linked.items():
        if event_id in events or event_id in batch.gone:
            pair = Pair(link, held.get(link.activity), events.get(event_id))
            found[link.activity] = Known(link.activity, pair)
    taken = {link.activity for link in linked.values()}
    for event in unknown:
        number = _activity_for(job, event, guesses[event.id], held.keys() | intended.keys(), taken)
        taken.add(number)
        link_made = intended.pop(number, None)
        pair = Pair(link_made, held.get(number), event)
        found[number] = Known(number, pair, adopted=link_made is not None)
    for number in batch.activities.keys() - taken:
        activity = held.get(number)
        wanted_there = number in intended or sendable(job, activity)
        pair = Pair(None, activity, None, sendable=wanted_there)
        found[number] = Known(number, pair, intended.get(number))
    return list(found.values())


def _links(
    connection: sa.Connection, job: Job, batch: Batch, events: Iterable[EventId]
) -> list[Link]:
    """This profile's links to the batch's events and activities, and to what it made events for."""
    profile = job.profile.id
    found = links_of.by_events(connection, profile, {*events, *batch.gone})
    made_for = {
        activity_of(event.transaction_id) for event in batch.events if isinstance(event, Event)
    }
    activities = {number for number in made_for if number} | set(batch.activities)
    found += links_of.by_activities(connection, activities)
    return list({link.id: link for link in found if link.profile == profile}.values())


def _guess(event: Event | UnreadableEvent, match: Match) -> ActivityId | None:
    if isinstance(event, UnreadableEvent):
        return None
    return activity_of(event.transaction_id) or match(event.id, event.appointment)


def _activity_for(
    job: Job,
    event: Event | UnreadableEvent,
    guess: ActivityId | None,
    there: Collection[ActivityId],
    taken: Collection[ActivityId],
) -> ActivityId:
    """The appointment of an event that no link names; one that has an event gets no second."""
    own = inbound_id(job, event)
    if guess is not None and guess in there and guess not in taken:
        return guess
    return own if own not in taken else ActivityId(uuid5(_INBOUND, event.id))


def sendable(job: Job, activity: Activity | BrokenActivity | None) -> bool:
    """Whether the appointment belongs into this mailbox and is in scope (C1, F1)."""
    if activity is None or activity.responsible != job.profile.employee:
        return False
    if isinstance(activity, BrokenActivity):
        return True
    return not activity.from_outside and job.window.covers(activity)
