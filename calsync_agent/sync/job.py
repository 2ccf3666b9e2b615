"""What one cycle of one profile works with, and what passes between its steps."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calsync_agent.appointment.model import ActivityId, Appointment, EventId
from calsync_agent.consolidate.reading import Staff
from calsync_agent.consolidate.writing import Stamp
from calsync_agent.exchange.events import Event, UnreadableEvent
from calsync_agent.exchange.operations import Operation
from calsync_agent.i18n import Value
from calsync_agent.state.links import Link
from calsync_agent.state.profiles import Policy, Profile
from calsync_agent.sync.plan import Cell
from calsync_agent.sync.window import Window


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that stays the same during one cycle of one profile."""

    profile: Profile
    policy: Policy
    window: Window
    staff: Staff
    inbound_type: int
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Batch:
    """Some appointments and events to be looked at together.

    `events` as they are now; `gone`: events that are certainly no more (B5). `activities`: pending
    work, with the version at which it was read. `reported`: the events come from the feed, which
    may repeat what is long past.
    """

    events: tuple[Event | UnreadableEvent, ...] = ()
    gone: frozenset[EventId] = frozenset()
    activities: Mapping[ActivityId, int] = field(default_factory=dict)
    reported: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.events or self.gone or self.activities)

    def __or__(self, other: "Batch") -> "Batch":
        """Both together."""
        return Batch(
            self.events + other.events,
            self.gone | other.gone,
            {**self.activities, **other.activities},
            self.reported or other.reported,
        )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request to Exchange for a link, with the version of the activity that it carries."""

    operation: Operation
    link: Link
    sent: Appointment | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A request to Exchange that is about to be sent.

    `subject` is how the log names it; `version` is that of its pending row.
    """

    cell: Cell
    outgoing: Outgoing
    subject: Value
    version: int


class Count(StrEnum):
    """What a cycle did, for its summary."""

    CREATED_IN_CONSOLIDATE = "created in Consolidate"
    CHANGED_IN_CONSOLIDATE = "changed in Consolidate"
    DELETED_IN_CONSOLIDATE = "deleted in Consolidate"
    CREATED_IN_EXCHANGE = "created in Exchange"
    CHANGED_IN_EXCHANGE = "changed in Exchange"
    DELETED_IN_EXCHANGE = "deleted in Exchange"
    LINKED = "linked"
    CONFLICTS = "conflicts"
    QUARANTINED = "quarantined"
    OVERTAKEN = "overtaken"
    UNANSWERED = "unanswered"


@dataclass(slots=True)
class Settled:
    """What settling a batch left to do.

    `intents` are to be sent, `deletions` were put off, `stale` events are older than what is known
    of them already and have to be read again. `wrote`: whether any row was touched.
    """

    intents: list[Intent] = field(default_factory=list)
    deletions: Batch = field(default_factory=Batch)
    stale: frozenset[EventId] = frozenset()
    wrote: bool = False
    counts: Counter[Count] = field(default_factory=Counter)
