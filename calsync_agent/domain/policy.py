"""What an admin sets: which ways the sync goes, whose version wins, and whose calendars."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.i18n import Message


class Priority(StrEnum):
    """Whose version wins a conflict (A3)."""

    OUTBOUND_FIRST = "outbound_first"
    INBOUND_FIRST = "inbound_first"


@dataclass(frozen=True, slots=True)
class Policy:
    """Which ways the sync goes, and who wins (A2, A3)."""

    inbound: bool
    outbound: bool
    priority: Priority


class ProviderKind(StrEnum):
    """Who keeps the calendars; `bootstrap` knows which room speaks to whom."""

    EXCHANGE365 = "exchange365"


@dataclass(frozen=True, slots=True)
class Provider:
    """The tenant and how it is synced."""

    id: int
    kind: ProviderKind
    tenant_id: str
    policy: Policy
    interval_seconds: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One employee bound to one mailbox; `mailbox` is an object id or a user principal name.

    Directions and months of the window are None where the provider's and the settings' hold (A7).
    `wrong`: why the row cannot be used, where a column holds what it should not.
    """

    id: ProfileId
    employee: EmployeeId
    mailbox: str
    active: bool
    inbound: bool | None = None
    outbound: bool | None = None
    past_months: int | None = None
    future_months: int | None = None
    wrong: Message | None = field(default=None, compare=False)

    def policy(self, given: Policy) -> Policy:
        """Which ways this profile is synced where the provider says `given`; who wins stays."""
        if self.inbound is None and self.outbound is None:
            return given
        return replace(
            given,
            inbound=given.inbound if self.inbound is None else self.inbound,
            outbound=given.outbound if self.outbound is None else self.outbound,
        )
