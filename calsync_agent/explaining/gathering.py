"""Reads all that is known of what somebody asks about; nothing is judged here."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa

from calsync_agent import bindings
from calsync_agent.appointment.codec import from_json
from calsync_agent.appointment.model import ActivityId, EmployeeId, EventId, ProfileId
from calsync_agent.config.settings import Sync
from calsync_agent.consolidate.reading import Staff, read_staff, see_activities
from calsync_agent.consolidate.tables import feed
from calsync_agent.domain.activity import Activity, BrokenActivity
from calsync_agent.domain.hold import Held
from calsync_agent.domain.link import Link
from calsync_agent.domain.policy import Policy, Priority, Profile
from calsync_agent.explaining.case import Around, Case, LogLine, Target
from calsync_agent.health import overview, profiles, provider, situation
from calsync_agent.health.profiles import ProfileLine
from calsync_agent.i18n import Message, Value
from calsync_agent.plan.decide import consolidate_state
from calsync_agent.plan.matrix import State
from calsync_agent.plan.office import Office
from calsync_agent.plan.pair import pair
from calsync_agent.plan.window import own_window
from calsync_agent.state import history, holds, links, pending, progress, quarantine, waiting
from calsync_agent.state.log import named
from calsync_agent.state.profiles import read_profiles
from calsync_agent.state.quarantine import Quarantined
from calsync_agent.state.tables import log
from calsync_agent.state.waiting import Waiting

LINES: Final = 5
"""So many log lines and kept versions show how it came to be so."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What is read once, however much is asked about."""

    lines: Mapping[ProfileId, ProfileLine]
    profiles: Mapping[ProfileId, Profile]
    staff: Staff
    office: Office
    compared: Mapping[ProfileId, bool]
    held: tuple[Held, ...]
    copies: tuple[Waiting, ...]


def around(connection: sa.Connection, sync: Sync) -> Around:
    """How things stand."""
    pulse = overview.pulse(connection)
    return Around(
        now=pulse.now,
        health=situation.health(connection),
        provider=provider.read(connection),
        attended=bool(pulse.alive),
        sync=sync,
    )


def cases(connection: sa.Connection, targets: Iterable[Target], how: Around) -> list[Case]:
    """A case for each target and each profile that it concerns."""
    read = _read(connection, how)
    return [case for target in targets for case in _cases(connection, target, read, how)]


def _read(connection: sa.Connection, how: Around) -> _Read:
    listing = profiles.read(connection, how.now)
    known = [] if listing.provider is None else read_profiles(connection, listing.provider)
    lines, staff = listing.by_id, read_staff(connection)
    mailboxes = {
        line.row.employee: number
        for number, line in sorted(lines.items())
        if line.row.active and line.row.employee in staff.permitted
    }
    return _Read(
        lines=lines,
        profiles={profile.id: profile for profile in known},
        staff=staff,
        office=Office(staff.people, mailboxes, bindings.read(connection)),
        compared={
            number: far.compared_at is not None
            for number, far in progress.read_all(connection).items()
        },
        held=tuple(holds.read(connection)),
        copies=tuple(waiting.read(connection)),
    )


def _cases(connection: sa.Connection, target: Target, read: _Read, how: Around) -> Iterator[Case]:
    if target.activity is None:
        yield _event_alone(connection, target, read)
        return
    number = target.activity
    seen = see_activities(connection, [number])
    activity, known = seen.activities.get(number), links.by_activities(connection, [number])
    versions = tuple(history.of_activity(connection, number, LINES))
    work = {profile for profile, _activity in pending.on(connection, [number])}
    aside = {profile for profile, _activity in quarantine.on(connection, [number])}
    noticed = _noticed(connection, number)
    whole = Case(
        activity_id=number,
        event_id=target.event,
        subject=_subject(activity, versions[0].content if versions else None),
        activity=activity,
        busy=number in seen.busy,
        versions=versions,
    )
    concerned = (
        [target.profile]
        if target.profile is not None
        else sorted(
            _concerned(activity, known, read, number) | ((work | aside) & read.lines.keys())
        )
    )
    for profile in concerned:
        line = read.lines.get(profile)
        if line is None:  # the profile itself is gone
            yield replace(whole, log=_log(connection, number, None, None))
            continue
        mine = next((one for one in known if one.profile == profile), None)
        items = quarantine.read(connection, profile)
        case = _related(whole, line, mine, known, items, read, how)
        touched = noticed or profile in work
        yield replace(case, touched=touched, log=_log(connection, number, None, profile))
    if not concerned:
        yield replace(whole, log=_log(connection, number, None, None))


def _related(
    whole: Case,
    line: ProfileLine,
    mine: Link | None,
    known: list[Link],
    items: list[Quarantined],
    read: _Read,
    how: Around,
) -> Case:
    """What one profile has to do with the appointment."""
    activity, profile = whole.activity, line.row.id
    bound, sync = read.profiles.get(profile) or _profile(line), how.sync
    window = own_window(bound, how.now, sync.past_months, sync.future_months)
    ways = _policy(bound, how.provider)
    in_scope = not isinstance(activity, Activity) or window.covers(activity)
    both = pair(read.office, bound, mine, activity, None, known, in_scope=in_scope)
    changed = mine is not None and consolidate_state(both, mine) is State.CHANGED
    event = whole.event_id or (mine.event_id if mine else None)
    aside = [
        one
        for one in items
        if one.item.activity == whole.activity_id or (event is not None and one.item.event == event)
    ]
    return replace(
        whole,
        event_id=event,
        subject=whole.subject or (aside[0].known_as if aside else None),
        profile=line,
        link=mine,
        relation=both.relation,
        in_scope=in_scope,
        changed=changed,
        inbound=ways.inbound,
        outbound=ways.outbound,
        window=window,
        compared=read.compared.get(profile, False),
        takes_part=line.row.employee in _takes_part(activity),
        quarantined=aside[0] if aside else None,
        held=next(
            (h for h in read.held if (h.profile, h.activity) == (profile, whole.activity_id)), None
        ),
    )


def _event_alone(connection: sa.Connection, target: Target, read: _Read) -> Case:
    """What is known of an event that no appointment is linked to."""
    profile, event = target.profile, target.event
    line = read.lines.get(profile) if profile is not None else None
    aside = quarantine.read(connection, profile) if profile is not None else []
    mine = next((one for one in aside if one.item.event == event), None)
    return Case(
        activity_id=None,
        event_id=event,
        subject=mine.known_as if mine else None,
        profile=line,
        compared=profile is not None and read.compared.get(profile, False),
        quarantined=mine,
        waiting=next(
            (one for one in read.copies if (one.profile, one.event) == (profile, event)), None
        ),
        log=_log(connection, None, event, profile),
    )


def _concerned(
    activity: Activity | BrokenActivity | None, known: list[Link], read: _Read, number: ActivityId
) -> set[ProfileId]:
    """The profiles of all who have to do with it, active or not."""
    people = _takes_part(activity)
    if activity is not None:
        people = people | {activity.responsible}
    theirs = {n for n, line in read.lines.items() if line.row.employee in people}
    held = {one.profile for one in read.held if one.activity == number}
    return (theirs | {one.profile for one in known} | held) & read.lines.keys()


def _noticed(connection: sa.Connection, number: ActivityId) -> bool:
    """Whether the feed tells of a change of it that no cycle has taken up yet."""
    mine = sa.select(feed.c.entry).where(feed.c.activity_id == number).limit(1)
    return connection.execute(mine).first() is not None


def _takes_part(activity: Activity | BrokenActivity | None) -> frozenset[EmployeeId]:
    if not isinstance(activity, Activity):
        return frozenset()
    return frozenset(one.employee for one in activity.appointment.participants)


def _profile(line: ProfileLine) -> Profile:
    return Profile(line.row.id, line.row.employee, line.row.mailbox, active=line.row.active)


def _policy(bound: Profile, row: provider.Row | None) -> Policy:
    """Which ways the profile is synced (A7)."""
    inbound, outbound = (True, True) if row is None else (row.inbound, row.outbound)
    return bound.policy(Policy(inbound, outbound, Priority.OUTBOUND_FIRST))


def _subject(activity: Activity | BrokenActivity | None, last: str | None) -> "Value | None":
    """How it is named, by the row or else by the version kept last; a private one by no words."""
    match activity:
        case Activity(appointment=appointment):
            return named(appointment)
        case BrokenActivity(name=name):
            return name or None
    return None if last is None else named(from_json(last))


def _log(
    connection: sa.Connection,
    activity: ActivityId | None,
    event: EventId | None,
    profile: ProfileId | None,
) -> tuple[LogLine, ...]:
    """The last lines about it, the newest first."""
    about = log.c.event_id == event if activity is None else log.c.activity_id == activity
    found = sa.select(log.c.at, log.c.message, log.c.content).where(about)
    if profile is not None:
        found = found.where(sa.or_(log.c.profile_id == profile, log.c.profile_id.is_(None)))
    rows = connection.execute(found.order_by(log.c.id.desc()).limit(LINES))
    return tuple(
        LogLine(at, Message.from_json(content) if content else text) for at, text, content in rows
    )
