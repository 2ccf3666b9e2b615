"""Meetings to which somebody outside has invited ours."""

import sys
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from calsync_agent.appointment import rrule
from calsync_agent.appointment.model import Unsyncable
from calsync_agent.exchange.calendar.patterns import write_recurrence
from calsync_agent.replay.case import Appointment, Row
from calsync_agent.sandbox.model.refusals import GraphRefusal
from calsync_agent.sandbox.people import Person
from calsync_agent.sandbox.tenant import Tenant


class CannotBeMade(Exception):
    """The sandbox, or Exchange, takes no such meeting."""


def invited(tenant: Tenant, meeting: Appointment, guests: Sequence[str]) -> str:
    """Let its organizer invite; the meeting's iCalUId. Raises CannotBeMade."""
    row = meeting.row
    host = tenant.outsider(row["organizer_email"], row["organizer_name"])
    try:
        start, end = _times(row)
        event = host.create(
            row["subject"],
            start,
            end,
            zone=row["time_zone"],
            attendees=guests,
            recurrence=_recurrence(row),
            body=row["body"],
            location=row["location"],
        )
        for one in meeting.exceptions:
            _except(host, event, one, row)
        return str(host.event(event)["iCalUId"])
    except (GraphRefusal, TypeError, ValueError, KeyError) as error:
        raise CannotBeMade from error


def _recurrence(row: Row) -> dict[str, Any] | None:
    if not row["recurrence"]:
        return None
    start, zone = row["starts_at"], row["time_zone"]
    rule = rrule.read(row["recurrence"], start, zone, all_day=row["all_day"], most=sys.maxsize)
    if isinstance(rule, Unsyncable):
        raise CannotBeMade(str(rule.reason))
    return write_recurrence(rule, start, zone)


def _except(host: Person, series: str, one: Row, row: Row) -> None:
    day = host.occurrence(series, one["original_start"].date())
    if one["cancelled"]:
        host.delete(day)
        return
    own = {name: one[name] for name in ("subject", "body", "location") if one[name] is not None}
    start, end = (one[name] for name in ("starts_at", "ends_at"))
    if row["all_day"]:
        start, end = (moment and moment.date() for moment in (start, end))
    host.change(day, start=start, end=end, zone=row["time_zone"], **own)


def _times(row: Row) -> tuple[date | datetime, date | datetime]:
    start, end = row["starts_at"], row["ends_at"]
    return (start.date(), end.date()) if row["all_day"] else (start, end)
