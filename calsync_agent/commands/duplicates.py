"""`calsync-agent duplicates`: what stands twice in a mailbox, shown, and removed on request (H8).

The exit status is 0 where none are left, 1 where some are or a mailbox could not be read, and 2
where it cannot be told.
"""

import argparse
import asyncio

from calsync_agent import bootstrap
from calsync_agent.appointment import zones
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.console import say, say_json, warn
from calsync_agent.i18n import _, message, ngettext
from calsync_agent.plan.duplicates import Duplicate
from calsync_agent.platform.account import account
from calsync_agent.service.deduplicating import Found, deduplicate
from calsync_agent.state.log import named


def duplicates(options: argparse.Namespace) -> int:
    """Show them, and remove them if so told."""
    settings = reading.read(reading.find(options.config))
    who = account() if options.remove else None
    found = asyncio.run(_found(settings, options.profile, who))
    if options.json:
        say_json([_as_json(where, one) for where in found for one in where.duplicates])
    else:
        _tell(found, removing=options.remove)
    for where in found:
        if where.trouble is not None:
            warn(where.trouble)
    left = sum(len(where.duplicates) - len(where.removed) for where in found)
    return 1 if left or any(where.trouble for where in found) else 0


async def _found(settings: Settings, only: str | None, who: str | None) -> list[Found]:
    database = await asyncio.to_thread(bootstrap.open_database, settings)
    try:
        return await deduplicate(database, settings, bootstrap.connect, only, remove_for=who)
    finally:
        database.dispose()


def _tell(found: list[Found], *, removing: bool) -> None:
    for where in found:
        for one in where.duplicates:
            say(_line(where, one))
    removed = sum(len(where.removed) for where in found)
    left = sum(len(where.duplicates) for where in found) - removed
    if removed:
        text = ngettext(
            "{count} duplicate was removed; undo brings it back.",
            "{count} duplicates were removed; undo brings them back.",
            removed,
        )
        say(text.format(count=removed))
    if not removed and not left:
        say(_("No duplicates."))
    may_go = sum(one.left is None for where in found for one in where.duplicates)
    if may_go and not removing:
        text = ngettext(
            "{count} duplicate may be removed; nothing has been done yet. Do it with --remove.",
            "{count} duplicates may be removed; nothing has been done yet. Do it with --remove.",
            may_go,
        )
        say(text.format(count=may_go))


def _line(where: Found, one: Duplicate) -> str:
    what = f"{where.profile.id:>4}  {_start(one)}  {named(one.event.appointment)}"
    if one.event.id in where.removed:
        return f"{what}: " + _("removed")
    text = message("{why}; it stays as it is: {left}", why=one.why, left=one.left or "")
    return f"{what}: {one.why if one.left is None else text}"


def _start(one: Duplicate) -> str:
    a = one.event.appointment
    return f"{a.start:%Y-%m-%d}" if a.all_day else f"{a.start:%Y-%m-%d %H:%M}"


def _as_json(where: Found, one: Duplicate) -> dict[str, object]:
    a = one.event.appointment
    start = a.start.date() if a.all_day else zones.to_utc(a.start, a.zone)
    return {
        "profile_id": where.profile.id,
        "event_id": one.event.id,
        "activity_id": None if one.link is None else str(one.link.activity),
        "subject": str(named(a)),
        "start": start.isoformat() + ("" if a.all_day else "Z"),
        "stays_event_id": one.stays.id,
        "stays_activity_id": None if one.stays_link is None else str(one.stays_link.activity),
        "reason": str(one.why),
        "left": None if one.left is None else str(one.left),
        "removed": one.event.id in where.removed,
    }
