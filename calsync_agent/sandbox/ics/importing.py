"""Puts an iCalendar file into a mailbox, as if its owner had always had it: nobody is mailed.

What Graph could not hold is left out, whole, and reported with its reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from icalendar import Calendar, Event

from calsync_agent.errors import ConfigurationRefused
from calsync_agent.i18n import Message, message
from calsync_agent.sandbox.ics.reading import Reader, attendees, organizer, text
from calsync_agent.sandbox.ics.rules import NotHeld
from calsync_agent.sandbox.ics.zones import Zones
from calsync_agent.sandbox.model import events, occurrences
from calsync_agent.sandbox.model.content import Response
from calsync_agent.sandbox.model.entries import entry_of
from calsync_agent.sandbox.model.expansion import occurs_on
from calsync_agent.sandbox.model.items import Item
from calsync_agent.sandbox.model.refusals import GraphRefusal
from calsync_agent.sandbox.people import DEFAULT_ZONE, Person


@dataclass(frozen=True, slots=True)
class NotImported:
    """An event of the file that Graph could not hold, and why."""

    uid: str
    subject: str
    reason: Message


def import_ics(person: Person, path: Path, *, zone: str = DEFAULT_ZONE) -> list[NotImported]:
    """Import a file; what was left out, in the file's order.

    `zone` is that of floating times and of all-day events. Raises ConfigurationRefused for a file
    that cannot be read.
    """
    refused = []
    for calendar in _calendars(path):
        reader = Reader(Zones(calendar), zone)
        for uid, components in _by_uid(calendar).items():
            try:
                _import_one(person, reader, components)
            except NotHeld as error:
                refused.append(NotImported(uid, _subject(components), error.reason))
            except GraphRefusal as error:
                reason = message("Exchange refuses it: {text}", text=error.message)
                refused.append(NotImported(uid, _subject(components), reason))
    return refused


def _calendars(path: Path) -> list[Calendar]:
    try:
        read = Calendar.from_ical(path.read_bytes(), multiple=True)
    except (OSError, ValueError) as error:
        refusal = message(
            "{path}: cannot be read as iCalendar: {reason}", path=str(path), reason=str(error)
        )
        raise ConfigurationRefused(refusal) from error
    return list(read)


def _by_uid(calendar: Calendar) -> dict[str, list[Event]]:
    """The events and their changed days together."""
    found: dict[str, list[Event]] = {}
    for number, component in enumerate(calendar.walk("VEVENT")):
        if isinstance(component, Event):
            uid = text(component, "UID") or f"without UID, number {number + 1}"
            found.setdefault(uid, []).append(component)
    return found


def _import_one(person: Person, reader: Reader, components: Iterable[Event]) -> None:
    """All or nothing of one UID."""
    masters = [each for each in components if "RECURRENCE-ID" not in each]
    overrides = [each for each in components if "RECURRENCE-ID" in each]
    made: list[Item] = []
    with person.world.lock:
        try:
            if not masters:  # somebody was invited to single days of a series
                made.extend(_create(person, reader, override) for override in overrides)
                return
            item = _create(person, reader, masters[-1])
            made.append(item)
            _change_days(person, reader, item, masters[-1], overrides)
        except (NotHeld, GraphRefusal):
            for item in made:
                person.world.drop(person.mailbox, item)
            raise


def _create(person: Person, reader: Reader, event: Event) -> Item:
    if text(event, "STATUS").upper() == "CANCELLED":
        raise NotHeld(message("the event is cancelled"))
    if "DTSTART" not in event:
        raise NotHeld(message("the start or end is missing or cannot be read"))
    start, end = reader.times(event)
    sent = reader.words(event)
    sent |= {"start": start.as_json(), "end": end.as_json(), "isAllDay": start.all_day}
    recurrence = reader.recurrence(event, start)
    if recurrence is not None:
        sent["recurrence"] = recurrence
    action = person.action("import")
    item = events.create(action, person.mailbox.default_calendar, sent)
    if text(event, "UID") and "RECURRENCE-ID" not in event:
        person.world.keep_uid(person.mailbox, item, text(event, "UID"))
    _add_people(person, item, event)
    return item


def _add_people(person: Person, item: Item, event: Event) -> None:
    """Organizer and attendees as the file has them."""
    invited = attendees(event, item.created)
    by = organizer(event)
    if not invited:
        return
    item.content = replace(item.content, attendees=invited)
    if by is None or person.mailbox.answers_to(by.key):
        item.response = Response("organizer")
        return
    item.organizer, item.is_organizer = by, False
    own = [each.status for each in invited if person.mailbox.answers_to(each.who.key)]
    item.response = own[0] if own and own[0].at else Response("notResponded")


def _change_days(
    person: Person, reader: Reader, item: Item, master: Event, overrides: Iterable[Event]
) -> None:
    recurrence = item.content.recurrence
    if recurrence is None:
        return
    start, _ = reader.times(master)
    action = person.action("import")
    changed = {reader.original_day(override, start): override for override in overrides}
    for day in sorted(reader.excluded(master, start)):
        if occurs_on(recurrence, day) and day not in changed:
            item.removed.add(day)
    for day, override in sorted(changed.items()):
        if not occurs_on(recurrence, day):
            reason = message("the changed day {day} is none of the series' days", day=str(day))
            raise NotHeld(reason)
        if text(override, "STATUS").upper() == "CANCELLED":
            item.removed.add(day)
            continue
        sent = _differences(reader, master, override, item, day)
        if sent:
            occurrences.change_occurrence(action, item, day, sent)


def _differences(
    reader: Reader, master: Event, override: Event, item: Item, day: date
) -> dict[str, object]:
    """What of a changed day differs from the series: only that becomes the exception's own."""
    start, end = reader.times(override)
    content = entry_of(item, day).content
    usual, words = reader.words(master), reader.words(override)
    sent = {name: value for name, value in words.items() if value != usual[name]}
    for name, when, moment in (("start", start, content.start), ("end", end, content.end)):
        if (when.local, when.zone) != (moment.local, moment.zone):
            sent[name] = when.as_json()
    if start.all_day != content.all_day:
        sent["isAllDay"] = start.all_day
    return sent


def _subject(components: Iterable[Event]) -> str:
    return next((text(each, "SUMMARY") for each in components if "SUMMARY" in each), "")
