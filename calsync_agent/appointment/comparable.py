"""What of an appointment is compared: forms that are equal where both sides hold the same.

That is so whatever each side does to blanks, to the names of zones, or to texts longer than the
other side takes (D1-D4).
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from calsync_agent.appointment import hours, rrule, zones
from calsync_agent.appointment.model import Appointment, ChangedOccurrence, Person
from calsync_agent.appointment.people import each_once, known_as
from calsync_agent.appointment.rule import Weekly
from calsync_agent.appointment.series import occurrence
from calsync_agent.appointment.text import LOCATION_LIMIT, SUBJECT_LIMIT, cut, folded


def subject(a: Appointment) -> str:
    """The subject as far as Exchange takes it."""
    return cut(a.subject, SUBJECT_LIMIT)


def body(a: Appointment) -> str:
    """The text without what Exchange's HTML folds."""
    return folded(a.body)


def location(a: Appointment) -> str:
    """The place as far as Consolidate takes it."""
    return cut(a.location, LOCATION_LIMIT)


def time(a: Appointment) -> tuple[object, ...]:
    """When it is: as dates, as wall-clock in a zone, or, where nothing else is certain, in UTC."""
    start, end, zone = a.start, a.end, "" if a.all_day else zones.identity(a.zone)
    if sent_in_utc(a):
        start, end = hours.instants(start, end, a.zone)
        zone = zones.UTC_ZONE
    return start.isoformat(), end.isoformat(), zone, a.all_day


def sent_in_utc(a: Appointment) -> bool:
    """Whether Exchange is told its instants, not its clock.

    So it is where Windows has no such zone, and in the nights in which clocks are turned: nobody
    knows which of two hours Exchange takes a time for. A series has no instants, but a clock.
    """
    if a.all_day:
        return False
    known = zones.windows_name(a.zone) is not None
    return not known or (a.rule is None and not hours.certain(a.start, a.end, a.zone))


def recurrence(a: Appointment) -> str | None:
    """The rule as text without its start; the first day of the week only where it matters."""
    rule = a.rule
    if rule is None:
        return None
    match rule.pattern:
        case Weekly(interval, days) if interval == 1 or len(days) == 1:
            rule = replace(rule, pattern=Weekly(interval, days))
        case _:
            pass
    return rrule.write(rule, None)


def exceptions(a: Appointment) -> tuple[object, ...]:
    """The occurrences that are cancelled, or have something of their own."""
    return tuple(_exceptions(a)) if a.exceptions else ()


def participants(a: Appointment) -> tuple[object, ...]:
    """Which employees take part."""
    return tuple(sorted([p.employee for p in a.participants])) if a.participants else ()


def responses(a: Appointment) -> tuple[object, ...]:
    """What each of them has answered."""
    if not a.participants:
        return ()
    return tuple(sorted([(p.employee, p.response.value) for p in a.participants]))


def organizer(a: Appointment) -> str | None:
    """Who organizes it outside."""
    return _person(a.organizer) if a.organizer else None


def guests(a: Appointment) -> tuple[object, ...]:
    """Who takes part from outside, and what they have answered."""
    if not a.guests:
        return ()
    return tuple(sorted([(_person(g), g.response.value) for g in each_once(a.guests)]))


def categories(a: Appointment) -> tuple[object, ...]:
    """Which categories it has, in whatever order."""
    return tuple(sorted({category_key(each) for each in a.categories})) if a.categories else ()


def category_key(name: str) -> str:
    """Equal for names of one category: Outlook's differ by more than case and blanks around.

    An umlaut is the same one whether it was typed whole or as a letter and its dots.
    """
    return unicodedata.normalize("NFC", name.strip().casefold())


def _person(person: Person) -> str:
    """The address; a name alone begins with a blank, as no address does."""
    address, name = known_as(person)
    return address or f" {name}"


def _exceptions(appointment: Appointment) -> Iterable[object]:
    for exception in sorted(appointment.exceptions, key=lambda e: e.original_start):
        parts = _exception(exception, appointment)
        if exception.cancelled or any(part is not None for part in parts):
            yield (exception.original_start.isoformat(), exception.cancelled, *parts)


def _exception(exception: ChangedOccurrence, series: Appointment) -> tuple[str | None, ...]:
    """What the occurrence has of its own; a value equal to the series' is none of its own."""
    if exception.cancelled:
        return ()
    own = occurrence(series, exception)
    usual = occurrence(series, ChangedOccurrence(exception.original_start))
    moved = (own.start, own.end) != (usual.start, usual.end)
    return (
        None if subject(own) == subject(series) else subject(own),
        None if body(own) == body(series) else body(own),
        None if location(own) == location(series) else location(own),
        own.start.isoformat() if moved else None,
        own.end.isoformat() if moved else None,
    )
