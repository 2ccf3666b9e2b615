"""From when to when an appointment reaches, in UTC."""

from datetime import MAXYEAR, datetime, timedelta

from calsync_agent.appointment import hours, zones
from calsync_agent.appointment.expansion import last_start
from calsync_agent.appointment.model import Appointment
from calsync_agent.appointment.rule import Never, Rule, Until


def span(appointment: Appointment) -> tuple[datetime, datetime | None]:
    """First start and last end, in UTC; no end for a series that goes on for ever.

    In the last year that can be counted, a series goes on for ever (B8).
    An all-day appointment counts in its own zone, as Exchange stores it.
    """
    a = appointment
    begin, end = hours.instants(a.start, a.end, a.zone)
    return begin, end if a.rule is None else _last_end(a, a.rule)


def _last_end(series: Appointment, rule: Rule) -> datetime | None:
    if isinstance(rule.end, Never):
        return None
    if isinstance(rule.end, Until):
        last = datetime.combine(rule.end.day, series.start.time())
    else:
        last = last_start(rule, series.start) or series.start
    try:
        latest = last + (series.end - series.start)
    except OverflowError:
        return None
    end = max([latest, *(one.end for one in series.exceptions if one.end)])
    if end.year == MAXYEAR:
        return None
    return zones.to_utc(end, series.zone) + timedelta(days=1)
