"""Puts back what the sync overwrote or deleted: all since a moment, or chosen versions (H6).

Each appointment gets the oldest version that is meant of it, in a transaction of its own, as if
somebody had entered it in Consolidate; the next cycle carries it to Exchange, and all guards hold
for that (B7, F8). What is as it was already stays untouched, so that an undo that was cut off may
be begun again.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

import sqlalchemy as sa

from calsync_agent import bindings, restoring
from calsync_agent.appointment.codec import from_json
from calsync_agent.appointment.content import differing
from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import ProfileId
from calsync_agent.consolidate.reading import Held, see_activities
from calsync_agent.domain.activity import Activity, BrokenActivity, Stamp
from calsync_agent.domain.activity_type import Types
from calsync_agent.errors import Refusal
from calsync_agent.i18n import Message, marked, message
from calsync_agent.state import history
from calsync_agent.state.history import Version

_SOME: Final = 200

Write: TypeAlias = Callable[[Callable[[sa.Connection], Version]], Awaitable[Version]]
"""Does one piece of work in a transaction of its own."""


class Deed(StrEnum):
    """What undoing comes to for one appointment."""

    BRING_BACK = marked("brought back")
    CHANGE_BACK = marked("changed back")
    NOTHING = marked("as it was already")
    LEFT = marked("left as it is")


@dataclass(frozen=True, slots=True)
class Item:
    """One appointment, the version that it gets, and what that comes to.

    `fields`: what is changed back; `reason`: why it is left.
    """

    version: Version
    deed: Deed
    fields: tuple[Field, ...] = ()
    reason: Message | None = None

    @property
    def wanted(self) -> bool:
        """Whether there is anything to do."""
        return self.deed in {Deed.BRING_BACK, Deed.CHANGE_BACK}


def look(
    connection: sa.Connection, since: datetime, profile: ProfileId | None = None
) -> list[Item]:
    """What undoing since then (UTC) would do, for one profile or for all; nothing is written."""
    versions = history.first_since(connection, since, profile, but=restoring.RULE)
    return _decided(connection, versions)


def look_at(connection: sa.Connection, numbers: Iterable[int]) -> list[Item]:
    """What undoing these versions would do; nothing is written."""
    return _decided(connection, history.first_of(connection, numbers))


async def put_back(
    write: Write, items: Iterable[Item], stamp: Stamp, told: Callable[[int], None] | None = None
) -> list[Item]:
    """Do it; the items as they have become. What cannot be put back costs itself alone (B8).

    `told` hears how many are done, after each.
    """
    become: list[Item] = []
    for item in items:
        become.append(await _put_back(write, item, stamp) if item.wanted else item)
        if told is not None:
            told(len(become))
    return become


async def _put_back(write: Write, item: Item, stamp: Stamp) -> Item:
    try:
        await write(lambda c: restoring.restore(c, item.version.id, stamp))
    except Refusal as refusal:
        return Item(item.version, Deed.LEFT, reason=refusal.message)
    return item


def _decided(connection: sa.Connection, versions: Sequence[Version]) -> list[Item]:
    return [item for some in _parts(versions) for item in _items(connection, some)]


def _items(connection: sa.Connection, versions: Sequence[Version]) -> Iterator[Item]:
    seen = see_activities(connection, [version.activity for version in versions])
    types = bindings.read(connection)
    for version in versions:
        yield _item(connection, version, seen, types)


def _item(connection: sa.Connection, version: Version, seen: Held, types: Types) -> Item:
    if version.activity in seen.busy:
        reason = message("somebody is at work on it in Consolidate; try again")
        return Item(version, Deed.LEFT, reason=reason)
    match seen.activities.get(version.activity):
        case None:
            return Item(version, Deed.BRING_BACK)
        case BrokenActivity(reason=reason):
            return Item(version, Deed.LEFT, reason=reason)
        case Activity(from_outside=True, deleted=False):
            return Item(version, Deed.LEFT, reason=restoring.theirs(version))
        case Activity(deleted=True):
            return Item(version, Deed.BRING_BACK)
        case Activity() as activity:
            now = types.known(activity).appointment
            lost = types.bound(from_json(version.content))
            told = differing(lost, now) & restoring.fields_told(connection, version)
            fields = tuple(field for field in Field if field in told)
            return Item(version, Deed.CHANGE_BACK if fields else Deed.NOTHING, fields)


def _parts(versions: Sequence[Version]) -> Iterator[Sequence[Version]]:
    for at in range(0, len(versions), _SOME):
        yield versions[at : at + _SOME]
