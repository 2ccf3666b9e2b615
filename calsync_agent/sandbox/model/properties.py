"""Reads the event that a client sends, property by property."""

import re
from collections.abc import Callable, Mapping
from typing import Final, cast

from calsync_agent.sandbox.model import shapes
from calsync_agent.sandbox.model.bodies import Body, body_from_html, body_from_text
from calsync_agent.sandbox.model.content import (
    ATTENDEE_TYPES,
    IMPORTANCES,
    SENSITIVITIES,
    SHOW_AS,
    Address,
    Attendee,
    Changes,
)
from calsync_agent.sandbox.model.moments import read_moment
from calsync_agent.sandbox.model.online import PROVIDERS
from calsync_agent.sandbox.model.recurrence import read_recurrence
from calsync_agent.sandbox.model.refusals import invalid_body, invalid_request, property_validation
from calsync_agent.sandbox.model.shapes import JsonObject

SUBJECT_LENGTH: Final = 255  # UTF-16 units
MOST_ATTENDEES: Final = 500

_EXTENDED_ID: Final = re.compile(
    r"(String|Integer|Boolean|Binary|CLSID|Currency|Double|Float|Long|Short|SystemTime)"
    r" (\{[0-9a-f-]{36}\} (Name .+|Id 0x[0-9a-f]+)|0x[0-9a-f]+)",
    re.IGNORECASE,
)
_LOCATION: Final = frozenset(
    [
        "displayName",
        "locationType",
        "uniqueId",
        "uniqueIdType",
        "address",
        "coordinates",
        "locationUri",
        "locationEmailAddress",
    ]
)
_READ_ONLY: Final = frozenset(
    [
        "id",
        "changeKey",
        "createdDateTime",
        "lastModifiedDateTime",
        "iCalUId",
        "bodyPreview",
        "hasAttachments",
        "isCancelled",
        "isDraft",
        "isOrganizer",
        "organizer",
        "onlineMeeting",
        "onlineMeetingUrl",
        "originalStart",
        "originalStartTimeZone",
        "originalEndTimeZone",
        "responseStatus",
        "seriesMasterId",
        "type",
        "webLink",
        "occurrenceId",
        "cancelledOccurrences",
        "exceptionOccurrences",
        "calendar",
        "instances",
    ]
)
"""Declared, computed by the server, and ignored when sent."""


def read_properties(sent: Mapping[str, object]) -> Changes:
    """The fields of `Content` that the sent properties set.

    `online` (None or the provider asked for) and `recurrence` (still as sent, since it needs the
    start's zone) are for the caller to finish. 400 for unknown properties and wrong values.
    """
    given = shapes.members(sent, "event", _KNOWN)
    changes: Changes = {}
    for name, value in given.items():
        if name in _READERS:
            field, reader = _READERS[name]
            changes[field] = reader(value)
    if given.get("isOnlineMeeting") is not None and shapes.boolean(given["isOnlineMeeting"]):
        provider = given.get("onlineMeetingProvider") or PROVIDERS[0]
        changes["online"] = shapes.choice(provider, PROVIDERS)
    if "location" in given and "locations" not in given:
        changes["locations"] = _locations([given["location"]] if given["location"] else [])
    if "recurrence" in given:
        changes["recurrence"] = given["recurrence"]
    return changes


def finish_recurrence(changes: Changes, zone_name: str) -> None:
    """Read the recurrence among the changes, once it is known in which zone the event starts."""
    if "recurrence" in changes:
        changes["recurrence"] = read_recurrence(changes["recurrence"], zone_name)


def _subject(value: object) -> str | None:
    subject = shapes.optional_text(value)
    if subject is not None and len(subject.encode("utf-16-le", "surrogatepass")) // 2 > (
        SUBJECT_LENGTH
    ):
        raise property_validation()
    return subject


def _body(value: object) -> Body:
    if value is None:
        return Body()
    given = shapes.members(value, "itemBody", frozenset({"contentType", "content"}))
    content = shapes.optional_text(given.get("content")) or ""
    kind = shapes.choice(given.get("contentType") or "text", ("text", "html"))
    return body_from_html(content) if kind == "html" else body_from_text(content)


def _locations(value: object) -> tuple[JsonObject, ...]:
    return tuple(filter(None, (_location(each) for each in shapes.sequence(value))))


def _location(value: object) -> JsonObject:
    given = shapes.members(value, "location", _LOCATION)
    name = shapes.optional_text(given.get("displayName")) or ""
    kept = {key: each for key, each in given.items() if each is not None}
    defaults = {"locationType": "default", "uniqueId": name, "uniqueIdType": "private"}
    return {"displayName": name, **defaults, **kept} if name or kept else {}


def _attendees(value: object) -> tuple[Attendee, ...]:
    attendees = tuple(_attendee(each) for each in shapes.sequence(value or []))
    if len(attendees) > MOST_ATTENDEES:
        raise invalid_request("The number of attendees exceeds the limit of 500.")
    return attendees


def _attendee(value: object) -> Attendee:
    allowed = frozenset({"emailAddress", "type", "status", "proposedNewTime"})
    given = shapes.members(value, "attendee", allowed)
    # The server keeps the status; a client's is read, checked for its form, and dropped.
    if given.get("status") is not None:
        shapes.members(given["status"], "responseStatus", frozenset({"response", "time"}))
    kind = shapes.choice(given.get("type") or "required", ATTENDEE_TYPES)
    return Attendee(read_address(given.get("emailAddress")), kind)


def read_address(value: object) -> Address:
    """An emailAddress."""
    given = shapes.members(value, "emailAddress", frozenset({"name", "address"}))
    name, address = given.get("name"), given.get("address")
    return Address(shapes.optional_text(name), shapes.optional_text(address))


def _categories(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(shapes.text(each) for each in shapes.sequence(value)))


def _extended(value: object) -> dict[str, str]:
    found = {}
    for each in shapes.sequence(value):
        form = frozenset({"id", "value"})
        given = shapes.members(each, "singleValueLegacyExtendedProperty", form)
        name = shapes.text(given.get("id"))
        if not _EXTENDED_ID.fullmatch(name):
            raise invalid_body(f"PropertyId value '{name}' is invalid.")
        found[name] = shapes.text(given.get("value"))
    return found


def _enumeration(*options: str) -> Callable[[object], str]:
    return lambda value: shapes.choice(value, options)


_READERS: Final[dict[str, tuple[str, Callable[[object], object]]]] = {
    "subject": ("subject", _subject),
    "body": ("body", _body),
    "start": ("start", read_moment),
    "end": ("end", read_moment),
    "isAllDay": ("all_day", shapes.boolean),
    "locations": ("locations", _locations),
    "attendees": ("attendees", _attendees),
    "importance": ("importance", _enumeration(*IMPORTANCES)),
    "sensitivity": ("sensitivity", _enumeration(*SENSITIVITIES)),
    "showAs": ("show_as", _enumeration(*SHOW_AS)),
    "categories": ("categories", _categories),
    "reminderMinutesBeforeStart": ("reminder_minutes", shapes.whole),
    "isReminderOn": ("reminder_on", shapes.boolean),
    "responseRequested": ("response_requested", shapes.boolean),
    "allowNewTimeProposals": ("allow_new_time_proposals", shapes.boolean),
    "hideAttendees": ("hide_attendees", shapes.boolean),
    "singleValueExtendedProperties": ("extended", _extended),
}

_COMPOSED: Final = frozenset(
    ["location", "recurrence", "isOnlineMeeting", "onlineMeetingProvider", "transactionId"]
)

WRITABLE: Final = frozenset(_READERS) | _COMPOSED
READABLE: Final = cast("frozenset[str]", WRITABLE | _READ_ONLY)
_KNOWN: Final = READABLE
