"""Hands what the feed reports to the profiles that it concerns, as pending work."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.content import changed, fingerprint, untold_in
from calsync_agent.appointment.fields import BOTH_WAYS
from calsync_agent.appointment.model import ActivityId, ProfileId
from calsync_agent.consolidate import feed, scan
from calsync_agent.domain.activity import Activity, BrokenActivity
from calsync_agent.domain.link import Link, Role
from calsync_agent.domain.policy import Profile
from calsync_agent.fence import guarded, reason
from calsync_agent.plan.attendee_copy import ANSWER
from calsync_agent.plan.decide import consolidate_state
from calsync_agent.plan.matrix import State
from calsync_agent.plan.office import Office
from calsync_agent.plan.pair import Pair, pair
from calsync_agent.state import holds, links, pending, quarantine
from calsync_agent.sync import oddities

AT_ONCE: Final = 500


def dispatch(
    connection: sa.Connection,
    office: Office,
    profiles: Mapping[ProfileId, Profile],
    now: datetime,
) -> int:
    """Turn entries of the feed into pending work; returns how many were taken.

    `profiles`: all there are, so that what happens while one is not synced is waiting for it (C5).
    What is our own doing is recognised by content (A5); but whoever is at work on an appointment,
    or has it in quarantine, hears of every touch: what it holds again may be on its way out (G4).
    So does whoever lets it wait for an admin: what is as it was needs no answer any more (B7).
    What cannot be read at once, because somebody is at work on it, stays in the feed.
    """
    feed.mend(connection, links.linked_activities())
    entries = feed.read_feed(connection, AT_ONCE)
    if len(entries) >= AT_ONCE:  # what is named again behind these is looked at once
        entries += feed.read_more(connection, entries)
    named = {ActivityId(e.activity_id) for e in entries if e.activity_id is not None}
    if any(entry.activity_id is None for entry in entries):
        oddities.put_rows_aside(connection, profiles.values(), now)
    seen = scan.see(connection, named)
    activities, touched = seen.activities, named - seen.busy
    linked: dict[ActivityId, list[Link]] = {number: [] for number in touched}
    for link in links.by_activities(connection, touched):
        linked[link.activity].append(link)
    # Resting mailboxes hear of what they would hold if they were synced.
    everybody = replace(office, mailboxes={p.employee: p.id for p in profiles.values()})
    work = {
        (profile, number)
        for number in touched
        for profile in _all_concerned(
            activities.get(number), linked[number], office, everybody, profiles
        )
    }
    for known in pending, quarantine, holds:
        work |= known.on(connection, touched)
    pending.add(connection, work)
    taken = [entry.id for entry in entries if entry.activity_id in {None, *touched}]
    feed.remove(connection, taken)
    return len(taken)


def _all_concerned(
    activity: Activity | BrokenActivity | None,
    known: list[Link],
    office: Office,
    everybody: Office,
    profiles: Mapping[ProfileId, Profile],
) -> set[ProfileId]:
    """Everybody is, where nobody can tell: whose it is names it, the others pass it over (B8)."""

    def anybody(error: Exception) -> set[ProfileId]:
        reason(error)
        return set(profiles)

    return guarded(lambda: set(_concerned(activity, known, office, everybody, profiles)), anybody)


def _concerned(
    activity: Activity | BrokenActivity | None,
    known: list[Link],
    office: Office,
    everybody: Office,
    profiles: Mapping[ProfileId, Profile],
) -> Iterator[ProfileId]:
    links_by_profile = {link.profile: link for link in known}
    for number in links_by_profile.keys() | _belonging(activity, everybody):
        profile, link = profiles[number], links_by_profile.get(number)
        whole = pair(office, profile, link, activity, None, known)
        if link is not None:
            concerned = _touched(whole, link)
        elif activity is None or activity.deleted:
            concerned = False
        else:
            concerned = (
                whole.sendable or pair(everybody, profile, None, activity, None, known).sendable
            )
        if concerned:
            yield number


def _belonging(activity: Activity | BrokenActivity | None, everybody: Office) -> set[ProfileId]:
    """The profiles of those who have to do with an appointment."""
    if activity is None:
        return set()
    people = {activity.responsible}
    if isinstance(activity, Activity):
        people |= {participant.employee for participant in activity.appointment.participants}
    mailboxes = everybody.mailboxes
    return {mailboxes[employee] for employee in people if employee in mailboxes}


def _leads_no_longer(whole: Pair) -> bool:
    match whole.activity:
        case Activity(from_outside=False):
            return whole.relation.wanted is not Role.ORGANIZER
    return False


def _touched(whole: Pair, link: Link) -> bool:
    """Whether the profile has anything to do about it."""
    if link.role is Role.ORGANIZER and (whole.relation.heirs or _leads_no_longer(whole)):
        return True  # it belongs into another mailbox now, or into none (G10)
    state = consolidate_state(whole, link)
    if state is State.SAME and untold_in(link.consolidate):
        return True  # whether it is the same in what an older version did not know is to be noted
    if state is not State.CHANGED:
        return state is not State.SAME or whole.relation.wanted not in {link.role, None}
    if link.role is Role.COPY and not whole.relation.voice:
        return bool(changed(link.consolidate, fingerprint(whole.mine)) & ANSWER)
    return bool(changed(link.consolidate, fingerprint(whole.mine)) & BOTH_WAYS)
