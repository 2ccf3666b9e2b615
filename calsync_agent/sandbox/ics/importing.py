"""Puts an iCalendar file into a mailbox, as if its owner had always had it: nobody is mailed.

What Graph could not hold is left out, whole, and reported with its reason.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

from icalendar import Event

from calsync_agent.i18n import message
from calsync_agent.ics.components import Reader, cancelled, organizer
from calsync_agent.ics.files import (
    NotHeld,
    NotImported,
    by_uid,
    calendars,
    parted,
    subject,
    text,
)
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
    refused = []
    for calendar in calendars(path):
        reads = reader(calendar, zone)
        for uid, components in by_uid(calendar).items():
            try:
                _import_one(person, reads, components)
            except NotHeld as error:
                refused.append(NotImported(uid, subject(components), error.reason))
            except GraphRefusal as error:
                reason = message("Exchange refuses it: {text}", text=error.message)
                refused.append(NotImported(uid, subject(components), reason))
    return refused


def _import_one(person: Person, reads: Reader, components: Iterable[Event]) -> None:
    """All or nothing of one UID."""
    masters, overrides = parted(components)
    made: list[Item] = []
    with person.world.lock:
        try:
            if not masters:  # somebody was invited to single days of a series
                made.extend(_create(person, reads, override) for override in overrides)
                return
            item = _create(person, reads, masters[-1])
            made.append(item)
            _change_days(person, reads, item, masters[-1], overrides)
        except (NotHeld, GraphRefusal):
            for item in made:
                person.world.drop(person.mailbox, item)
            raise


def _create(person: Person, reads: Reader, event: Event) -> Item:
    if cancelled(event):
        raise NotHeld(message("the event is cancelled"))
    if "DTSTART" not in event:
        raise NotHeld(message("the start or end is missing or cannot be read"))
    start, end = reads.times(event)
    sent = properties(event)
    sent |= {"start": as_json(start), "end": as_json(end), "isAllDay": start.all_day}
    repeated = recurrence(reads, event, start)
    if repeated is not None:
        sent["recurrence"] = repeated
    action = person.action("import")
    item = events.create(action, person.mailbox.default_calendar, sent)
    if text(event, "UID") and "RECURRENCE-ID" not in event:
        person.world.keep_uid(person.mailbox, item, text(event, "UID"))
    _add_people(person, item, event)
    return item


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
    person: Person, reads: Reader, item: Item, master: Event, overrides: Iterable[Event]
) -> None:
    recurrence = item.content.recurrence
    if recurrence is None:
        return
    start, _ = reads.times(master)
    action = person.action("import")
    changed = {reads.original_day(override, start): override for override in overrides}
    for day in sorted(reads.excluded(master, start)):
        if occurs_on(recurrence, day) and day not in changed:
            item.removed.add(day)
    for day, override in sorted(changed.items()):
        if not occurs_on(recurrence, day):
            reason = message("the changed day {day} is none of the series' days", day=str(day))
            raise NotHeld(reason)
        if cancelled(override):
            item.removed.add(day)
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
    sent = {name: value for name, value in words.items() if value != usual[name]}
    for name, when, moment in (("start", start, content.start), ("end", end, content.end)):
        if (when.local, when.zone) != (moment.local, moment.zone):
            sent[name] = as_json(when)
    if start.all_day != content.all_day:
        sent["isAllDay"] = start.all_day
    return sent
