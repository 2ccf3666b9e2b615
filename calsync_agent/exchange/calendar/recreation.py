"""What of an event only that event has, so that making it anew would lose it (D6).

Exchange cannot bring a cancelled occurrence back (G9), nor move an event to another mailbox (G10):
another event has to take its place. What people gave it besides what the sync carries over is then
set again; where something cannot be, the event stays. What this program has never heard of, because
Graph has come to know it since, cannot be set again either. Facts: GRAPH.md 2.1, 2.2.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from calsync_agent.appointment.model import Appointment
from calsync_agent.appointment.text import one_line
from calsync_agent.exchange.calendar.bodies import read_body
from calsync_agent.i18n import Message, message

Json: TypeAlias = Mapping[str, Any]

_SET_AGAIN: Final[Mapping[str, object]] = {
    "body": None,
    "location": None,
    "locations": None,
    "categories": [],
    "sensitivity": "normal",
    "responseRequested": True,
    "allowNewTimeProposals": True,
    "hideAttendees": False,
}
"""What is set again as it was, beside what the appointment says, and what it is by default."""

_ANEW: Final = frozenset(
    {
        "id",
        "changeKey",
        "createdDateTime",
        "lastModifiedDateTime",
        "iCalUId",
        "uid",
        "transactionId",
        "webLink",
        "type",
        "bodyPreview",
        "seriesMasterId",
        "occurrenceId",
        "originalStart",
        "originalStartTimeZone",
        "originalEndTimeZone",
        "isOrganizer",
        "isCancelled",
        "isDraft",
        "responseStatus",
        "organizer",
        "attendees",
        "subject",
        "start",
        "end",
        "isAllDay",
        "recurrence",
        "importance",
        "showAs",
        "isReminderOn",
        "reminderMinutesBeforeStart",
        "exceptionOccurrences",
        "cancelledOccurrences",
        "onlineMeetingUrl",
        "onlineMeetingProvider",
    }
)
"""What Exchange gives each event, and what the appointment says."""

_OCCURRENCE_S_OWN: Final = frozenset({"importance", "showAs", *_SET_AGAIN}) - {
    "location",
    "locations",
}
"""What the sync does not carry over of a single occurrence, which has it from its series."""

_LOST: Final[Mapping[str, Message]] = {
    "isOnlineMeeting": message("the online meeting"),
    "onlineMeeting": message("the online meeting"),
    "hasAttachments": message("attachments"),
}

OCCURRENCE_PROPERTIES: Final = ",".join(
    ["id", "originalStart", *sorted(_OCCURRENCE_S_OWN | _LOST.keys()), "exceptionOccurrences"]
)
"""All that has to be selected of a series to learn this; its occurrences show no more."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What is to be set again on the event that takes the place of another one.

    `etag`: the version of the event that it was read from.
    """

    etag: str
    properties: Json

    def to_text(self) -> str:
        """As it is kept until the new event is there."""
        return f"{self.etag}\n{json.dumps(self.properties, sort_keys=True)}"

    def on(self, body: Mapping[str, Any], appointment: Appointment) -> dict[str, Any]:
        """The properties of the new event: as the appointment says, and as its forerunner was."""
        again = {
            name: value
            for name, value in self.properties.items()
            if name not in _SAME or _SAME[name](value, appointment)
        }
        if "location" not in again:
            again.pop("locations", None)
        if "categories" in again:
            again["categories"] = list(
                dict.fromkeys([*again["categories"], *appointment.categories])
            )
        return {**body, **again}

    @staticmethod
    def from_text(text: str) -> "Carried":
        """What `to_text` made."""
        etag, _, properties = text.partition("\n")
        return Carried(etag, json.loads(properties))


def carried_over(event: Json, occurrences: Iterable[Json]) -> Carried | Message:
    """What would be set again on an event made in the place of this one, or why none may be made.

    `event`: all that Graph tells of it, its body as HTML; `occurrences`: its changed ones.
    """
    lost = list(dict.fromkeys(str(one) for one in _losses(event, occurrences)))
    if lost:
        return message(
            "it would have to be made anew in Exchange, which would lose {what}; it stays as it is",
            what=", ".join(lost),
        )
    properties = {name: event[name] for name in _SET_AGAIN if event.get(name) is not None}
    return Carried(str(event.get("@odata.etag") or ""), properties)


def _losses(event: Json, occurrences: Iterable[Json]) -> Iterator[Message]:
    for name, value in event.items():
        if "@" in name or name in _ANEW or name in _SET_AGAIN or not value:
            continue
        yield _LOST.get(name, Message("{name}", {"name": name}))
    for occurrence in occurrences:
        for name in occurrence:
            own = occurrence[name] != event.get(name, _SET_AGAIN.get(name))
            if name in _OCCURRENCE_S_OWN and own and occurrence[name] is not None:
                day = str(occurrence.get("originalStart") or "")[:10]
                yield message("{name} of {day}", name=name, day=day)
            elif name in _LOST and occurrence[name]:
                yield _LOST[name]


def _text(value: object, appointment: Appointment) -> bool:
    return isinstance(value, Mapping) and read_body(value, None) == appointment.body


def _place(value: object, appointment: Appointment) -> bool:
    return isinstance(value, Mapping) and one_line(value.get("displayName")) == appointment.location


def _private(value: object, appointment: Appointment) -> bool:
    return (value != "normal") == appointment.private


_SAME: Final[Mapping[str, Callable[[object, Appointment], bool]]] = {
    "body": _text,
    "location": _place,
    "sensitivity": _private,
}
"""Whether what the forerunner had still means what the appointment says (D1, G6)."""
