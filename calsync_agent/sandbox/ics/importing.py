"""Puts an iCalendar file into a mailbox, as if its owner had always had it: nobody is mailed.

What Graph could not hold is left out, whole, and reported with its reason; and so is what an
earlier import has put there: the same file a second time changes nothing.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path

from calsync_agent.fence import guarded
from calsync_agent.i18n import Message, message
from calsync_agent.ics.components import Reader, cancelled, organizer
from calsync_agent.ics.events import Event
from calsync_agent.ics.files import Group, NotHeld, NotImported, contents, why_not, without_rule
from calsync_agent.sandbox.ics.reading import (
    address,
    as_json,
    invited,
    properties,
    reader,
    recurrence,
)
from calsync_agent.sandbox.model import events, occurrences
from calsync_agent.sandbox.model.content import Response
from calsync_agent.sandbox.model.entries import entry_of
from calsync_agent.sandbox.model.expansion import occurs_on
from calsync_agent.sandbox.model.items import Item
from calsync_agent.sandbox.model.refusals import GraphRefusal
from calsync_agent.sandbox.people import DEFAULT_ZONE, Person


def import_ics(person: Person, path: Path, *, zone: str = DEFAULT_ZONE) -> list[NotImported]:
    """Import a file; what was left out, in the file's order.

    `zone` is that of floating times and of all-day events. Raises ConfigurationRefused for a file
    that cannot be read.
    """
    found = contents(path)
    reads = reader(found, zone)
    left_out: list[NotImported] = []
    for group in found.groups:
        refused = _attempt(person, reads, group)
        left_out += group.lost if refused is None else [group.left_out(refused)]
    return left_out


def _attempt(person: Person, reads: Reader, group: Group) -> Message | None:
    """Import what belongs together; why it cannot be, if it cannot."""
    if group.wrong is not None:
        return group.wrong
    if group.key in person.mailbox.imported:
        return message("it has been imported before")
    return guarded(lambda: _import_one(person, reads, group), _why_not)


def _why_not(error: Exception) -> Message:
    if isinstance(error, GraphRefusal):
        return message("Exchange refuses it: {text}", text=error.message)
    return why_not(error)


def _import_one(person: Person, reads: Reader, group: Group) -> None:
    """All or nothing of one UID."""
    made: list[Item] = []
    with person.world.lock:
        try:
            if group.master is None:  # somebody was invited to single days of a series
                for override in group.days:
                    _create(person, reads, override, made)
            else:
                _create(person, reads, group.master, made)
                _change_days(person, reads, made[0], group.master, group.days)
            person.mailbox.imported.add(group.key)
        except BaseException:
            for item in made:
                person.world.drop(person.mailbox, item)
            raise


def _create(person: Person, reads: Reader, event: Event, made: list[Item]) -> None:
    """Make the event's item, and add it to what was `made`."""
    if cancelled(event):
        raise NotHeld(message("the event is cancelled"))
    start, end = reads.times(event)
    sent = properties(event)
    sent |= {"start": as_json(start), "end": as_json(end), "isAllDay": start.all_day}
    repeated = recurrence(reads, event, start)
    if repeated is not None:
        sent["recurrence"] = repeated
    action = person.action("import")
    item = events.create(action, person.mailbox.default_calendar, sent)
    made.append(item)
    if event.uid and "RECURRENCE-ID" not in event:
        person.world.keep_uid(person.mailbox, item, event.uid)
    _add_people(person, item, event)


def _add_people(person: Person, item: Item, event: Event) -> None:
    """Organizer and attendees as the file has them."""
    guests = invited(event, item.created)
    named = organizer(event)
    by = address(named) if named else None
    if not guests:
        return
    item.content = replace(item.content, attendees=guests)
    if by is None or person.mailbox.answers_to(by.key):
        item.response = Response("organizer")
        return
    item.organizer, item.is_organizer = by, False
    own = [each.status for each in guests if person.mailbox.answers_to(each.who.key)]
    item.response = own[0] if own and own[0].at else Response("notResponded")


def _change_days(
    person: Person, reads: Reader, item: Item, master: Event, days: tuple[Event, ...]
) -> None:
    recurrence = item.content.recurrence
    if recurrence is None:
        without_rule(days)
        return
    start, _ = reads.times(master)
    action = person.action("import")
    excluded = reads.excluded(master, start)
    item.removed.update(day for day in excluded if occurs_on(recurrence, day))
    for day, override in sorted(reads.changed(days, start).items()):
        if not occurs_on(recurrence, day):
            why = message("the changed day {day} is none of the series' days", day=str(day))
            raise NotHeld(why)
        if cancelled(override):
            item.removed.add(day)
        if day in item.removed:
            continue
        sent = _differences(reads, master, override, item, day)
        if sent:
            occurrences.change_occurrence(action, item, day, sent)


def _differences(
    reads: Reader, master: Event, override: Event, item: Item, day: date
) -> dict[str, object]:
    """What of a changed day differs from the series: only that becomes the exception's own."""
    start, end = reads.times(override)
    content = entry_of(item, day).content
    usual, words = properties(master), properties(override)
    sent = {name: value for name, value in words.items() if value != usual.get(name)}
    for name, when, moment in (("start", start, content.start), ("end", end, content.end)):
        if (when.local, when.zone) != (moment.local, moment.zone):
            sent[name] = as_json(when)
    if start.all_day != content.all_day:
        sent["isAllDay"] = start.all_day
    return sent
