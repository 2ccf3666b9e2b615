"""The exceptions of a series, as they come with its master (GRAPH.md 3.5).

`exceptionOccurrences` are events, `cancelledOccurrences` ids like `OID.<master>.<date>`. Both come
only with a GET of the master by its id that selects and expands them. An occurrence is known by
the start that the rule gives it, never by an id (E3).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from calsync_agent.appointment import zones
from calsync_agent.appointment.expansion import occurring
from calsync_agent.appointment.model import Appointment, ChangedOccurrence, EventId
from calsync_agent.appointment.series import length, occurrence, with_exceptions
from calsync_agent.appointment.text import one_line
from calsync_agent.domain.event import Instance
from calsync_agent.exchange.calendar.bodies import own_link, read_body
from calsync_agent.exchange.calendar.datetimes import days, instant, wall_clock

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def instance_of(item: Mapping[str, Any]) -> Instance:
    """The occurrence that Graph describes."""
    return Instance(EventId(str(item["id"])), str(item.get("@odata.etag") or ""))


def with_instances(
    series: Appointment, master: Mapping[str, Any], link: str | None
) -> tuple[Appointment, dict[datetime, Instance]]:
    """The series with its exceptions, and the changed ones as items by original start.

    `link`: the series' own join link, for occurrences that tell nothing of theirs (D7).
    """
    changed: dict[datetime, Mapping[str, Any]] = {}
    for item in master.get("exceptionOccurrences") or ():
        moment = original_start(series, item)
        if moment is not None:
            changed[moment] = item
    cancelled = set(_cancelled(series, master)) - changed.keys()
    exceptions = [ChangedOccurrence(moment, cancelled=True) for moment in cancelled]
    exceptions += [_read(series, moment, item, link) for moment, item in changed.items()]
    instances = {moment: instance_of(item) for moment, item in changed.items()}
    return with_exceptions(series, exceptions), instances


def original_start(series: Appointment, item: Mapping[str, Any]) -> datetime | None:
    """The start that the rule gives an occurrence; None where Graph does not tell.

    `originalStart` is a UTC instant. Of an all-day occurrence only its date counts, which may be
    written as UTC midnight or as local midnight.
    """
    moment = instant(item.get("originalStart"))
    if moment is None:
        day = _day_named(item.get("occurrenceId"))
        return _on(series, day) if day else None
    local = zones.from_utc(moment, series.zone)
    if not series.all_day:
        return by_rule(series, local)
    days = [_on(series, day) for day in _days_meant(moment, local)]
    fitting = occurring(series.rule, series.start, days) if series.rule else set()
    return next((day for day in days if day in fitting), None)


def _days_meant(moment: datetime, local: datetime) -> list[date]:
    """The day that a midnight begins, the likeliest first: local, UTC's, or some other zone's."""
    likely = [each.date() for each in (local, moment) if each.time() == time()]
    return [*likely, (moment + timedelta(hours=12)).date(), moment.date(), local.date()]


def by_rule(series: Appointment, local: datetime) -> datetime:
    """The start that the rule gives an occurrence which begins at `local` by the clock.

    Where clocks are put forward, the rule's own time may not exist; it means the same instant.
    """
    usual = _on(series, local.date())
    return usual if zones.existing(usual, series.zone) == local else local


def _cancelled(series: Appointment, master: Mapping[str, Any]) -> Iterator[datetime]:
    """Cancelled days: only their date is given, the clock is the series'."""
    for identifier in master.get("cancelledOccurrences") or ():
        day = _day_named(identifier)
        if day:
            yield _on(series, day)


def _day_named(identifier: object) -> date | None:
    """The day in an id like `OID.<master>.<date>`."""
    kind, _, rest = str(identifier or "").partition(".")
    master, _, day = rest.rpartition(".")
    return date.fromisoformat(day) if kind == "OID" and master and _DAY.match(day) else None


def _read(
    series: Appointment, moment: datetime, item: Mapping[str, Any], link: str | None
) -> ChangedOccurrence:
    """What the occurrence has of its own; None where it is as the series says."""
    if item.get("isAllDay"):
        start, end = days(item["start"], item["end"], series.zone)
    else:
        start, end = (wall_clock(item[name], series.zone) for name in ("start", "end"))
    moved = (start, end) not in _usual(series, moment)
    link = own_link(item) if "isOnlineMeeting" in item else link
    subject, body = one_line(item.get("subject")), read_body(item.get("body"), link)
    location = one_line((item.get("location") or {}).get("displayName"))
    return ChangedOccurrence(
        original_start=moment,
        subject=None if subject == series.subject else subject,
        body=None if body == series.body else body,
        location=None if location == series.location else location,
        start=start if moved else None,
        end=end if moved else None,
    )


def _usual(series: Appointment, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """What Exchange may say of when an occurrence is that has not been moved.

    Where clocks are put forward its times are others, and its end may be reckoned by its length.
    """
    usual = occurrence(series, ChangedOccurrence(moment))
    start = _kept(usual.start, series)
    yield start, _kept(usual.end, series)
    yield start, _kept(start + length(series), series)


def _kept(moment: datetime, series: Appointment) -> datetime:
    return moment if series.all_day else zones.existing(moment, series.zone)


def _on(series: Appointment, day: date) -> datetime:
    return datetime.combine(day, series.start.time())
