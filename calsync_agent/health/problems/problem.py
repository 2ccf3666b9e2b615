"""What a problem is, and what finds one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import TypeAlias

from calsync_agent.appointment.model import ProfileId
from calsync_agent.health.situation import Situation
from calsync_agent.i18n import Message


class Weight(Enum):
    """How much a problem matters."""

    ERROR = 1
    """Something is not synced."""
    WARNING = 2
    """It is, but somebody should look."""


class Kind(StrEnum):
    """What sort of problem it is, for programs."""

    DATABASE_AWAY = "database_away"
    DATABASE_REFUSED = "database_refused"
    DATABASE_COPIED = "database_copied"
    NO_AGENT = "no_agent"
    AGENT_SILENT = "agent_silent"
    AGENT_VERSION = "agent_version"
    PROVIDER = "provider"
    DIRECTIONS_OFF = "directions_off"
    SETTINGS_BEHIND = "settings_behind"
    STANDING_STILL = "standing_still"
    ROUND_SLOW = "round_slow"
    PROFILE_FAILING = "profile_failing"
    PROFILE_HELD = "profile_held"
    QUARANTINED = "quarantined"
    DIFFERENCES = "differences"
    CREDENTIAL_EXPIRES = "credential_expires"
    ALERT_CHANNEL = "alert_channel"
    NO_PROFILE = "no_profile"


@dataclass(frozen=True, slots=True)
class Problem:
    """It is listed until it is gone. `mend`: what is to be done about it.

    `since` is UTC, None where nobody noted it; `profiles`: those that it is about. `about` tells
    it from others of its kind. `each`: what is to be said of each profile by itself, where they are
    several. `stage` grows where the same problem becomes one to be told again.
    """

    kind: Kind
    weight: Weight
    text: Message
    mend: Message
    since: datetime | None = None
    profiles: tuple[ProfileId, ...] = ()
    about: str = ""
    each: tuple[Message, ...] = ()
    stage: int = 0


Finder: TypeAlias = Callable[[Situation], Iterable[Problem]]
"""A pure function of how everything is; finds the problems of one kind."""
