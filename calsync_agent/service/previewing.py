"""Rehearses the next cycle of profiles, writing nothing (preview, B12)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from calsync_agent.appointment import zones
from calsync_agent.config.settings import Settings
from calsync_agent.consolidate.writing import Stamp
from calsync_agent.database.engine import Database
from calsync_agent.errors import Unknown
from calsync_agent.exchange.mailbox import Mailbox
from calsync_agent.i18n import message
from calsync_agent.service.lines import Connect, Connection
from calsync_agent.service.summary import waiting
from calsync_agent.service.view import View, look
from calsync_agent.state import progress
from calsync_agent.state.profiles import Profile
from calsync_agent.state.progress import Progress
from calsync_agent.sync import cycle as cycles
from calsync_agent.sync.guard import Limits
from calsync_agent.sync.job import Job
from calsync_agent.sync.preview import Preview, preview
from calsync_agent.sync.rehearsal import Rehearsal
from calsync_agent.sync.window import window

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
) -> list[Preview]:
    """A preview of each active profile, or of the one with this number or employee code.

    Raises Refusal, MailboxTrouble and DatabaseTrouble as a sync would, and Unknown.
    """
    now = clock()
    view = await database.read(lambda c: look(c, now))
    wanted = [profile for profile in view.syncing if _named(profile, view, only)]
    if only is not None and not wanted:
        raise Unknown(message("there is no active profile {name}", name=only))
    far = await database.read(progress.read_all)
    graph = connect(settings, view.provider)
    try:
        return [
            await _rehearsed(
                database, graph, job(settings, view, profile, clock()), far.get(profile.id)
            )
            for profile in wanted
        ]
    finally:
        await graph.aclose()


async def _rehearsed(
    database: Database, graph: Connection, given: Job, far: Progress | None
) -> Preview:
    far = far or Progress(given.profile.id)
    rehearsal = Rehearsal(
        job=given,
        mailbox=Mailbox(graph, given.profile.mailbox, given.office.people),
        database=database,
        lease=NOBODY,
        progress=far,
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
    people = replace(view.staff.people, home=part.default_time_zone)
    return Job(
        profile=profile,
        policy=view.provider.policy,
        window=window(now, part.past_months, part.future_months),
        office=replace(view.office, people=people),
        inbound_type=view.ready.inbound_type,
        limits=Limits(part.max_deletes, part.max_delete_percent, part.max_mails),
        stamp=Stamp(now, now.replace(tzinfo=UTC).astimezone(zone)),
    )


def _named(profile: Profile, view: View, name: str | None) -> bool:
    employee = view.office.people.find(profile.employee)
    code = employee.code if employee else ""
    return name is None or name == str(profile.id) or name.casefold() == code.casefold()
