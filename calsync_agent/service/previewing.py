"""Rehearses the next cycle of profiles, writing nothing (preview, B12)."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from calsync_agent.appointment import zones
from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import ProfileId
from calsync_agent.appointment.owner import Owner
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database
from calsync_agent.domain.activity import Stamp
from calsync_agent.domain.calendar import Connection
from calsync_agent.domain.policy import Profile
from calsync_agent.errors import MailboxTrouble, Unknown
from calsync_agent.fence import guarded_call
from calsync_agent.i18n import message
from calsync_agent.naming import profile_called
from calsync_agent.plan.guard import Limits
from calsync_agent.plan.job import Job
from calsync_agent.plan.window import Window, own_window
from calsync_agent.service.connections import Connect
from calsync_agent.service.snapshot import ProfileRefused, View, look, refused_rows
from calsync_agent.service.summary import waiting
from calsync_agent.service.troubles import internal
from calsync_agent.state import mailboxes, progress
from calsync_agent.state.mailboxes import Claim
from calsync_agent.state.progress import Progress, moved_from
from calsync_agent.sync import cycle as cycles
from calsync_agent.sync import inbound
from calsync_agent.sync.preview import Preview, preview
from calsync_agent.sync.rehearsal import Rehearsal

NOBODY = UUID(int=0)


def utc_now() -> datetime:
    """The time of day, UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


async def preview_all(
    database: Database,
    settings: Settings,
    connect: Connect,
    only: str | None = None,
    clock: Callable[[], datetime] = utc_now,
    as_if: Callable[[Profile], Profile] = lambda profile: profile,
) -> list[Preview]:
    """A preview of each active profile, or of the one with this number or employee code.

    That one may be inactive still: it is previewed as if it were not. `as_if`: what the profile
    would be like (A7).
    Raises Refusal, MailboxTrouble and DatabaseTrouble as a sync would, and Unknown.
    """
    now = clock()
    view = await database.read(lambda c: look(c, now))
    if only is not None:
        view = _as_active(view, only)
    wanted = _wanted(view, only)
    far = await database.read(progress.read_all)
    calendars = connect(settings, view.provider)
    try:
        refused = await _refused(view, calendars)
        previews = []
        for profile in wanted:
            known = far.get(profile.id) or Progress(profile.id, profile.mailbox)
            if profile.id in refused:
                told = Preview(profile.id, profile.mailbox, first_sync=False)
                told.waiting = refused[profile.id].message
            elif moved_from(known, profile):
                told = Preview(profile.id, profile.mailbox, first_sync=True)
                told.waiting = message(
                    "it is bound to another mailbox than before: both sides are matched anew, and"
                    " nothing is deleted"
                )
            else:
                given = job(settings, view, as_if(profile), clock())
                told = await guarded_call(
                    partial(_rehearsed, database, calendars, given, known),
                    partial(_unforeseen, profile, known),
                )
            previews.append(told)
        return previews
    finally:
        await calendars.aclose()


async def _refused(view: View, calendars: Connection) -> Mapping[ProfileId, ProfileRefused]:
    """The profiles that name no mailbox, or another's, as far as Exchange tells now (I4)."""
    owners: dict[ProfileId, Owner] = {}
    for profile in view.roster.syncing:
        if profile.mailbox and not view.roster.claims.get(profile.id, Claim(profile.id)).resolves(
            profile
        ):
            with suppress(MailboxTrouble):
                owners[profile.id] = await calendars.owner_of(profile.mailbox)
    claims = mailboxes.as_told(view.roster.syncing, view.roster.claims, owners)
    return refused_rows(view.roster.syncing, claims, view.roster.staff.people)


def _unforeseen(profile: Profile, far: Progress, error: Exception) -> Preview:
    """Nothing is known of this profile; the others' previews go on (B8)."""
    told = Preview(profile.id, profile.mailbox, first_sync=far.compared_at is None)
    told.waiting = internal(error).message
    return told


async def _rehearsed(
    database: Database, calendars: Connection, given: Job, far: Progress
) -> Preview:
    rehearsal = Rehearsal(
        job=given,
        mailbox=calendars.mailbox(given.profile.mailbox, given.office.people),
        database=database,
        lease=NOBODY,
        progress=inbound.widened(far, given.window, given.stamp.now),
        position=far.delta_link,
    )
    await cycles.run(rehearsal)
    told = preview(rehearsal, first_sync=far.compared_at is None)
    held = [one for one in rehearsal.job.held.values() if one.verdict is None]
    if held:
        told.waiting = message("waits for an administrator: {what}", what=waiting(held))
    return told


def job(settings: Settings, view: View, profile: Profile, now: datetime) -> Job:
    """What a cycle of a profile works with, at `now` (UTC)."""
    part = settings.sync
    zone = zones.zone_info(part.default_time_zone)
    people = replace(view.roster.staff.people, home=part.default_time_zone)
    return Job(
        profile=profile,
        policy=profile.policy(view.provider.policy),
        window=bounds(settings, profile, now),
        office=replace(view.roster.office, people=people),
        inbound_type=view.ready.inbound_type,
        limits=Limits(
            part.max_deletes,
            part.max_delete_percent,
            part.max_deletes_a_day,
            part.max_mails,
            part.max_mails_a_day,
        ),
        stamp=Stamp(now, now.replace(tzinfo=UTC).astimezone(zone)),
        quiet=frozenset() if part.categories_mail else frozenset({Field.CATEGORY}),
    )


def bounds(settings: Settings, profile: Profile, now: datetime) -> Window:
    """A profile's window at `now` (UTC): its own, or as the settings say (A7)."""
    return own_window(profile, now, settings.sync.past_months, settings.sync.future_months)


def _as_active(view: View, name: str) -> View:
    """The view as it would be if the profile of this name were active."""
    roster = view.roster
    codes = {one.id: roster.staff.people.code(one.employee) for one in roster.profiles}
    number = profile_called(name, codes)
    profiles = tuple(replace(p, active=p.active or p.id == number) for p in roster.profiles)
    if profiles == roster.profiles:
        return view
    known = replace(roster.known_profiles, value=profiles)
    return replace(view, roster=replace(roster, known_profiles=known))


def _wanted(view: View, only: str | None) -> list[Profile]:
    syncing, people = view.roster.syncing, view.roster.office.people
    if only is None:
        return list(syncing)
    number = profile_called(only, {one.id: people.code(one.employee) for one in syncing})
    if number is None:
        raise Unknown(message("there is no active profile {name}", name=only))
    return [one for one in syncing if one.id == number]
