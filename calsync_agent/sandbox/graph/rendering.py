"""Events as Graph shows them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final, cast
from urllib.parse import quote

from calsync_agent.sandbox.graph.preferences import Preferences
from calsync_agent.sandbox.model.content import Content
from calsync_agent.sandbox.model.entries import CalendarEntry
from calsync_agent.sandbox.model.identifiers import occurrence_uid
from calsync_agent.sandbox.model.items import Mailbox
from calsync_agent.sandbox.model.moments import Moment, short_utc_time, utc_time, wall_clock
from calsync_agent.sandbox.model.online import PROVIDERS
from calsync_agent.sandbox.model.recurrence import recurrence_json
from calsync_agent.sandbox.model.shapes import JsonObject
from calsync_agent.sandbox.model.world import World

EVENT_TYPE: Final = "#microsoft.graph.event"
_NO_PREFERENCES: Final = Preferences()


@dataclass(frozen=True, slots=True)
class Renderer:
    """Writes events of one mailbox the way one request prefers them."""

    world: World
    mailbox: Mailbox
    prefers: Preferences = _NO_PREFERENCES

    def event_id(self, entry: CalendarEntry, *, master: bool = False) -> str:
        """The id of an entry, or of its series, in the preferred form."""
        day = None if master else entry.day
        moves = self.prefers.moves(entry.item.moves)
        return self.id_of(entry.item.key, moves, day)

    def id_of(self, key: int, moves: int | None, day: date | None = None) -> str:
        """The id of what has that key in the mailbox where that is now."""
        mailbox = self.mailbox
        return self.world.ids.event_id(mailbox.id, key, moves, day, server=mailbox.server)

    def change_key(self, entry: CalendarEntry) -> str:
        """The change key; its form does not depend on the form of ids."""
        return self.world.ids.change_key(
            self.mailbox.id, entry.item.key, entry.item.version, entry.day
        )

    def etag(self, entry: CalendarEntry) -> str:
        """The ETag."""
        return f'W/"{self.change_key(entry)}"'

    def bare(self, entry: CalendarEntry) -> JsonObject:
        """An occurrence as delta shows it: nothing but this."""
        start, end = entry.times
        all_day = entry.item.content.all_day
        return {
            "@odata.type": EVENT_TYPE,
            "@odata.etag": self.etag(entry),
            "seriesMasterId": self.event_id(entry, master=True),
            "type": entry.type,
            "id": self.event_id(entry),
            "start": self._moment(start, all_day=all_day),
            "end": self._moment(end, all_day=all_day),
        }

    def event(self, entry: CalendarEntry) -> JsonObject:
        """All the properties that a GET without `$select` shows."""
        item, content = entry.item, entry.content
        exception = item.exceptions.get(entry.day) if entry.day else None
        id_ = self.event_id(entry)
        change_key = self.change_key(entry)
        shown: JsonObject = {
            "@odata.etag": f'W/"{change_key}"',
            "id": id_,
            "createdDateTime": utc_time(item.created),
            "lastModifiedDateTime": utc_time(exception.modified if exception else item.modified),
            "changeKey": change_key,
            "transactionId": item.transaction if entry.day is None else None,
            "iCalUId": occurrence_uid(item.uid, entry.day) if entry.day else item.uid,
            "hasAttachments": bool(item.attachments),
            "isCancelled": item.cancelled or (exception is not None and exception.cancelled),
            "isOrganizer": item.is_organizer,
            "isDraft": False,
            "type": entry.type,
            "seriesMasterId": self.event_id(entry, master=True) if entry.day else None,
            "occurrenceId": self.occurrence_id(entry),
            "webLink": f"https://outlook.office365.com/owa/?itemid={quote(id_, safe='')}"
            "&exvsurl=1&path=/calendar/item",
            "responseStatus": (exception.response if exception else item.response).as_json(),
            "organizer": item.organizer.as_json() if item.organizer.known else None,
            **self._content(content),
        }
        if item.odd:
            shown = put_over(shown, {name: json.loads(odd) for name, odd in _odd(entry).items()})
        original = entry.original_start
        if original is not None:
            shown["originalStart"] = short_utc_time(original)
        return shown

    def occurrence_id(self, entry: CalendarEntry) -> str:
        """The id that cancelledOccurrences uses; empty outside a series."""
        if entry.day is None:
            return ""
        return f"OID.{self.event_id(entry, master=True)}.{entry.day.isoformat()}"

    def _content(self, content: Content) -> JsonObject:
        online = content.online
        return {
            "categories": list(content.categories),
            "originalStartTimeZone": content.start.name,
            "originalEndTimeZone": content.end.name,
            "reminderMinutesBeforeStart": content.reminder_minutes,
            "isReminderOn": content.reminder_on,
            "subject": content.subject,
            "bodyPreview": content.body.preview,
            "importance": content.importance,
            "sensitivity": content.sensitivity,
            "isAllDay": content.all_day,
            "responseRequested": content.response_requested,
            "showAs": content.show_as,
            "onlineMeetingUrl": None,
            "isOnlineMeeting": online is not None,
            "onlineMeetingProvider": online.provider if online else PROVIDERS[0],
            "allowNewTimeProposals": content.allow_new_time_proposals,
            "hideAttendees": content.hide_attendees,
            "body": {
                "contentType": "text" if self.prefers.text else "html",
                "content": content.body.text if self.prefers.text else content.body.html,
            },
            "start": self._moment(content.start, all_day=content.all_day),
            "end": self._moment(content.end, all_day=content.all_day),
            "location": content.location_json(),
            "locations": list(content.locations),
            "recurrence": recurrence_json(content.recurrence) if content.recurrence else None,
            "attendees": [attendee.as_json() for attendee in content.attendees],
            "onlineMeeting": online.as_json() if online else None,
        }

    def _moment(self, moment: Moment, *, all_day: bool) -> JsonObject:
        """A time in the preferred zone. All-day ones read midnight in every zone."""
        if all_day:
            local = datetime.combine(moment.local.date(), time())
        else:
            local = moment.within(self.prefers.zone).local
        return {"dateTime": wall_clock(local), "timeZone": self.prefers.zone}


def _odd(entry: CalendarEntry) -> dict[str, str]:
    """What is shown instead of what is held; of a day what it has from its series, not its own."""
    item, day = entry.item, entry.day
    if day is None:
        return item.odd
    exception = item.exceptions.get(day)
    own = exception.changes if exception else {}
    return {
        name: odd
        for name, odd in item.odd.items()
        if name in _OF_EACH_DAY and _OF_EACH_DAY[name] not in own
    }


_OF_EACH_DAY: Final = {
    "subject": "subject",
    "location": "locations",
    "locations": "locations",
    "bodyPreview": "body",
    "categories": "categories",
}
"""What a day has from its series, and what it has then of its own when it is changed."""


def put_over(shown: JsonObject, odd: Mapping[str, Any]) -> JsonObject:
    """The properties with the odd ones in their place; of an object, its members."""
    mixed = dict(shown)
    for name, value in odd.items():
        known = mixed.get(name)
        members = isinstance(known, dict) and isinstance(value, dict)
        mixed[name] = put_over(cast("JsonObject", known), value) if members else value
    return mixed


def extended_json(content: Content, wanted: str | None) -> list[JsonObject]:
    """The extended properties, or the one with the wanted id."""
    return [
        {"id": id_, "value": value}
        for id_, value in content.extended.items()
        if wanted is None or id_.lower() == wanted.lower()
    ]
