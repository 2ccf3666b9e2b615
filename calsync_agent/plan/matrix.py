"""What may be decided about a pair: the cells of the matrix, and what is written where."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from calsync_agent.appointment.fields import Field
from calsync_agent.appointment.model import Response
from calsync_agent.domain.version import Side
from calsync_agent.i18n import Message, marked


class State(StrEnum):
    """What became of one side since both were last in step."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"
    WITHDRAWN = "withdrawn"
    BROKEN = "broken"


class Cell(StrEnum):
    """A cell of the matrix: what happened, in the user's world."""

    IN_STEP = marked("in step")
    CHANGED_IN_CONSOLIDATE = marked("changed in Consolidate")
    CHANGED_IN_EXCHANGE = marked("changed in Exchange")
    CHANGED_ON_BOTH = marked("changed on both sides")
    DELETED_IN_CONSOLIDATE = marked("deleted in Consolidate")
    DELETED_IN_EXCHANGE = marked("deleted in Exchange")
    DELETED_ON_BOTH = marked("deleted on both sides")
    DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE = marked(
        "deleted in Consolidate, changed in Exchange"
    )
    CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE = marked(
        "changed in Consolidate, deleted in Exchange"
    )
    WITHDRAWN = marked("withdrawn from Exchange")
    WITHDRAWN_AND_GONE = marked("withdrawn, and gone from Exchange")
    UNSYNCABLE = marked("cannot be synced")
    NEW_IN_CONSOLIDATE = marked("new in Consolidate")
    NEW_IN_EXCHANGE = marked("new in Exchange")
    MATCHED = marked("the same on both sides")
    OUT_OF_SCOPE = marked("out of scope")
    UNFINISHED = marked("a write to Exchange was cut off")
    ORGANIZER_SEEN = marked("the organizer's own event is seen")
    COPY_SEEN = marked("a copy of a known meeting")
    ANSWERED = marked("an answer was given")
    DECLINED = marked("declined by deleting")
    CANCELLED = marked("cancelled by the organizer")
    PUT_BACK = marked("put back to the organizer's version")
    MOVED_AWAY = marked("now in another mailbox")
    MOVED_HERE = marked("now in the mailbox of the new responsible")
    COPY_LEFT = marked("the meeting is over for this copy")
    BROUGHT_BACK = marked("brought back by an administrator")
    DISCARDED = marked("not done, as an administrator decided")


MATRIX: Final[Mapping[tuple[State, State], Cell]] = {
    (State.SAME, State.SAME): Cell.IN_STEP,
    (State.SAME, State.CHANGED): Cell.CHANGED_IN_EXCHANGE,
    (State.SAME, State.GONE): Cell.DELETED_IN_EXCHANGE,
    (State.CHANGED, State.SAME): Cell.CHANGED_IN_CONSOLIDATE,
    (State.CHANGED, State.CHANGED): Cell.CHANGED_ON_BOTH,
    (State.CHANGED, State.GONE): Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE,
    (State.GONE, State.SAME): Cell.DELETED_IN_CONSOLIDATE,
    (State.GONE, State.CHANGED): Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE,
    (State.GONE, State.GONE): Cell.DELETED_ON_BOTH,
    (State.WITHDRAWN, State.SAME): Cell.WITHDRAWN,
    (State.WITHDRAWN, State.CHANGED): Cell.WITHDRAWN,
    (State.WITHDRAWN, State.GONE): Cell.WITHDRAWN_AND_GONE,
    (State.SAME, State.BROKEN): Cell.UNSYNCABLE,
    (State.CHANGED, State.BROKEN): Cell.UNSYNCABLE,
    (State.GONE, State.BROKEN): Cell.UNSYNCABLE,
    (State.WITHDRAWN, State.BROKEN): Cell.UNSYNCABLE,
    (State.BROKEN, State.SAME): Cell.UNSYNCABLE,
    (State.BROKEN, State.CHANGED): Cell.UNSYNCABLE,
    (State.BROKEN, State.GONE): Cell.UNSYNCABLE,
    (State.BROKEN, State.BROKEN): Cell.UNSYNCABLE,
}
"""What happened to a pair, by what became of Consolidate's side and of Exchange's."""

CONFLICTS: Final = frozenset(
    {
        Cell.CHANGED_ON_BOTH,
        Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE,
        Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE,
        Cell.PUT_BACK,
    }
)


@dataclass(frozen=True, slots=True)
class Create:
    """Make the appointment anew on this side; in Consolidate also: bring a deleted one back."""


@dataclass(frozen=True, slots=True)
class Change:
    """Write these fields, as the other side holds them."""

    fields: frozenset[Field]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete it on this side."""


@dataclass(frozen=True, slots=True)
class Examine:
    """Find out whether the event may be made anew in another mailbox (D6, G10)."""


@dataclass(frozen=True, slots=True)
class Respond:
    """Give this answer: in Exchange for the copy's owner, in Consolidate for the employee (F6)."""

    response: Response


Write: TypeAlias = Create | Change | Delete | Examine | Respond | None


def fields_of(write: Write) -> frozenset[Field]:
    """The fields that a write concerns, where both sides are there."""
    match write:
        case Change(fields):
            return fields
        case Respond():
            return frozenset({Field.RESPONSES})
    return frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about one pair.

    `waits`: it cannot be done yet, because a direction is switched off (A2) or another mailbox has
    to come first (G10); nothing is done and nothing forgotten. `waiting`: only these fields wait
    for a direction, and go on counting as changed. `lost`: whose version goes, to be kept before
    (B6). `forget`: the link ends. `reason`: why it is quarantined (B8); `final`: until somebody
    changes it, not until its time has come.
    """

    cell: Cell
    consolidate: Write = None
    exchange: Write = None
    lost: Side | None = None
    waits: bool = False
    waiting: frozenset[Field] = frozenset()
    forget: bool = False
    reason: Message | None = None
    final: bool = False

    @property
    def conflict(self) -> bool:
        """Whether somebody's change is overruled (A3, F5)."""
        decided = not (self.consolidate is self.exchange is None) and not self.waiting
        return self.cell in CONFLICTS and decided

    @property
    def deletes(self) -> Side | None:
        """The side on which something is deleted."""
        if isinstance(self.consolidate, Delete):
            return Side.CONSOLIDATE
        return Side.EXCHANGE if isinstance(self.exchange, Delete) else None
