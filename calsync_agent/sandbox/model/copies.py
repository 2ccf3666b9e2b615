"""Attendees' copies of meetings: made, brought up to date, cancelled.

A copy keeps its own reminder, categories, sensitivity and free/busy state. A cancelled one stays
where it is, with "Canceled: " before its subject and shown as free, until its owner removes it.
"""

from dataclasses import replace
from datetime import date

from calsync_agent.sandbox.model.content import PRIVATE_FIELDS, Attendee, Changes, Content, Response
from calsync_agent.sandbox.model.entries import CalendarEntry, entry_of
from calsync_agent.sandbox.model.expansion import occurs_on
from calsync_agent.sandbox.model.identifiers import occurrence_uid
from calsync_agent.sandbox.model.items import ChangedOccurrence, Item, Mailbox
from calsync_agent.sandbox.model.world import World

_CANCELLED: str = "Canceled: "
_ASKED = Response("notResponded")


def deliver(world: World, guest: Mailbox, original: Item, *, asked: bool) -> None:
    """Put the meeting as it is now into the guest's mailbox. `asked`: an answer is wanted anew."""
    copy = _copy_of(world, guest, original.uid)
    if copy is None:
        copy = _new_copy(world, guest, original.uid, original, _for_guest(original.content, guest))
        _copy_days(guest, original, copy)
        world.add(guest, copy)
        return
    own = {field: getattr(copy.content, field) for field in PRIVATE_FIELDS}
    before = copy.content.recurrence
    if copy.cancelled or asked:
        own["show_as"] = "tentative"
        copy.response = _ASKED
    copy.cancelled = False
    copy.content = replace(_for_guest(original.content, guest), **own)
    after = copy.content.recurrence
    if before is None or after is None or before.rule != after.rule:
        copy.removed.clear()
    _copy_days(guest, original, copy)
    world.touch(guest, copy)


def cancel(world: World, guest: Mailbox, original: Item) -> None:
    """Mark the guest's copy, if there is one, as cancelled."""
    copy = _copy_of(world, guest, original.uid)
    if copy is not None:
        _mark_cancelled(world, guest, copy)


def deliver_occurrence(
    world: World, guest: Mailbox, original: Item, entry: CalendarEntry, *, asked: bool
) -> None:
    """Put one changed occurrence into the guest's mailbox: into the series, or by itself."""
    if entry.day is None:
        return
    series = _copy_of(world, guest, original.uid)
    if series is not None and series.content.recurrence is not None:
        series.removed.discard(entry.day)
        known = series.exceptions.get(entry.day)
        answer = _ASKED if asked or known is None else known.response
        series.exceptions[entry.day] = _copied_exception(original.exceptions[entry.day], answer)
        world.touch(guest, series, entry.day)
        return
    uid = occurrence_uid(original.uid, entry.day)
    content = _for_guest(entry.content, guest)
    single = _copy_of(world, guest, uid)
    if single is None:
        world.add(guest, _new_copy(world, guest, uid, original, content))
        return
    single.content, single.cancelled, single.response = content, False, _ASKED
    world.touch(guest, single)


def cancel_occurrence(world: World, guest: Mailbox, original: Item, day: date) -> None:
    """Mark one occurrence as cancelled in the guest's copy of the series."""
    series = _copy_of(world, guest, original.uid)
    if series is None or series.content.recurrence is None:
        cancel_single(world, guest, original, day)
        return
    if day in series.removed or not occurs_on(series.content.recurrence, day):
        return
    content = entry_of(series, day).content
    known = series.exceptions.get(day)
    series.exceptions[day] = ChangedOccurrence(
        changes={**(known.changes if known else {}), **_cancelled_words(content)},
        modified=world.clock.now(),
        response=known.response if known else series.response,
        cancelled=True,
    )
    world.touch(guest, series, day)


def cancel_single(world: World, guest: Mailbox, original: Item, day: date) -> None:
    """The same for a guest who was invited to that occurrence only."""
    single = _copy_of(world, guest, occurrence_uid(original.uid, day))
    if single is not None:
        _mark_cancelled(world, guest, single)


def original_of(world: World, copy: Item) -> tuple[Mailbox, Item, date | None] | None:
    """The organizer's item that a copy was made of, and the day where it is of one occurrence."""
    mailbox = world.by_address(copy.organizer.key)
    if mailbox is None or copy.is_organizer:
        return None
    key = world.index(mailbox).by_uid.get(copy.uid)
    if key is not None:
        return mailbox, mailbox.items[key], None
    for item in mailbox.items.values():
        for day in item.exceptions:
            if occurrence_uid(item.uid, day) == copy.uid:
                return mailbox, item, day
    return None


def _copy_of(world: World, guest: Mailbox, uid: str) -> Item | None:
    key = world.index(guest).by_uid.get(uid)
    return None if key is None else guest.items[key]


def _new_copy(world: World, guest: Mailbox, uid: str, original: Item, content: Content) -> Item:
    guest.last_key += 1
    now = world.clock.now()
    return Item(
        key=guest.last_key,
        calendar=guest.default_calendar,
        uid=uid,
        content=replace(content, show_as="tentative"),
        organizer=original.organizer,
        is_organizer=False,
        created=now,
        modified=now,
        response=_ASKED,
    )


def _for_guest(content: Content, guest: Mailbox) -> Content:
    """The meeting without what is the organizer's own affair; hidden attendees see themselves."""
    shown = content.attendees
    if content.hide_attendees:
        shown = tuple(each for each in shown if guest.answers_to(each.who.key))
    return replace(content, attendees=_without_answers(shown), categories=(), extended={})


def _without_answers(attendees: tuple[Attendee, ...]) -> tuple[Attendee, ...]:
    return tuple(replace(each, status=Response()) for each in attendees)


def _copy_days(guest: Mailbox, original: Item, copy: Item) -> None:
    """Exceptions and cancelled days as the organizer has them; a day without the guest is none."""
    copy.removed |= original.removed
    answers = {day: each.response for day, each in copy.exceptions.items()}
    copy.exceptions = {}
    for day, exception in original.exceptions.items():
        invited = exception.changes.get("attendees", original.content.attendees)
        if any(guest.answers_to(each.who.key) for each in invited):
            answer = answers.get(day, copy.response)
            copy.exceptions[day] = _copied_exception(exception, answer)
        else:
            copy.removed.add(day)


def _copied_exception(exception: ChangedOccurrence, answer: Response) -> ChangedOccurrence:
    changes: Changes = {
        field: value for field, value in exception.changes.items() if field not in PRIVATE_FIELDS
    }
    if "attendees" in changes:
        changes["attendees"] = _without_answers(changes["attendees"])
    return replace(exception, changes=changes, response=answer)


def _mark_cancelled(world: World, guest: Mailbox, copy: Item) -> None:
    copy.cancelled = True
    copy.content = replace(copy.content, **_cancelled_words(copy.content))
    world.touch(guest, copy)


def _cancelled_words(content: Content) -> Changes:
    subject = content.subject or ""
    marked = subject if subject.startswith(_CANCELLED) else _CANCELLED + subject
    return {"subject": marked, "show_as": "free"}
