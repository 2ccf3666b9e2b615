"""What attendees answer, and how the organizer learns of it."""

from dataclasses import replace
from datetime import date
from typing import Final, Literal, TypeAlias

from calsync_agent.sandbox.model import events, occurrences
from calsync_agent.sandbox.model.content import Attendee, Response
from calsync_agent.sandbox.model.copies import original_of
from calsync_agent.sandbox.model.entries import entry_of
from calsync_agent.sandbox.model.items import ChangedOccurrence, Item
from calsync_agent.sandbox.model.mail import Mail
from calsync_agent.sandbox.model.refusals import invalid_request
from calsync_agent.sandbox.model.world import Action, World

Answer: TypeAlias = Literal["accepted", "tentativelyAccepted", "declined"]

_SHOWN: Final = {"tentativelyAccepted": "tentative"}


def respond(action: Action, item: Item, day: date | None, answer: Answer, *, send: bool) -> None:
    """Answer an invitation, to the whole or (`day`) to one occurrence.

    Declined copies go. With `send` the organizer gets a mail and sees the answer; without it only
    the own copy knows.
    """
    entry_of(item, day)
    if item.is_organizer:
        raise invalid_request(
            "Your request can't be completed. You can't respond to this meeting because you're "
            "the meeting organizer."
        )
    if item.cancelled:
        raise invalid_request("Your request can't be completed. The meeting has been cancelled.")
    given = Response(answer, action.world.clock.now())
    if send:
        _mail(action, item, day)
        _report(action, item, day, given)
    match answer, day:
        case "declined", None:
            events.delete(action, item)
        case "declined", date():
            occurrences.cancel_occurrence(action, item, day)
        case _:
            _keep(action, item, day, given)


def cancel_meeting(action: Action, item: Item, day: date | None) -> None:
    """The organizer's cancel: everybody is told, the item goes. 400 for anybody else."""
    if not item.is_organizer:
        raise invalid_request(
            "Your request can't be completed. You need to be an organizer to cancel a meeting."
        )
    if day is None:
        events.delete(action, item)
    else:
        occurrences.cancel_occurrence(action, item, day)


def _keep(action: Action, item: Item, day: date | None, given: Response) -> None:
    shown = _SHOWN.get(given.response) or _organizers_show_as(action.world, item)
    if day is None:
        item.response = given
        item.content = replace(item.content, show_as=shown)
    else:
        known = item.exceptions.get(day)
        item.exceptions[day] = ChangedOccurrence(
            changes={**(known.changes if known else {}), "show_as": shown},
            modified=action.world.clock.now(),
            response=given,
        )
    action.world.touch(action.mailbox, item, day)


def _organizers_show_as(world: World, copy: Item) -> str:
    found = original_of(world, copy)
    return found[1].content.show_as if found else "busy"


def _mail(action: Action, item: Item, day: date | None) -> None:
    organizer = item.organizer.address or ""
    action.world.send(
        Mail(
            at=action.world.clock.now(),
            sender=action.mailbox.addresses[0],
            recipient=organizer,
            kind="response",
            uid=item.uid,
            subject=item.content.subject,
            inside=action.world.is_inside(organizer),
            cause=action.cause,
            day=day,
        )
    )


def _report(action: Action, copy: Item, day: date | None, given: Response) -> None:
    """Write the answer into the organizer's list of attendees."""
    found = original_of(action.world, copy)
    if found is None:
        return
    mailbox, original, only_day = found
    at_day = day or only_day

    def answered(attendees: tuple[Attendee, ...]) -> tuple[Attendee, ...]:
        return tuple(
            replace(each, status=given) if action.mailbox.answers_to(each.who.key) else each
            for each in attendees
        )

    if at_day is None:
        attendees = answered(original.content.attendees)
        original.content = replace(original.content, attendees=attendees)
        for exception in original.exceptions.values():
            if "attendees" in exception.changes:
                exception.changes["attendees"] = answered(exception.changes["attendees"])
    else:
        known = original.exceptions.get(at_day)
        attendees = answered(entry_of(original, at_day).content.attendees)
        original.exceptions[at_day] = ChangedOccurrence(
            changes={**(known.changes if known else {}), "attendees": attendees},
            modified=action.world.clock.now(),
            response=known.response if known else original.response,
        )
    action.world.touch(mailbox, original, at_day)
