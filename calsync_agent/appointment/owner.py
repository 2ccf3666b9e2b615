"""Whose mailbox it is: what Exchange tells of a mailbox, however it is spelt (I4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

_TELLING: Final = 40
"""An id that holds the mailbox's own is long; "calendar" is the same in every mailbox."""


def spelled(mailbox: str) -> str:
    """A spelling that makes no difference to Exchange: without blanks around it and cases."""
    return mailbox.strip().casefold()


def object_id(mailbox: str) -> str | None:
    """The object id that a mailbox is spelt by; None where it is spelt otherwise."""
    try:
        return str(UUID(mailbox.strip()))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Owner:
    """What Exchange tells of a mailbox; None for what it does not.

    `user`: the object id; `calendar`: the id of the default calendar, which is another in every
    mailbox; `address`: the main address of the calendar's owner.
    """

    user: str | None = None
    calendar: str | None = None
    address: str | None = None

    @property
    def known(self) -> bool:
        """Whether anything is."""
        return any((self.user, self.calendar, self.address))

    def same(self, other: "Owner") -> bool | None:
        """Whether both are one mailbox; None where nothing tells.

        The user counts most; a mailbox that has moved has another calendar, and its owner may be
        given another address.
        """
        if self.user and other.user:
            return self.user.casefold() == other.user.casefold()
        told = [self.telling == other.telling] if self.telling and other.telling else []
        if self.address and other.address:
            told.append(spelled(self.address) == spelled(other.address))
        return any(told) if told else None

    def unchanged(self, other: "Owner") -> bool | None:
        """Whether the events of one moment may be looked for in the other; None: nothing tells.

        Stricter than `same`: in a calendar that was made anew none of the old events is.
        """
        told = list(self._compared(other))
        return all(told) if told else None

    def _compared(self, other: "Owner") -> Iterator[bool]:
        if self.user and other.user:
            yield self.user.casefold() == other.user.casefold()
        if self.telling and other.telling:
            yield self.telling == other.telling
        elif self.address and other.address:
            yield spelled(self.address) == spelled(other.address)

    @property
    def telling(self) -> str | None:
        """The calendar, where its id can be no other mailbox's."""
        return self.calendar if self.calendar and len(self.calendar) >= _TELLING else None
