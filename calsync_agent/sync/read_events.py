"""Reads events as they are now, before anything is decided about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from calsync_agent.appointment import zones
from calsync_agent.appointment.expansion import starts_between
from calsync_agent.appointment.model import ActivityId, EventId
from calsync_agent.appointment.span import span
from calsync_agent.database.engine import Database
from calsync_agent.domain.calendar import Mailbox, Page
from calsync_agent.domain.event import Event, Read, UnreadableEvent
from calsync_agent.domain.link import Link, Role, is_digest
from calsync_agent.fence import guarded, guarded_call, reason
from calsync_agent.plan.job import Batch, Job
from calsync_agent.plan.window import Window
from calsync_agent.state import links
from calsync_agent.state.log import named
from calsync_agent.sync.days import known_days, spans


@dataclass(slots=True)
class SeriesSeen:
    """The series that a feed mentions, and those of which it shows changed occurrences.

    `shown`: when the occurrences that it shows of each series begin (UTC, or midnight); `samples`
    names one of them each.
    """

    masters: set[EventId] = field(default_factory=set)
    changed: set[EventId] = field(default_factory=set)
    shown: dict[EventId, set[datetime]] = field(default_factory=dict)
    samples: dict[EventId, EventId] = field(default_factory=dict)

    def note(self, page: Page) -> None:
        """Remember what a page mentions."""
        self.masters |= page.series
        self.changed |= page.changed_series
        self.samples |= page.samples
        for master, moments in page.shown.items():
            self.shown.setdefault(master, set()).update(moments)

    def misses_some(self, event: Event, window: Window) -> bool:
        """Whether the feed shows fewer occurrences in the window than the rule gives there."""
        series, shown = event.appointment, self.shown.get(event.id)
        if series.rule is None or not shown:
            return False
        margin = timedelta(days=2)  # clear of the borders, in every zone
        expected = starts_between(
            series.rule, series.start, window.start + margin, window.end - margin
        )
        if series.all_day:
            return any(moment not in shown for moment in expected)
        return any(zones.to_utc(moment, series.zone) not in shown for moment in expected)


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Brings evidence from one mailbox. Its methods may raise MailboxTrouble, DatabaseTrouble."""

    job: Job
    mailbox: Mailbox
    database: Database

    async def as_they_are(self, events: Collection[EventId]) -> Batch:
        """Events by their ids; one that cannot be found is gone."""
        return _batch(await self._whole(await self._found_again(await self.mailbox.read(events))))

    async def made_for(self, activities: Collection[ActivityId]) -> Batch:
        """The events that were made for these appointments, as far as they are there."""
        made = await self.mailbox.made_for(activities)
        return _batch(await self._whole({event.id: event for event in made}))

    async def _found_again(self, found: dict[EventId, Read]) -> dict[EventId, Read]:
        """The same, with events that have another id now, wherever in the mailbox they lie (B3).

        So it is when a mailbox has moved, or an event came back from the wastebasket.
        """
        profile, gone = self.job.profile.id, {n for n, event in found.items() if event is None}
        if not gone:
            return found
        known = await self.database.read(lambda c: links.by_events(c, profile, gone))
        made = {li.activity for li in known if li.role is not Role.COPY}
        again = await self.mailbox.made_for(made)
        uids = {li.ical_uid for li in known if li.ical_uid and not is_digest(li.ical_uid)}
        met = {event.ical_uid for event in again if isinstance(event, Event)}
        again += await self.mailbox.with_uids(uids - met)
        heirs: dict[EventId, Read] = {event.id: event for event in reversed(again)}
        read = {number for number, event in heirs.items() if isinstance(event, Event)}
        found = {**heirs, **{n: event for n, event in found.items() if n not in read}}
        if all(isinstance(event, Event) for event in again):
            return found
        return {**found, **await self._doubtful(known)}

    async def _doubtful(self, known: Sequence[Link]) -> dict[EventId, Read]:
        """What is there of these, one by one, where something could not be read (B5).

        Nobody knows an event to be gone of which such a thing is there: it is named, and looked for
        again later.
        """
        found: dict[EventId, Read] = {}
        for link in known:
            there: list[Event | UnreadableEvent] = []
            if link.role is not Role.COPY:
                there += await self.mailbox.made_for({link.activity})
            if not there and link.ical_uid and not is_digest(link.ical_uid):
                there += await self.mailbox.with_uids({link.ical_uid})
            found |= {event.id: event for event in reversed(there)}
            unread = [event for event in there if isinstance(event, UnreadableEvent)]
            if link.event_id is not None and unread and len(unread) == len(there):
                found[link.event_id] = replace(unread[0], id=link.event_id)
        return found

    async def of_series(self, masters: Collection[EventId], seen: SeriesSeen) -> Batch:
        """Series as they are, with their exceptions: also those that only the feed shows."""
        found = await self.mailbox.read(masters)
        await self._contradicted(found, seen)
        window = self.job.window
        suspected: set[EventId] = set()
        for number, event in found.items():
            if isinstance(event, Event):
                misses = guarded(partial(seen.misses_some, event, window), partial(_fallen, event))
                if isinstance(misses, UnreadableEvent):
                    found[number] = misses
                elif misses or number in seen.changed:
                    suspected.add(number)
        return _batch(await self._whole(await self._found_again(found), suspected))

    async def _whole(
        self, found: Mapping[EventId, Read], suspected: Collection[EventId] | None = None
    ) -> dict[EventId, Read]:
        """The same, series with their exceptions.

        Exchange sometimes sends a master without its exceptions (GRAPH.md 3.5). Nothing may be
        decided by such a one, whichever way it came to be read: where Consolidate has exceptions,
        and of those that are `suspected` to have some (None: all), the occurrences themselves are
        asked.
        """
        bare = {
            number: event
            for number, event in found.items()
            if isinstance(event, Event)
            and event.appointment.rule
            and not event.appointment.exceptions
        }
        if not bare:
            return dict(found)
        profile, window, whole = self.job.profile.id, self.job.window, dict(found)
        known = await self.database.read(lambda c: known_days(c, profile, bare))
        for number, event in bare.items():
            if suspected is None or number in suspected or number in known:
                whole[number] = await guarded_call(
                    partial(self._listed, event, window, known.get(number, ())),
                    partial(_fallen, event),
                )
        return whole

    async def _listed(self, event: Event, window: Window, days: Collection[datetime]) -> Read:
        return await self.mailbox.listed(event, spans(window, days))

    async def _contradicted(self, found: dict[EventId, Read], seen: SeriesSeen) -> None:
        """A series that is not to be found, of which the feed shows an occurrence that is there.

        Nothing is certain about it (B5): the occurrence is named, and looked at again later.
        """
        gone = {master for master, event in found.items() if event is None}
        samples = {seen.samples[master]: master for master in gone & seen.samples.keys()}
        for occurrence, event in (await self.mailbox.read(samples.keys())).items():
            if event is not None and occurrence in samples:
                del found[samples[occurrence]]
                found[occurrence] = event

    async def of_page(self, page: Page) -> Batch:
        """What a page reports; what it says has left the view is looked at (B5)."""
        profile = self.job.profile.id
        reported = Batch(events=page.events, reported=True)
        unsure = page.tombstones | page.hollow
        if not unsure:
            return reported
        known = await self.database.read(lambda c: links.by_events(c, profile, unsure))
        mine = {li.event_id for li in known if li.event_id}
        return reported | await self.unseen(mine) | await self._inside(page.hollow - mine)

    async def _inside(self, events: Collection[EventId]) -> Batch:
        """Those of these events that are there, and lie inside the window (C2)."""
        found = await self.mailbox.read(events)
        inside = {
            n: event if self._within(event) is True else None
            for n, event in found.items()
            if isinstance(event, Event)
        }
        there = {n: event for n, event in {**found, **inside}.items() if event is not None}
        return _batch(await self._whole(there))

    async def unseen(self, events: Collection[EventId]) -> Batch:
        """Events that a feed does not show, as they really are: changed, elsewhere, or gone (B5).

        One that can be read, and should be seen in the window, may lie in Deleted Items: there it
        keeps its immutable id, but has no calendar.
        """
        found = await self.mailbox.read(events)
        there = {number: e for number, e in found.items() if isinstance(e, Event)}
        inside = {number: self._within(event) for number, event in there.items()}
        suspect = {event.id for number, event in there.items() if inside[number] is True}
        deleted = suspect - await self.mailbox.in_a_calendar(suspect)
        unclear = {n: read for n, read in inside.items() if isinstance(read, UnreadableEvent)}
        found = {n: None if n in deleted else e for n, e in found.items()}
        return _batch(await self._whole(await self._found_again({**found, **unclear})))

    def _within(self, event: Event) -> bool | UnreadableEvent:
        def looked() -> bool | UnreadableEvent:
            return _within(event, self.job.window)

        return guarded(looked, partial(_fallen, event))

    async def of_work(self, work: Mapping[ActivityId, int]) -> Batch:
        """Pending work, with the events that it concerns."""
        profile = self.job.profile.id
        known = await self.database.read(lambda c: links.by_activities(c, work.keys()))
        mine = {li.event_id for li in known if li.profile == profile and li.event_id}
        found = await self._found_again(await self.mailbox.read(mine))
        return Batch(activities=work) | _batch(await self._whole(found, suspected=()))


def _batch(found: Mapping[EventId, Read]) -> Batch:
    return Batch(
        events=tuple(event for event in found.values() if event is not None),
        gone=frozenset(number for number, event in found.items() if event is None),
    )


def _fallen(event: Event, error: Exception) -> UnreadableEvent:
    return UnreadableEvent(event.id, reason(error), named(event.appointment))


def _within(event: Event, window: Window) -> bool:
    starts_at, ends_at = span(event.appointment)
    return starts_at < window.end and (ends_at is None or ends_at > window.start)
