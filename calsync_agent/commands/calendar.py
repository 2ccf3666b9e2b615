"""`calsync-agent calendar`: both calendars of one profile beside each other; nothing is written.

The exit status is 0 where all is equal, 1 where something differs or the mailbox could not be read,
2 where it cannot be told.
"""

import argparse
import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from calsync_agent import bootstrap, datetimes
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.console import say, say_json, warn
from calsync_agent.database.engine import Database
from calsync_agent.errors import MailboxTrouble, NotReady
from calsync_agent.exchange import provider as exchange
from calsync_agent.exchange.transport.calls import Sender
from calsync_agent.i18n import message
from calsync_agent.state import meta, profiles
from calsync_agent.verifying import here
from calsync_agent.verifying.beside import Beside, Entry, alone, beside
from calsync_agent.verifying.company import named
from calsync_agent.verifying.values import Moment
from calsync_agent.verifying.verify import gather, whole
from calsync_agent.visible import visible


@dataclass(frozen=True, slots=True)
class Both:
    """What was found; `trouble`: why the mailbox could not be read, and only one side is told."""

    profile: int
    mailbox: str
    start: datetime
    end: datetime
    entries: tuple[Beside, ...]
    trouble: MailboxTrouble | None = None


def calendar(options: argparse.Namespace) -> int:
    """Show both calendars."""
    settings = reading.read(reading.find(options.config))
    both = asyncio.run(_read(settings, options.profile, options.begin, options.days))
    if options.json:
        say_json(as_json(both))
    else:
        for one in both.entries:
            say(_line(one, known=both.trouble is None))
    if both.trouble is not None:
        warn(str(both.trouble))
    differs = any(one.fields or one.here is None or one.there is None for one in both.entries)
    return 1 if differs or both.trouble else 0


def stretch(begin: date | None, days: int) -> tuple[datetime, datetime]:
    """From midnight to midnight of this computer's clock, in UTC; today where no day is named."""
    first = begin or datetime.now(UTC).astimezone().date()
    last = first + timedelta(days=days)
    start, end = (
        datetime.combine(day, time()).astimezone(UTC).replace(tzinfo=None) for day in (first, last)
    )
    return start, end


async def _read(settings: Settings, name: str, begin: date | None, days: int) -> Both:
    database = await asyncio.to_thread(bootstrap.open_database, settings)
    try:
        await database.read(meta.check)
        provider = await database.read(profiles.read_provider)
        if provider is None or not provider.tenant_id:
            raise NotReady(message("no tenant is set: enter the Tenant ID in calsync-tui"))
        graph = exchange.graph(settings, provider)
        policy = provider.policy
        try:
            work = partial(found, inbound=policy.inbound, outbound=policy.outbound)
            return await work(graph, database, settings, name, *stretch(begin, days))
        finally:
            await graph.aclose()
    finally:
        database.dispose()


async def found(
    graph: Sender,
    database: Database,
    settings: Settings,
    name: str,
    start: datetime,
    end: datetime,
    *,
    inbound: bool = True,
    outbound: bool = True,
) -> Both:
    """Both calendars of a profile between two moments (UTC)."""
    every = await database.read(here.profiles)
    one = named(every, name)
    synced = {each["employee_id"]: each["id"] for each in every}
    span = whole(start, settings.sync.past_months, settings.sync.future_months)
    rows = await database.read(
        partial(
            gather,
            one=one,
            synced=synced,
            span=span,
            inbound=inbound if one["inbound"] is None else one["inbound"],
            outbound=outbound if one["outbound"] is None else one["outbound"],
        )
    )
    made = partial(Both, one["id"], visible(rows.mailbox), start, end)
    try:
        return made(tuple(await beside(graph, rows, start, end)))
    except MailboxTrouble as trouble:
        return made(tuple(alone(rows, start, end)), trouble)


def as_json(both: Both) -> dict[str, object]:
    """In the contract's words; times are UTC."""
    return {
        "profile_id": both.profile,
        "mailbox": both.mailbox,
        "from": _told(both.start),
        "to": _told(both.end),
        "trouble": None if both.trouble is None else str(both.trouble),
        "appointments": [_as_json(one) for one in both.entries],
    }


def _as_json(one: Beside) -> dict[str, object]:
    return {
        "activity_id": None if one.activity is None else str(one.activity),
        "event_id": one.event,
        "series": one.series,
        "private": one.private,
        "fields": list(one.fields),
        "reason": one.reason or None,
        "consolidate": _side(one.here),
        "exchange": _side(one.there),
    }


def _side(entry: Entry | None) -> dict[str, object] | None:
    if entry is None:
        return None
    return {
        "start": _told(entry.start),
        "end": _told(entry.end),
        "all_day": not isinstance(entry.start, datetime),
        "subject": visible(entry.subject),
        "location": visible(entry.location),
    }


def _told(moment: Moment) -> str:
    return f"{moment.isoformat()}Z" if isinstance(moment, datetime) else moment.isoformat()


def _line(one: Beside, *, known: bool) -> str:
    side = one.here or one.there
    if side is None:
        return ""
    if one.fields:
        sign = "<>"
    elif one.here and one.there:
        sign = "="
    else:
        sign = ("?" if not known else ">") if one.here else "<"
    when = (
        datetimes.day_and_time(side.start)
        if isinstance(side.start, datetime)
        else side.start.isoformat()
    )
    parts = [f"{sign:<3}{when}  {visible(side.subject)}", ", ".join(one.fields), one.reason]
    return "  ".join(part for part in parts if part)
