"""Whose mailbox ought to hold an appointment, and as what (F1, F2, G10, G11)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from calsync_agent.appointment.model import EmployeeId, ProfileId, Response
from calsync_agent.consolidate.rows import Activity
from calsync_agent.state.links import Link, Role


@dataclass(frozen=True, slots=True)
class Relation:
    """What one mailbox is to one appointment.

    `wanted`: what its event ought to be, None where it ought to have none of ours. `ready`: whoever
    else ought to hold the appointment does so already. `voice`: the content of the meeting comes in
    through this copy. `inside`: the organizer's own mailbox is synced, and another. `resting`: the
    organizer's own event is known, but their mailbox is not synced at present. `led`: the
    organizer's own event lies in another mailbox that is synced. `copied`: it is known only from
    copies so far.
    """

    wanted: Role | None
    ready: bool = True
    voice: bool = False
    inside: bool = False
    resting: bool = False
    led: bool = False
    copied: bool = False


def relation(
    activity: Activity,
    profile: ProfileId,
    links: Collection[Link],
    mailboxes: Mapping[EmployeeId, ProfileId],
) -> Relation:
    """What a profile's mailbox is to an activity that has `links`.

    `mailboxes`: the employees whose profiles are synced.
    """
    owner = mailboxes.get(activity.responsible)
    wanted = _wanted(activity, links, mailboxes)
    others = {number: role for number, role in wanted.items() if number != profile}
    there = {(li.profile, li.role) for li in links if li.event_id is not None}
    organizers = {number for number, role in there if role is Role.ORGANIZER}
    return Relation(
        wanted=wanted.get(profile),
        ready=others.items() <= there,
        voice=_voice(links, set(mailboxes.values())) == profile,
        inside=owner is not None and not activity.from_outside and owner != profile,
        resting=bool(organizers - set(mailboxes.values())),
        led=bool((organizers & set(mailboxes.values())) - {profile}),
        copied={li.role for li in links} == {Role.COPY},
    )


def _wanted(
    activity: Activity, links: Collection[Link], mailboxes: Mapping[EmployeeId, ProfileId]
) -> dict[ProfileId, Role]:
    if activity.from_outside:
        return {}
    owner = mailboxes.get(activity.responsible)
    if owner is not None:
        return {owner: Role.ORGANIZER}
    # A meeting that lives in Exchange already, or whose organizer's mailbox only rests (C5, G11).
    if any(li.role in {Role.COPY, Role.ORGANIZER} and _stays(li, mailboxes) for li in links):
        return {}
    return {
        mailboxes[p.employee]: Role.PLAIN
        for p in activity.appointment.participants
        if p.employee in mailboxes and p.response is not Response.DECLINED
    }


def _stays(link: Link, mailboxes: Mapping[EmployeeId, ProfileId]) -> bool:
    """Copies stay where they are, and so does an organizer's event in a mailbox that rests.

    An organizer's event in a mailbox that is synced, of somebody who is responsible no longer, is
    on its way out (G10).
    """
    return link.role is Role.COPY or link.profile not in set(mailboxes.values())


def _voice(links: Collection[Link], active: Collection[ProfileId]) -> ProfileId | None:
    """The copy that speaks where no synced mailbox is the organizer's: the lowest profile's."""
    there = [li for li in links if li.event_id is not None and li.profile in active]
    if any(li.role is Role.ORGANIZER for li in there):
        return None
    return min((li.profile for li in there if li.role is Role.COPY), default=None)
