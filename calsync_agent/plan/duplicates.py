"""Which events of one mailbox are there twice, and which of them stays (H8): a pure function.

Other tools leave them behind. The one that stays is linked, best to an appointment that was entered
in Consolidate; else it is the older one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from calsync_agent.appointment import comparable, hours
from calsync_agent.appointment.generated import own_text
from calsync_agent.appointment.model import Appointment, EmployeeId, EventId
from calsync_agent.appointment.text import alike, folded
from calsync_agent.domain.event import Event
from calsync_agent.domain.link import Link, Role
from calsync_agent.i18n import Message, message
from calsync_agent.plan.inbound_id import of_event, own_id

_NEVER: Final = datetime(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An event that is there once more. `link`, `stays_link`: what is remembered of both.

    `why`: what speaks for the one that stays; `left`: why this one is only shown.
    """

    event: Event
    stays: Event
    link: Link | None
    stays_link: Link | None
    why: Message
    left: Message | None = None


def duplicates(
    events: Collection[Event], links: Mapping[EventId, Link], employee: EmployeeId
) -> list[Duplicate]:
    """What of the events in an employee's mailbox is there more than once, by time and id."""
    alike_ones: defaultdict[object, list[Event]] = defaultdict(list)
    for event in events:
        if not event.is_cancelled:
            alike_ones[content(event)].append(event)
    found = [
        one
        for group in alike_ones.values()
        if len(group) > 1
        for one in _of_group(group, links, employee)
    ]
    return sorted(found, key=lambda one: (one.event.appointment.start, one.event.id))


def content(event: Event) -> object:
    """Equal for events that say the same at the same time, whoever made them."""
    a = event.appointment
    return (
        alike(a.subject),
        _when(a),
        comparable.recurrence(a),
        comparable.exceptions(a),
        comparable.location(a),
        folded(own_text(a.body, event.own_link)),
        a.private,
    )


def _when(a: Appointment) -> object:
    if a.all_day or a.rule is not None:
        return comparable.time(a)
    return hours.instants(a.start, a.end, a.zone)  # whichever zone another tool wrote them in


def _of_group(
    group: Iterable[Event], links: Mapping[EventId, Link], employee: EmployeeId
) -> Iterator[Duplicate]:
    stays, *others = sorted(group, key=lambda event: _rank(event, links.get(event.id), employee))
    mine = links.get(stays.id)
    for event in others:
        link = links.get(event.id)
        yield Duplicate(event, stays, link, mine, _why(mine, link), _left(event, link, employee))


def _rank(event: Event, link: Link | None, employee: EmployeeId) -> tuple[object, ...]:
    return (
        link is None or came_in(event, link, employee),
        link is None,
        not event.meeting,  # a meeting is only shown; what is there beside it may go
        event.created_at or _NEVER,
        event.id,
    )


def came_in(event: Event, link: Link, employee: EmployeeId) -> bool:
    """Whether the appointment of an event was made because of it."""
    return link.activity in {own_id(event, employee), of_event(event.id)}


def _why(stays: Link | None, other: Link | None) -> Message:
    if stays is not None and other is None:
        return message("it says the same as one that is linked with Consolidate")
    return message("it says the same as one that is older, or was entered in Consolidate")


def _left(event: Event, link: Link | None, employee: EmployeeId) -> Message | None:
    if event.meeting:
        return message("people are invited to it; who organizes it may cancel it in Outlook")
    if event.is_online_meeting:
        return message("it is an online meeting, which would be lost")
    if link is None:
        return None
    if link.role is not Role.ORGANIZER:
        return message("deleting it would decline the appointment; delete that in Consolidate")
    if not came_in(event, link, employee):
        return message("its appointment was entered in Consolidate as well; delete it there")
    return None
