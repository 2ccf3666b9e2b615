"""What counts as the same appointment, field by field.

Two appointments are in step when their contents are equal, whatever each side does to blanks,
to the names of zones, or to texts longer than the other side takes (D1-D4).
"""

import base64
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import Final, NewType

from calsync_agent.appointment import hours, rrule, zones
from calsync_agent.appointment.model import Appointment, ChangedOccurrence, Person
from calsync_agent.appointment.people import each_once, known_as
from calsync_agent.appointment.rule import Rule, Weekly
from calsync_agent.appointment.series import occurrence
from calsync_agent.appointment.text import LOCATION_LIMIT, SUBJECT_LIMIT, cut, folded
from calsync_agent.i18n import marked


class Field(StrEnum):
    """The parts of an appointment that are compared and written one by one.

    `TIME` is start, end, zone and all-day together: none of them means anything alone.
    """

    SUBJECT = marked("subject")
    BODY = marked("body")
    LOCATION = marked("location")
    TIME = marked("time")
    IMPORTANCE = marked("importance")
    PRIVATE = marked("private")
    SHOW_AS = marked("show-as")
    REMINDER = marked("reminder")
    RECURRENCE = marked("recurrence")
    EXCEPTIONS = marked("exceptions")
    PARTICIPANTS = marked("participants")
    RESPONSES = marked("responses")
    ORGANIZER = marked("organizer")
    GUESTS = marked("guests")
    JOIN_URL = marked("join link")


ALL: Final = frozenset(Field)
INBOUND_ONLY: Final = frozenset({Field.ORGANIZER, Field.GUESTS, Field.JOIN_URL})
BOTH_WAYS: Final = ALL - INBOUND_ONLY

Fingerprint = NewType("Fingerprint", str)
"""One digest per field, behind the number of the scheme that made them."""

UNKNOWN: Final = Fingerprint("")
"""The fingerprint of what was never seen: everything has changed since."""

_SCHEME: Final = "1"
_DIGEST_LENGTH: Final = 8
_SHORT: Final = 1000
"""Longer texts are not kept in memory for the sake of their digests."""
_UNSETTLED: Final = "-" * _DIGEST_LENGTH


def differing(one: Appointment, other: Appointment) -> frozenset[Field]:
    """The fields in which two appointments are not in step."""
    if one == other:
        return frozenset()
    pairs = zip(Field, _content(one), _content(other), strict=True)
    return frozenset(field for field, mine, theirs in pairs if mine != theirs)


@lru_cache(maxsize=32)  # the steps of one decision ask for the same few
def fingerprint(appointment: Appointment) -> Fingerprint:
    """What to remember of an appointment to tell later which fields have changed."""
    return Fingerprint(_SCHEME + "".join([_digest(repr(part)) for part in _content(appointment)]))


def changed(before: Fingerprint, now: Fingerprint) -> frozenset[Field]:
    """The fields whose content differs between two fingerprints of the same side.

    Everything has changed against `UNKNOWN`, and against one made by another scheme.
    """
    if before == now:
        return frozenset()
    if before[:1] != _SCHEME or len(before) != len(now):
        return ALL
    old, new = _digests(before), _digests(now)
    return frozenset(f for f, was, is_ in zip(Field, old, new, strict=True) if was != is_)


def mixed(base: Fingerprint, taken: Fingerprint, fields: Collection[Field]) -> Fingerprint:
    """`base`, with the digests of `fields` taken from another fingerprint of the same side.

    What one of them does not know counts as changed (`unsettled`).
    """
    if not fields:
        return base
    if base[:1] != _SCHEME:
        return unsettled(taken, ALL - set(fields)) if taken[:1] == _SCHEME else UNKNOWN
    if taken[:1] != _SCHEME:
        return unsettled(base, fields)
    pairs = zip(Field, _digests(base), _digests(taken), strict=True)
    return Fingerprint(_SCHEME + "".join(new if f in fields else old for f, old, new in pairs))


def unsettled(base: Fingerprint, fields: Collection[Field]) -> Fingerprint:
    """`base`, in which `fields` count as changed whatever they hold from now on."""
    pairs = zip(Field, _digests(base), strict=True)
    return Fingerprint(_SCHEME + "".join(_UNSETTLED if f in fields else d for f, d in pairs))


def unsettled_in(base: Fingerprint) -> frozenset[Field]:
    """The fields that `unsettled` has marked."""
    if base[:1] != _SCHEME:
        return frozenset()
    pairs = zip(Field, _digests(base), strict=True)
    return frozenset(field for field, digest in pairs if digest == _UNSETTLED)


def time_changes(before: Appointment, now: Appointment) -> list[str]:
    """Which of start, end, zone and all-day differ, in the words of rule D."""
    parts = (
        (marked("start"), before.start != now.start),
        (marked("end"), before.end != now.end),
        (marked("time zone"), zones.identity(before.zone) != zones.identity(now.zone)),
        (marked("all-day"), before.all_day != now.all_day),
    )
    return [name for name, differs in parts if differs]


def _content(appointment: Appointment) -> tuple[object, ...]:
    """The comparable form of each field, in the order of `Field`."""
    a = appointment
    return (
        cut(a.subject, SUBJECT_LIMIT),
        folded(a.body),
        cut(a.location, LOCATION_LIMIT),
        _time(a),
        a.importance.value,
        a.private,
        a.show_as.value,
        a.reminder_minutes,
        _rule(a.rule),
        tuple(_exceptions(a)),
        tuple(sorted(p.employee for p in a.participants)),
        tuple(sorted((p.employee, p.response.value) for p in a.participants)),
        _person(a.organizer) if a.organizer else None,
        tuple(sorted((_person(g), g.response.value) for g in each_once(a.guests))),
        a.join_url,
    )


def _person(person: Person) -> str:
    """The address; a name alone begins with a blank, as no address does."""
    address, name = known_as(person)
    return address or f" {name}"


def _time(a: Appointment) -> tuple[object, ...]:
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


def _rule(rule: Rule | None) -> str | None:
    """The rule as text without its start; the first day of the week only where it matters."""
    if rule is None:
        return None
    match rule.pattern:
        case Weekly(interval, days) if interval == 1 or len(days) == 1:
            rule = replace(rule, pattern=Weekly(interval, days))
        case _:
            pass
    return rrule.write(rule, None)


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
    subject, body = cut(own.subject, SUBJECT_LIMIT), folded(own.body)
    location = cut(own.location, LOCATION_LIMIT)
    return (
        None if subject == cut(series.subject, SUBJECT_LIMIT) else subject,
        None if body == folded(series.body) else body,
        None if location == cut(series.location, LOCATION_LIMIT) else location,
        own.start.isoformat() if moved else None,
        own.end.isoformat() if moved else None,
    )


def _digest(text: str) -> str:
    """48 bits: it is only ever compared with one other digest."""
    return _digest_of_short(text) if len(text) <= _SHORT else _digest_made(text)


@lru_cache(maxsize=4096)
def _digest_of_short(text: str) -> str:
    return _digest_made(text)


def _digest_made(text: str) -> str:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return base64.b64encode(digest).decode("ascii")


def _digests(fingerprint: Fingerprint) -> list[str]:
    end = len(fingerprint)
    return [fingerprint[n : n + _DIGEST_LENGTH] for n in range(1, end, _DIGEST_LENGTH)]
