"""Events as a person thinks of them, put into Graph's words."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from calsync_agent.sandbox.model.entries import CalendarEntry, recurrence_of
from calsync_agent.sandbox.model.expansion import days_between
from calsync_agent.sandbox.model.recurrence import LAST_DAY, Recurrence, recurrence_json
from calsync_agent.sandbox.model.shapes import JsonObject

Time: TypeAlias = date | datetime
Invited: TypeAlias = "str | tuple[str, str]"
"""An address, or a name and an address."""


def draft(*, zone: str, **properties: object) -> dict[str, object]:
    """The event as a client would send it; a time that is None is left out."""
    sent: dict[str, object] = {}
    for name, value in properties.items():
        match name, value:
            case (("start" | "end"), None):
                continue
            case (("start" | "end"), datetime()):
                sent[name] = {"dateTime": value.isoformat(), "timeZone": zone}
                sent.setdefault("isAllDay", False)
            case (("start" | "end"), date()):
                sent[name] = {"dateTime": f"{value.isoformat()}T00:00:00", "timeZone": zone}
                sent["isAllDay"] = True
            case "body", str():
                sent[name] = {"contentType": "text", "content": value}
            case "location", str():
                sent[name] = {"displayName": value}
            case _:
                sent[name] = value
    return sent


def invitation(whom: Iterable[Invited]) -> list[object]:
    """Graph's attendees."""
    pairs = [(each, each) if isinstance(each, str) else each for each in whom]
    return [{"emailAddress": {"name": name, "address": address}} for name, address in pairs]


def starting(recurrence: Mapping[str, object], start: Time) -> dict[str, object]:
    """The recurrence with the day on which it begins."""
    span = recurrence.get("range")
    given = span if isinstance(span, dict) else {"type": "noEnd"}
    day = start.date() if isinstance(start, datetime) else start
    return {**recurrence, "range": {"startDate": day.isoformat(), **given}}


def restarting(recurrence: Recurrence, start: Time) -> dict[str, object]:
    """The series' own recurrence, beginning on another day."""
    day = start.date() if isinstance(start, datetime) else start
    return recurrence_json(replace(recurrence, start=day))


KEPT_IN_A_SPLIT: Final = (
    *("subject", "body", "start", "end", "isAllDay", "locations", "attendees", "importance"),
    *("sensitivity", "showAs", "categories", "reminderMinutesBeforeStart", "isReminderOn"),
)


def halves(entry: CalendarEntry) -> tuple[JsonObject, JsonObject]:
    """The recurrences of a series up to before an occurrence, and from it on."""
    recurrence, day = recurrence_of(entry.item.content), entry.day or date.min
    ended = replace(recurrence, range="endDate", end=day - timedelta(days=1), count=None)
    count = recurrence.count and sum(1 for _ in days_between(recurrence, day, LAST_DAY))
    begun = replace(recurrence, start=day, count=count)
    return recurrence_json(ended), recurrence_json(begun)
