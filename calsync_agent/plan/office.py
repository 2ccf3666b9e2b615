"""Who works here, and what their activity types mean in Exchange."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from calsync_agent.appointment.model import EmployeeId, ProfileId
from calsync_agent.appointment.people import Directory
from calsync_agent.domain.activity_type import Types


@dataclass(frozen=True, slots=True)
class Office:
    """Who works here. `mailboxes`: those whose profiles are synced, by whichever agent."""

    people: Directory
    mailboxes: Mapping[EmployeeId, ProfileId]
    types: Types = field(default_factory=Types)
