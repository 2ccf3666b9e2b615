"""What nothing can be linked to: rows whose id is none, items of a feed without an id (B8).

They are quarantined under a key of their own instead of an id. A row is looked for again when its
time comes; an item of the feed shows again in a listing, or not.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from calsync_agent.appointment.model import EventId, ProfileId
from calsync_agent.consolidate.broken import odd_rows
from calsync_agent.domain.event import nameless
from calsync_agent.domain.policy import Profile
from calsync_agent.i18n import Message, Value, message
from calsync_agent.state import log, quarantine
from calsync_agent.state.quarantine import Item
from calsync_agent.sync.sync_log import not_synced

_ROW: Final = "calsync:row:"
_REASON: Final = message("its id is no uuid in the form in which Consolidate stores it")


def is_key(event: EventId) -> bool:
    """Whether it is no event's id, so that Exchange cannot be asked for it."""
    return is_row(event) or nameless(event)


def is_row(event: EventId) -> bool:
    """Whether it stands for a row of Consolidate."""
    return event.startswith(_ROW)


def put_rows_aside(connection: sa.Connection, profiles: Iterable[Profile], now: datetime) -> None:
    """Quarantine the rows whose id is none, with those who are responsible; release what is not."""
    rows = odd_rows(connection)
    for profile in profiles:
        mine = [row for row in rows if row.responsible == profile.employee]
        names: dict[Item, Value] = {Item(None, EventId(_ROW + r.key)): r.name for r in mine}
        refused: dict[Item, Message] = dict.fromkeys(names, _REASON)
        settled = _known(connection, profile.id, is_row) - names.keys()
        new = quarantine.update(connection, profile.id, refused, settled, now, names=names)
        told = [not_synced(profile, item, names[item], _REASON) for item in new]
        log.write(connection, told, now)


def release_unlisted(
    connection: sa.Connection, profile: ProfileId, listed: Collection[EventId], now: datetime
) -> None:
    """Let go what had no id, and is not in a whole listing any more."""
    seen = {Item(None, event) for event in listed}
    over = _known(connection, profile, nameless) - seen
    quarantine.update(connection, profile, {}, over, now)


def listing_due(connection: sa.Connection, profile: ProfileId, now: datetime) -> bool:
    """Whether an item without id is to be looked for again."""
    due = quarantine.due(connection, profile, now)
    return any(item.event is not None and nameless(item.event) for item in due)


def _known(
    connection: sa.Connection, profile: ProfileId, kind: Callable[[EventId], bool]
) -> set[Item]:
    items = (one.item for one in quarantine.read(connection, profile))
    return {item for item in items if item.event is not None and kind(item.event)}
