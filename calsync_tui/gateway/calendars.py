"""Both calendars of a profile, as `calsync-agent calendar --json` tells them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Final
from uuid import UUID

from calsync_agent import datetimes
from calsync_agent.appointment.model import ActivityId, EventId, ProfileId
from calsync_agent.i18n import message
from calsync_agent.visible import visible
from calsync_tui.gateway.agent_program import ProgramTrouble
from calsync_tui.gateway.door import Gateway
from calsync_tui.gateway.log import LogLine

_SHOWN: Final = 200


class Standing(Enum):
    """How one appointment stands on both sides."""

    SAME = "same"
    DIFFERS = "differs"
    ONLY_HERE = "only here"
    ONLY_THERE = "only there"
    ASIDE = "aside"
    """One side lacks it, and the sync lets that be for now."""
    UNKNOWN = "unknown"
    """The mailbox could not be read."""


@dataclass(frozen=True, slots=True)
class Item:
    """What one side has. Times are of this computer's clock; an all-day one ends before `end`."""

    start: datetime
    end: datetime
    all_day: bool
    subject: str
    location: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One appointment on both sides. `fields`: what differs, in the contract's words."""

    here: Item | None
    there: Item | None
    standing: Standing
    fields: tuple[str, ...] = ()
    reason: str = ""
    activity: UUID | None = None
    event: str | None = None
    series: bool = False
    private: bool = False

    @property
    def shown(self) -> Item:
        """The side by which it is known: Consolidate's where there is one."""
        found = self.here or self.there
        if found is None:
            raise ValueError("one side at least is there")
        return found

    @property
    def is_moved(self) -> bool:
        """Whether both sides have it at different times."""
        mine, theirs = self.here, self.there
        return (
            mine is not None
            and theirs is not None
            and (mine.start, mine.end) != (theirs.start, theirs.end)
        )

    @property
    def differs(self) -> bool:
        """Whether both sides are not equal, or may not be."""
        return self.standing not in {Standing.SAME, Standing.UNKNOWN}

    def line(self, profile: ProfileId) -> LogLine:
        """What its story is asked by."""
        return LogLine(
            place=0,
            at=datetime(1, 1, 1),
            level="",
            profile=profile,
            kind="",
            message=self.shown.subject,
            content=None,
            activity=None if self.activity is None else ActivityId(self.activity),
            event=None if self.event is None else EventId(self.event),
        )


@dataclass(frozen=True, slots=True)
class Calendars:
    """So many days of both. `trouble`: why the mailbox could not be read."""

    first: date
    days: int
    pairs: tuple[Pair, ...] = ()
    trouble: str = ""


async def read(gateway: Gateway, profile: ProfileId, first: date, days: int) -> Calendars:
    """Ask the agent's program. Raises ProgramTrouble."""
    settings = gateway.settings
    if settings is None:
        raise ProgramTrouble(message("there are no settings to read the mailbox with"))
    days_wanted = ("--from", first.isoformat(), "--days", str(days))
    ended = await gateway.command("calendar", str(profile), "--json", *days_wanted)
    try:
        return calendars(json.loads(ended.out), first, days)
    except (ValueError, KeyError, TypeError) as error:
        said = ended.err.strip().splitlines()
        raise ProgramTrouble(
            message(
                "The calendars could not be read: {reason}",
                reason=(said[-1] if said else ended.out.strip())[:_SHOWN] or "-",
            )
        ) from error


def calendars(read_: Mapping[str, Any], first: date, days: int) -> Calendars:
    """The answer as values. Raises ValueError, KeyError or TypeError where it is none."""
    trouble = visible(str(read_["trouble"] or ""))
    found = (_pair(one, known=not trouble) for one in read_["appointments"])
    pairs = sorted(found, key=lambda one: (one.shown.start, one.shown.subject.casefold()))
    return Calendars(first, days, tuple(pairs), trouble)


def _pair(one: Mapping[str, Any], *, known: bool) -> Pair:
    here, there = _item(one["consolidate"]), _item(one["exchange"])
    if here is None and there is None:
        raise ValueError("an appointment of no side")
    fields = tuple(str(name) for name in one["fields"])
    reason = visible(str(one["reason"] or ""))
    return Pair(
        here=here,
        there=there,
        standing=_standing(here, there, fields, reason, known=known),
        fields=fields,
        reason=reason,
        activity=UUID(one["activity_id"]) if one["activity_id"] else None,
        event=one["event_id"] and str(one["event_id"]),
        series=bool(one["series"]),
        private=bool(one["private"]),
    )


def _standing(
    here: Item | None, there: Item | None, fields: tuple[str, ...], reason: str, *, known: bool
) -> Standing:
    if not known:
        return Standing.UNKNOWN
    if here is not None and there is not None:
        return Standing.DIFFERS if fields else Standing.SAME
    if reason or fields:
        return Standing.ASIDE
    return Standing.ONLY_HERE if here is not None else Standing.ONLY_THERE


def _item(side: Mapping[str, Any] | None) -> Item | None:
    if side is None:
        return None
    all_day = bool(side["all_day"])
    start, end = (_moment(str(side[name])) for name in ("start", "end"))
    if all_day:
        end = max(end, start + timedelta(days=1))
    return Item(
        start,
        max(start, end),
        all_day,
        visible(str(side["subject"])),
        visible(str(side["location"])),
    )


def _moment(told: str) -> datetime:
    """A day's midnight, or a time of UTC on this computer's clock."""
    if not told.endswith("Z"):
        return datetime.fromisoformat(told)
    return datetimes.local(datetime.fromisoformat(told[:-1])).replace(tzinfo=None)
