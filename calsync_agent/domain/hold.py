"""What waits for an admin (B7, F8)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calsync_agent.appointment.model import ActivityId, ProfileId


class HoldKind(StrEnum):
    """Why something waits."""

    DELETE_IN_CONSOLIDATE = "delete here"
    DELETE_IN_EXCHANGE = "delete there"
    MAIL = "mail"


class Verdict(StrEnum):
    """What the admin said."""

    CONFIRMED = "confirmed"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Held:
    """One appointment that waits, and since when (UTC)."""

    profile: ProfileId
    activity: ActivityId
    kind: HoldKind
    subject: str
    since: datetime
    verdict: Verdict | None = None
