"""From when to when an appointment reaches, in UTC."""

from datetime import MAXYEAR, datetime, timedelta

from calsync_agent.appointment import hours, zones
from calsync_agent.appointment.expansion import last_start
from calsync_agent.appointment.model import Appointment
from calsync_agent.appointment.rule import Count, Never


def span(appointment: Appointment) -> tuple[datetime, datetime | None]:
    """First start and last end, in UTC; no end for a series that goes on for ever.

    In the last year that can be counted, a series goes on for ever (B8).
    An all-day appointment counts in its own zone, as Exchange stores it.
    """
    a = appointment
    begin, end = hours.instants(a.start, a.end, a.zone)
    if a.rule is None:
        return begin, end
    if isinstance(a.rule.end, Never):
        return begin, None
    if isinstance(a.rule.end, Count):
        last = last_start(a.rule, a.start) or a.start
        latest = last + (a.end - a.start)
    elif a.rule.end.day.year == MAXYEAR:
        return begin, None
    else:
        latest = datetime.combine(a.rule.end.day, a.start.time()) + (a.end - a.start)
    end = max([latest, *(exception.end for exception in a.exceptions if exception.end)])
    if end.year == MAXYEAR:
        return begin, None
    return begin, zones.to_utc(end, a.zone) + timedelta(days=1)
