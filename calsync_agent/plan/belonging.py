"""Which appointments an event may belong to, by what is remembered of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from calsync_agent.appointment.model import ActivityId, EmployeeId, EventId, ICalUid, ProfileId
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.domain.link import Link, activity_of, stored_uid
from calsync_agent.plan.inbound_id import own_id
from calsync_agent.plan.job import Job
from calsync_agent.plan.pair import By
from calsync_agent.plan.pairing import Match


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of the events of a batch.

    `linked`: this profile's links, by event. `elsewhere`: links of any profile to events that this
    one has none to; `keys`: links by the transaction ids that those events bear; `by_uid`: links of
    any profile by iCalUId; `ours`: the appointments of meetings that were made here once;
    `intending`: the employees who are about to have a profile synced.
    """

    linked: Mapping[EventId, Link]
    elsewhere: Collection[Link] = ()
    keys: Mapping[str, Link] = field(default_factory=dict)
    by_uid: Mapping[ICalUid | None, Collection[Link]] = field(default_factory=dict)
    ours: Mapping[ICalUid, ActivityId] = field(default_factory=dict)
    intending: Collection[EmployeeId] = ()


def uid_of(event: Event) -> ICalUid | None:
    """Its iCalUId as links hold it."""
    return stored_uid(event.ical_uid) if event.ical_uid else None


def foreign(
    job: Job, remembered: Remembered, events: Mapping[EventId, Event | UnreadableEvent]
) -> dict[EventId, ProfileId]:
    """The events that are another profile's: linked to it, or just being made for it (I4).

    An event has its id in one mailbox only. Whose key a copy bears is not its owner.
    """
    own, synced = job.profile.id, job.office.synced
    theirs: dict[EventId, ProfileId] = {}
    for link in remembered.elsewhere:
        event = events.get(link.event_id) if link.event_id else None
        other = link.profile != own and link.profile in synced
        if other and isinstance(event, Event) and uid_of(event) == link.ical_uid:
            theirs[event.id] = link.profile
    for event in events.values():
        if not isinstance(event, Event) or not event.is_organizer:
            continue
        key = remembered.keys.get(event.transaction_id or "")
        if key is None or key.profile == own or key.profile not in synced:
            continue
        if key.event_id in {None, event.id}:
            theirs[event.id] = key.profile
    return theirs


def guesses(
    job: Job, remembered: Remembered, event: Event | UnreadableEvent, match: Match
) -> list[tuple[ActivityId, By]]:
    """The appointments that it may belong to, best first; the last is its own, if it is new."""
    own = own_id(event, job.profile.employee), By.ORIGIN
    if isinstance(event, UnreadableEvent):
        return [own]
    found: list[tuple[ActivityId, By]] = []
    maker = remembered.keys.get(event.transaction_id or "")
    if event.is_organizer and (maker is None or maker.profile == job.profile.id):
        made_for = dict.fromkeys((event.made_for, activity_of(event.transaction_id)))
        found += [(number, By.KEY) for number in made_for if number is not None]
    profile, same = job.profile.id, remembered.by_uid.get(uid_of(event), ())
    # Where two meetings share one iCalUId, that without a copy here is the likelier one.
    here = {li.activity for li in same if li.profile == profile}
    theirs = sorted({li.activity for li in same}, key=lambda number: (number in here, number))
    found += [(number, By.MEETING) for number in theirs if event.meeting or number in here]
    ours = remembered.ours.get(uid) if (uid := uid_of(event)) else None
    if ours is not None and (ours, By.MEETING) not in found:
        found.append((ours, By.MEETING))
    if not found:
        alike = match(event.id, event.appointment)
        found += [(alike, By.LIKENESS)] if alike else []
    return [*found, own]
