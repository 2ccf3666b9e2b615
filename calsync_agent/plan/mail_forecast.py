"""How many people Exchange will mail because of a write (F8).

Practice, since Microsoft publishes no list (GRAPH.md 4.4): creating and deleting a meeting and
changing its subject, body, place, time or recurrence mails all attendees; a change of the list
alone mails those who came or went; each changed occurrence is told on its own; an answer goes to
the organizer. Whether a change of categories alone mails anybody is not known: it counts as if it
did, until an admin says otherwise. An attendee's copy and an event without attendees mail nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from calsync_agent.appointment.fields import MAILED, RESHAPING, Field
from calsync_agent.appointment.occurrences import occurrence_difference
from calsync_agent.appointment.people import Directory
from calsync_agent.domain.event import Attendee
from calsync_agent.domain.operation import (
    AnswerEvent,
    ChangeEvent,
    CreateEvent,
    DeleteEvent,
    ExamineEvent,
    Operation,
    Result,
    Written,
)


@dataclass(frozen=True, slots=True)
class Mails:
    """Mails, by whether they stay in the company."""

    inside: int = 0
    outside: int = 0

    def __add__(self, other: "Mails") -> "Mails":
        """Both together."""
        return Mails(self.inside + other.inside, self.outside + other.outside)

    @property
    def total(self) -> int:
        """All of them."""
        return self.inside + self.outside


def forecast(
    operation: Operation, people: Directory, quiet: frozenset[Field] = frozenset()
) -> Mails:
    """The mails that Exchange will send because of an operation; about `quiet` fields none."""
    match operation:
        case CreateEvent(appointment=appointment, attendees=invited):
            notices = 1 + len(appointment.exceptions)
            return _to(_addresses(invited), people, notices)
        case ChangeEvent():
            return _of_change(operation, people, quiet)
        case ExamineEvent():
            return Mails()
        case DeleteEvent(attendees=invited):
            return _to(_addresses(invited), people)
        case AnswerEvent(event=event):
            return _to({event.organizer.address}, people)
        case _ as never:
            assert_never(never)


def recipients(
    operation: Operation, people: Directory, quiet: frozenset[Field] = frozenset()
) -> frozenset[str]:
    """The addresses that those mails go to, in lower case."""
    if not forecast(operation, people, quiet).total:
        return frozenset()
    match operation:
        case CreateEvent(attendees=invited) | DeleteEvent(attendees=invited):
            return frozenset(_addresses(invited))
        case AnswerEvent(event=event):
            return frozenset({event.organizer.address.casefold()})
        case ChangeEvent(event=event, attendees=wanted, fields=fields):
            before = _addresses(event.attendees)
            after = before if wanted is None else _addresses(wanted)
            only_list = not fields & (MAILED - quiet) and operation.appointment.rule is None
            return frozenset(before ^ after if only_list else before | after)
    return frozenset()


def put_back(result: Result, people: Directory) -> Mails:
    """The mails to those who were uninvited and invited again by a write, which no one foresaw."""
    addresses = result.put_back if isinstance(result, Written) else ()
    return _to([address for address in addresses if "@" in address], people, notices=2)


def _of_change(change: ChangeEvent, people: Directory, quiet: frozenset[Field]) -> Mails:
    before = _addresses(change.event.attendees)
    after = before if change.attendees is None else _addresses(change.attendees)
    mails = _to(before ^ after, people)
    kept = before & after
    actual = change.event.appointment
    if change.fields & RESHAPING:
        actual = replace(actual, exceptions=())
    if change.fields & MAILED - quiet:
        changed_occurrences = sum(not e.cancelled for e in actual.exceptions)
        mails += _to(kept, people, 1 + changed_occurrences)
    if change.appointment.rule is not None:
        changed = occurrence_difference(change.appointment, actual).changes
        mails += _to(after, people, len(changed))
    return mails


def _addresses(attendees: Iterable[Attendee]) -> set[str]:
    """Whom Exchange mails; it can mail nobody whose address is none."""
    return {each.address.casefold() for each in attendees if "@" in each.address}


def _to(addresses: Iterable[str], people: Directory, notices: int = 1) -> Mails:
    inside = [people.inside(address) for address in addresses]
    return Mails(notices * sum(inside), notices * (len(inside) - sum(inside)))
