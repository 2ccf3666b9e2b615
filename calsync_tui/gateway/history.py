"""Reads kept versions page by page, newest first, and restores them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

import sqlalchemy as sa

from calsync_agent import restoring, undoing
from calsync_agent.appointment import zones
from calsync_agent.appointment.codec import from_json
from calsync_agent.appointment.model import ActivityId, Appointment, ProfileId
from calsync_agent.consolidate.reading import read_activities
from calsync_agent.domain.activity import Stamp
from calsync_agent.i18n import _
from calsync_agent.state import history
from calsync_agent.state.history import Version
from calsync_agent.state.log import named
from calsync_agent.undoing import Item
from calsync_agent.visible import visible
from calsync_tui.gateway.door import Gateway

PAGE: Final = 100
"""Most versions that a look reads."""
MOST: Final = 1000
"""Most versions that are marked at once."""
BEFORE_ALL: Final = -(2**62)
"""A place before every version."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept version with the appointment in it. The newest has the lowest place."""

    version: Version
    appointment: Appointment

    @property
    def place(self) -> int:
        """Where it stands in a list whose first is the newest."""
        return -self.version.id

    @property
    def subject(self) -> str:
        """What it is called, unless it is private; in the language spoken now."""
        return visible(str(named(self.appointment)))

    @property
    def rule(self) -> str:
        """Why it was lost, in the language spoken now."""
        return _(self.version.rule)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which versions: of one profile or of all, with all these words in subject or rule."""

    profile: ProfileId | None = None
    words: tuple[str, ...] = ()

    def has(self, kept: Kept) -> bool:
        """Whether a version shows the words."""
        shown = f"{kept.subject} {kept.rule}".casefold()
        return all(word in shown for word in self.words)


@dataclass(frozen=True, slots=True)
class Versions:
    """What a look found, newest first, and the place up to which it looked; None: to the end."""

    rows: tuple[Kept, ...] = field(default=())
    reached: int | None = None


class HistorySource:
    """The kept versions as a list to scroll in (`reel.Source`)."""

    def __init__(self, gateway: Gateway, wanted: Wanted) -> None:
        self._wanted = wanted
        self._gateway = gateway

    async def look(self, beyond: int, *, forward: bool) -> Versions:
        """Older ones forward, newer ones backward. Raises CalsyncError."""
        return await self._gateway.read(lambda c: look(c, self._wanted, beyond, forward=forward))

    async def ends(self) -> tuple[int, int]:
        """The places of the newest and of the oldest. Raises CalsyncError."""
        oldest, newest = await self._gateway.read(history.ends)
        return -newest, -oldest


def look(connection: sa.Connection, wanted: Wanted, beyond: int, *, forward: bool) -> Versions:
    """The wanted versions next to a place, which is not one of them."""
    if forward:
        found = history.read(connection, wanted.profile, PAGE, before=-beyond)
    else:
        found = history.read(connection, wanted.profile, PAGE, after=-beyond)
    kept = [Kept(version, from_json(version.content)) for version in found]
    reached = None if len(kept) < PAGE else kept[-1 if forward else 0].place
    return Versions(tuple(one for one in kept if wanted.has(one)), reached)


def is_there(connection: sa.Connection, activity: ActivityId) -> bool:
    """Whether Consolidate has the appointment now, not marked as deleted."""
    found = read_activities(connection, [activity]).get(activity)
    return found is not None and not found.deleted


async def restore(gateway: Gateway, number: int) -> None:
    """Make a version the current one. Raises CalsyncError, Refusal where it could not last."""
    stamp = _stamp(gateway)
    await gateway.write(lambda c: restoring.restore(c, number, stamp))


async def foresee(gateway: Gateway, numbers: Iterable[int]) -> list[Item]:
    """What restoring these versions would do (H6). Raises CalsyncError."""
    return await gateway.read(lambda c: undoing.look_at(c, numbers))


async def undo(gateway: Gateway, items: Sequence[Item], told: Callable[[int], None]) -> list[Item]:
    """Do what was foreseen; the items as they have become. Raises CalsyncError."""
    return await undoing.put_back(gateway.write, items, _stamp(gateway), told)


async def numbers(gateway: Gateway, wanted: Wanted) -> list[int]:
    """The wanted versions, the newest first, up to one more than `MOST`. Raises CalsyncError."""
    found: list[int] = []
    beyond: int | None = BEFORE_ALL
    while beyond is not None and len(found) <= MOST:
        work = partial(look, wanted=wanted, beyond=beyond, forward=True)
        versions = await gateway.read(work)
        found += [one.version.id for one in versions.rows]
        beyond = versions.reached
    return found[: MOST + 1]


def _stamp(gateway: Gateway) -> Stamp:
    now = datetime.now(UTC)
    zone = gateway.settings.sync.default_time_zone if gateway.settings else zones.UTC_ZONE
    return Stamp(now.replace(tzinfo=None), now.astimezone(zones.zone_info(zone)))
