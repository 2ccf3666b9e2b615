"""A series as a whole: where it begins, and which of its exceptions mean anything."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta

from calsync_agent.appointment import hours
from calsync_agent.appointment.expansion import first_start, occurring
from calsync_agent.appointment.model import Appointment, ChangedOccurrence, Unsyncable
from calsync_agent.appointment.naming import shown
from calsync_agent.appointment.rule import Rule
from calsync_agent.i18n import message


def begun_at_first(series: Appointment, rule: Rule) -> Appointment | None:
    """The series with its first occurrence as its start (G8); None where the rule gives none."""
    begin = first_start(rule, series.start)
    if begin is None:
        return None
    if begin == series.start:
        return series
    return replace(series, start=begin, end=begin + length(series))


def length(series: Appointment) -> timedelta:
    """How long each occurrence is, by the clock."""
    return series.end - series.start


def with_exceptions(series: Appointment, exceptions: Iterable[ChangedOccurrence]) -> Appointment:
    """The series with those exceptions that fall on an occurrence (G8), in order, each once.

    An all-day occurrence is known by its date, whatever the clock says.
    """
    if series.rule is None:
        return replace(series, exceptions=())
    found = {_at(series, e): e for e in exceptions}
    fitting = occurring(series.rule, series.start, found.keys())
    kept = (replace(found[moment], original_start=moment) for moment in sorted(fitting))
    return replace(series, exceptions=tuple(kept))


def occurrence(series: Appointment, exception: ChangedOccurrence) -> Appointment:
    """One occurrence as an appointment of its own, with what it has from its series filled in."""
    start = exception.start if exception.start is not None else exception.original_start
    return replace(
        series,
        subject=series.subject if exception.subject is None else exception.subject,
        body=series.body if exception.body is None else exception.body,
        location=series.location if exception.location is None else exception.location,
        start=start,
        end=exception.end if exception.end is not None else start + length(series),
        rule=None,
        exceptions=(),
    )


def impossible(series: Appointment) -> Unsyncable | None:
    """Why an occurrence cannot be as it is said to be; None where all can."""
    for exception in series.exceptions:
        if exception.cancelled or (exception.start is None and exception.end is None):
            continue
        moment = shown(exception.original_start)
        try:
            own = occurrence(series, exception)
        except OverflowError:
            return Unsyncable(
                message("the occurrence of {moment} ends after the last day of time", moment=moment)
            )
        if series.all_day:
            if (own.start.time(), own.end.time()) != (time(), time()) or own.end <= own.start:
                reason = message(
                    "the occurrence of {moment} must begin and end at midnight, as all-day ones do",
                    moment=moment,
                )
                return Unsyncable(reason)
        elif not hours.in_order(own.start, own.end, own.zone):
            return Unsyncable(
                message("the occurrence of {moment} ends before it begins", moment=moment)
            )
    return None


def _at(series: Appointment, exception: ChangedOccurrence) -> datetime:
    if not series.all_day:
        return exception.original_start
    return datetime.combine(exception.original_start.date(), series.start.time())
