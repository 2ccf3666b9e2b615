"""Finds what stands twice in the mailboxes, and removes it on request (H8).

Each removal is kept before it is done (B6), so that `undo` brings it back, and is a line in the log
with the account's name. Nobody is mailed: what others are invited to is never removed.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from calsync_agent.appointment.model import ActivityId, EventId, ProfileId
from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database
from calsync_agent.domain.calendar import Mailbox
from calsync_agent.domain.event import Event
from calsync_agent.domain.operation import DeleteEvent, Examined, ExamineEvent, Gone, Refused
from calsync_agent.domain.policy import Profile
from calsync_agent.domain.version import Kept, Side
from calsync_agent.errors import MailboxTrouble, Unknown
from calsync_agent.i18n import Message, marked, message
from calsync_agent.naming import profile_called
from calsync_agent.plan.duplicates import Duplicate, content, duplicates
from calsync_agent.plan.inbound_id import own_id
from calsync_agent.plan.job import Job
from calsync_agent.service.connections import Connect
from calsync_agent.service.previewing import job, utc_now
from calsync_agent.service.restore_detection import Memory
from calsync_agent.service.snapshot import View, look
from calsync_agent.state import history, links, log
from calsync_agent.state.log import Kind, Level, LogEntry
from calsync_agent.sync.pages import Pages
from calsync_agent.sync.sync_log import called

RULE: Final = marked("duplicate, removed by an administrator")

_OUTBOUND_OFF: Final = message("outbound is switched off for this profile")
_CHANGED: Final = message("somebody has changed it meanwhile; look again")


@dataclass(slots=True)
class Found:
    """The duplicates of one mailbox; `trouble`: why it could not be read."""

    profile: Profile
    duplicates: list[Duplicate] = field(default_factory=list)
    removed: set[EventId] = field(default_factory=set)
    trouble: Message | None = None


async def deduplicate(
    database: Database,
    settings: Settings,
    connect: Connect,
    only: str | None = None,
    *,
    remove_for: str | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> list[Found]:
    """The duplicates of all profiles that are synced, or of one, whether it is synced or not.

    `remove_for`: the account for which those that may go are removed. Raises Unknown, and what a
    sync would raise.
    """
    memory = Memory() if remove_for is not None else None
    view = await database.read(lambda c: look(c, clock(), memory=memory))
    calendars = connect(settings, view.provider)
    found = []
    try:
        for profile in _wanted(view, only):
            work = job(settings, view, profile, clock())
            mailbox = calendars.mailbox(profile.mailbox, work.office.people)
            one = Found(profile)
            try:
                one.duplicates = await _duplicates(database, mailbox, work)
                if remove_for is not None:
                    await _remove(database, mailbox, work, one, remove_for)
            except MailboxTrouble as trouble:
                one.trouble = trouble.message
            found.append(one)
    finally:
        await calendars.aclose()
    return found


def _wanted(view: View, only: str | None) -> Sequence[Profile]:
    if only is None:
        return [one for one in view.roster.syncing if one.id not in view.roster.refused]
    people, known = view.roster.staff.people, view.roster.profiles
    number = profile_called(only, {one.id: people.code(one.employee) for one in known})
    if number is None:
        raise Unknown(message("there is no profile {name}", name=only))
    return [one for one in known if one.id == number]


async def _duplicates(database: Database, mailbox: Mailbox, work: Job) -> list[Duplicate]:
    """What stands twice, as it is at this moment."""
    profile, employee = work.profile.id, work.profile.employee
    seen: dict[EventId, object] = {}
    series: set[EventId] = set()
    page, pages = await mailbox.first_page(work.window.start, work.window.end), Pages(mailbox)
    while True:
        for event in page.events:
            if isinstance(event, Event):
                seen[event.id] = content(event)
        series |= page.series
        following = await pages.after(page)
        if following is None:
            break
        page = following
    seen |= {event.id: content(event) for event in await _read(mailbox, series)}
    often: dict[object, list[EventId]] = {}
    for number, what in seen.items():
        often.setdefault(what, []).append(number)
    doubtful = {number for some in often.values() if len(some) > 1 for number in some}
    events = await _read(mailbox, doubtful)
    known = await database.read(lambda c: links.by_events(c, profile, doubtful))
    linked = {link.event_id: link for link in known if link.event_id is not None}
    return duplicates(events, linked, employee)


async def _read(mailbox: Mailbox, numbers: Collection[EventId]) -> list[Event]:
    found = await mailbox.read(numbers) if numbers else {}
    return [event for event in found.values() if isinstance(event, Event)]


async def _remove(
    database: Database, mailbox: Mailbox, work: Job, found: Found, account: str
) -> None:
    """Remove what may go, one after the other; what may not is told why."""
    for at, one in enumerate(found.duplicates):
        left = one.left
        if left is None and not work.policy.outbound:
            left = _OUTBOUND_OFF
        if left is None:
            left = await _removed(database, mailbox, work, one, account)
        if left is None:
            found.removed.add(one.event.id)
        else:
            found.duplicates[at] = replace(one, left=left)


async def _removed(
    database: Database, mailbox: Mailbox, work: Job, one: Duplicate, account: str
) -> Message | None:
    """Why it was left; None where it is gone."""
    event, now = one.event, work.stamp.now
    (looked,) = await mailbox.carry_out([ExamineEvent(event)])
    if not isinstance(looked, Examined):
        return looked.reason if isinstance(looked, Refused) else _CHANGED
    activity = one.link.activity if one.link else own_id(event, work.profile.employee)
    kept = _kept(work, event, activity)
    await database.write(lambda c: history.keep(c, [kept], now))
    (result,) = await mailbox.carry_out([DeleteEvent(event.id, event.etag)])
    if isinstance(result, Gone):
        told = _told(work.profile.id, activity, event, account)
        await database.write(lambda c: log.write(c, [told], now))
        return None
    await database.write(lambda c: history.forget(c, activity, event.id, RULE))
    return result.reason if isinstance(result, Refused) else _CHANGED


def _kept(work: Job, event: Event, activity: ActivityId) -> Kept:
    return Kept(
        profile=work.profile.id,
        side=Side.EXCHANGE,
        activity=activity,
        event=event.id,
        rule=RULE,
        lost=work.office.types.bound(event.appointment),
        replaced_by=None,
        responsible=work.profile.employee,
        type_id=None,
    )


def _told(profile: ProfileId, activity: ActivityId, event: Event, account: str) -> LogEntry:
    return LogEntry(
        Level.INFO,
        Kind.DELETED,
        message(
            "{account} has removed a duplicate from Exchange: {subject}",
            account=account,
            subject=called(event),
        ),
        profile,
        activity,
        event.id,
        rule=message(RULE),
    )
