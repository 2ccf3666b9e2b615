"""What was deleted and mailed lately: what the guard remembers (B7, F8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from calsync_agent.appointment.model import ActivityId
from calsync_agent.domain.hold import HoldKind


@dataclass(frozen=True, slots=True)
class Deed:
    """A deletion of an appointment, or a write that mails so many people."""

    activity: ActivityId
    kind: HoldKind
    inside: int = 0
    outside: int = 0


@dataclass(frozen=True, slots=True)
class Mailed:
    """Mails of the past; those of `unsure` writes are counted again when they are repeated."""

    certain: int = 0
    unsure: Mapping[ActivityId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Past:
    """What one profile has done in the last hour and in the last day, and all together.

    `hour` and `day`: the appointments that were deleted, by side. `all_hour`: how many, of all
    profiles; `links` and `all_links`: of how many there were an hour ago, as far as they are there
    or were deleted since.
    """

    hour: Mapping[HoldKind, frozenset[ActivityId]] = field(default_factory=dict)
    day: Mapping[HoldKind, frozenset[ActivityId]] = field(default_factory=dict)
    all_hour: Mapping[HoldKind, int] = field(default_factory=dict)
    links: int = 0
    all_links: int = 0
    mailed_in_hour: Mailed = field(default_factory=Mailed)
    mailed_in_day: Mailed = field(default_factory=Mailed)
