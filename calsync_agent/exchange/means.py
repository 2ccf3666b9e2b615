"""What sending and polling work with; it lasts as long as the client."""

from dataclasses import dataclass

from calsync_agent.exchange.health import HealthRecords
from calsync_agent.exchange.pace import Clock, Pace
from calsync_agent.exchange.session import Session


@dataclass(frozen=True, slots=True)
class Means:
    """The session, and what is shared by all who use it."""

    session: Session
    pace: Pace
    records: HealthRecords
    clock: Clock
    budget: float  # seconds that one `send` may sleep
    poll_limit: float  # seconds that a common batch of a poll may take
