"""B8: what cannot be read of an event is named by its property, not by a place in the program."""

from typing import Any

import pytest

from calsync_agent.appointment.people import Directory
from calsync_agent.domain.event import UnreadableEvent
from calsync_agent.exchange.calendar.event_codec import read_event
from calsync_agent.i18n import speaking

SOUND: dict[str, Any] = {
    "id": "AAMk",
    "subject": "Besprechung",
    "start": {"dateTime": "2026-12-07T08:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-12-07T09:00:00.0000000", "timeZone": "UTC"},
    "type": "singleInstance",
    "originalStartTimeZone": "W. Europe Standard Time",
    "isOrganizer": True,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start", None),
        ("start", {"dateTime": None, "timeZone": "UTC"}),
        ("end", "2026-12-07"),
        ("end", {"dateTime": "soon", "timeZone": "UTC"}),
        ("recurrence", "weekly"),
        ("attendees", [None]),
        ("attendees", {"emailAddress": {}}),
        ("importance", "urgent"),
        ("location", ["Saal"]),
        ("lastModifiedDateTime", "yesterday"),
        ("recurrence", {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["montag"]}}),
    ],
)
def test_b8_an_odd_property_is_named_in_the_reason(name: str, value: object) -> None:
    found = read_event({**SOUND, name: value}, Directory())
    if not isinstance(found, UnreadableEvent):
        return  # read all the same, as what it means
    with speaking("en"):
        assert name in str(found.reason)
        assert ".py" not in str(found.reason)


def test_b8_without_start_an_event_cannot_be_read() -> None:
    assert isinstance(read_event({**SOUND, "start": None}, Directory()), UnreadableEvent)
    assert not isinstance(read_event(SOUND, Directory()), UnreadableEvent)


@pytest.mark.parametrize("said", ["no", "false", 0, 1, [], {}])
@pytest.mark.parametrize(
    "name", ["isAllDay", "isOrganizer", "isCancelled", "isOnlineMeeting", "isReminderOn"]
)
def test_b8_what_is_neither_true_nor_false_is_never_taken_for_either(
    name: str, said: object
) -> None:
    found = read_event({**SOUND, name: said}, Directory())
    assert isinstance(found, UnreadableEvent)
    with speaking("en"):
        assert name in str(found.reason)
