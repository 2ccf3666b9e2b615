"""Reads what is known of a batch, and holds its rows; `plan.assembly` brings it together."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from uuid import uuid4

import sqlalchemy as sa

from calsync_agent.appointment.model import ActivityId, EmployeeId, EventId, ICalUid, LinkId
from calsync_agent.consolidate import scan
from calsync_agent.consolidate.reading import see_activities
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.domain.link import Link, activity_of
from calsync_agent.plan.assembly import Assembly
from calsync_agent.plan.belonging import Remembered, foreign, guesses, uid_of
from calsync_agent.plan.inbound_id import of_event
from calsync_agent.plan.job import Batch, Job
from calsync_agent.plan.pair import Assembled
from calsync_agent.plan.pairing import Match
from calsync_agent.plan.projection import answered
from calsync_agent.state import links as links_of
from calsync_agent.state import meetings, waiting


def assemble(
    connection: sa.Connection,
    job: Job,
    batch: Batch,
    match: Match,
    *,
    hold: bool = True,
    in_use: Collection[ActivityId] = (),
) -> Assembled:
    """The pairs of a batch; `hold` keeps their activities until the transaction ends.

    Those that somebody else holds, or that are `in_use` as is known already, are not waited for.
    An event without link belongs to the appointment for which it was made, as its transaction id
    tells; else to that of its meeting; else to the one that came from it before; else to one that
    `match` gives; else to none.
    """
    events = {event.id: _of_owner(event, job.profile.employee) for event in batch.events}
    remembered = _remembered(connection, job, batch, events)
    new = {number: event for number, event in events.items() if number not in remembered.linked}
    theirs = foreign(job, remembered, new)
    unknown = [event for number, event in new.items() if number not in theirs]
    guessed = {event.id: guesses(job, remembered, event, match) for event in unknown}
    wanted = {link.activity for link in remembered.linked.values()} | set(batch.activities)
    wanted |= {guess for some in guessed.values() for guess, _ in some}
    wanted |= {of_event(event) for event in guessed}
    links: dict[ActivityId, list[Link]] = {number: [] for number in wanted}
    for link in links_of.by_activities(connection, wanted):
        links[link.activity].append(link)
    read = scan.hold if hold else see_activities
    held = read(connection, wanted - set(in_use))
    return Assembly(
        job=job,
        batch=batch,
        events=events,
        unknown=unknown,
        remembered=remembered,
        guesses=guessed,
        links=links,
        held=held.activities,
        busy=held.busy | set(in_use),
        new_link=lambda: LinkId(uuid4()),
        found=Assembled(foreign=theirs),
    ).run()


def _remembered(
    connection: sa.Connection,
    job: Job,
    batch: Batch,
    events: Mapping[EventId, Event | UnreadableEvent],
) -> Remembered:
    profile = job.profile.id
    mine = links_of.by_events(connection, profile, {*events, *batch.gone})
    linked = {link.event_id: link for link in mine if link.event_id is not None}
    unknown = [event for number, event in events.items() if number not in linked]
    if not unknown:
        return Remembered(linked)
    readable = [event for event in unknown if isinstance(event, Event)]
    keys = {key for event in readable if event.is_organizer and (key := event.transaction_id)}
    made = {key: number for key in keys if (number := activity_of(key)) is not None}
    made_for = links_of.by_activities(connection, set(made.values()))
    copies = [event for event in readable if not event.is_organizer]
    return Remembered(
        linked,
        elsewhere=links_of.by_events_anywhere(connection, [event.id for event in unknown]),
        keys={key: li for li in made_for if (key := li.transaction_id) in made},
        by_uid=_by_uid(connection, readable),
        ours=meetings.of(connection, [uid for event in copies if (uid := uid_of(event))]),
        intending=waiting.intending(connection) if copies else (),
    )


def _by_uid(
    connection: sa.Connection, events: Iterable[Event]
) -> Mapping[ICalUid | None, Collection[Link]]:
    uids = {uid for event in events if (uid := uid_of(event))}
    found: dict[ICalUid | None, list[Link]] = {}
    for link in links_of.by_ical_uids(connection, uids):
        found.setdefault(link.ical_uid, []).append(link)
    return found


def _of_owner(event: Event | UnreadableEvent, owner: EmployeeId) -> Event | UnreadableEvent:
    """A copy tells its owner's answer beside the list of attendees, which may not name them."""
    if isinstance(event, UnreadableEvent) or event.is_organizer:
        return event
    return replace(event, appointment=answered(event.appointment, owner, event.response))
