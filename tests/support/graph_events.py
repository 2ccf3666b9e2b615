"""Events as Graph may send them: well-formed, with all the odd values that were seen (A6).

Malformed ones are elsewhere; here every property is of its kind.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

MONDAY: Final = datetime(2026, 11, 30, 8)
ZONES: Final = (
    "W. Europe Standard Time",
    "Europe/Vienna",
    "Lord Howe Standard Time",
    "Morocco Standard Time",
    "Antarctica/Troll",
    "UTC",
    "tzone://Microsoft/Custom",
    "tzone://Microsoft/Utc",
    "Customized Time Zone",
    "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
    "W. Europe Standard Time 1",
    "GMT+0100",
    "",
    None,
)
# Around the nights in which clocks are turned, the ends of months and years, and the ends of time.
MOMENTS: Final = (
    MONDAY,
    datetime(2026, 10, 25, 0, 30),
    datetime(2026, 10, 25, 1, 15),
    datetime(2027, 3, 28, 1),
    datetime(2027, 4, 3, 15, 15),
    datetime(2028, 2, 29, 23),
    datetime(2026, 12, 31, 23, 30),
    datetime(1601, 1, 1),
    datetime(4500, 8, 31, 12),
)
LENGTHS: Final = tuple(timedelta(minutes=n) for n in (30, 0, 60, 90, 24 * 60, 47 * 60, -30))
NAMES: Final = (None, "", " ", "Eva", "Ä" * 400, "E" * 250, "a\tb\n", "🎉" * 150)
ADDRESSES: Final = (
    None,
    "",
    "  ",
    "eva@far.example",
    "EVA@far.example ",
    "ß@far.example",
    "no-at-sign",
    "/o=ExchangeLabs/ou=Exchange Administrative Group/cn=eva",
    "x" * 388 + "@far.example",
    "ß" * 321,
)
PATTERNS: Final = (
    {"type": "daily", "interval": 1},
    {"type": "daily", "interval": 999},
    {"type": "weekly", "interval": 2, "daysOfWeek": ["Monday", "sunday"]},
    {"type": "weekly", "interval": 1, "daysOfWeek": []},
    {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
    {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 0},
    {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "last"},
    {"type": "relativeMonthly", "interval": 3, "daysOfWeek": ["monday"], "index": None},
    {"type": "relativeMonthly", "interval": 1},
    {"type": "absoluteYearly", "interval": 1, "month": 2, "dayOfMonth": 30},
    {"type": "relativeYearly", "interval": 1, "month": 3, "daysOfWeek": ["sunday", "monday"]},
)
ENDS: Final = (
    {"type": "noEnd"},
    {"type": "endDate", "endDate": "9999-12-31"},
    {"type": "endDate", "endDate": "2027-06-30"},
    {"type": "endDate", "endDate": "0001-01-01"},
    {"type": "numbered", "numberOfOccurrences": 5},
    {"type": "numbered", "numberOfOccurrences": 1500},
    {"type": "numbered", "numberOfOccurrences": 0},
)
RESPONSES: Final = ("none", "organizer", "accepted", "tentativelyAccepted", "declined", None)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event, a series with its exceptions."""
    start = draw(st.sampled_from(MOMENTS))
    body = _times(draw, start) | {
        "id": "AAMk",
        "type": "singleInstance",
        "originalStartTimeZone": draw(st.sampled_from(ZONES)),
        "subject": draw(st.sampled_from(NAMES)),
        "location": {"displayName": draw(st.sampled_from(NAMES))},
        "body": {"contentType": "text", "content": draw(st.sampled_from(("", "Text\r\n\r\n x")))},
        "importance": draw(st.sampled_from(("low", "normal", "High", None))),
        "sensitivity": draw(st.sampled_from(("normal", "personal", "private", None))),
        "showAs": draw(st.sampled_from(("free", "unknown", "workingElsewhere", None))),
        "isReminderOn": draw(st.booleans()),
        "reminderMinutesBeforeStart": draw(st.sampled_from((0, 15, -5, 2**31 - 1, 15.0, None))),
        "isOrganizer": draw(st.sampled_from((True, False, None))),
        "organizer": draw(st.one_of(st.none(), people())),
        "attendees": draw(st.lists(people(), max_size=4)),
    }
    if draw(st.booleans()):
        _recur(draw, body, start)
    return body


@st.composite
def people(draw: st.DrawFn) -> dict[str, Any]:
    """An organizer or attendee."""
    address = {"name": draw(st.sampled_from(NAMES)), "address": draw(st.sampled_from(ADDRESSES))}
    return {"emailAddress": address, "status": {"response": draw(st.sampled_from(RESPONSES))}}


def _recur(draw: st.DrawFn, body: dict[str, Any], start: datetime) -> None:
    ruled = draw(st.sampled_from(ZONES))
    bounds = {"startDate": f"{start:%Y-%m-%d}", "recurrenceTimeZone": ruled}
    pattern, end = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(ENDS))
    body["type"] = "seriesMaster"
    body["recurrence"] = {"pattern": pattern, "range": {**bounds, **end}}
    days = draw(st.lists(st.integers(0, 40), max_size=3, unique=True))
    body["cancelledOccurrences"] = [f"OID.AAMk.{_on(start, day):%Y-%m-%d}" for day in days[:1]]
    body["exceptionOccurrences"] = [
        {
            "id": f"AAMk{day}",
            "type": "exception",
            "originalStart": f"{_on(start, day):%Y-%m-%dT%H:%M:%S}Z",
            "subject": draw(st.sampled_from(NAMES)),
            "isAllDay": body["isAllDay"],
            **_times(draw, _on(start, day), all_day=body["isAllDay"]),
        }
        for day in days[1:]
    ]


def _on(start: datetime, day: int) -> datetime:
    return start + timedelta(days=day)


def _times(draw: st.DrawFn, start: datetime, *, all_day: bool | None = None) -> dict[str, Any]:
    end = start + draw(st.sampled_from(LENGTHS))
    shown = {
        name: {"dateTime": f"{moment.isoformat()}.0000000", "timeZone": "UTC"}
        for name, moment in (("start", start), ("end", end))
    }
    return {"isAllDay": draw(st.booleans()) if all_day is None else all_day, **shown}
