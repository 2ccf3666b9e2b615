"""Meetings: what the organizer does reaches the attendees' mailboxes, and mail is written.

An attendee's mailbox holds a copy of its own: own id, same iCalUId, `isOrganizer` false. The
organizer's item is the original; whatever it says is put over the copies, apart from what each
mailbox keeps for itself.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from calsync_agent.sandbox.model import copies
from calsync_agent.sandbox.model.content import (
    MAILING_FIELDS,
    TIME_FIELDS,
    Attendee,
    Content,
    Response,
)
from calsync_agent.sandbox.model.entries import CalendarEntry, entry_of
from calsync_agent.sandbox.model.items import Item, Mailbox
from calsync_agent.sandbox.model.mail import Mail, MailKind
from calsync_agent.sandbox.model.world import Action


def created(action: Action, item: Item) -> None:
    """Invite everybody."""
    _invite(action, item, item.content.attendees)


def changed(
    action: Action, item: Item, before: Content, fields: frozenset[str], *, retimed: bool
) -> None:
    """Tell the attendees what the organizer wrote; nobody, when it concerns nobody else.

    Only the list of attendees was written: only who came or went is told. `retimed`: the meeting
    is at other times now, so that the answers given do not hold any more.
    """
    added, kept, gone = _compare(before.attendees, item.content.attendees)
    _cancel(action, item, gone)
    _invite(action, item, added)
    if fields & MAILING_FIELDS:
        _tell(action, item, kept, "update")
        for day in sorted(item.exceptions):
            _tell(action, item, kept, "update", day=day)
    if fields & MAILING_FIELDS or "attendees" in fields:
        asked = retimed and action.world.settings.answers_reset
        _deliver(action, item, kept, asked=asked)


def cancelled(action: Action, item: Item) -> None:
    """The organizer takes the meeting away from all."""
    _cancel(action, item, item.content.attendees)
    for day in item.exceptions:
        only_here = _compare(item.content.attendees, entry_of(item, day).content.attendees)[0]
        _tell(action, item, only_here, "cancellation", day=day)
        for guest in _guests(action, only_here):
            copies.cancel_single(action.world, guest, item, day)


def occurrence_changed(
    action: Action, item: Item, entry: CalendarEntry, before: Content, fields: frozenset[str]
) -> None:
    """The same for one occurrence. Whoever is invited to it only gets it as a single event."""
    if entry.day is None:
        return
    world, day = action.world, entry.day
    added, kept, gone = _compare(before.attendees, entry.content.attendees)
    _tell(action, item, gone, "cancellation", day=day)
    _tell(action, item, added, "invitation", day=day)
    if fields & MAILING_FIELDS:
        _tell(action, item, kept, "update", day=day)
    if not fields & (MAILING_FIELDS | {"attendees"}):
        return
    for guest in _guests(action, gone):
        copies.cancel_occurrence(world, guest, item, day)
    for guest in _guests(action, (*kept, *added)):
        asked = bool(fields & TIME_FIELDS) and world.settings.answers_reset
        copies.deliver_occurrence(world, guest, item, entry, asked=asked)


def occurrence_cancelled(action: Action, item: Item, entry: CalendarEntry) -> None:
    """The organizer takes one occurrence away from all who were invited to it."""
    if entry.day is None:
        return
    invited = entry.content.attendees
    _tell(action, item, invited, "cancellation", day=entry.day)
    for guest in _guests(action, invited):
        copies.cancel_occurrence(action.world, guest, item, entry.day)


def ask_anew(item: Item) -> None:
    """Forget the answers: they were given for another time."""
    asked = tuple(replace(each, status=Response()) for each in item.content.attendees)
    item.content = replace(item.content, attendees=asked)


def _invite(action: Action, item: Item, whom: Iterable[Attendee]) -> None:
    invited = tuple(whom)
    _tell(action, item, invited, "invitation")
    _deliver(action, item, invited, asked=True)


def _cancel(action: Action, item: Item, whom: Iterable[Attendee]) -> None:
    concerned = tuple(whom)
    _tell(action, item, concerned, "cancellation")
    for guest in _guests(action, concerned):
        copies.cancel(action.world, guest, item)


def _deliver(action: Action, item: Item, whom: Iterable[Attendee], *, asked: bool) -> None:
    for guest in _guests(action, whom):
        copies.deliver(action.world, guest, item, asked=asked)


def _tell(
    action: Action,
    item: Item,
    whom: Iterable[Attendee],
    kind: MailKind,
    *,
    day: date | None = None,
) -> None:
    for attendee in whom:
        address = attendee.who.address or ""
        action.world.send(
            Mail(
                at=action.world.clock.now(),
                sender=action.mailbox.addresses[0],
                recipient=address,
                kind=kind,
                uid=item.uid,
                subject=item.content.subject,
                inside=action.world.is_inside(address),
                cause=action.cause,
                day=day,
            )
        )


def _guests(action: Action, whom: Iterable[Attendee]) -> list[Mailbox]:
    """The attendees' mailboxes in this tenant, each once, without the organizer's own."""
    found = {}
    for attendee in whom:
        mailbox = action.world.by_address(attendee.who.key) if attendee.who.key else None
        if mailbox is not None and mailbox is not action.mailbox and mailbox.licensed:
            found[mailbox.id] = mailbox
    return list(found.values())


def _compare(
    before: tuple[Attendee, ...], after: tuple[Attendee, ...]
) -> tuple[list[Attendee], list[Attendee], list[Attendee]]:
    """Who was added, who stayed, who is gone."""
    old = {each.who.key for each in before}
    new = {each.who.key for each in after}
    added = [each for each in after if each.who.key not in old]
    kept = [each for each in after if each.who.key in old]
    return added, kept, [each for each in before if each.who.key not in new]
