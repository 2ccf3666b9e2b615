"""All profiles compared, or one of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from calsync_agent.config.settings import Settings
from calsync_agent.database.engine import Database
from calsync_agent.errors import MailboxTrouble, Unknown
from calsync_agent.exchange.transport.calls import Sender
from calsync_agent.i18n import message
from calsync_agent.naming import profile_called
from calsync_agent.verifying import here
from calsync_agent.verifying.values import Difference
from calsync_agent.verifying.verify import differences, gather, whole


async def compared(
    graph: Sender,
    database: Database,
    settings: Settings,
    only: str | None = None,
    now: datetime | None = None,
    *,
    inbound: bool = True,
    outbound: bool = True,
) -> tuple[list[Difference], list[MailboxTrouble]]:
    """All differences of all profiles, or of one, and the mailboxes that could not be read."""
    every = await database.read(here.profiles)
    wanted = every if only is None else [named(every, only)]
    synced = {one["employee_id"]: one["id"] for one in every}
    moment = now or datetime.now(UTC).replace(tzinfo=None)
    span = whole(moment, settings.sync.past_months, settings.sync.future_months)
    found: list[Difference] = []
    unread: list[MailboxTrouble] = []
    for one in wanted:
        work = partial(
            gather,
            one=one,
            synced=synced,
            span=span,
            inbound=inbound if one["inbound"] is None else one["inbound"],
            outbound=outbound if one["outbound"] is None else one["outbound"],
        )
        rows = await database.read(work)
        try:
            found += await differences(graph, rows)
        except MailboxTrouble as trouble:
            unread.append(trouble)
    return found, unread


def named(every: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """The profile with this number or code. Raises Unknown, and Refusal as `profile_called`."""
    number = profile_called(name, {one["id"]: one["code"] for one in every})
    if number is None:
        raise Unknown(message("there is no active profile {name}", name=name))
    return next(one for one in every if one["id"] == number)
