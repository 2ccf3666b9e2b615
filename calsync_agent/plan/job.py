"""What one cycle of one profile works with, and what passes between its steps."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import ActivityId, Appointment, EventId, ProfileId
from calsync_agent.domain.activity import Stamp
from calsync_agent.domain.event import Event, UnreadableEvent
from calsync_agent.domain.hold import Held
from calsync_agent.domain.link import Link
from calsync_agent.domain.operation import Operation
from calsync_agent.domain.policy import Policy, Profile
from calsync_agent.domain.version import Side
from calsync_agent.i18n import Value
from calsync_agent.plan.guard import Limits, Plans
from calsync_agent.plan.mail_forecast import Mails
from calsync_agent.plan.matrix import Cell
from calsync_agent.plan.office import Office
from calsync_agent.plan.window import Window


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that stays the same during one cycle of one profile.

    `held`: what waits for an admin, or was answered by one. `foreign`: profiles that are known to
    be on this mailbox, too, and came later (I4). `quiet`: fields about which Exchange mails nobody
    here, as an admin has said (F8).
    """

    profile: Profile
    policy: Policy
    window: Window
    office: Office
    inbound_type: int
    limits: Limits
    stamp: Stamp
    held: Mapping[ActivityId, Held] = field(default_factory=dict)
    foreign: frozenset[ProfileId] = frozenset()
    quiet: frozenset[Field] = frozenset()

    @property
    def answered(self) -> frozenset[ActivityId]:
        """What an admin has decided about, and may be done whatever the guard says."""
        return frozenset(n for n, one in self.held.items() if one.verdict is not None)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some appointments and events to be looked at together.

    `events` as they are now; `gone`: events that are certainly no more (B5). `activities`: pending
    work, with the version at which it was read; 0 where it stands in no pending row. `reported`:
    the events come from the feed, which may repeat what is long past. `impatient`: copies that wait
    no longer for their organizer.
    """

    events: tuple[Event | UnreadableEvent, ...] = ()
    gone: frozenset[EventId] = frozenset()
    activities: Mapping[ActivityId, int] = field(default_factory=dict)
    reported: bool = False
    impatient: frozenset[EventId] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.events or self.gone or self.activities)

    @property
    def parts(self) -> list["Batch"]:
        """Each event and each appointment alone; any of them together are a batch again."""
        alone = partial(Batch, reported=self.reported)
        return [
            *(
                alone(events=(event,), impatient=self.impatient & {event.id})
                for event in self.events
            ),
            *(alone(gone=frozenset({event})) for event in sorted(self.gone)),
            *(alone(activities={a: v}) for a, v in self.activities.items()),
        ]

    @staticmethod
    def of(parts: Sequence["Batch"]) -> "Batch":
        """All of the parts together."""
        return Batch(
            events=tuple(event for part in parts for event in part.events),
            gone=frozenset(event for part in parts for event in part.gone),
            activities={a: v for part in parts for a, v in part.activities.items()},
            reported=any(part.reported for part in parts),
            impatient=frozenset(event for part in parts for event in part.impatient),
        )

    def __or__(self, other: "Batch") -> "Batch":
        """Both together."""
        return Batch(
            self.events + other.events,
            self.gone | other.gone,
            {**self.activities, **other.activities},
            self.reported or other.reported,
            self.impatient | other.impatient,
        )


@dataclass(frozen=True, slots=True)
class PutOff:
    """What is done last in a cycle, when all of it is known: deletions, and what mails (B7, F8).

    `in_consolidate`, `in_exchange`: what is deleted there; `mailing`: whom Exchange mails for what.
    `numbers`: the appointments that it is about. `later`: what goes out to events that are linked,
    and can be looked at again with all that goes out; not among the rest.
    """

    batch: Batch = field(default_factory=Batch)
    in_consolidate: frozenset[ActivityId] = frozenset()
    in_exchange: frozenset[ActivityId] = frozenset()
    mailing: Mapping[ActivityId, Mails] = field(default_factory=dict)
    numbers: frozenset[ActivityId] = frozenset()
    later: "PutOff | None" = None

    @property
    def guarded(self) -> bool:
        """Whether there is anything in it that the guard counts."""
        return bool(self.in_consolidate or self.in_exchange or self.mailing)

    @property
    def plans(self) -> Plans:
        """What the guard judges."""
        deletions = {Side.CONSOLIDATE: self.in_consolidate, Side.EXCHANGE: self.in_exchange}
        return Plans(deletions, self.mailing)

    @property
    def whole(self) -> "PutOff":
        """All of it at once."""
        return replace(self, later=None) | self.later if self.later else self

    def __or__(self, other: "PutOff") -> "PutOff":
        """Both together."""
        return PutOff(
            self.batch | other.batch,
            self.in_consolidate | other.in_consolidate,
            self.in_exchange | other.in_exchange,
            {**self.mailing, **other.mailing},
            self.numbers | other.numbers,
            (self.later | other.later) if self.later and other.later else self.later or other.later,
        )


@dataclass(frozen=True, slots=True)
class Caution:
    """What is not to be done at once: put off to the end of the cycle, or held for an admin.

    `link_first`: what belongs together is linked at once, though what goes out is put off.
    """

    put_off: bool = False
    link_first: bool = False
    hold_deletions: frozenset[Side] = frozenset()
    hold_mails: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request to Exchange for a link, with Consolidate's version of what it carries.

    `heirs`: whoever may make an event of their own, once this is done (G10).
    """

    operation: Operation
    link: Link
    sent: Appointment | None = None
    heirs: frozenset[ProfileId] = frozenset()


@dataclass(frozen=True, slots=True)
class Intent:
    """A request to Exchange that is about to be sent.

    `subject` is how the log names it, `name` how it is put aside; `version` is that of its pending
    row; `mails`: whom Exchange will tell of it.
    """

    cell: Cell
    outgoing: Outgoing
    subject: Value
    name: Value
    version: int
    mails: Mails


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
    MAILS_INSIDE = "mails inside"
    MAILS_OUTSIDE = "mails outside"
    HELD = "held"
    QUARANTINED = "quarantined"
    OVERTAKEN = "overtaken"
    UNANSWERED = "unanswered"


@dataclass(slots=True)
class Settled:
    """What settling a batch left to do.

    `intents` are to be sent; `put_off` is to be settled last; `again` are events that have to be
    read again, because they are older than what is known of them already, or seem to be known under
    another id. `busy`: appointments that somebody else is at work on in Consolidate, left as they
    are; `left`: those of their events that no pending work names, to be looked at again, with these
    appointments. `wrote`: whether any row was touched.
    """

    intents: list[Intent] = field(default_factory=list)
    put_off: PutOff = field(default_factory=PutOff)
    again: frozenset[EventId] = frozenset()
    busy: frozenset[ActivityId] = frozenset()
    left: Mapping[EventId, ActivityId] = field(default_factory=dict)
    wrote: bool = False
    counts: Counter[Count] = field(default_factory=Counter)
