"""The events of an iCalendar file as appointments of Consolidate.

A rule is taken as it stands, whether Exchange can hold it or not: that is the sync's to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

from calsync_agent.appointment import rrule, zones
from calsync_agent.appointment.expansion import occurring
from calsync_agent.appointment.model import (
    ActivityId,
    Appointment,
    ChangedOccurrence,
    EmployeeId,
    Importance,
    Participant,
    Person,
    Response,
    ShowAs,
)
from calsync_agent.appointment.people import Directory
from calsync_agent.appointment.rule import Rule
from calsync_agent.appointment.text import LOCATION_LIMIT, cut, one_line, paragraphs
from calsync_agent.consolidate.fields import SUBJECT_COLUMN
from calsync_agent.i18n import Message, message
from calsync_agent.ics.components import (
    Clocks,
    Reader,
    When,
    Words,
    attendees,
    cancelled,
    organizer,
    words,
)
from calsync_agent.ics.events import Event
from calsync_agent.ics.files import Contents, Group, NotHeld, without_rule
from calsync_agent.ics.rules import rule_text

LONGEST_RULE: Final = 1000
_NAMESPACE: Final = UUID("6e1f0f5a-5a35-4d0e-9f0a-0a86d4c0f6b2")
_ANSWERS: Final = {
    "ACCEPTED": Response.ACCEPTED,
    "TENTATIVE": Response.TENTATIVE,
    "DECLINED": Response.DECLINED,
}


@dataclass(frozen=True, slots=True)
class ImportedEntry:
    """An appointment to be entered, with the text of its rule. The same event has the same id."""

    id: ActivityId
    appointment: Appointment
    recurrence: str | None


@dataclass(frozen=True, slots=True)
class Entries:
    """The appointments of what belongs together, and what of it has no place in Consolidate."""

    group: Group
    entries: tuple[ImportedEntry, ...]
    lost: tuple[Message, ...]


def reader(contents: Contents, floating: str) -> Reader:
    """What reads a file's events by IANA names; `floating` is the zone of times that name none."""
    return Reader(contents, Clocks(_local, _instant, zones.resolve), floating)


def entries(reads: Reader, group: Group, employee: EmployeeId, people: Directory) -> Entries:
    """The appointments of one UID, for `employee`. Raises NotHeld: it is all or nothing."""
    if group.wrong is not None:
        raise NotHeld(group.wrong)
    events = [*([group.master] if group.master else []), *group.days]
    lost = [each for event in events for each in _lost(event, group.master)]
    found = _entries(reads, group, employee, people)
    return Entries(group, tuple(found), tuple(lost))


def _entries(
    reads: Reader, group: Group, employee: EmployeeId, people: Directory
) -> Iterator[ImportedEntry]:
    master = group.master
    if master is None:  # somebody was invited to single days of a series
        for each in group.days:
            named = each.get("RECURRENCE-ID")
            number = _number(employee, f"{group.key}/{named.value if named else ''}")
            yield ImportedEntry(number, _single(reads, each, employee, people), None)
        return
    series = _single(reads, master, employee, people)
    rule = reads.rule(master)
    if rule is None:
        without_rule(group.days)
        yield ImportedEntry(_number(employee, group.key), series, None)
        return
    recurrence = rule_text(rule)
    if len(recurrence) > LONGEST_RULE:
        raise NotHeld(message("its rule is longer than {count} characters", count=LONGEST_RULE))
    exceptions = tuple(_exceptions(reads, master, group.days, series, recurrence))
    series = replace(series, exceptions=exceptions)
    yield ImportedEntry(_number(employee, group.key), series, recurrence)


def _number(employee: EmployeeId, key: str) -> ActivityId:
    return ActivityId(uuid5(_NAMESPACE, f"{employee}/{key}"))


def _lost(event: Event, master: Event | None) -> Iterator[Message]:
    """What the event says that Consolidate has no place for, or not so much."""
    said = words(event)
    for name, text, limit in (
        ("SUMMARY", one_line(said.subject), SUBJECT_COLUMN),
        ("LOCATION", one_line(said.location), LOCATION_LIMIT),
    ):
        if cut(text, limit) != text:
            yield message("{part} is longer than {count} and was cut", part=name, count=limit)
    if master is not None and event is not master:
        usual = words(master)
        differing = (
            ("VALARM", bool(event.alarms) and said.reminder != usual.reminder),
            ("CLASS", "CLASS" in event and said.sensitivity != usual.sensitivity),
            ("PRIORITY", "PRIORITY" in event and said.importance != usual.importance),
            ("TRANSP", "TRANSP" in event and said.show_as != usual.show_as),
        )
        for name, differs in differing:
            if differs:
                yield message("{part} of a changed day has no place there", part=name)


def _single(reads: Reader, event: Event, employee: EmployeeId, people: Directory) -> Appointment:
    """What the event says, apart from how it recurs."""
    if cancelled(event):
        raise NotHeld(message("the event is cancelled"))
    start, end = reads.times(event)
    finish = _on_clock(end, start.zone)
    begin = start.local
    if "RRULE" not in event and not start.all_day:  # a time that clocks skip is a later one
        begin, finish = (zones.existing(each, start.zone) for each in (begin, finish))
    said = words(event)
    appointment = Appointment(
        subject=one_line(said.subject),
        start=begin,
        end=finish,
        zone=start.zone,
        all_day=start.all_day,
        body=paragraphs(said.body),
        location=one_line(said.location),
        importance=Importance(said.importance),
        private=said.sensitivity != "normal",
        show_as=ShowAs(said.show_as),
        reminder_minutes=said.reminder,
    )
    return _with_people(appointment, event, employee, people)


def _with_people(
    appointment: Appointment, event: Event, employee: EmployeeId, people: Directory
) -> Appointment:
    """With who was invited; a meeting that somebody else organizes stays theirs."""
    by, invited = organizer(event), attendees(event)
    if not invited:
        return appointment
    own = by is None or people.employee(by.address) == employee
    numbers = {people.employee(each.address): each for each in invited}
    return replace(
        appointment,
        organizer=None if own or by is None else Person(by.address, by.name or ""),
        participants=tuple(
            Participant(number, _ANSWERS.get(each.answer, Response.NONE))
            for number, each in numbers.items()
            if number is not None and not (own and number == employee)
        ),
        guests=tuple(
            Person(each.address, each.name or "", _ANSWERS.get(each.answer, Response.NONE))
            for each in invited
            if people.employee(each.address) is None
        ),
    )


def _exceptions(
    reads: Reader,
    master: Event,
    overrides: tuple[Event, ...],
    series: Appointment,
    recurrence: str,
) -> Iterator[ChangedOccurrence]:
    start, _ = reads.times(master)
    changed = reads.changed(overrides, start)
    excluded = reads.excluded(master, start)
    moments = {day: datetime.combine(day, series.start.time()) for day in changed.keys() | excluded}
    rule = rrule.read(recurrence, series.start, series.zone, all_day=series.all_day)
    # Of a rule that Exchange has no counterpart for, the days are not known here.
    days = moments.values()
    fitting = occurring(rule, series.start, days) if isinstance(rule, Rule) else set(days)
    usual = words(master)
    for day, moment in sorted(moments.items()):
        override = changed.get(day)
        if day in excluded and moment in fitting:
            yield ChangedOccurrence(moment, cancelled=True)
        elif override is not None and moment not in fitting:
            reason = message("the changed day {day} is none of the series' days", day=str(day))
            raise NotHeld(reason)
        elif override is not None:
            yield _changed(reads, override, series, usual, moment)


def _changed(
    reads: Reader, override: Event, series: Appointment, usual: Words, moment: datetime
) -> ChangedOccurrence:
    if cancelled(override):
        return ChangedOccurrence(moment, cancelled=True)
    begin, end = reads.times(override)
    if begin.all_day != series.all_day:
        raise NotHeld(message("a day of a series that is all-day, or alone is not"))
    start, finish = _on_clock(begin, series.zone), _on_clock(end, series.zone)
    moved = (start, finish) != (moment, moment + (series.end - series.start))
    said = words(override)
    return ChangedOccurrence(
        moment,
        subject=None if said.subject == usual.subject else one_line(said.subject),
        body=None if said.body == usual.body else paragraphs(said.body),
        location=None if said.location == usual.location else one_line(said.location),
        start=start if moved else None,
        end=finish if moved else None,
    )


def _on_clock(when: When, zone: str) -> datetime:
    """A moment on a zone's clock; a day stays what it is."""
    if when.all_day or when.zone == zone:
        return when.local
    return zones.from_utc(zones.to_utc(when.local, when.zone), zone)


def _local(instant: datetime, zone: str) -> datetime:
    """What clocks in a zone show at an aware instant."""
    return instant.astimezone(zones.zone_info(zone)).replace(tzinfo=None)


def _instant(local: datetime, zone: str) -> datetime:
    return zones.to_utc(local, zone).replace(tzinfo=UTC)
