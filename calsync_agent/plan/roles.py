"""Whose mailbox ought to hold an appointment, and as what (F1, F2, G10, G11)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from calsync_agent.appointment.model import EmployeeId, ProfileId, Response
from calsync_agent.domain.activity import Activity
from calsync_agent.domain.link import Link, Role


@dataclass(frozen=True, slots=True)
class Relation:
    """What one mailbox is to one appointment.

    `wanted`: what its event ought to be, None where it ought to have none of ours. `ready`: whoever
    else ought to hold the appointment does so already. `voice`: the content of the meeting comes in
    through this copy. `inside`: the organizer's own mailbox is synced, and another. `resting`: the
    organizer's own event is known, but their mailbox is not synced at present. `led`: the
    organizer's own event lies in another mailbox that is synced. `copied`: it is known only from
    copies so far. `carried`: what of the former organizer's event is to be set again on the one
    that is made here (D6); `unexamined`: that is still to be found out there. `heirs`: the other
    mailboxes that ought to hold an event of ours.
    """

    wanted: Role | None
    ready: bool = True
    voice: bool = False
    inside: bool = False
    resting: bool = False
    led: bool = False
    copied: bool = False
    carried: str | None = None
    unexamined: bool = False
    heirs: frozenset[ProfileId] = frozenset()


def relation(
    activity: Activity,
    profile: ProfileId,
    links: Collection[Link],
    mailboxes: Mapping[EmployeeId, ProfileId],
    synced: Collection[ProfileId],
) -> Relation:
    """What a profile's mailbox is to an activity that has `links`.

    `mailboxes`: the employees whose profiles are synced; `synced`: these profiles.
    """
    owner = mailboxes.get(activity.responsible)
    wanted = _wanted(activity, links, mailboxes, synced)
    if not links:
        return _unlinked(activity, profile, owner, wanted)
    others = {number: role for number, role in wanted.items() if number != profile}
    there = {(li.profile, li.role) for li in links if li.event_id is not None}
    organizers = {number for number, role in there if role is Role.ORGANIZER}
    leaving = [
        li
        for li in links
        if li.role is Role.ORGANIZER
        and li.event_id is not None
        and li.profile != profile
        and li.profile in synced
    ]
    return Relation(
        wanted=wanted.get(profile),
        ready=others.items() <= there,
        voice=_voice(links, synced) == profile,
        inside=owner is not None and not activity.from_outside and owner != profile,
        resting=any(number not in synced for number in organizers),
        led=any(number in synced for number in organizers - {profile}),
        copied={li.role for li in links} == {Role.COPY},
        carried=next((li.carried for li in leaving if li.carried is not None), None),
        heirs=frozenset(others),
        unexamined=any(li.carried is None for li in leaving),
    )


def _unlinked(
    activity: Activity,
    profile: ProfileId,
    owner: ProfileId | None,
    wanted: Mapping[ProfileId, Role],
) -> Relation:
    """The same for an activity that has no links."""
    heirs = frozenset(number for number in wanted if number != profile)
    return Relation(
        wanted=wanted.get(profile),
        ready=not heirs,
        inside=owner is not None and not activity.from_outside and owner != profile,
        heirs=heirs,
    )


def _wanted(
    activity: Activity,
    links: Collection[Link],
    mailboxes: Mapping[EmployeeId, ProfileId],
    synced: Collection[ProfileId],
) -> dict[ProfileId, Role]:
    if activity.from_outside:
        return {}
    owner = mailboxes.get(activity.responsible)
    if owner is not None:
        return {owner: Role.ORGANIZER}
    # A meeting that lives in Exchange already, or whose organizer's mailbox only rests (C5, G11).
    if any(li.role in {Role.COPY, Role.ORGANIZER} and _stays(li, synced) for li in links):
        return {}
    return {
        mailboxes[p.employee]: Role.PLAIN
        for p in activity.appointment.participants
        if p.employee in mailboxes and p.response is not Response.DECLINED
    }


def _stays(link: Link, synced: Collection[ProfileId]) -> bool:
    """Copies stay where they are, and so does an organizer's event in a mailbox that rests.

    An organizer's event in a mailbox that is synced, of somebody who is responsible no longer, is
    on its way out (G10).
    """
    return link.role is Role.COPY or link.profile not in synced


def _voice(links: Collection[Link], active: Collection[ProfileId]) -> ProfileId | None:
    """The copy that speaks where no synced mailbox is the organizer's: the lowest profile's."""
    there = [li for li in links if li.event_id is not None and li.profile in active]
    if any(li.role is Role.ORGANIZER for li in there):
        return None
    return min((li.profile for li in there if li.role is Role.COPY), default=None)
