"""`calsync-agent verify`: both sides compared in full; nothing is written (H5).

The exit status is 0 where all is equal, 1 where something differs or a mailbox could not be read, 2
where it cannot be told.
"""

import argparse
import asyncio
from collections.abc import Iterable
from functools import partial

from calsync_agent import bootstrap
from calsync_agent.config import reading
from calsync_agent.config.settings import Settings
from calsync_agent.console import say, say_json, warn
from calsync_agent.errors import MailboxTrouble, NotReady
from calsync_agent.exchange import provider as exchange
from calsync_agent.i18n import _, message, ngettext
from calsync_agent.state import meta, profiles
from calsync_agent.verifying.company import compared
from calsync_agent.verifying.values import Difference


def verify(options: argparse.Namespace) -> int:
    """Compare, and name each difference."""
    settings = reading.read(reading.find(options.config))
    found, unread = asyncio.run(_verified(settings, options.profile))
    if options.json:
        say_json([as_json(one) for one in found])
    else:
        for one in found:
            say(_line(one))
        if not found and not unread:
            say(_("Both sides are equal."))
    for trouble in unread:
        warn(str(trouble))
    if found:
        text = ngettext("{count} difference", "{count} differences", len(found))
        warn(text.format(count=len(found)))
    return 1 if found or unread else 0


async def _verified(
    settings: Settings, only: str | None
) -> tuple[list[Difference], list[MailboxTrouble]]:
    database = await asyncio.to_thread(bootstrap.open_database, settings)
    try:
        await database.read(meta.check)
        provider = await database.read(profiles.read_provider)
        if provider is None or not provider.tenant_id:
            raise NotReady(message("no tenant is set: enter the Tenant ID in calsync-tui"))
        graph = exchange.graph(settings, provider)
        try:
            policy = provider.policy
            work = partial(compared, inbound=policy.inbound, outbound=policy.outbound)
            return await work(graph, database, settings, only)
        finally:
            await graph.aclose()
    finally:
        database.dispose()


def as_json(one: Difference) -> dict[str, object]:
    """A difference in the contract's words."""
    return {
        "profile_id": one.profile,
        "activity_id": None if one.activity is None else str(one.activity),
        "event_id": one.event,
        "subject": one.subject,
        "field": one.field,
        "consolidate": one.here,
        "exchange": one.there,
        "occurrence": one.occurrence,
        "reason": one.reason or None,
    }


def _line(one: Difference) -> str:
    parts: Iterable[str] = (
        f"{one.profile:>4}  {one.subject} ({one.activity or one.event})",
        *([one.occurrence] if one.occurrence else ()),
        f"{one.field}: {_side(one.here)} | {_side(one.there)}",
        *([one.reason] if one.reason else ()),
    )
    return "  ".join(parts)


def _side(value: str | None) -> str:
    return "-" if value is None else value
