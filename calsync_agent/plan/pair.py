"""One appointment and its event, as both sides hold them now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calsync_agent.appointment.model import (
    ActivityId,
    Appointment,
    EmployeeId,
    EventId,
    LinkId,
    ProfileId,
)
from calsync_agent.domain.activity import Activity, BrokenActivity, Sending
from calsync_agent.domain.activity_type import Types
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.domain.link import Link, Role
from calsync_agent.domain.policy import Profile
from calsync_agent.plan.office import Office
from calsync_agent.plan.projection import in_own_words, view
from calsync_agent.plan.roles import Relation, relation


@dataclass(frozen=True, slots=True)
class Pair:
    """An appointment and its event in the mailbox of `employee`.

    `link` is None where they are not known to belong together; a side that has nothing is None.
    `role`: what the event is, or is to be. `mine` and `theirs`: what both sides hold of what this
    mailbox can tell (`projection.view`). `in_scope`: it is to be sent (C1). `led_by_responsible`:
    the event's organizer is the employee who is responsible for the appointment. `types`: what
    activity types mean in Exchange.
    """

    link: Link | None
    activity: Activity | BrokenActivity | None
    event: Event | UnreadableEvent | None
    employee: EmployeeId
    role: Role
    relation: Relation
    in_scope: bool
    seen_mine: Appointment | None
    seen_theirs: Appointment | None
    led_by_responsible: bool = True
    types: Types = field(default_factory=Types)

    @property
    def mine(self) -> Appointment:
        """Consolidate's side. Only where `activity` can be read."""
        return _there(self.seen_mine)

    @property
    def theirs(self) -> Appointment:
        """Exchange's side. Only where `event` can be read."""
        return _there(self.seen_theirs)

    @property
    def called_off(self) -> bool:
        """Whether a cancelled copy means that whoever leads the appointment has called it off.

        It does not where the sync took the meeting out of Exchange: because of the appointment's
        type, or because somebody without a mailbox has become responsible (C4, G10).
        """
        match self.activity:
            case Activity(from_outside=True):
                return True
            case Activity(sending=sending):
                return sending is not Sending.NONE and self.led_by_responsible
        return False

    @property
    def sendable(self) -> bool:
        """Whether an event for it belongs into this mailbox (C1, F1, F2)."""
        return self.in_scope and self.relation.wanted is not None


def pair(
    office: Office,
    profile: Profile,
    link: Link | None,
    activity: Activity | BrokenActivity | None,
    event: Event | UnreadableEvent | None,
    links: Collection[Link],
    *,
    in_scope: bool = True,
) -> Pair:
    """The pair of an appointment that has `links`, and its event in a profile's mailbox."""
    employee, activity = profile.employee, office.types.shown(activity)
    related = _relation(office, profile, activity, links)
    role = _role(link, event, related)
    mine = activity.appointment if isinstance(activity, Activity) else None
    theirs = event.appointment if isinstance(event, Event) else None
    if mine is not None:
        mine = in_own_words(mine, event.own_link if isinstance(event, Event) else mine.join_url)
    return Pair(
        link=link,
        activity=activity,
        event=event,
        employee=employee,
        role=role,
        relation=related,
        in_scope=in_scope,
        seen_mine=view(mine, role, employee, office) if mine else None,
        seen_theirs=view(theirs, role, employee, office) if theirs else None,
        led_by_responsible=_led_by_responsible(office, activity, event),
        types=office.types,
    )


def _led_by_responsible(
    office: Office,
    activity: Activity | BrokenActivity | None,
    event: Event | UnreadableEvent | None,
) -> bool:
    if activity is None or not isinstance(event, Event):
        return True
    return office.people.employee(event.organizer.address) == activity.responsible


def _relation(
    office: Office,
    profile: Profile,
    activity: Activity | BrokenActivity | None,
    links: Collection[Link],
) -> Relation:
    if isinstance(activity, Activity):
        return relation(activity, profile.id, links, office.mailboxes, office.synced)
    mine = activity is not None and activity.responsible == profile.employee
    # Of a row that is gone, or broken, only the links tell who organizes it.
    inside = any(
        link.role is Role.ORGANIZER and link.profile != profile.id and link.profile in office.synced
        for link in links
    )
    return Relation(wanted=Role.ORGANIZER if mine else None, inside=inside)


def _role(link: Link | None, event: Event | UnreadableEvent | None, related: Relation) -> Role:
    if isinstance(event, Event) and not event.is_organizer:
        return Role.COPY
    if related.wanted is Role.ORGANIZER or link is None:
        return related.wanted or Role.ORGANIZER
    return link.role


def _there(appointment: Appointment | None) -> Appointment:
    if appointment is None:
        raise ValueError("this side of the pair holds nothing that could be read")
    return appointment


class By(StrEnum):
    """How an event is found to belong to an appointment."""

    KEY = "made for it"
    MEETING = "same meeting"
    LIKENESS = "alike"
    ORIGIN = "came from it"


@dataclass(frozen=True, slots=True)
class Known:
    """A pair with the id of its appointment, which exists or is to be made.

    `new_link`: the id of its link, should one be made.

    `by`: how an event without link was found to belong to it. `intended`: an event for it was about
    to be made, and is not to be found; `adopted`: it has just been found, and the pair's link does
    not know its event yet (B2). `strays`: links of other mailboxes to another appointment that was
    made for the same meeting. `unsent`: whose answers in Consolidate their own copies wait for.
    """

    activity_id: ActivityId
    pair: Pair
    new_link: LinkId
    by: By | None = None
    intended: Link | None = None
    adopted: bool = False
    strays: tuple[Link, ...] = ()
    unsent: frozenset[EmployeeId] = frozenset()


@dataclass(slots=True)
class Assembled:
    """The pairs of a batch.

    `busy`: those whose appointment somebody else is at work on in Consolidate, about which nothing
    can be decided now. `parked`: copies that wait for their organizer's own event, or until their
    owner's former event of the meeting is gone. `doubtful`: events to be read again, because a new
    one seems to be an old one under another id. `foreign`: events of this mailbox that are left to
    the profiles that are linked to them (I4).
    """

    known: list[Known] = field(default_factory=list)
    busy: list[Known] = field(default_factory=list)
    parked: list[Event] = field(default_factory=list)
    doubtful: set[EventId] = field(default_factory=set)
    foreign: Mapping[EventId, ProfileId] = field(default_factory=dict)
