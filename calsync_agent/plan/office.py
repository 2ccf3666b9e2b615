"""Who works here, and what their activity types mean in Exchange."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.appointment.people import Directory
from calsync_agent.domain.activity_type import Types


@dataclass(frozen=True)  # without slots, for what is put together once
class Office:
    """Who works here. `mailboxes`: those whose profiles are synced, by whichever agent."""

    people: Directory
    mailboxes: Mapping[EmployeeId, ProfileId]
    types: Types = field(default_factory=Types)

    @cached_property
    def synced(self) -> frozenset[ProfileId]:
        """The profiles that are synced; put together once, for there may be thousands."""
        return frozenset(self.mailboxes.values())

    @cached_property
    def owners(self) -> Mapping[ProfileId, EmployeeId]:
        """Whose mailbox each of these profiles is."""
        return {profile: employee for employee, profile in self.mailboxes.items()}
