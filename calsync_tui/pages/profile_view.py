"""Which profiles the list shows, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from calsync_agent.collation import finds, words
from calsync_agent.health.profiles import Listing, ProfileLine, State
from calsync_agent.i18n import _, marked
from calsync_tui.widgets.profile_cells import state


class Only(StrEnum):
    """What is left out."""

    ALL = marked("all")
    NEEDING = marked("who needs somebody")
    ACTIVE = marked("active")
    PAUSED = marked("paused")


class Order(StrEnum):
    """What stands first."""

    NAME = marked("by name")
    NEED = marked("who needs somebody first")
    AGE = marked("longest out of step first")


_NEVER: Final = datetime.min  # noqa: DTZ901 - as it is stored, without a zone
_WELL: Final = (State.WELL, State.PAUSED, State.FIRST_SYNC)


@dataclass(frozen=True, slots=True)
class View:
    """`sought` are words of name, address, mailbox, state or error; all of them must be there."""

    sought: str = ""
    only: Only = Only.ALL
    order: Order = Order.NAME

    @property
    def hides(self) -> bool:
        """Whether anything is left out."""
        return bool(words(self.sought)) or self.only is not Only.ALL

    def next_only(self) -> "View":
        """The next filter."""
        every = list(Only)
        return replace(self, only=every[(every.index(self.only) + 1) % len(every)])

    def next_order(self) -> "View":
        """The next order."""
        every = list(Order)
        return replace(self, order=every[(every.index(self.order) + 1) % len(every)])

    def shown(self, listing: Listing) -> Sequence[ProfileLine]:
        """The profiles that are shown, in their order; those of a listing stand by name."""
        lines = [line for line in listing.lines if self._fits(line)]
        match self.order:
            case Order.NEED:
                lines.sort(key=lambda line: not needs(line))
            case Order.AGE:
                lines.sort(key=lambda line: (not line.syncing, line.synced_at or _NEVER))
            case Order.NAME:
                pass
        return lines

    def _fits(self, line: ProfileLine) -> bool:
        match self.only:
            case Only.NEEDING if not needs(line):
                return False
            case Only.ACTIVE if not line.row.active:
                return False
            case Only.PAUSED if line.row.active:
                return False
        looked_for = words(self.sought)
        if not looked_for:
            return True
        who = line.employee
        parts = (who.title, who.address, line.row.mailbox, state(line.state).plain, line.error)
        return finds(looked_for, " ".join(str(part) for part in parts if part is not None))

    def told(self, shown: int, of: int) -> str:
        """What is left out, and in which order the rest stands; empty where nothing is special."""
        told = []
        if self.hides:
            told.append(_("{shown} of {all} shown").format(shown=shown, all=of))
        if self.only is not Only.ALL:
            told.append(_(self.only.value))
        if self.order is not Order.NAME:
            told.append(_(self.order.value))
        return ", ".join(told)


def needs(line: ProfileLine) -> bool:
    """Whether somebody should look at a profile."""
    return line.state not in _WELL or line.quarantined > 0
