"""Brings together what belongs together: the events, links and appointments of one batch."""

from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from calsync_agent.appointment.content import changed, fingerprint
from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import (
    ActivityId,
    EmployeeId,
    EventId,
    ICalUid,
    LinkId,
    Response,
)
from calsync_agent.appointment.span import span
from calsync_agent.domain.activity import Activity, BrokenActivity
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.domain.link import Link, Role
from calsync_agent.plan.belonging import Remembered, uid_of
from calsync_agent.plan.inbound_id import of_event
from calsync_agent.plan.job import Batch, Job
from calsync_agent.plan.pair import Assembled, By, Known, pair
from calsync_agent.plan.projection import answer, view


@dataclass(slots=True)
class Assembly:
    """One batch being assembled.

    `events`: those of the batch by id; `unknown`: those of them without a link of this profile that
    are not another one's. `guesses`: the appointments that each of these may belong to, best first,
    its own last. `links`: of all profiles, by appointment. `held`: the appointments as they are;
    `busy`: those that somebody else is at work on. `new_link` draws the id of a link.
    """

    job: Job
    batch: Batch
    events: Mapping[EventId, Event | UnreadableEvent]
    unknown: Collection[Event | UnreadableEvent]
    remembered: Remembered
    guesses: Mapping[EventId, list[tuple[ActivityId, By]]]
    links: Mapping[ActivityId, list[Link]]
    held: Mapping[ActivityId, Activity | BrokenActivity]
    busy: AbstractSet[ActivityId]
    new_link: Callable[[], LinkId]
    found: Assembled = field(default_factory=Assembled)
    taken: set[ActivityId] = field(default_factory=set)
    given: dict[ActivityId, ICalUid | None] = field(default_factory=dict)

    def run(self) -> Assembled:
        """The pairs: of links, of events without link, of what is gone, of pending work.

        What is gone comes after the events without link: one of them may be the same under another
        id, and its link follows (B3).
        """
        found: dict[ActivityId, Known] = {}
        gone: list[Link] = []
        for event_id, link in self.remembered.linked.items():
            if event_id in self.events:
                self.taken.add(link.activity)
                found[link.activity] = self._known(link.activity, link, self.events[event_id])
            else:
                gone.append(link)
        for event in self._doubles_last():
            known = self._unlinked(event)
            if known is not None:
                found[known.activity_id] = known
        for link in gone:
            if link.activity not in self.taken:
                self.taken.add(link.activity)
                found[link.activity] = self._known(link.activity, link, None)
        for number in self.batch.activities.keys() - self.taken:
            mine = self._mine(number)
            if mine is None or mine.event_id is None:
                found[number] = self._known(number, None, None, intended=mine)
        self.found.known = [one for one in found.values() if one.activity_id not in self.busy]
        self.found.busy = [one for one in found.values() if one.activity_id in self.busy]
        return self.found

    def _unlinked(self, event: Event | UnreadableEvent) -> Known | None:
        """An event that no link names; None where it has to wait."""
        found = self._activity_for(event)
        if found is None:
            return None
        number, by = found
        self.taken.add(number)
        self.given[number] = uid_of(event) if isinstance(event, Event) else None
        # A link there already waits for its event (B2), or knows it by an id that is gone.
        mine = self._mine(number)
        return self._known(number, mine, event, by=by, adopted=mine is not None)

    def _activity_for(self, event: Event | UnreadableEvent) -> tuple[ActivityId, By] | None:
        """The appointment it belongs to, and how that is known; None where it has to wait."""
        *others, (own, _) = self.guesses[event.id]
        if _is_copy(event) and self._is_over(event):
            return None  # it is being withdrawn, or was: Exchange tells the copies itself (F1a)
        seen_before = [(own, By.ORIGIN)] if self._mine(own) else []
        waiting: dict[ActivityId, By] = {}
        linked: dict[ActivityId, tuple[By, Link]] = {}
        for number, by in [*others, *seen_before]:
            if not (self._there(number) or self._mine(number)) or self._is_other(event, number, by):
                continue
            mine = self._mine(number)
            if mine is not None and mine.role is Role.ORGANIZER and _is_copy(event):
                # It is from before its owner became responsible, and is cancelled; or whoever takes
                # over from its owner was quicker, and it counts when theirs is gone (G10, F6).
                self._let_wait(event)
                return None
            if mine is not None and mine.event_id is not None:
                linked.setdefault(number, (by, mine))
            else:
                waiting.setdefault(number, by)
                if not linked:
                    break
        renamed = self._renamed(event, linked)
        if renamed is not None or event.id in self.found.doubtful:
            return renamed
        if waiting:
            return next(iter(waiting.items()))
        if isinstance(event, Event) and (self._served(event) or self._waits(event, own)):
            self.found.parked.append(event)
            return None
        # Another event of the mailbox may have the same iCalUId: a copy, or an import.
        free = own not in self.taken and self._mine(own) is None
        free = free and not self._is_other(event, own, By.ORIGIN)
        return own if free else of_event(event.id), By.ORIGIN

    def _let_wait(self, event: Event | UnreadableEvent) -> None:
        if isinstance(event, Event) and not event.is_cancelled:
            self.found.parked.append(event)

    def _served(self, event: Event) -> bool:
        """Whether the mailbox has an event of the appointment already, from another organizer.

        So it is while a meeting is handed over: it is one appointment with two events (F1, G10).
        """
        if event.is_organizer or event.is_cancelled:
            return False
        uid = uid_of(event)
        led = {
            li.activity
            for li in self.remembered.by_uid.get(uid, ())
            if li.role is Role.ORGANIZER and not self._pasted(event, li.activity)
        }
        met = {number: mine.ical_uid for number in led if (mine := self._mine(number))}
        met |= {number: self.given[number] for number in led & self.given.keys()}
        return any(other != uid for other in met.values())

    def _is_other(self, event: Event | UnreadableEvent, number: ActivityId, by: By) -> bool:
        """Whether an appointment cannot be that of the event, whatever they have in common.

        It has its event already; or somebody else organizes its meeting, so that an event of the
        owner's own with the same iCalUId is a pasted copy of their invitation (B8).
        """
        if number in self.taken:
            return True
        if by is By.KEY or not isinstance(event, Event):
            return False
        if not event.is_organizer:
            return by is not By.LIKENESS and self._pasted(event, number)
        mine = self._mine(number)
        if mine is not None:
            return mine.role is Role.COPY
        activity = self.held.get(number)
        if isinstance(activity, Activity) and activity.from_outside and not activity.deleted:
            return not self._organizes(activity)
        return by is not By.LIKENESS and any(
            li.role is Role.ORGANIZER and li.event_id is not None for li in self.links[number]
        )

    def _pasted(self, copy: Event, number: ActivityId) -> bool:
        """Whether an appointment came from somebody's pasted copy of the meeting."""
        leading = [
            li
            for li in self.links.get(number, ())
            if li.role is Role.ORGANIZER and li.ical_uid == uid_of(copy)
        ]
        mailboxes, people = self.job.office.mailboxes, self.job.office.people
        if any(li.profile == self.job.profile.id for li in leading):
            return True
        organizer = people.employee(copy.organizer.address)
        return (
            bool(leading)
            and organizer is not None
            and organizer in mailboxes
            and all(li.profile != mailboxes[organizer] for li in leading)
        )

    def _organizes(self, activity: Activity) -> bool:
        """Whether it is the mailbox's owner who organizes the meeting."""
        employee, organizer = self.job.profile.employee, activity.appointment.organizer
        if not activity.from_outside or organizer is None:
            return activity.responsible == employee
        return self.job.office.people.employee(organizer.address) == employee

    def _renamed(
        self, event: Event | UnreadableEvent, linked: Mapping[ActivityId, tuple[By, Link]]
    ) -> tuple[ActivityId, By] | None:
        """The appointment whose event has this id now, as the one that it had is gone (B3).

        Where several have events with this iCalUId, all of these are looked at before, and the
        likeliest counts: that for which it was made, or that with which it agrees.
        """
        events = {mine.event_id for _, mine in linked.values() if mine.event_id is not None}
        key = next((n for n, (by, _) in linked.items() if by is By.KEY), None)
        if key is not None and linked[key][1].event_id in self.batch.gone:
            return key, By.KEY
        if events - self.batch.gone - self.events.keys():
            self.found.doubtful |= {*events, event.id}
            return None
        gone = [(n, by) for n, (by, mine) in linked.items() if mine.event_id in self.batch.gone]
        return max(gone, key=lambda one: self._agree(event, linked[one[0]][1]), default=None)

    def _agree(self, event: Event | UnreadableEvent, link: Link) -> tuple[bool, bool]:
        """Whether an event holds what a link's event did; or is at least at the same time."""
        if isinstance(event, UnreadableEvent):
            return False, False
        employee, office = self.job.profile.employee, self.job.office
        held = fingerprint(view(event.appointment, link.role, employee, office))
        same_time = span(event.appointment) == (link.starts_at, link.ends_at)
        return not changed(link.exchange, held), same_time

    def _doubles_last(self) -> list[Event | UnreadableEvent]:
        """The events without link; of several with one iCalUId, what is as it was comes first."""

        def as_it_was(event: Event | UnreadableEvent) -> tuple[bool, bool]:
            mine = [li for n, _ in self.guesses[event.id] if (li := self._mine(n)) is not None]
            if len({li.id for li in mine}) < 2:  # noqa: PLR2004 - there is no choice
                return True, True
            return max(self._agree(event, li) for li in mine)

        return sorted(self.unknown, key=as_it_was, reverse=True)

    def _is_over(self, event: Event | UnreadableEvent) -> bool:
        """Whether it is a copy of a meeting that is ours and is withdrawn, or is about to be.

        So it is when its appointment is gone, or has another meeting by now (F1a, G10).
        """
        uid = uid_of(event) if isinstance(event, Event) else None
        if uid is None:
            return False
        numbers = {
            li.activity for li in self.remembered.by_uid.get(uid, ()) if li.role is Role.ORGANIZER
        }
        if not numbers and uid in self.remembered.ours:
            number = self.remembered.ours[uid]
            if any(li.role is Role.ORGANIZER for li in self.links[number]):
                return True
            numbers = {number}
        if numbers & self.busy:
            return False
        there = (self.held.get(number) for number in numbers)
        return bool(numbers) and all(one is None or one.deleted for one in there)

    def _waits(self, event: Event, own: ActivityId) -> bool:
        """Whether it is a copy whose organizer's mailbox is to speak first (F4, G11)."""
        if event.is_organizer or event.is_cancelled:
            return False
        organizer = self.job.office.people.employee(event.organizer.address)
        synced = organizer in self.job.office.mailboxes or organizer in self.remembered.intending
        expected = synced and organizer != self.job.profile.employee
        known = self._there(own) and not self._is_other(event, own, By.ORIGIN)
        return expected and not known and event.id not in self.batch.impatient

    def _there(self, number: ActivityId) -> bool:
        return number in self.held or number in self.busy

    def _mine(self, number: ActivityId) -> Link | None:
        profile = self.job.profile.id
        return next((li for li in self.links.get(number, ()) if li.profile == profile), None)

    def _known(
        self,
        number: ActivityId,
        link: Link | None,
        event: Event | UnreadableEvent | None,
        *,
        by: By | None = None,
        intended: Link | None = None,
        adopted: bool = False,
    ) -> Known:
        activity = self.held.get(number)
        scope = intended is not None or self._in_scope(activity)
        whole = pair(
            self.job.office,
            self.job.profile,
            link or intended,
            activity,
            event,
            self.links[number],
            in_scope=scope,
        )
        if intended is not None:
            whole = replace(whole, link=None)
        strays = tuple(self._strays(number, event))
        unsent = frozenset(self._unsent(number, event))
        return Known(number, whole, self.new_link(), by, intended, adopted, strays, unsent)

    def _in_scope(self, activity: Activity | BrokenActivity | None) -> bool:
        return isinstance(activity, BrokenActivity) or (
            isinstance(activity, Activity) and self.job.window.covers(activity)
        )

    def _unsent(
        self, number: ActivityId, event: Event | UnreadableEvent | None
    ) -> Iterable[EmployeeId]:
        """Who has answered in Consolidate since their copy was last in step."""
        activity, office = self.held.get(number), self.job.office
        if not (isinstance(event, Event) and event.is_organizer and isinstance(activity, Activity)):
            return
        for link in self.links[number]:
            employee = office.owners.get(link.profile)
            if link.role is Role.COPY and employee is not None:
                now = view(activity.appointment, Role.COPY, employee, office)
                given = answer(now, employee) is not Response.NONE
                if given and Field.RESPONSES in changed(link.consolidate, fingerprint(now)):
                    yield employee

    def _strays(self, number: ActivityId, event: Event | UnreadableEvent | None) -> Iterable[Link]:
        """Links of the same meeting to an appointment that is not this one."""
        if not isinstance(event, Event) or not event.is_organizer or not event.meeting:
            return ()
        same = self.remembered.by_uid.get(uid_of(event), ())
        led = {li.activity for li in same if li.role is Role.ORGANIZER}
        served = {self.job.profile.id, *(li.profile for li in self.links[number])}
        return (
            li
            for li in same
            if li.role is Role.COPY
            and li.activity not in {number, *led}
            and li.profile not in served
            and isinstance(activity := self.held.get(li.activity), Activity)
            and self._organizes(activity)
        )


def _is_copy(event: Event | UnreadableEvent) -> bool:
    return isinstance(event, Event) and not event.is_organizer
