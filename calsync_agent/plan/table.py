"""The decision table: what each cell of the matrix does on both sides.

One row per cell, or two where the priority decides (A3): `outbound_first` above, `inbound_first`
below. What is not in it is decided by a function of its own (`decide.DECIDED_APART`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeAlias

from calsync_agent.domain.policy import Priority
from calsync_agent.domain.version import Side
from calsync_agent.plan.matrix import Cell


class Action(Enum):
    """What is written to one side, because of what the other holds."""

    NOTHING = auto()
    CREATE = auto()
    DELETE = auto()
    TAKE_CHANGES = auto()
    """The fields that were changed on the other side."""
    TAKE_ALL = auto()
    """All fields in which the sides differ."""
    DECLINE = auto()
    """The answer of whoever deleted the event of their own."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is written here and there, whose version is lost (B6), whether the link ends."""

    consolidate: Action
    exchange: Action
    lost: Side | None
    forget: bool
    rules: str

    @property
    def takes_inward(self) -> bool:
        """Whether fields of Exchange's version are taken."""
        return self.consolidate in {Action.TAKE_CHANGES, Action.TAKE_ALL}

    @property
    def takes_outward(self) -> bool:
        """Whether fields of Consolidate's version are."""
        return self.exchange in {Action.TAKE_CHANGES, Action.TAKE_ALL}


Rows: TypeAlias = Row | tuple[Row, Row]

_NOTHING, _CREATE, _DELETE = Action.NOTHING, Action.CREATE, Action.DELETE
_CHANGES, _ALL, _DECLINE = Action.TAKE_CHANGES, Action.TAKE_ALL, Action.DECLINE
_OURS, _THEIRS = Side.CONSOLIDATE, Side.EXCHANGE
_NONE, _STAYS, _ENDS = None, False, True

TABLE: Final[Mapping[Cell, Rows]] = {
    #   in Consolidate, in Exchange, lost,    link,   rules
    Cell.IN_STEP: Row(_NOTHING, _NOTHING, _NONE, _STAYS, "A5"),
    Cell.CHANGED_IN_CONSOLIDATE: Row(_NOTHING, _CHANGES, _THEIRS, _STAYS, "A3, F7"),
    Cell.CHANGED_IN_EXCHANGE: Row(_CHANGES, _NOTHING, _OURS, _STAYS, "A3"),
    Cell.CHANGED_ON_BOTH: (
        Row(_NOTHING, _ALL, _THEIRS, _STAYS, "A3, G2"),
        Row(_ALL, _NOTHING, _OURS, _STAYS, "A3, G2"),
    ),
    Cell.DELETED_IN_CONSOLIDATE: Row(_NOTHING, _DELETE, _THEIRS, _ENDS, "A3, B7"),
    Cell.DELETED_IN_EXCHANGE: Row(_DELETE, _NOTHING, _OURS, _ENDS, "A3, B5, B7"),
    Cell.DELETED_ON_BOTH: Row(_NOTHING, _NOTHING, _NONE, _ENDS, "A3"),
    Cell.DELETED_IN_CONSOLIDATE_CHANGED_IN_EXCHANGE: (
        Row(_NOTHING, _DELETE, _THEIRS, _ENDS, "A3, B6"),
        Row(_CREATE, _NOTHING, _OURS, _STAYS, "A3, B6"),
    ),
    Cell.CHANGED_IN_CONSOLIDATE_DELETED_IN_EXCHANGE: (
        Row(_NOTHING, _CREATE, _NONE, _ENDS, "A3, B6"),
        Row(_DELETE, _NOTHING, _OURS, _ENDS, "A3, B6"),
    ),
    Cell.WITHDRAWN: Row(_NOTHING, _DELETE, _THEIRS, _ENDS, "C4"),
    Cell.WITHDRAWN_AND_GONE: Row(_NOTHING, _NOTHING, _NONE, _ENDS, "C4"),
    Cell.UNSYNCABLE: Row(_NOTHING, _NOTHING, _NONE, _STAYS, "B8"),
    Cell.MATCHED: (
        Row(_NOTHING, _ALL, _THEIRS, _STAYS, "B4, G2"),
        Row(_ALL, _NOTHING, _OURS, _STAYS, "B4, G2"),
    ),
    Cell.NEW_IN_EXCHANGE: Row(_CREATE, _NOTHING, _NONE, _STAYS, "C6"),
    Cell.NEW_IN_CONSOLIDATE: Row(_NOTHING, _CREATE, _NONE, _STAYS, "C1, F1"),
    Cell.OUT_OF_SCOPE: Row(_NOTHING, _NOTHING, _NONE, _STAYS, "C1"),
    Cell.DECLINED: Row(_DECLINE, _NOTHING, _NONE, _ENDS, "F6"),
}
"""What a cell does. A side that takes changes writes nothing where the other shows none that it
could hold, and then loses nothing."""


def row(cell: Cell, priority: Priority) -> Row:
    """The row of a cell. Raises KeyError where it is decided apart."""
    found = TABLE[cell]
    if isinstance(found, Row):
        return found
    outbound_first, inbound_first = found
    return outbound_first if priority is Priority.OUTBOUND_FIRST else inbound_first
