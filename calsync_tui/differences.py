"""Two versions of an appointment beside each other, field by field, in the reader's language.

Of private appointments only times and flags are shown, as elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from calsync_agent.appointment import rrule
from calsync_agent.appointment.content import differing
from calsync_agent.appointment.fields import Field, closed
from calsync_agent.appointment.model import (
    Appointment,
    ChangedOccurrence,
    EmployeeId,
    Importance,
    Person,
    ShowAs,
)
from calsync_agent.i18n import _, current, marked, ngettext

WORDS: Final[Mapping[str, str]] = {
    Importance.LOW: marked("low"),
    Importance.NORMAL: marked("normal"),
    Importance.HIGH: marked("high"),
    ShowAs.FREE: marked("free"),
    ShowAs.TENTATIVE: marked("tentative"),
    ShowAs.BUSY: marked("busy"),
    ShowAs.OUT_OF_OFFICE: marked("out of office"),
    ShowAs.WORKING_ELSEWHERE: marked("working elsewhere"),
}
_TELLING: Final = frozenset(Field) - {
    Field.TIME,
    Field.IMPORTANCE,
    Field.PRIVATE,
    Field.SHOW_AS,
    Field.REMINDER,
    Field.RECURRENCE,
}
"""The fields that say what a private appointment is about, and with whom."""

Names = Mapping[EmployeeId, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of two versions; `differs` as the sync sees it."""

    label: str
    before: str
    after: str
    differs: bool


def differences(before: Appointment, after: Appointment | None, names: Names) -> list[Difference]:
    """The fields that either version fills, changed ones first; `after` None: it was deleted."""
    private = before.private or (after is not None and after.private)
    changed = frozenset(Field) if after is None else differing(before, after)
    found = []
    for field in Field:
        tell = _TELLERS[field]
        one, other = tell(before, names), "" if after is None else tell(after, names)
        if not one and not other:
            continue
        if private and field in _TELLING:
            one, other = _hidden(one), _hidden(other)
        label = _(field.value)
        found.append(Difference(label[0].upper() + label[1:], one, other, field in changed))
    return sorted(found, key=lambda difference: not difference.differs)


def shown_time(a: Appointment) -> str:
    """When it is, on the clock of its own zone."""
    if a.all_day:
        first, last = _day(a.start), _day(a.end - timedelta(days=1))
        days = first if first == last else f"{first} - {last}"
        return f"{days}, " + _("all-day")
    end = f"{a.end:%H:%M}" if a.end.date() == a.start.date() else _moment(a.end)
    return f"{_moment(a.start)} - {end}, {a.zone}"


def _hidden(text: str) -> str:
    return _("(private)") if text else ""


def _day(moment: datetime) -> str:
    return f"{moment:%d.%m.%Y}" if current() == "de" else f"{moment:%Y-%m-%d}"


def _moment(moment: datetime) -> str:
    return f"{_day(moment)} {moment:%H:%M}"


def _reminder(a: Appointment) -> str:
    if a.reminder_minutes is None:
        return _("no reminder")
    text = ngettext("{count} minute before", "{count} minutes before", a.reminder_minutes)
    return text.format(count=a.reminder_minutes)


def _rule(a: Appointment) -> str:
    return "" if a.rule is None else rrule.write(a.rule, None if a.all_day else a.start.time())


def _exceptions(a: Appointment) -> str:
    return "\n".join(f"{_moment(e.original_start)}: {_exception(e)}" for e in a.exceptions)


def _exception(e: ChangedOccurrence) -> str:
    return ", ".join(_parts(e))


def _parts(e: ChangedOccurrence) -> Iterator[str]:
    if e.cancelled:
        yield _("cancelled")
    if e.start is not None and e.end is not None:
        yield f"{_moment(e.start)} - {e.end:%H:%M}"
    elif e.start is not None:
        yield _moment(e.start)
    elif e.end is not None:
        yield _("until {time}").format(time=_moment(e.end))
    for own in (e.subject, e.location, e.body):
        if own:
            yield own


def _participants(a: Appointment, names: Names) -> str:
    return "\n".join(sorted(names.get(p.employee, f"#{p.employee}") for p in a.participants))


def _responses(a: Appointment, names: Names) -> str:
    told = ((names.get(p.employee, f"#{p.employee}"), _(p.response.value)) for p in a.participants)
    return "\n".join(f"{name}: {answer}" for name, answer in sorted(told))


def _person(person: Person) -> str:
    return f"{person.name} <{person.address}>" if person.name else person.address


def _guests(a: Appointment) -> str:
    return "\n".join(f"{_person(guest)}: {_(guest.response.value)}" for guest in a.guests)


_TELLERS: Final[Mapping[Field, Callable[[Appointment, Names], str]]] = {
    Field.SUBJECT: lambda a, _names: a.subject,
    Field.BODY: lambda a, _names: a.body.strip(),
    Field.LOCATION: lambda a, _names: a.location,
    Field.TIME: lambda a, _names: shown_time(a),
    Field.IMPORTANCE: lambda a, _names: _(WORDS[a.importance]),
    Field.PRIVATE: lambda a, _names: _("yes") if a.private else _("no"),
    Field.SHOW_AS: lambda a, _names: _(WORDS[a.show_as]),
    Field.REMINDER: lambda a, _names: _reminder(a),
    Field.RECURRENCE: lambda a, _names: _rule(a),
    Field.EXCEPTIONS: lambda a, _names: _exceptions(a),
    Field.PARTICIPANTS: _participants,
    Field.RESPONSES: _responses,
    Field.ORGANIZER: lambda a, _names: _person(a.organizer) if a.organizer else "",
    Field.GUESTS: lambda a, _names: _guests(a),
    Field.JOIN_URL: lambda a, _names: a.join_url or "",
    Field.CATEGORY: lambda a, _names: ", ".join(a.categories),
    Field.MEETING: lambda a, _names: _("yes") if a.online else "",
}
closed(_TELLERS)
