"""The events of an iCalendar file as appointments of Consolidate.

A rule is taken as it stands, whether Exchange can hold it or not: that is the sync's to say.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from icalendar import Calendar, Event

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
from calsync_agent.appointment.text import one_line, paragraphs
from calsync_agent.i18n import message
from calsync_agent.ics.components import (
    Reader,
    When,
    Words,
    attendees,
    cancelled,
    organizer,
    words,
)
from calsync_agent.ics.files import NotHeld, parted
from calsync_agent.ics.zones import Zones

LONGEST_RULE: Final = 1000
_NAMESPACE: Final = UUID("6e1f0f5a-5a35-4d0e-9f0a-0a86d4c0f6b2")
_ANSWERS: Final = {
    "ACCEPTED": Response.ACCEPTED,
    "TENTATIVE": Response.TENTATIVE,
    "DECLINED": Response.DECLINED,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An appointment to be entered, with the text of its rule. The same event has the same id."""

    id: ActivityId
    uid: str
    appointment: Appointment
    recurrence: str | None


def reader(calendar: Calendar, floating: str) -> Reader:
    """What reads a file's events by IANA names; `floating` is the zone of times that name none."""
    return Reader(Zones(calendar, zones.resolve), _local, floating)


def entries(
    reads: Reader,
    uid: str,
    components: Iterable[Event],
    employee: EmployeeId,
    people: Directory,
) -> list[Entry]:
    """The appointments of one UID, for `employee`. Raises NotHeld: it is all or nothing."""
    masters, overrides = parted(components)
    if masters:
        number = ActivityId(uuid5(_NAMESPACE, f"{employee}/{uid}"))
        series = _single(reads, masters[-1], employee, people)
        rule = reads.rule(masters[-1])
        if rule is None:
            return [Entry(number, uid, series, None)]
        recurrence = _rule_text(rule)
        exceptions = tuple(_exceptions(reads, masters[-1], overrides, series, recurrence))
        return [Entry(number, uid, replace(series, exceptions=exceptions), recurrence)]
    # Somebody was invited to single days of a series.
    days = [(each, str(getattr(each.get("RECURRENCE-ID"), "dt", ""))) for each in overrides]
    return [
        Entry(
            ActivityId(uuid5(_NAMESPACE, f"{employee}/{uid}/{day}")),
            uid,
            _single(reads, each, employee, people),
            None,
        )
        for each, day in days
    ]


def _single(reads: Reader, event: Event, employee: EmployeeId, people: Directory) -> Appointment:
    """What the event says, apart from how it recurs."""
    if cancelled(event):
        raise NotHeld(message("the event is cancelled"))
    start, end = reads.times(event)
    finish = _on_clock(end, start.zone)
    if finish < start.local or (start.all_day and finish == start.local):
        raise NotHeld(message("it ends before it begins"))
    said = words(event)
    appointment = Appointment(
        subject=one_line(said.subject),
        start=start.local,
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


def _rule_text(rule: Any) -> str:  # noqa: ANN401 - icalendar's vRecur
    written = rule.to_ical()
    found = written.decode() if isinstance(written, bytes) else str(written)
    if len(found) > LONGEST_RULE:
        raise NotHeld(message("its rule is longer than {count} characters", count=LONGEST_RULE))
    return found


def _exceptions(
    reads: Reader,
    master: Event,
    overrides: Iterable[Event],
    series: Appointment,
    recurrence: str,
) -> Iterator[ChangedOccurrence]:
    start, _ = reads.times(master)
    changed = {reads.original_day(each, start): each for each in overrides}
    excluded = reads.excluded(master, start)
    moments = {day: datetime.combine(day, series.start.time()) for day in changed.keys() | excluded}
    rule = rrule.read(recurrence, series.start, series.zone, all_day=series.all_day)
    # Of a rule that Exchange has no counterpart for, the days are not known here.
    days = moments.values()
    fitting = occurring(rule, series.start, days) if isinstance(rule, Rule) else set(days)
    usual = words(master)
    for day, moment in sorted(moments.items()):
        override = changed.get(day)
        if override is None and moment in fitting:
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
